import { findInstance, findSnapshot } from '#shared/aws/instances';
import { type Custody, errorName, isRefusal } from '#shared/aws/session';
import type { Ledger } from '#shared/ledger/ledger';
import { copiesBehind, copySpan, traceable } from '#shared/ledger/opening';
import { AccountId, Region, type VolumeId } from '#shared/signal/identifiers';
import type { Denial } from '#shared/signal/signal';
import type { CaseRequest, Location, Origin, SignalRequest, Target } from './case.ts';
import { type Flow, pausesUpTo } from './flow.ts';
import type { Tools } from './tools.ts';

/** The origin that the ledger knows by now: of the call under the same key, or of the copy of the same session. */
const recordedOrigin = async ({ ledger }: Tools, joinKey: string, denial: Denial): Promise<Origin | null> => {
  const span = copySpan(denial);
  const { principal } = denial;
  const [join, calls] = await Promise.all([
    ledger.join(joinKey),
    span === null || principal === null ? [] : ledger.callsOf(principal, span),
  ]);
  return join.origin ?? copiesBehind(denial, calls)[0]?.origin ?? null;
};

/** A snapshot names its owner and its volume, whoever looks at it. `seenFrom`: the account whose role could see it. */
const describedOrigin = async (tools: Tools, custody: Custody, origin: Origin, seenFrom: string): Promise<Origin> => {
  if (origin.snapshotId === null) return origin;
  const session = await tools.sessions.at(seenFrom, origin.region);
  const snapshot = await findSnapshot(session, custody, origin.snapshotId);
  return snapshot === null ? origin : { ...origin, accountId: snapshot.accountId, volumeId: snapshot.volumeId };
};

/** Copies of copies: further back than this, nobody goes. */
const MOST_HOPS = 5;

/** Follows a snapshot's lineage from copy to copy, as far as the ledger knows it. */
const throughLineage = async (ledger: Ledger, origin: Origin, hops = MOST_HOPS): Promise<Origin> => {
  if (traceable(origin) !== null || origin.snapshotId === null || hops === 0) return origin;
  const source = await ledger.lineage(`snapshot#${origin.snapshotId}`);
  if (source === null || source.snapshotId === origin.snapshotId) return source ?? origin;
  return throughLineage(ledger, source, hops - 1);
};

/** The origin as far as it can be traced now. Records come in any order, so a snapshot's lineage may be newer than its use. */
const originNow = async (
  tools: Tools,
  custody: Custody,
  { joinKey, denial, accountId }: SignalRequest,
): Promise<Origin | null> => {
  const recorded = await recordedOrigin(tools, joinKey, denial);
  if (recorded === null) return null;
  const origin = await throughLineage(tools.ledger, recorded);
  if (traceable(origin) !== null) return origin;
  try {
    return traceable(await describedOrigin(tools, custody, origin, accountId));
  } catch (error) {
    if (isRefusal(errorName(error))) return null;
    throw error;
  }
};

/**
 * Where the evidence stands, as lineage tells. CloudTrail lags EBS notifications by minutes and keeps no order, so a case
 * that a notification opened waits, bounded, for the record of the call; `null` where it never came.
 */
export const trace = async (flow: Flow, tools: Tools, request: CaseRequest): Promise<Origin | null> => {
  const { settings } = tools;
  if ('joinKey' in request) {
    const pauses = pausesUpTo(settings.JOIN_WAIT * 60);
    return request.origin ?? flow.until('wait for the call', (custody) => originNow(tools, custody, request), pauses);
  }
  if ('finding' in request) return request.origin;
  return {
    accountId: request.accountId ?? AccountId.parse(settings.ACCOUNT_ID),
    region: request.region ?? Region.parse(settings.AWS_REGION),
    instanceId: request.instanceId,
    volumeId: null,
    snapshotId: null,
  };
};

const notFound = (because: string): Location => ({ found: false, because });

/** A lone volume: attached to nothing, or to nothing that Unlatch can see. */
const loneVolume = ({ accountId, region }: Origin, volumeId: VolumeId): Target => ({
  accountId,
  region,
  instanceId: null,
  volumes: [{ volumeId, device: null }],
  state: 'detached',
  platform: 'unknown',
  name: null,
  privateIp: null,
  publicIp: null,
  tags: {},
});

/** An instance stays in sight for an hour after it has ended; by then its volume is elsewhere, or gone. */
const isThere = (target: Target | null): target is Target =>
  target !== null && !['terminated', 'shutting-down'].includes(target.state);

const locateOrigin = async (tools: Tools, custody: Custody, origin: Origin): Promise<Location> => {
  const { instanceId, volumeId, accountId, region } = origin;
  const session = await tools.sessions.at(accountId, region);
  const named = instanceId === null ? null : await findInstance(session, custody, { instanceId });
  if (isThere(named)) return { found: true, target: named, origin };
  const holder = volumeId === null ? null : await findInstance(session, custody, { volumeId });
  if (isThere(holder)) return { found: true, target: holder, origin };
  if (volumeId !== null) return { found: true, target: loneVolume(origin, volumeId), origin };
  return notFound(`there is no instance ${instanceId} in account ${accountId}, ${region}`);
};

/** The machine whose evidence was refused, or why it was not found. Throttles are tried again, and then told. */
export const findMachine = async (flow: Flow, tools: Tools, origin: Origin | null): Promise<Location> => {
  if (origin === null) return notFound('no record joined the refusal with a volume, so its machine is not known');
  return flow
    .step('locate', (custody) => locateOrigin(tools, custody, origin))
    .catch((error: Error) => notFound(`Unlatch could not look there: ${error.message}`));
};
