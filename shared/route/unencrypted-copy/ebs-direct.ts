import { createHash } from 'node:crypto';
import { BLOCK_BYTES } from '#shared/aws/ebs-blocks';
import { type AwsSession, type Custody, errorName, isRefusal, messageOf, recorded } from '#shared/aws/session';
import { snapshotState } from '#shared/aws/snapshots';
import { type Flow, StepFailedError } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { SnapshotId } from '#shared/signal/identifiers';
import { completed } from '../completion.ts';
import { discardSnapshot } from '../discard.ts';
import { recordMade } from '../made.ts';
import { reasonOf } from './attempts.ts';
import { type Aggregate, aggregateOf, wholeRecords } from './checksums.ts';
import type { Copying, CopyJob } from './copying.ts';
import { firstBlock } from './first-block.ts';
import { firstInLane, type Lane, lanesOf } from './lane.ts';
import { type ChecksumPart, CopyAnswer, type LaneRequest, VerifyAnswer } from './lane-request.ts';

/** Whether the frozen snapshot can be read with what Unlatch itself may do. The truth: it has been tried. */
export type Readable =
  | { readonly readable: true; readonly sizeGiB: number }
  | { readonly readable: false; readonly because: string };

/** A copy by way of the frozen snapshot. */
export interface SnapshotJob extends CopyJob {
  readonly frozen: SnapshotId;
}

/** 14 lanes at so many runs each stay below the 3,000 operations of a durable execution, and carry 64 TiB. */
const MOST_RUNS = 180;

const there = (tools: Tools, { target }: Pick<SnapshotJob, 'target'>) =>
  tools.sessions.at(target.accountId, target.region);
const here = (tools: Tools, { target }: Pick<SnapshotJob, 'target'>) =>
  tools.sessions.at(tools.settings.ACCOUNT_ID, target.region);

/**
 * Reads one block, or finds that there is none to read. EBS words a refusal by KMS as something that was not found, so the
 * `Reason` decides. https://docs.aws.amazon.com/ebs/latest/APIReference/API_GetSnapshotBlock.html
 */
const probe = async (session: AwsSession, custody: Custody, snapshotId: SnapshotId): Promise<string | null> => {
  try {
    const block = await firstBlock(session, custody, snapshotId);
    if (block === null) return null;
    const ebs = await session.ebsDirect();
    await recorded(custody, session, 'ebs:GetSnapshotBlock', `${snapshotId} block ${block.index}`, () =>
      ebs.get(snapshotId, block.index, block.token),
    );
    return null;
  } catch (error) {
    if (/^(DEPENDENCY_RESOURCE_NOT_FOUND|INVALID_DEPENDENCY_REQUEST)$/.test(reasonOf(error)))
      return 'KMS refuses its key to Unlatch too';
    if (/^AccessDenied/.test(errorName(error)))
      return 'Unlatch may not read it (ebs:ListSnapshotBlocks, ebs:GetSnapshotBlock)';
    throw error;
  }
};

/** Whether the frozen snapshot can be read: once it is complete, one block is. */
export const readable = async (
  flow: Flow,
  tools: Tools,
  job: Pick<SnapshotJob, 'target' | 'frozen'>,
): Promise<Readable> => {
  const snapshotId = job.frozen;
  const state = await completed(flow, 'wait for the frozen snapshot', () => there(tools, job), snapshotId);
  if ('because' in state) return { readable: false, because: state.because };
  const because = await flow.step('read a block', async (custody) =>
    probe(await there(tools, job), custody, snapshotId),
  );
  return because === null
    ? { readable: true, sizeGiB: state.sizeGiB }
    : { readable: false, because: `${snapshotId}: ${because}` };
};

const start = (flow: Flow, tools: Tools, job: SnapshotJob): Promise<SnapshotId> =>
  flow.step('start the copy', async (custody) => {
    const session = await here(tools, job);
    const ebs = await session.ebsDirect();
    const token = createHash('sha256').update(`${job.caseId} ${job.frozen}`).digest('hex');
    const { sizeGiB, description, tags, keyArn } = job;
    const started = await recorded(custody, session, 'ebs:StartSnapshot', `copy of ${job.frozen}`, () =>
      ebs.start({ sizeGiB, description, tags, keyArn, token }),
    );
    return SnapshotId.parse(started.SnapshotId);
  });

const requestOf = (job: SnapshotJob, snapshotId: SnapshotId, lane: Lane) => ({
  caseId: job.caseId,
  volumeId: job.volumeId,
  source: { accountId: job.target.accountId, region: job.target.region, snapshotId: job.frozen },
  copy: { snapshotId },
  lane,
});

type Ended<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly because: string };

const laneCopied = async (flow: Flow, tools: Tools, job: SnapshotJob, snapshotId: SnapshotId, lane: Lane) => {
  const parts: ChecksumPart[] = [];
  let from = firstInLane(lane, 0) ?? 0;
  for (let run = 1; run <= MOST_RUNS; run += 1) {
    const request: LaneRequest = {
      ...requestOf(job, snapshotId, lane),
      do: 'copy',
      from,
      everyBlock: job.keyArn !== null,
    };
    const { part, next, trouble } = await flow.call(`run ${run}`, tools.settings.COPY_FUNCTION, request, CopyAnswer);
    if (part !== null) parts.push(part);
    if (next === null) return parts;
    if (next <= from) throw new Error(`it does not get past block ${from}${trouble === null ? '' : `: ${trouble}`}`);
    from = next;
  }
  throw new Error(`it has not ended after ${MOST_RUNS} runs`);
};

/** What differs in a lane of the copy, in one line; `null` where nothing does. */
const laneVerified = async (
  flow: Flow,
  tools: Tools,
  job: SnapshotJob,
  snapshotId: SnapshotId,
  lane: Lane,
  parts: readonly ChecksumPart[],
): Promise<string | null> => {
  let rest = [...parts];
  for (let run = 1; rest.length > 0; run += 1) {
    const request: LaneRequest = { ...requestOf(job, snapshotId, lane), do: 'verify', parts: rest };
    const answer = await flow.call(`run ${run}`, tools.settings.COPY_FUNCTION, request, VerifyAnswer);
    if (answer.differs !== null) return answer.differs;
    if (answer.parts === 0) throw new Error('no part could be compared in the time of a run');
    rest = rest.slice(answer.parts);
  }
  return null;
};

/** All lanes side by side, to their ends: one that fails does not leave the others running behind it. */
const everyLane = async <T>(
  flow: Flow,
  verb: 'copy' | 'verify',
  lanes: readonly Lane[],
  act: (part: Flow, lane: Lane) => Promise<T>,
): Promise<T[]> => {
  const ended = await Promise.all(
    lanes.map((lane) =>
      flow.branch(`${verb} lane ${lane.number + 1} of ${lane.of}`, async (part): Promise<Ended<T>> => {
        try {
          return { ok: true, value: await act(part, lane) };
        } catch (error) {
          return { ok: false, because: messageOf(error) };
        }
      }),
    ),
  );
  return ended.map((lane, number) => {
    if (!lane.ok)
      throw new Error(`lane ${number + 1} could not be ${verb === 'copy' ? 'copied' : 'verified'}: ${lane.because}`);
    return lane.value;
  });
};

/** A lane's checksums, part after part, as the bucket has them. */
async function* laneChecksums(tools: Tools, caseId: string, parts: readonly ChecksumPart[]): AsyncGenerator<Buffer> {
  for (const { path, sha256 } of parts) {
    const hash = createHash('sha256');
    for await (const run of wholeRecords(tools.bucket.read(`cases/${caseId}/${path}`))) {
      hash.update(run);
      yield run;
    }
    if (hash.digest('hex') !== sha256) throw new Error(`${path} in the evidence bucket is not what was written`);
  }
}

/** With these, EBS may mean that there is nothing left to complete; the wait for the copy decides. */
const SETTLED: ReadonlySet<string> = new Set(['ValidationException', 'ResourceNotFoundException']);

/**
 * Ends the writing. Where an earlier attempt has done it, EBS has no open snapshot of that id any more. How it words that
 * is documented nowhere, and an unknown snapshot is told the same way: so it is tried to the end, and then the state tells.
 */
const complete = async (
  flow: Flow,
  tools: Tools,
  job: SnapshotJob,
  snapshotId: SnapshotId,
  aggregate: Aggregate,
): Promise<void> => {
  const stateOf = async (custody: Custody) => (await snapshotState(await here(tools, job), custody, snapshotId))?.state;
  try {
    await flow.step('complete the copy', async (custody) => {
      const session = await here(tools, job);
      const ebs = await session.ebsDirect();
      try {
        await recorded(custody, session, 'ebs:CompleteSnapshot', snapshotId, () =>
          ebs.complete(snapshotId, aggregate.blocks, aggregate.linear),
        );
      } catch (error) {
        if (isRefusal(errorName(error)) || (await stateOf(custody)) !== 'completed') throw error;
      }
      return null;
    });
  } catch (error) {
    const state = await flow.step('look at the copy', async (custody) => (await stateOf(custody)) ?? null);
    const settled = state === 'pending' && error instanceof StepFailedError && SETTLED.has(error.causedBy);
    if (!settled && state !== 'completed') throw error;
  }
};

/** Whether the copy holds what was written. What cannot be compared is not thrown away: EBS has checked it once. */
const compared = async (
  flow: Flow,
  tools: Tools,
  job: SnapshotJob,
  snapshotId: SnapshotId,
  parts: readonly (readonly ChecksumPart[])[],
): Promise<{ readonly differs: string | null; readonly note: string }> => {
  try {
    const lanes = await everyLane(flow, 'verify', lanesOf(job.sizeGiB), (part, lane) =>
      laneVerified(part, tools, job, snapshotId, lane, parts[lane.number] ?? []),
    );
    return { differs: lanes.find((differs) => differs !== null) ?? null, note: 'and compared' };
  } catch (error) {
    return { differs: null, note: `but not compared: ${messageOf(error)}` };
  }
};

/**
 * Copies the frozen snapshot block by block into a new one of Unlatch's own account, in which the attacker has no say.
 * Every block is checked on its way, the whole when EBS completes it, and again by listing what is there afterwards. What
 * cannot be completed is deleted.
 */
export const ebsDirectCopy = async (flow: Flow, tools: Tools, job: SnapshotJob): Promise<Copying> => {
  const snapshotId = await recordMade(flow, tools, await start(flow, tools, job), job.tags, () => here(tools, job));
  try {
    const lanes = lanesOf(job.sizeGiB);
    const parts = await everyLane(flow, 'copy', lanes, (part, lane) =>
      laneCopied(part, tools, job, snapshotId, lane).catch(async (error: unknown) => {
        // Without this lane there will be no copy: the others need not go on for a day.
        await discardSnapshot(part, tools, () => here(tools, job), snapshotId);
        throw error;
      }),
    );
    const { blocks, linear } = await flow.step('add the checksums up', () =>
      aggregateOf(parts.map((lane) => laneChecksums(tools, job.caseId, lane))),
    );
    await complete(flow, tools, job, snapshotId, { blocks, linear });
    const state = await completed(flow, 'wait for the copy', () => here(tools, job), snapshotId);
    // What may complete yet is not thrown away.
    if ('because' in state && state.unseen)
      return { result: 'failed', because: state.because, removed: [], left: [state.because] };
    if ('because' in state) throw new Error(state.because);
    const { differs, note: verified } = await compared(flow, tools, job, snapshotId, parts);
    if (differs !== null) throw new Error(differs);
    const proof = {
      source: job.frozen,
      blockBytes: BLOCK_BYTES,
      blocks,
      checksum: { algorithm: 'SHA256', aggregation: 'LINEAR', value: linear },
      lanes: parts,
      verified,
    };
    const note = `${blocks} blocks of ${job.frozen} copied, ${verified}`;
    const copied = { method: 'ebs-direct', snapshotId, accountId: tools.settings.ACCOUNT_ID, proof, note } as const;
    return { result: 'copied', copied, removed: [], left: [] };
  } catch (error) {
    const because = messageOf(error);
    return { result: 'failed', because, ...(await discardSnapshot(flow, tools, () => here(tools, job), snapshotId)) };
  }
};
