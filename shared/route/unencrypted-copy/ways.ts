import { messageOf } from '#shared/aws/session';
import type { FrozenSnapshot, Target } from '#shared/case/case';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import type { Assessment } from '#shared/route/ssm-triage/assess';
import type { VolumeId } from '#shared/signal/identifiers';
import { expiryOf } from '../expiry.ts';
import type { Targets } from './consent.ts';
import type { CopyJob } from './copying.ts';
import { readable, type SnapshotJob } from './ebs-direct.ts';
import { type GuestJob, inGuestJob } from './in-guest/copy.ts';
import type { CopyTarget } from './target.ts';

export interface DisksJob {
  readonly caseId: string;
  /** What the case holds, and must hold on to while it copies. */
  readonly claimed: string;
  readonly target: Target;
  readonly frozen: readonly FrozenSnapshot[];
  /** Whether a command may be sent to the instance. */
  readonly assessment: Assessment;
  /** When the case began: what is made expires so many days after it. */
  readonly since: string;
  /** Where a volume of each copy is wanted, or `null`. */
  readonly availabilityZone: string | null;
  /** Ends with the triage: what a host remembers is taken before its disks. */
  readonly triaged: Promise<unknown>;
}

/** A volume and the way that is open to copy it. */
export type Way =
  | { readonly open: true; readonly method: 'ebs-direct'; readonly job: SnapshotJob }
  | { readonly open: true; readonly method: 'in-guest'; readonly job: GuestJob }
  | { readonly open: false; readonly volumeId: VolumeId; readonly because: string; readonly remedy: string | null };

export type OpenWay = Extract<Way, { open: true }>;

const tagsOf = ({ caseId, since }: DisksJob, tools: Tools, volumeId: VolumeId) => ({
  'unlatch:case': caseId,
  'unlatch:volume': volumeId,
  'unlatch:expires': expiryOf(since, tools.settings),
  Name: `Unlatch copy ${caseId}`,
});

const jobOf = (disks: DisksJob, tools: Tools, volumeId: VolumeId): Omit<CopyJob, 'keyArn' | 'sizeGiB'> => ({
  caseId: disks.caseId,
  target: disks.target,
  volumeId,
  description: `Unlatch ${disks.caseId}: copy of ${volumeId}`,
  tags: tagsOf(disks, tools, volumeId),
});

/** By way of the frozen snapshot: only where Unlatch can read it, which a look at one block tells. */
const waySnapshot = async (
  flow: Flow,
  tools: Tools,
  disks: DisksJob,
  volumeId: VolumeId,
  own: CopyTarget,
): Promise<Way> => {
  const frozen = disks.frozen.find((snapshot) => snapshot.volumeId === volumeId)?.snapshotId ?? null;
  if (frozen === null) return { open: false, volumeId, because: 'the volume was not frozen', remedy: null };
  if (!own.open) return { ...own, volumeId };
  const source = await readable(flow, tools, { target: disks.target, frozen });
  if (!source.readable) return { open: false, volumeId, because: source.because, remedy: null };
  const job = { ...jobOf(disks, tools, volumeId), keyArn: own.keyArn, sizeGiB: source.sizeGiB, frozen };
  return { open: true, method: 'ebs-direct', job };
};

/** From within the running machine, to which the disk is plain text whatever KMS says. */
const wayWithin = async (
  flow: Flow,
  tools: Tools,
  disks: DisksJob,
  volumeId: VolumeId,
  there: CopyTarget,
): Promise<Way> => {
  const { assessment, since } = disks;
  if (!assessment.open) return { ...assessment, volumeId };
  if (!there.open) return { ...there, volumeId };
  const prepared = await inGuestJob(flow, tools, {
    ...jobOf(disks, tools, volumeId),
    keyArn: there.keyArn,
    assessment,
    since,
  });
  if ('because' in prepared) return { open: false, volumeId, because: prepared.because, remedy: null };
  return { open: true, method: 'in-guest', job: prepared.job };
};

/** A way of which nobody can tell whether it is open is closed, and costs no other way and no other volume. */
const untold =
  (volumeId: VolumeId) =>
  (error: unknown): Way => ({ open: false, volumeId, because: messageOf(error), remedy: null });

/** The better way to copy a volume: the snapshot is of one instant, the running machine is not. */
export const wayOf = async (
  flow: Flow,
  tools: Tools,
  disks: DisksJob,
  volumeId: VolumeId,
  targets: Targets,
): Promise<Way> => {
  const direct = await waySnapshot(flow, tools, disks, volumeId, targets.own).catch(untold(volumeId));
  if (direct.open) return direct;
  const within = await wayWithin(flow, tools, disks, volumeId, targets.there).catch(untold(volumeId));
  if (within.open) return within;
  const because =
    direct.because === within.because ? direct.because : `${direct.because}; and not from within: ${within.because}`;
  return { open: false, volumeId, because, remedy: direct.remedy ?? within.remedy };
};

/** What a person is asked to agree to: all that will be made, and where. */
export const proposed = (way: OpenWay, tools: Tools, availabilityZone: string | null): string[] => {
  const { method, job } = way;
  const { volumeId, sizeGiB, keyArn, target } = job;
  const account = method === 'ebs-direct' ? tools.settings.ACCOUNT_ID : target.accountId;
  const under = keyArn === null ? 'NOT ENCRYPTED' : `encrypted under ${keyArn}`;
  const platform = tools.settings.PLATFORM_ACCOUNT;
  const shared = platform === '' || platform === account ? '' : `, shared with account ${platform}`;
  const how =
    method === 'ebs-direct' ? 'from its frozen snapshot' : `by a command on the running instance ${target.instanceId}`;
  return [
    `a snapshot of ${volumeId}, ${sizeGiB} GiB, ${under}, in account ${account}, ${target.region}${shared}, ${how}`,
    ...(method === 'in-guest'
      ? [`for the time of that copy, a volume of ${sizeGiB} GiB, attached to ${target.instanceId}`]
      : []),
    ...(availabilityZone === null ? [] : [`a volume of that snapshot, in ${availabilityZone}`]),
  ];
};
