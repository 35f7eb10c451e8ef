import type { DiskCopy, FrozenSnapshot, RouteOutcome, Target } from '#shared/case/case';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { storedDocument } from '#shared/evidence/manifest';
import type { Assessment } from '#shared/route/ssm-triage/assess';
import type { VolumeId } from '#shared/signal/identifiers';
import { approved, consentedTarget } from './consent.ts';
import type { Copied, Copying, CopyJob } from './copying.ts';
import { ebsDirectCopy, readable, type SnapshotJob } from './ebs-direct.ts';
import { copyDocument, handOver } from './hand-over.ts';
import { type GuestJob, inGuestCopy, inGuestJob } from './in-guest/copy.ts';
import type { CopyTarget } from './target.ts';

const ROUTE = 'unencrypted-copy';
const DAY = 86_400_000;

/** How the route ended, and what it took away again or could not. */
export interface DisksCopied {
  readonly outcome: RouteOutcome;
  /** What would open the route; `null` where nothing would, or it is open. */
  readonly remedy: string | null;
  readonly removed: readonly string[];
  readonly left: readonly string[];
}

export interface DisksJob {
  readonly caseId: string;
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
type Way =
  | { readonly open: true; readonly method: 'ebs-direct'; readonly job: SnapshotJob }
  | { readonly open: true; readonly method: 'in-guest'; readonly job: GuestJob }
  | { readonly open: false; readonly volumeId: VolumeId; readonly because: string; readonly remedy: string | null };

const tagsOf = ({ caseId, since }: DisksJob, tools: Tools, volumeId: VolumeId) => ({
  'unlatch:case': caseId,
  'unlatch:volume': volumeId,
  'unlatch:expires': new Date(Date.parse(since) + tools.settings.EVIDENCE_DAYS * DAY).toISOString(),
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
  const { target, assessment, since } = disks;
  if (!assessment.open) return { ...assessment, volumeId };
  if (!there.open) return { ...there, volumeId };
  const job = await inGuestJob(flow, tools, {
    ...jobOf(disks, tools, volumeId),
    keyArn: there.keyArn,
    assessment,
    since,
  });
  if (job === null)
    return { open: false, volumeId, because: `${volumeId} is not attached to ${target.instanceId}`, remedy: null };
  return { open: true, method: 'in-guest', job };
};

const says = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');

/** A way of which nobody can tell whether it is open is closed, and costs no other way and no other volume. */
const untold =
  (volumeId: VolumeId) =>
  (error: unknown): Way => ({ open: false, volumeId, because: says(error), remedy: null });

/** The better way to copy a volume: the snapshot is of one instant, the running machine is not. */
const wayOf = async (
  flow: Flow,
  tools: Tools,
  disks: DisksJob,
  volumeId: VolumeId,
  targets: { readonly own: CopyTarget; readonly there: CopyTarget },
): Promise<Way> => {
  const direct = await waySnapshot(flow, tools, disks, volumeId, targets.own).catch(untold(volumeId));
  if (direct.open) return direct;
  const within = await wayWithin(flow, tools, disks, volumeId, targets.there).catch(untold(volumeId));
  if (within.open) return within;
  const because =
    direct.because === within.because ? direct.because : `${direct.because}; and not from within: ${within.because}`;
  return { open: false, volumeId, because, remedy: direct.remedy ?? within.remedy };
};

const proposed = (way: Extract<Way, { open: true }>, tools: Tools): string => {
  const { method, job } = way;
  const { volumeId, sizeGiB, keyArn, target } = job;
  const account = method === 'ebs-direct' ? tools.settings.ACCOUNT_ID : target.accountId;
  const under = keyArn === null ? 'NOT ENCRYPTED' : `encrypted under ${keyArn}`;
  const platform = tools.settings.PLATFORM_ACCOUNT;
  const shared = platform === '' || platform === account ? '' : `, shared with account ${platform}`;
  const how =
    method === 'ebs-direct' ? 'from its frozen snapshot' : `by a command on the running instance ${target.instanceId}`;
  return `a snapshot of ${volumeId}, ${sizeGiB} GiB, ${under}, in account ${account}, ${target.region}${shared}, ${how}`;
};

/** A copy as evidence: what it is, and the document that says how its content is known. */
const artefactOf = async (
  flow: Flow,
  tools: Tools,
  disks: DisksJob,
  job: CopyJob,
  copied: Copied,
): Promise<{ readonly artefact: DiskCopy; readonly troubles: readonly string[] }> => {
  const { snapshotId, accountId } = copied;
  const { region } = job.target;
  const { troubles, ...handed } = await handOver(
    flow,
    tools,
    job,
    { accountId, region, snapshotId },
    disks.availabilityZone,
  );
  const body = copyDocument(job, copied);
  const path = `${ROUTE}/${job.volumeId}/copy.json`;
  const collectedAt = await flow.step('keep what is known of the copy', async (custody) => {
    const own = await tools.sessions.at(tools.settings.ACCOUNT_ID, tools.settings.AWS_REGION);
    await tools.bucket.put(custody, own, `cases/${job.caseId}/${path}`, body, 'application/json');
    return new Date().toISOString();
  });
  const { volumeId, sizeGiB, keyArn } = job;
  const artefact: DiskCopy = {
    kind: 'disk-copy',
    ...storedDocument({ path, body }),
    collectedAt,
    route: ROUTE,
    copy: { volumeId, snapshotId, accountId, region, sizeGiB, keyArn, ...handed },
  };
  return { artefact, troubles };
};

/** How one volume ended: its copy, or why there is none. */
type Ending = {
  readonly notes: readonly string[];
  readonly removed: readonly string[];
  readonly left: readonly string[];
} & { readonly artefact: DiskCopy | null; readonly tried: boolean };

const copied = (flow: Flow, tools: Tools, way: Extract<Way, { open: true }>): Promise<Copying> =>
  way.method === 'ebs-direct' ? ebsDirectCopy(flow, tools, way.job) : inGuestCopy(flow, tools, way.job);

const copyOne = async (flow: Flow, tools: Tools, disks: DisksJob, way: Way): Promise<Ending> => {
  if (!way.open)
    return { artefact: null, tried: false, notes: [`${way.volumeId}: ${way.because}`], removed: [], left: [] };
  const { job } = way;
  const copying = await copied(flow, tools, way).catch(
    (error: unknown): Copying => ({
      result: 'failed',
      because: says(error),
      removed: [],
      left: [
        `what is tagged \`unlatch:volume\` = \`${job.volumeId}\` and \`unlatch:case\` = \`${job.caseId}\`, if anything`,
      ],
    }),
  );
  const { removed, left } = copying;
  if (copying.result === 'failed')
    return { artefact: null, tried: true, notes: [`${job.volumeId}: ${copying.because}`], removed, left };
  const { snapshotId, note } = copying.copied;
  const notes = [`${job.volumeId}: ${note}`];
  try {
    const { artefact, troubles } = await artefactOf(flow, tools, disks, job, copying.copied);
    return { artefact, tried: true, notes: [...notes, ...troubles], removed, left };
  } catch (error) {
    const kept = `the copy ${snapshotId} of ${job.volumeId}: what is known of it could not be kept`;
    return { artefact: null, tried: true, notes: [...notes, says(error)], removed, left: [...left, kept] };
  }
};

const outcomeOf = (endings: readonly Ending[]): RouteOutcome => {
  const artefacts = endings.flatMap(({ artefact }) => artefact ?? []);
  const note = endings.flatMap(({ notes }) => notes).join('; ');
  if (artefacts.length > 0) return { route: ROUTE, result: 'preserved', artefacts, note };
  return { route: ROUTE, result: endings.some(({ tried }) => tried) ? 'failed' : 'closed', note };
};

const closed = (because: string, remedy: string | null): DisksCopied => ({
  outcome: { route: ROUTE, result: 'closed', note: because },
  remedy,
  removed: [],
  left: [],
});

/**
 * Copies all volumes of the target, one after another, for EBS gives each account one quota: from the frozen snapshots
 * where Unlatch can read them, else from within the running machine. Nothing is made before it is known what a copy may
 * be, and before a person has agreed where that is asked for.
 */
export const copyDisks = async (flow: Flow, tools: Tools, disks: DisksJob): Promise<DisksCopied> => {
  const { target } = disks;
  const own = await consentedTarget(flow, tools, tools.settings.ACCOUNT_ID, target);
  const there =
    target.accountId === tools.settings.ACCOUNT_ID ? own : await consentedTarget(flow, tools, target.accountId, target);
  if (!own.open && !there.open) return closed(own.because, own.remedy);
  const ways: Way[] = [];
  for (const { volumeId } of target.volumes)
    ways.push(
      await flow.branch(`a way for ${volumeId}`, (part) => wayOf(part, tools, disks, volumeId, { own, there })),
    );
  const open = ways.flatMap((way) => (way.open ? [way] : []));
  const refusal =
    open.length === 0
      ? null
      : await approved(flow, tools, { caseId: disks.caseId, lines: open.map((way) => proposed(way, tools)) });
  if (refusal !== null) return closed(refusal, null);

  const endings: Ending[] = [];
  for (const way of ways) {
    const volumeId = way.open ? way.job.volumeId : way.volumeId;
    if (way.open && way.method === 'in-guest') await disks.triaged;
    endings.push(await flow.branch(`copy ${volumeId}`, (part) => copyOne(part, tools, disks, way)));
  }
  return {
    outcome: outcomeOf(endings),
    remedy: ways.flatMap((way) => (way.open ? [] : (way.remedy ?? [])))[0] ?? null,
    removed: endings.flatMap(({ removed }) => removed),
    left: endings.flatMap(({ left }) => left),
  };
};
