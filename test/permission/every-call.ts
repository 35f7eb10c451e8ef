import { expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import { expectWhole, start } from './faults.ts';

/** The calls of an undisturbed retirement, each by its API and its number among that API's calls. */
const calls = async (): Promise<{ api: string; nth: number }[]> => {
  const { world } = await start();
  await world.end();
  const counts = new Map<string, number>();
  return world.account.calls.map(({ api }) => {
    const nth = (counts.get(api) ?? 0) + 1;
    counts.set(api, nth);
    return { api, nth };
  });
};

const FAULTS = ['crash-before', 'crash-after', 'throttle'] as const satisfies readonly Fault['what'][];

/** Calls that only name the caller in the custody log: where they fail, the log says `unknown`, and nothing is retried. */
const UNCOUNTED = new Set(['sts:GetCallerIdentity']);

it.each(FAULTS)(
  'each call of a retirement may meet %s: the role is as before or as planned',
  { timeout: 1_200_000 },
  async (what) => {
    const all = await calls();
    expect(all.length).toBeGreaterThan(60);
    const failures: string[] = [];
    for (const { api, nth } of all.filter((call) => !UNCOUNTED.has(call.api))) {
      const { world } = await start([{ api, nth, what }]);
      try {
        expectWhole(world);
      } catch (error) {
        failures.push(`${what} ${api} ${nth}: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
      }
      await world.end();
    }
    expect(failures).toEqual([]);
  },
);
