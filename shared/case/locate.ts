import { findInstance, findSnapshot } from '#shared/aws/instances';
import { type Custody, errorName, isRefusal } from '#shared/aws/session';
import { copyBehind, copySpan, isTraceable } from '#shared/ledger/opening';
import { AccountId, Region, type VolumeId } from '#shared/signal/identifiers';
import type { Denial } from '#shared/signal/signal';
import type { CaseRequest, Location, Origin, Target } from './case.ts';
import { type Flow, pausesUpTo } from './flow.ts';
import type { Tools } from './tools.ts';

/** The origin that the ledger knows by now: of the call under the same key, or of the copy of the same session. */
const originNow = async ({ ledger }: Tools, joinKey: string, denial: Denial): Promise<Origin | null> => {
  const span = copySpan(denial);
  const { principal } = denial;
  const [join, calls] = await Promise.all([
    ledger.join(joinKey),
    span === null || principal === null ? [] : ledger.callsOf(principal, span.from, span.until),
  ]);
  const origin = join.origin ?? copyBehind(denial, calls)?.origin ?? null;
  return isTraceable(origin) ? origin : null;
};

/**
 * Where the evidence stands, as lineage tells. CloudTrail lags EBS notifications by minutes and keeps no order, so a case
 * that a notification opened waits, bounded, for the record of the call; `null` where it never came.
 */
export const trace = async (flow: Flow, tools: Tools, request: CaseRequest): Promise<Origin | null> => {
  const { settings } = tools;
  if ('joinKey' in request) {
    const { joinKey, denial, origin } = request;
    const pauses = pausesUpTo(settings.JOIN_WAIT * 60);
    return origin ?? flow.until('wait for the call', () => originNow(tools, joinKey, denial), pauses);
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

/** A snapshot names its owner and its volume, whoever looks at it. `seenFrom`: the account whose role could see it. */
const withVolume = async (tools: Tools, custody: Custody, origin: Origin, seenFrom: string): Promise<Origin> => {
  if (origin.instanceId !== null || origin.volumeId !== null || origin.snapshotId === null) return origin;
  const session = await tools.sessions.at(seenFrom, origin.region);
  const snapshot = await findSnapshot(session, custody, origin.snapshotId);
  return snapshot === null ? origin : { ...origin, accountId: snapshot.accountId, volumeId: snapshot.volumeId };
};

const locateOrigin = async (tools: Tools, custody: Custody, known: Origin, seenFrom: string): Promise<Location> => {
  const origin = await withVolume(tools, custody, known, seenFrom);
  const { instanceId, volumeId, accountId, region } = origin;
  if (instanceId === null && volumeId === null)
    return notFound('the snapshot tells no volume, and its lineage was not seen');
  const session = await tools.sessions.at(accountId, region);
  const target =
    (instanceId === null ? null : await findInstance(session, custody, { instanceId })) ??
    (volumeId === null ? null : await findInstance(session, custody, { volumeId }));
  if (target !== null) return { found: true, target, origin };
  if (volumeId !== null) return { found: true, target: loneVolume(origin, volumeId), origin };
  return notFound(`there is no instance ${instanceId} in account ${accountId}, ${region}`);
};

/** The machine whose evidence was refused, or why it was not found. Throttles throw, to be tried again. */
export const locate = async (
  tools: Tools,
  custody: Custody,
  request: CaseRequest,
  origin: Origin | null,
): Promise<Location> => {
  if (origin === null) return notFound('no record joined the refusal with a call, so its machine is not known');
  const seenFrom = 'joinKey' in request ? request.accountId : origin.accountId;
  try {
    return await locateOrigin(tools, custody, origin, seenFrom);
  } catch (error) {
    if (!isRefusal(errorName(error))) throw error;
    return notFound(`Unlatch was refused there: ${error instanceof Error ? error.message : errorName(error)}`);
  }
};
