import { messageOf } from '#shared/aws/session';
import type { DiskCopy, RouteOutcome } from '#shared/case/case';
import { hold } from '#shared/case/claiming';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { approved } from '../approval.ts';
import { keptCopy } from '../disk-copy.ts';
import { recordIntent } from '../intent.ts';
import { consentedTargets } from './consent.ts';
import type { Copying } from './copying.ts';
import { ebsDirectCopy } from './ebs-direct.ts';
import { inGuestCopy } from './in-guest/copy.ts';
import { MOST_OPERATIONS, operationsOf } from './lane.ts';
import { type DisksJob, type OpenWay, proposed, type Way, wayOf } from './ways.ts';

const ROUTE = 'unencrypted-copy';

/** How the route ended, and what it took away again or could not. */
export interface DisksCopied {
  readonly outcome: RouteOutcome;
  /** What would open the route; `null` where nothing would, or it is open. */
  readonly remedy: string | null;
  readonly removed: readonly string[];
  readonly left: readonly string[];
}

/** How one volume ended: its copy, or why there is none. */
type Ending = {
  readonly notes: readonly string[];
  readonly removed: readonly string[];
  readonly left: readonly string[];
} & { readonly artefact: DiskCopy | null; readonly tried: boolean };

const copied = (flow: Flow, tools: Tools, way: OpenWay): Promise<Copying> =>
  way.method === 'ebs-direct' ? ebsDirectCopy(flow, tools, way.job) : inGuestCopy(flow, tools, way.job);

const copyOne = async (flow: Flow, tools: Tools, disks: DisksJob, way: Way): Promise<Ending> => {
  if (!way.open)
    return { artefact: null, tried: false, notes: [`${way.volumeId}: ${way.because}`], removed: [], left: [] };
  const { job } = way;
  const copying = await copied(flow, tools, way).catch(
    (error: unknown): Copying => ({
      result: 'failed',
      because: messageOf(error),
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
    const { availabilityZone, target } = disks;
    const owner = { caseId: job.caseId, tags: job.tags, target, route: ROUTE, availabilityZone } as const;
    const { volumeId, sizeGiB, keyArn } = job;
    const made = { ...copying.copied, region: target.region, volumeId, sizeGiB, keyArn };
    const { artefact, troubles } = await keptCopy(flow, tools, owner, made);
    return { artefact, tried: true, notes: [...notes, ...troubles], removed, left };
  } catch (error) {
    const kept = `the copy ${snapshotId} of ${job.volumeId}: what is known of it could not be kept`;
    return { artefact: null, tried: true, notes: [...notes, messageOf(error)], removed, left: [...left, kept] };
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

/** A copy takes 37 hours at the most, or 48 from within, and its snapshot up to a day. */
const HOLD_SECONDS = 4 * 86_400;

/** Those that one durable execution has operations for; the first is always tried. */
const withinBudget = (ways: readonly Way[], before: number): Way[] => {
  let spent = before;
  return ways.map((way, place) => {
    if (!way.open) return way;
    spent += operationsOf(way.job.sizeGiB);
    if (place === 0 || spent <= MOST_OPERATIONS) return way;
    const because = 'one case cannot copy so much: start another by hand when this one has ended';
    return { open: false, volumeId: way.job.volumeId, because, remedy: null };
  });
};

/**
 * Copies all volumes of the target, one after another, for EBS gives each account one quota: from the frozen snapshots
 * where Unlatch can read them, else from within the running machine. No copy is begun before it is known what it may be,
 * and before a person has agreed where that is asked for.
 */
export const copyDisks = async (flow: Flow, tools: Tools, disks: DisksJob): Promise<DisksCopied> => {
  const { target, caseId, availabilityZone } = disks;
  const targets = await consentedTargets(flow, tools, target);
  const { own, there } = targets;
  if (!own.open && !there.open) return closed(own.because, own.remedy);
  await hold(flow, tools, disks.claimed, HOLD_SECONDS + tools.settings.APPROVAL_WAIT * 60);
  const ways = withinBudget(
    await Promise.all(
      target.volumes.map(({ volumeId }) =>
        flow.branch(`a way for ${volumeId}`, (part) => wayOf(part, tools, disks, volumeId, targets)),
      ),
    ),
    flow.spent(),
  );
  const lines = ways.flatMap((way) => (way.open ? proposed(way, tools, availabilityZone) : []));
  const refusal = lines.length === 0 ? null : await approved(flow, tools, { caseId, lines });
  if (refusal !== null) return closed(refusal, null);

  await recordIntent(flow, tools, disks, ROUTE, {
    volumes: ways.flatMap((way) => (way.open ? [{ volumeId: way.job.volumeId, method: way.method }] : [])),
  });
  const endings: Ending[] = [];
  for (const way of ways) {
    const volumeId = way.open ? way.job.volumeId : way.volumeId;
    if (way.open) await hold(flow, tools, disks.claimed, HOLD_SECONDS);
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
