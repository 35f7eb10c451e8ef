import { describe, expect, it } from 'vitest';
import { attempting } from '#shared/route/unencrypted-copy/attempts';
import { ebsError } from './block-snapshot.ts';

const throttle = ebsError('ThrottlingException', 'X');

/** What an act that always fails comes to: how often it was done, and the pauses between. */
const failing = async (
  error: Error,
  { random = () => 1, hasTime = () => true }: { random?: () => number; hasTime?: () => boolean } = {},
) => {
  const pauses: number[] = [];
  let acts = 0;
  const sleep = async (milliseconds: number) => {
    pauses.push(milliseconds);
  };
  const attempt = attempting({ sleep, random }, hasTime);
  const thrown = await attempt(async () => {
    acts += 1;
    throw error;
  }).catch((caught: unknown) => caught);
  return { acts, pauses, thrown };
};

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

describe('what fails in passing', () => {
  it('is repeated after pauses that double up to ten seconds, for two and a half minutes in all', async () => {
    const { pauses, thrown } = await failing(throttle);
    expect(pauses.slice(0, 8)).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000]);
    expect(sum(pauses)).toBeGreaterThanOrEqual(150_000);
    expect(sum(pauses)).toBeLessThan(161_000);
    expect(thrown).toBe(throttle);
  });

  it('is repeated after pauses drawn by lot, and an end comes whatever the lot', async () => {
    const { pauses } = await failing(throttle, { random: () => 0 });
    expect(Math.max(...pauses)).toBe(1);
    expect(pauses.length).toBeLessThan(60);
  });

  it('is not repeated where no time is left', async () => {
    expect(await failing(throttle, { hasTime: () => false })).toEqual({ acts: 1, pauses: [], thrown: throttle });
  });
});

describe('what does not pass', () => {
  it.each([
    { name: 'a refusal', error: ebsError('AccessDeniedException', 'UNAUTHORIZED_ACCOUNT') },
    { name: 'a key out of reach', error: ebsError('ResourceNotFoundException', 'DEPENDENCY_RESOURCE_NOT_FOUND') },
    { name: 'a request that is wrong', error: ebsError('ValidationException', 'INVALID_PARAMETER_VALUE') },
    { name: 'an error of this program', error: new TypeError('undefined is not a function') },
  ])('is not repeated: $name', async ({ error }) => {
    expect(await failing(error)).toEqual({ acts: 1, pauses: [], thrown: error });
  });
});
