import { expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import { rehearse } from '../rehearsal.ts';
import { expectOneCase } from './crashes.ts';

/** The calls of an undisturbed run, each by its API and its number among that API's calls. */
const calls = async (): Promise<{ api: string; nth: number }[]> => {
  const rehearsal = await rehearse('custom-key-denied');
  await rehearsal.acquire();
  await rehearsal.end();
  const counts = new Map<string, number>();
  return rehearsal.account.calls.map(({ api }) => {
    const nth = (counts.get(api) ?? 0) + 1;
    counts.set(api, nth);
    return { api, nth };
  });
};

const FAULTS = [
  'crash-before',
  'crash-after',
  'throttle',
  'internal-error',
] as const satisfies readonly Fault['what'][];

/** Calls that only name the caller in the custody log: where they fail, the log says `unknown`, and nothing is retried. */
const UNCOUNTED = new Set(['sts:GetCallerIdentity']);

it('each call of a case may die before, die after, be throttled or fail: it is one case all the same', {
  timeout: 900_000,
}, async () => {
  const all = await calls();
  expect(all.length).toBeGreaterThan(40);
  const failures: string[] = [];
  let points = 0;
  for (const what of FAULTS) {
    for (const { api, nth } of all.filter((call) => !UNCOUNTED.has(call.api))) {
      points += 1;
      const rehearsal = await rehearse('custom-key-denied', { faults: [{ api, nth, what }] });
      await rehearsal.acquire();
      await expectOneCase(rehearsal).catch((error: Error) =>
        failures.push(`${what} ${api} ${nth}: ${error.message.split('\n')[0]}`),
      );
      await rehearsal.end();
    }
  }
  process.stdout.write(`custom-key-denied: ${points} injection points\n`);
  expect(failures).toEqual([]);
});
