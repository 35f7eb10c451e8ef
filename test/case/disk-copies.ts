import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { expect, onTestFinished, vi } from 'vitest';
import { blockBytes, differingBlocks } from '#local/account/blocks';
import type { Fault } from '#local/account/clients';
import type { Snapshot, Volume } from '#local/account/state';
import type { Scenario } from '#local/scenario/scenario';
import type { DiskCopy } from '#shared/case/case';
import type { CaseReport } from '#shared/case/report';
import type { ChecksumPart } from '#shared/route/unencrypted-copy/lane-request';
import { type Rehearsal, rehearse } from '../rehearsal.ts';
import { intact } from './crashes.ts';

export const OWN = '111122223333';
export const TARGET = '444455556666';
export const PLATFORM = '777788889999';
const REGION = 'eu-west-3';
const INSTANCE = 'i-0b1c2d3e4f5a69788';

/** What changes something in EC2 or EBS, the freezing apart. */
const CHANGES =
  /^(ebs:(Start|Put|Complete)|ec2:(CreateVolume|CreateSnapshot$|CopySnapshot|Attach|Detach|Delete|Modify|CreateTags|EnableEbs))/;

/** A disk: its size, and the indices of the blocks that were ever written. */
export interface Disk {
  readonly sizeGiB: number;
  readonly written: readonly number[];
}

/** A small disk with holes, written at both ends. */
export const SMALL: Disk = { sizeGiB: 2, written: [0, 1, 2_047, 2_048, 4_095] };

export interface Changes {
  readonly disks?: readonly Disk[];
  readonly faults?: readonly Fault[];
  readonly parameters?: Readonly<Record<string, string>>;
  /** Whether an agent runs on the machine; as the scenario has it without it. */
  readonly agent?: boolean;
  readonly alter?: (scenario: Scenario) => Scenario;
}

const DEVICES = ['/dev/xvda', '/dev/sdf', '/dev/sdg'] as const;

const altered =
  ({ disks = [SMALL], parameters = {}, agent, alter = (scenario) => scenario }: Changes) =>
  (scenario: Scenario): Scenario =>
    alter({
      ...scenario,
      parameters: { ...scenario.parameters, ...parameters },
      instances: scenario.instances.map((instance) => ({
        ...instance,
        agent: agent === false ? null : instance.agent,
        volumes: disks.map(({ sizeGiB }, at) => ({
          device: DEVICES[at] ?? '',
          sizeGiB,
          key: instance.volumes[0]?.key ?? null,
        })),
      })),
    });

/** Kinds of blocks on a disk: more than are ever under way at once, and few enough for a full disk to fit in memory. */
const KINDS = 101;

const blocksOf = (name: string, written: readonly number[]): [number, Buffer][] => {
  const kinds = Array.from({ length: Math.min(KINDS, written.length) }, (_, kind) =>
    Buffer.alloc(blockBytes, `${name} ${kind}\n`),
  );
  return written.map((index, place) => [index, kinds[place % KINDS] ?? Buffer.alloc(blockBytes)]);
};

/** Pauses between attempts pass in virtual time, as all of it does; handlers sleep by Node's own timer. */
const sleepVirtually = ({ account }: Rehearsal): void => {
  const sleeping = vi.spyOn(timers, 'setTimeout').mockImplementation(async (milliseconds = 0) => {
    account.ground.callPasses(account.ground.now().getTime() + milliseconds);
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    sleeping.mockRestore();
    syncBuiltinESMExports();
  });
};

/** A scenario with other disks, whose contents are known. */
export const rehearseCopies = async (scenario: string, changes: Changes = {}): Promise<Rehearsal> => {
  const { disks = [SMALL], faults = [] } = changes;
  const rehearsal = await rehearse(scenario, { faults, alter: altered(changes) });
  sleepVirtually(rehearsal);
  for (const [at, { blockDevices }] of [...rehearsal.account.state.instances.values()].entries()) {
    for (const [place, { volumeId }] of (at === 0 ? blockDevices : []).entries()) {
      const { blocks } = volumeOf(rehearsal, volumeId);
      blocks.clear();
      for (const [index, bytes] of blocksOf(volumeId, disks[place]?.written ?? [])) blocks.set(index, bytes);
    }
  }
  return rehearsal;
};

export const volumeOf = ({ account }: Rehearsal, volumeId: string): Volume => {
  const volume = account.state.volumes.get(volumeId);
  if (volume === undefined) throw new Error(`there is no ${volumeId}`);
  return volume;
};

export const snapshotOf = ({ account }: Rehearsal, snapshotId: string): Snapshot => {
  const snapshot = account.state.snapshots.get(snapshotId);
  if (snapshot === undefined) throw new Error(`there is no ${snapshotId}`);
  return snapshot;
};

/** Opens a case by hand. What follows happens as the virtual time goes on. */
export const open = async ({ account }: Rehearsal, more: Readonly<Record<string, unknown>> = {}): Promise<void> => {
  const event = { instanceId: INSTANCE, accountId: TARGET, region: REGION, ...more };
  await account.lambda.operations.Invoke({
    input: { FunctionName: 'remediate', Payload: new TextEncoder().encode(JSON.stringify(event)) },
    session: account.sessionOf('RemediateFunction'),
    region: account.region,
    requestId: account.ground.uuid(),
  });
};

/** The report of the one case, once all has happened. */
export const reportOf = (rehearsal: Rehearsal): CaseReport => {
  const [report, ...more] = rehearsal.reports();
  expect(more).toEqual([]);
  if (report === undefined) throw new Error('no case was opened');
  return report;
};

/** A case by hand from its beginning to its end. */
export const closed = async (rehearsal: Rehearsal, more: Readonly<Record<string, unknown>> = {}) => {
  await open(rehearsal, more);
  await rehearsal.account.ground.settle();
  return reportOf(rehearsal);
};

export const copiesIn = ({ artefacts }: CaseReport): DiskCopy[] =>
  artefacts.filter((artefact) => artefact.kind === 'disk-copy');

export const copyOutcome = ({ outcomes }: CaseReport) => outcomes.find(({ route }) => route === 'unencrypted-copy');

/** The calls by which a case changes something on disks and snapshots, the freezing apart. */
export const changesIn = ({ account }: Rehearsal): string[] =>
  account.calls.map(({ api }) => api).filter((api) => CHANGES.test(api));

/** The parts of `copy.json` that are looked at here. */
export interface CopyDocument {
  readonly method: string;
  readonly copy: { readonly encrypted: boolean };
  readonly checksum: { readonly value: string };
  readonly lanes: readonly (readonly ChecksumPart[])[];
  readonly blocks: number;
}

export const fileIn = ({ account }: Rehearsal, caseId: string, path: string): Buffer => {
  const body = account.store.latest().get(`${account.bucket}/cases/${caseId}/${path}`);
  if (body === undefined) throw new Error(`there is no ${path}`);
  return body;
};

export const copyDocumentOf = (rehearsal: Rehearsal, caseId: string, { path }: DiskCopy): CopyDocument =>
  JSON.parse(fileIn(rehearsal, caseId, path).toString());

/** What carries the case's tag, the frozen snapshots apart. */
const madeBy = ({ account }: Rehearsal, { caseId, freeze }: CaseReport) => {
  const frozen = new Set<string>(freeze.frozen ? freeze.snapshots.map(({ snapshotId }) => snapshotId) : []);
  const isTagged = ({ tags }: { tags: Readonly<Record<string, string>> }) => tags['unlatch:case'] === caseId;
  return {
    snapshots: [...account.state.snapshots.values()].filter(
      (snapshot) => isTagged(snapshot) && !frozen.has(snapshot.snapshotId),
    ),
    volumes: [...account.state.volumes.values()].filter(isTagged),
  };
};

/**
 * INVARIANT: each copy that a case reports is its volume, block for block, and there is no other; whatever else it made is
 * gone, or named in what is left; and its documents are as its manifest says.
 */
export const expectNothingBut = async (rehearsal: Rehearsal, copies: number): Promise<CaseReport> => {
  const report = reportOf(rehearsal);
  const { snapshots, volumes } = madeBy(rehearsal, report);
  const reported = copiesIn(report).map(({ copy }) => copy);
  expect(rehearsal.account.lambda.executions.all().map(({ status }) => status)).toEqual(['SUCCEEDED']);
  expect(reported).toHaveLength(copies);
  expect(new Set(reported.map(({ volumeId }) => volumeId)).size).toBe(copies);
  for (const { volumeId, snapshotId, sizeGiB } of reported) {
    const snapshot = snapshotOf(rehearsal, snapshotId);
    expect(snapshot).toMatchObject({ state: 'completed', sizeGiB });
    expect(differingBlocks(volumeOf(rehearsal, volumeId), snapshot, sizeGiB)).toEqual([]);
  }
  const named = report.cleanUp.left.join('\n');
  const kept = new Set<string>(reported.flatMap(({ snapshotId, madeVolume }) => [snapshotId, madeVolume ?? '']));
  const strays = [...snapshots.map(({ snapshotId }) => snapshotId), ...volumes.map(({ volumeId }) => volumeId)].filter(
    (id) => !kept.has(id) && !named.includes(id),
  );
  expect(strays).toEqual([]);
  expect(await intact(rehearsal, report.caseId)).toEqual([]);
  return report;
};
