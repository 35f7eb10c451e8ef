import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pausesUpTo } from '#shared/case/flow';
import { settingsFrom } from '#shared/settings';

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('pausesUpTo', () => {
  it.each([
    { total: 0, pauses: [] },
    { total: -5, pauses: [] },
    { total: 3, pauses: [3] },
    { total: 5, pauses: [5] },
    { total: 6, pauses: [5, 1] },
    { total: 60, pauses: [5, 10, 20, 20, 5] },
  ])('$total seconds are $pauses', ({ total, pauses }) => {
    expect(pausesUpTo(total)).toEqual(pauses);
  });

  it('adds up exactly, in whole seconds, each no shorter than the one before but the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (total) => {
        const pauses = pausesUpTo(total);
        expect(sum(pauses)).toBe(total);
        expect(pauses.every((pause) => Number.isInteger(pause) && pause > 0)).toBe(true);
        const growing = pauses.slice(0, -1);
        expect(growing).toEqual([...growing].sort((a, b) => a - b));
      }),
    );
  });

  it('asks at most every hundredth of the time or every 20 seconds, so that the operations suffice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (total) => {
        const pauses = pausesUpTo(total);
        expect(Math.max(...pauses)).toBeLessThanOrEqual(Math.max(20, Math.ceil(total / 100)));
        expect(pauses.length).toBeLessThanOrEqual(110);
      }),
    );
  });

  it('asks the more seldom the more wait side by side, and never less than twice the time that is over', () => {
    const day = 86_400;
    expect([1, 10, 30].map((among) => pausesUpTo(day, among).length)).toEqual([107, 48, 23]);
    for (const among of [1, 10, 30]) {
      const pauses = pausesUpTo(day, among);
      for (const [at, pause] of pauses.entries()) expect(pause).toBeLessThanOrEqual(sum(pauses.slice(0, at)) + 5);
    }
  });

  it('leaves room for everything else at the longest waits that the settings allow', () => {
    const longest = { JOIN_WAIT: '240', COMMAND_WAIT: '1440', ACCOUNT_ID: '111122223333' };
    const { JOIN_WAIT, COMMAND_WAIT } = settingsFrom({ ...longest, AWS_REGION: 'eu-west-3', LEDGER_TABLE: 'ledger' });
    const asked = [JOIN_WAIT, COMMAND_WAIT].map((minutes) => pausesUpTo(minutes * 60).length);
    // Each pause costs a wait and a step, of 3,000 operations in all: AWS Lambda, "Durable functions quotas".
    expect(2 * sum(asked)).toBeLessThan(1_000);
  });
});
