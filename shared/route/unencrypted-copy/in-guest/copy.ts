import { createHash } from 'node:crypto';
import { findInstance } from '#shared/aws/instances';
import { messageOf } from '#shared/aws/session';
import {
  attachVolume,
  createVolume,
  detachVolume,
  findSnapshotOf,
  snapshotVolume,
  type VolumeState,
  volumeState,
} from '#shared/aws/volumes';
import { type Flow, pausesUpTo } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import type { SnapshotId, VolumeId } from '#shared/signal/identifiers';
import { completed, type Incomplete } from '../../completion.ts';
import { discardSnapshot, discardVolume, type Traces } from '../../discard.ts';
import { type Guest, runOnGuest } from '../../guest-command.ts';
import { recordMade } from '../../made.ts';
import type { Copying, CopyJob } from '../copying.ts';
import { firstBlock } from '../first-block.ts';
import { renderCopyCommand } from './command.ts';
import { freeDevice } from './device.ts';
import { type CopyReport, isWhole, readCopyReport } from './outcome.ts';

/** A copy by a command on the machine that the volume is attached to. */
export interface GuestJob extends CopyJob, Guest {
  readonly availabilityZone: string;
}

const GIBIBYTE = 2 ** 30;
/** What the copier is given time for: a sixth of what a gp3 volume does at the least, for there are slower ones. */
const LEAST_BYTES_A_SECOND = 20 * 2 ** 20;
/** What a gp3 volume makes possible: 125 MiB/s, and the copy is written and read back. */
const MOST_BYTES_A_SECOND = 62 * 2 ** 20;
/** https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html */
const MOST_RUN_SECONDS = 172_800;
const LEAST_RUN_SECONDS = 1_800;
/** A volume is made, attached and detached in seconds. */
const VOLUME_SECONDS = 900;

const session = (tools: Tools, { target }: Pick<CopyJob, 'target'>) =>
  tools.sessions.at(target.accountId, target.region);

type Prepared = { readonly job: GuestJob } | { readonly because: string };

/** What is known of the volume before anything is made, or why it cannot be copied from within. */
export const inGuestJob = async (
  flow: Flow,
  tools: Tools,
  job: Omit<GuestJob, 'sizeGiB' | 'availabilityZone'>,
): Promise<Prepared> => {
  const state = await flow.step('look at the volume', async (custody) =>
    volumeState(await session(tools, job), custody, job.volumeId),
  );
  const { instanceId } = job.assessment;
  if (state === null || !state.attachments.some((attachment) => attachment.instanceId === instanceId))
    return { because: `${job.volumeId} is not attached to ${instanceId}` };
  const { sizeGiB, availabilityZone } = state;
  if ((sizeGiB * GIBIBYTE) / MOST_BYTES_A_SECOND > MOST_RUN_SECONDS)
    return { because: `${sizeGiB} GiB cannot be copied in the two days that a command may run` };
  return { job: { ...job, sizeGiB, availabilityZone } };
};

const until = async (
  flow: Flow,
  tools: Tools,
  job: GuestJob,
  name: string,
  volumeId: VolumeId,
  holds: (state: VolumeState) => boolean,
): Promise<VolumeState> => {
  const held = await flow.until(
    name,
    async (custody) => {
      const state = await volumeState(await session(tools, job), custody, volumeId);
      return state !== null && holds(state) ? state : null;
    },
    pausesUpTo(VOLUME_SECONDS),
  );
  if (held === null) throw new Error(`${name}: ${volumeId} was not seen to get there`);
  return held;
};

/** An empty volume of the same size, in the instance's zone. The same token makes the same volume. */
const makeVolume = (flow: Flow, tools: Tools, job: GuestJob): Promise<VolumeId> =>
  flow.step('make an empty volume', async (custody) => {
    const { availabilityZone, sizeGiB, keyArn, tags } = job;
    const token = createHash('sha256').update(`${job.caseId} ${job.volumeId}`).digest('hex');
    return createVolume(await session(tools, job), custody, {
      availabilityZone,
      from: { sizeGiB },
      keyArn,
      tags,
      token,
    });
  });

const attach = (flow: Flow, tools: Tools, job: GuestJob, volumeId: VolumeId): Promise<true> => {
  const { instanceId } = job.assessment;
  return flow.once(
    'attach the volume',
    async (custody) => {
      const who = await session(tools, job);
      // As the instance is now: a volume of this case, or somebody else's, may have come since.
      const device = freeDevice((await findInstance(who, custody, { instanceId })) ?? job.target);
      await attachVolume(who, custody, { volumeId, instanceId, device });
      return true as const;
    },
    async (custody) => {
      const state = await volumeState(await session(tools, job), custody, volumeId);
      return state?.attachments.some((attachment) => attachment.instanceId === instanceId) === true ? true : null;
    },
  );
};

/** Runs the copier on the machine, and believes it only where it reports every byte. What it says is the host's word. */
const copyWithin = async (flow: Flow, tools: Tools, job: GuestJob, volumeId: VolumeId): Promise<CopyReport> => {
  const bytes = job.sizeGiB * GIBIBYTE;
  const runSeconds = Math.min(MOST_RUN_SECONDS, LEAST_RUN_SECONDS + Math.ceil(bytes / LEAST_BYTES_A_SECOND));
  const { caseId, assessment } = job;
  const run = await runOnGuest(flow, tools, job, {
    what: 'the copier',
    comment: `unlatch copy ${caseId} ${job.volumeId}`.slice(0, 100),
    runSeconds,
    script: async () =>
      renderCopyCommand(assessment.document, {
        caseId,
        source: job.volumeId,
        target: volumeId,
        bytes,
        runSeconds,
        // Under encryption what was never written reads as noise.
        sparse: job.keyArn === null,
      }),
    read: (stdout) => readCopyReport(stdout, caseId),
  });
  if (!run.sent) throw new Error(`Systems Manager refused the copier: ${run.error}`);
  if (run.ended === null) throw new Error('the copier was not seen to end in time, and was cancelled');
  const { says, report } = run.ended;
  if (report === null) throw new Error(`${says}, and no report of it can be read`);
  if (!isWhole(report, { bytes }))
    throw new Error(`the machine says: ${report.error ?? `${report.bytes} of ${bytes} bytes were copied`}`);
  return report;
};

const snapshot = (flow: Flow, tools: Tools, job: GuestJob, volumeId: VolumeId): Promise<SnapshotId> =>
  flow.once(
    'snapshot the volume',
    async (custody) => {
      const { description, tags } = job;
      return snapshotVolume(await session(tools, job), custody, { volumeId, description, tags });
    },
    async (custody) => findSnapshotOf(await session(tools, job), custody, volumeId),
  );

/** Whether the snapshot holds anything at all, whatever the machine says of it; `null` where it cannot be looked into. */
const holdsBlocks = (flow: Flow, tools: Tools, job: GuestJob, snapshotId: SnapshotId): Promise<boolean | null> =>
  flow
    .step('look into the snapshot', async (custody) => {
      return (await firstBlock(await session(tools, job), custody, snapshotId)) !== null;
    })
    .catch(() => null);

const detach = async (flow: Flow, tools: Tools, job: GuestJob, volumeId: VolumeId): Promise<void> => {
  await flow.step('detach the volume', async (custody) => detachVolume(await session(tools, job), custody, volumeId));
  await until(flow, tools, job, 'wait for the volume to be free', volumeId, ({ state }) => state === 'available');
};

/** Takes the volume away again, wherever it is. */
const takeAway = async (flow: Flow, tools: Tools, job: GuestJob, volumeId: VolumeId): Promise<Traces> => {
  try {
    const state = await flow.step('look for the volume', async (custody) =>
      volumeState(await session(tools, job), custody, volumeId),
    );
    if (state !== null && state.attachments.length > 0) await detach(flow, tools, job, volumeId);
  } catch {
    // A volume that is still attached cannot be deleted: the attempt below says so.
  }
  return discardVolume(flow, tools, () => session(tools, job), volumeId);
};

/** Why a snapshot is no copy; `null` where nothing speaks against it. */
const flawIn = async (flow: Flow, tools: Tools, job: GuestJob, snapshotId: SnapshotId): Promise<Incomplete | null> => {
  const state = await completed(flow, 'wait for the snapshot', () => session(tools, job), snapshotId);
  if ('because' in state) return state;
  if ((await holdsBlocks(flow, tools, job, snapshotId)) !== false) return null;
  const because = 'the snapshot holds no block: the disk is empty, or the machine does not tell the truth';
  return { because, unseen: false };
};

/** Makes the volume ready for the copier, and sees that it is what was agreed. */
const prepare = async (flow: Flow, tools: Tools, job: GuestJob, volumeId: VolumeId): Promise<void> => {
  const made = await until(flow, tools, job, 'wait for the volume', volumeId, ({ state }) => state === 'available');
  if (made.encrypted !== (job.keyArn !== null) || (job.keyArn !== null && made.keyArn !== job.keyArn))
    throw new Error(`${volumeId} is encrypted otherwise than was agreed`);
  await attach(flow, tools, job, volumeId);
  await until(flow, tools, job, 'wait for the attachment', volumeId, ({ attachments }) =>
    attachments.some(({ state }) => state === 'attached'),
  );
};

/** Copies to a volume, and makes a snapshot of that; the volume stays. */
const copyTo = async (flow: Flow, tools: Tools, job: GuestJob, volumeId: VolumeId): Promise<Copying> => {
  await prepare(flow, tools, job, volumeId);
  const { sha256, bytes } = await copyWithin(flow, tools, job, volumeId);
  // Detached first, so that the snapshot is of what the copier wrote, and of nothing that came after it.
  await detach(flow, tools, job, volumeId);
  const taken = await snapshot(flow, tools, job, volumeId).catch((error: unknown) => ({ because: messageOf(error) }));
  if (typeof taken === 'object')
    return { result: 'failed', ...taken, removed: [], left: [`a snapshot of ${volumeId}, if one was made`] };
  await recordMade(flow, tools, taken, job.tags, () => session(tools, job));
  const flaw = await flawIn(flow, tools, job, taken);
  // What may complete yet is not thrown away.
  if (flaw?.unseen) return { result: 'failed', because: flaw.because, removed: [], left: [flaw.because] };
  if (flaw !== null)
    return {
      result: 'failed',
      because: flaw.because,
      ...(await discardSnapshot(flow, tools, () => session(tools, job), taken)),
    };
  const { instanceId } = job.assessment;
  const proof = {
    source: instanceId,
    bytes,
    checksum: { algorithm: 'SHA256', value: sha256, of: 'the whole disk, by the word of the machine itself' },
    consistency: 'the disk was in use while it was read: the image is not of one instant',
  };
  const note = `${bytes} bytes copied from within ${instanceId} while it ran, by its own word`;
  const copied = { method: 'in-guest', snapshotId: taken, accountId: job.target.accountId, proof, note } as const;
  return { result: 'copied', copied, removed: [], left: [] };
};

/**
 * Copies a volume from within the running machine: to the guest it is plain text, so no permission on the refused key is
 * used. The image is of a disk in use, and not of one instant; the copy says so.
 */
export const inGuestCopy = async (flow: Flow, tools: Tools, job: GuestJob): Promise<Copying> => {
  const volumeId = await recordMade(flow, tools, await makeVolume(flow, tools, job), job.tags, () =>
    session(tools, job),
  );
  const copying = await copyTo(flow, tools, job, volumeId).catch(
    (error: unknown): Copying => ({ result: 'failed', because: messageOf(error), removed: [], left: [] }),
  );
  const { removed, left } = await takeAway(flow, tools, job, volumeId);
  return { ...copying, removed: [...copying.removed, ...removed], left: [...copying.left, ...left] };
};
