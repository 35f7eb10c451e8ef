import { expect } from 'vitest';
import { differingBlocks } from '#local/account/blocks';
import type { Fault } from '#local/account/clients';
import type { Key, Snapshot } from '#local/account/state';
import type { Scenario } from '#local/scenario/scenario';
import type { CaseReport } from '#shared/case/report';
import type { SweepReport } from '#shared/sweep/report';
import { type Rehearsal, rehearse } from '../rehearsal.ts';
import { intact } from './crashes.ts';
import { copiesIn, snapshotOf, volumeOf } from './disk-copies.ts';

export const OWN = '111122223333';
export const TARGET = '444455556666';

export const RE_ENCRYPTIONS = [
  { scenario: 'default-key-cross-account', platform: OWN },
  { scenario: 'default-key-cross-region', platform: '777788889999' },
  { scenario: 'customer-key-cross-account', platform: OWN },
] as const;

export interface Changes {
  readonly faults?: readonly Fault[];
  readonly alter?: (scenario: Scenario) => Scenario;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A scenario whose machine answers no command: the disks alone are at stake, and no shell is waited for. */
export const rehearseDisks = (name: string, { faults = [], alter = (one) => one, parameters = {} }: Changes = {}) =>
  rehearse(name, {
    faults,
    alter: (scenario) =>
      alter({
        ...scenario,
        parameters: { ...scenario.parameters, ...parameters },
        instances: scenario.instances.map((instance) => ({ ...instance, agent: null })),
      }),
  });

/** Lets the clock start the sweep, and what it begins end. */
export const sweepNow = async ({ account }: Rehearsal): Promise<SweepReport | null> => {
  const { logicalId } = account.template.functions.find(({ folder }) => folder === 'sweep') ?? { logicalId: '' };
  await account.lambda.deliver(logicalId, {
    version: '0',
    id: account.ground.uuid(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: account.accountId,
    time: account.ground.now().toISOString(),
    region: account.region,
    resources: [],
    detail: {},
  });
  await account.ground.settle();
  return sweepsIn(account).at(-1) ?? null;
};

const sweepsIn = (account: Rehearsal['account']): SweepReport[] =>
  [...account.store.latest()].flatMap(([key, body]): SweepReport[] =>
    key.endsWith('/sweep.json') ? [JSON.parse(body.toString())] : [],
  );

/** The calls of a sweep as it kept them, and those of the case. */
export const keyCallsIn = (rehearsal: Rehearsal): { readonly api: string; readonly on: string }[] =>
  [...rehearsal.account.store.latest()].flatMap(([key, body]) => {
    if (key.endsWith('/sweep.json')) return JSON.parse(body.toString()).custody;
    if (!key.endsWith('/custody.jsonl')) return [];
    return body
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).entry ?? JSON.parse(line));
  });

/** What an account holds that may not be there afterwards: everything but what was frozen. */
export const holdingsOf = ({ account }: Rehearsal, accountId: string) => {
  const isOwn = (thing: { readonly accountId: string }) => thing.accountId === accountId;
  const keys = [...account.state.keys.values()].filter(isOwn);
  return {
    keys: keys.map(({ arn, state, aliases, grants }) => ({ arn, state, aliases: [...aliases], grants: grants.length })),
    volumes: [...account.state.volumes.values()].filter(isOwn).map(({ volumeId }) => volumeId),
    snapshots: [...account.state.snapshots.values()].filter(isOwn).map(({ snapshotId }) => snapshotId),
  };
};

export const madeKeys = ({ account }: Rehearsal): Key[] =>
  [...account.state.keys.values()].filter(({ tags }) => tags?.['unlatch:case'] !== undefined);

const madeSnapshots = ({ account }: Rehearsal): Snapshot[] =>
  [...account.state.snapshots.values()].filter(({ tags }) => tags['unlatch:volume'] !== undefined);

/**
 * INVARIANT: each copy that is reported is its volume, block for block. What else was made is gone, a key but where a copy
 * stands under it; and nothing was made twice.
 */
export const expectNothingLeft = async (rehearsal: Rehearsal, report: CaseReport): Promise<void> => {
  const reported = copiesIn(report).map(({ copy }) => copy);
  for (const { volumeId, snapshotId, sizeGiB } of reported) {
    const copy = snapshotOf(rehearsal, snapshotId);
    expect(copy).toMatchObject({ state: 'completed', sizeGiB });
    expect(differingBlocks(volumeOf(rehearsal, volumeId), copy, sizeGiB)).toEqual([]);
  }
  const kept = new Set<string>(reported.map(({ snapshotId }) => snapshotId));
  expect(
    madeSnapshots(rehearsal)
      .filter(({ snapshotId }) => !kept.has(snapshotId))
      .map(({ snapshotId, tags }) => `${snapshotId} ${tags['unlatch:part']}`),
  ).toEqual([]);
  const holding = new Set([...rehearsal.account.state.snapshots.values()].map(({ keyArn }) => keyArn?.split('/')[1]));
  for (const key of madeKeys(rehearsal)) {
    const ended = holding.has(key.keyId) ? { state: 'Enabled' } : { aliases: [] };
    expect(key).toMatchObject(ended);
    if (!holding.has(key.keyId)) expect(key.state).toMatch(/^Pending(Replica)?Deletion$/);
  }
  expect(new Set(madeKeys(rehearsal).map(({ region }) => region)).size).toBe(madeKeys(rehearsal).length);
  expect(new Set(reported.map(({ volumeId }) => volumeId)).size).toBe(reported.length);
  expect(await intact(rehearsal, report.caseId)).toEqual([]);
};
