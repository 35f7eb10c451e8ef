import { expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import type { Scenario } from '#local/scenario/scenario';
import type { Rehearsal } from '../rehearsal.ts';
import { copiesIn, reportOf } from './disk-copies.ts';
import { expectNothingLeft, rehearseDisks, sweepNow } from './re-encryptions.ts';

/**
 * Each call of a scenario, of a case and of the sweep after it, is throttled, fails, dies before it takes effect, and dies
 * after it took effect and before its answer was kept. Then the case goes on, and a sweep comes.
 */
const FAULTS = [
  'throttle',
  'internal-error',
  'crash-before',
  'crash-after',
] as const satisfies readonly Fault['what'][];

/** Calls that only name the caller in the custody log: where they fail, the log says `unknown`, and nothing is retried. */
const UNCOUNTED = new Set(['sts:GetCallerIdentity']);

/** One disk: each has the same calls. */
const oneDisk = (scenario: Scenario): Scenario => ({
  ...scenario,
  instances: scenario.instances.map((instance) => ({ ...instance, volumes: instance.volumes.slice(0, 1) })),
});

const policiesIn = ({ account }: Rehearsal): string =>
  JSON.stringify([...account.state.roles.values()].map(({ arn, identityPolicies }) => [arn, identityPolicies]));

interface Run {
  readonly calls: readonly string[];
  /** What does not hold, in one line. */
  readonly wrong: string | null;
}

const run = async (name: string, faults: readonly Fault[]): Promise<Run> => {
  const rehearsal = await rehearseDisks(name, { faults, alter: oneDisk });
  const before = policiesIn(rehearsal);
  const holds = async () => {
    await rehearsal.acquire();
    await sweepNow(rehearsal);
    const report = reportOf(rehearsal);
    // The last scenario has its own sweep, a day later: then the copies are the platform's.
    const isOver = copiesIn(report).some(({ copy }) => !rehearsal.account.state.snapshots.has(copy.snapshotId));
    expect(report.verdict === 'preserved' || report.todo.length > 0).toBe(true);
    await expectNothingLeft(rehearsal, isOver ? { ...report, artefacts: [] } : report);
    expect(policiesIn(rehearsal)).toBe(before);
    const statuses = rehearsal.account.lambda.executions.all().map(({ status }) => status);
    expect(statuses.filter((status) => status !== 'SUCCEEDED')).toEqual([]);
  };
  const wrong = await holds().then(
    () => null,
    (error: Error) => error.message.split('\n').slice(0, 1).join(' '),
  );
  await rehearsal.end();
  return { calls: rehearsal.account.calls.map(({ api }) => api), wrong };
};

/** One file for each scenario calls it: a process has no room for the handlers that more of them load. */
export const provesEveryInjection = (scenario: string): void => {
  it(`whatever becomes of a single call, the evidence is complete or the case says what failed, and nothing is left: ${scenario}`, {
    timeout: 1_800_000,
  }, async () => {
    const { calls, wrong } = await run(scenario, []);
    expect(wrong).toBeNull();
    expect(calls.length).toBeGreaterThan(60);
    const failures: string[] = [];
    let points = 0;
    for (const what of FAULTS) {
      for (const [at, api] of calls.entries()) {
        if (UNCOUNTED.has(api)) continue;
        points += 1;
        const nth = calls.slice(0, at + 1).filter((other) => other === api).length;
        const ended = await run(scenario, [{ api, nth, what }]);
        if (ended.wrong !== null) failures.push(`${what} ${api} ${nth}: ${ended.wrong}`);
      }
    }
    process.stdout.write(`${scenario}: ${points} injection points\n`);
    expect(failures).toEqual([]);
  });
};
