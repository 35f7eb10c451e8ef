import { findInstance, findSnapshot } from '#shared/aws/instances';
import { type Custody, errorName, isRefusal } from '#shared/aws/session';
import { copyBehind, copySpan, traceable } from '#shared/ledger/opening';
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
    span === null || principal === null ? [] : ledger.callsOf(principal, span.from, span.until),
  ]);
  return join.origin ?? copyBehind(denial, calls)?.origin ?? null;
};

/** A snapshot names its owner and its volume, whoever looks at it. `seenFrom`: the account whose role could see it. */
const describedOrigin = async (tools: Tools, custody: Custody, origin: Origin, seenFrom: string): Promise<Origin> => {
  if (origin.snapshotId === null) return origin;
  const session = await tools.sessions.at(seenFrom, origin.region);
  const snapshot = await findSnapshot(session, custody, origin.snapshotId);
  return snapshot === null ? origin : { ...origin, accountId: snapshot.accountId, volumeId: snapshot.volumeId };
};

/** The origin as far as it can be traced now. Records come in any order, so a snapshot's lineage may be newer than its use. */
const originNow = async (
  tools: Tools,
  custody: Custody,
  { joinKey, denial, accountId }: SignalRequest,
): Promise<Origin | null> => {
  const recorded = await recordedOrigin(tools, joinKey, denial);
  if (recorded === null || recorded.snapshotId === null || traceable(recorded) !== null) return traceable(recorded);
  const lineage = traceable(await tools.ledger.lineage(`snapshot#${recorded.snapshotId}`));
  if (lineage !== null) return lineage;
  try {
    return traceable(await describedOrigin(tools, custody, recorded, accountId));
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

const locateOrigin = async (tools: Tools, custody: Custody, origin: Origin): Promise<Location> => {
  const { instanceId, volumeId, accountId, region } = origin;
  const session = await tools.sessions.at(accountId, region);
  const target =
    (instanceId === null ? null : await findInstance(session, custody, { instanceId })) ??
    (volumeId === null ? null : await findInstance(session, custody, { volumeId }));
  if (target !== null) return { found: true, target, origin };
  if (volumeId !== null) return { found: true, target: loneVolume(origin, volumeId), origin };
  return notFound(`there is no instance ${instanceId} in account ${accountId}, ${region}`);
};

/** The machine whose evidence was refused, or why it was not found. Throttles throw, to be tried again. */
export const locate = async (tools: Tools, custody: Custody, origin: Origin | null): Promise<Location> => {
  if (origin === null) return notFound('no record joined the refusal with a volume, so its machine is not known');
  try {
    return await locateOrigin(tools, custody, origin);
  } catch (error) {
    if (!isRefusal(errorName(error))) throw error;
    return notFound(`Unlatch was refused there: ${error instanceof Error ? error.message : errorName(error)}`);
  }
};
