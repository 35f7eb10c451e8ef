import { describe, expect, it, vi } from 'vitest';
import { blocksPerGiB } from '#local/account/blocks';
import type { Fault } from '#local/account/clients';
import { closed, expectNothingBut, PLATFORM, rehearseCopies, SMALL } from './disk-copies.ts';
import { sweepNow } from './re-encryptions.ts';

vi.mock(import('#local/account/guest'), () => import('./quick-guest.ts'));

const parameters = { PlatformAccountId: PLATFORM };
const ways = [
  { scenario: 'unencrypted-copy', changes: { agent: false, parameters, disks: [SMALL] } },
  { scenario: 'unencrypted-copy-in-guest', changes: { parameters, disks: [{ sizeGiB: 1, written: [0, 2_047] }] } },
];
const byHand = { createVolume: { availabilityZone: 'eu-west-3a' } };

const FAULTS = [
  'crash-before',
  'crash-after',
  'throttle',
  'internal-error',
] as const satisfies readonly Fault['what'][];

/** Calls that only name the caller in the custody log: where they fail, the log says `unknown`, and nothing is retried. */
const UNCOUNTED = new Set(['sts:GetCallerIdentity']);

describe('each call of a copy may die before, die after, be throttled or fail, and a sweep come after it', () => {
  it.each(ways)('it is one copy all the same, with one volume of it: $scenario', { timeout: 900_000 }, async (way) => {
    /** A case with these faults: what does not fit in its end, in one line. */
    const trouble = async (faults: readonly Fault[]) => {
      const rehearsal = await rehearseCopies(way.scenario, { ...way.changes, faults });
      const wrong = await closed(rehearsal, byHand)
        .then(() => sweepNow(rehearsal))
        .then(() => expectNothingBut(rehearsal, 1))
        .then(({ cleanUp }) => expect(cleanUp.left.filter((left) => /vol-|snap-/.test(left))).toEqual([]))
        .then(() => null)
        .catch((error: Error) => error.message.split('\n')[0] ?? '');
      await rehearsal.end();
      return { calls: rehearsal.account.calls.map(({ api }) => api), wrong };
    };

    const { calls } = await trouble([]);
    expect(calls.length).toBeGreaterThan(40);
    const failures: string[] = [];
    let points = 0;
    for (const what of FAULTS) {
      for (const [at, api] of calls.entries()) {
        if (UNCOUNTED.has(api)) continue;
        points += 1;
        const nth = calls.slice(0, at + 1).filter((other) => other === api).length;
        const { wrong } = await trouble([{ api, nth, what }]);
        if (wrong !== null) failures.push(`${what} ${api} ${nth}: ${wrong}`);
      }
    }
    process.stdout.write(`${way.scenario}: ${points} injection points\n`);
    expect(failures).toEqual([]);
  });
});

it('a disk that is full is copied block for block', { timeout: 120_000 }, async () => {
  const written = Array.from({ length: blocksPerGiB }, (_, index) => index);
  const rehearsal = await rehearseCopies('unencrypted-copy', { agent: false, disks: [{ sizeGiB: 1, written }] });
  await closed(rehearsal);
  await expectNothingBut(rehearsal, 1);
});
