import { expect } from 'vitest';
import type { Fault } from '#local/account/clients';
import type { EmbeddedAccount } from '#local/account/embedded-account';

/** What each call meets: it is throttled, it fails, it dies before it takes effect, or after that and before its answer was kept. */
const FAULTS = [
  'throttle',
  'internal-error',
  'crash-before',
  'crash-after',
] as const satisfies readonly Fault['what'][];

/** A rehearsal with faults, to its end. */
export interface Run {
  readonly account: EmbeddedAccount;
  /** What does not hold, in one line. */
  readonly wrong: string | null;
}

/** The first line of what does not hold; `null` where all does. */
export const wrongIn = async (holds: () => unknown): Promise<string | null> => {
  try {
    await holds();
    return null;
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    return message.split('\n')[0] ?? message;
  }
};

/**
 * Injects each fault into each call of a run, one at a time, and expects that all holds every time.
 * @param least calls that an undisturbed run has at the least: a run of none would prove nothing
 */
export const injectEverywhere = async (
  name: string,
  least: number,
  run: (faults: readonly Fault[]) => Promise<Run>,
): Promise<void> => {
  const { account, wrong } = await run([]);
  expect(wrong).toBeNull();
  const calls = account.calls.map(({ api }) => api);
  expect(calls.length).toBeGreaterThan(least);
  const failures: string[] = [];
  let points = 0;
  for (const what of FAULTS) {
    for (const [at, api] of calls.entries()) {
      points += 1;
      const nth = calls.slice(0, at + 1).filter((other) => other === api).length;
      const ended = await run([{ api, nth, what }]);
      if (ended.wrong !== null) failures.push(`${what} ${api} ${nth}: ${ended.wrong}`);
    }
  }
  process.stdout.write(`${name}: ${points} injection points\n`);
  expect(failures).toEqual([]);
};
