import { expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import type { Scenario } from '#local/scenario/scenario';
import { injectEverywhere, type Run, wrongIn } from '../injection.ts';
import type { Rehearsal } from '../rehearsal.ts';
import { copiesIn, reportOf, snapshotOf } from './disk-copies.ts';
import { expectNothingLeft, rehearseDisks, sweepNow } from './re-encryptions.ts';

/** One disk: each has the same calls. */
const oneDisk = (scenario: Scenario): Scenario => ({
  ...scenario,
  instances: scenario.instances.map((instance) => ({ ...instance, volumes: instance.volumes.slice(0, 1) })),
});

const policiesIn = ({ account }: Rehearsal): string =>
  JSON.stringify([...account.state.roles.values()].map(({ arn, identityPolicies }) => [arn, identityPolicies]));

const rehearsed = async (name: string, faults: readonly Fault[]): Promise<Run> => {
  const rehearsal = await rehearseDisks(name, { faults, alter: oneDisk });
  const before = policiesIn(rehearsal);
  const wrong = await wrongIn(async () => {
    await rehearsal.acquire();
    await sweepNow(rehearsal);
    const report = reportOf(rehearsal);
    // This scenario has its own sweep, months later: then the copies are the platform's.
    const isOver =
      name === 'default-key-cross-region' && (rehearsal.stage.snapshots.get('taken-over') ?? []).length > 0;
    if (!isOver) for (const { copy } of copiesIn(report)) snapshotOf(rehearsal, copy.snapshotId);
    expect(report.verdict === 'preserved' || report.todo.length > 0).toBe(true);
    await expectNothingLeft(rehearsal, isOver ? { ...report, artefacts: [] } : report);
    expect(policiesIn(rehearsal)).toBe(before);
    const statuses = rehearsal.account.lambda.executions.all().map(({ status }) => status);
    expect(statuses.filter((status) => status !== 'SUCCEEDED')).toEqual([]);
  });
  await rehearsal.end();
  return { account: rehearsal.account, wrong };
};

/**
 * Each call of a scenario, of a case and of the sweep after it, meets each fault; then the case goes on, and a sweep comes.
 * One file for each scenario calls it: a process has no room for the handlers that more of them load.
 */
export const provesEveryInjection = (scenario: string): void => {
  it(
    `whatever becomes of a single call, the evidence is complete or the case says what failed, and nothing is left: ${scenario}`,
    {
      timeout: 1_800_000,
    },
    () => injectEverywhere(scenario, 60, (faults) => rehearsed(scenario, faults)),
  );
};
