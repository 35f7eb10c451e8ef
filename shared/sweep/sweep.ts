import type { EvidenceBucket } from '#shared/aws/evidence-bucket';
import { cancelCommand, endKey } from '#shared/aws/keys';
import type { Notice } from '#shared/aws/notice';
import { type AwsSession, type Custody, messageOf, type Sessions } from '#shared/aws/session';
import { deleteSnapshot } from '#shared/aws/snapshots';
import { deleteVolume } from '#shared/aws/volumes';
import type { Claims } from '#shared/ledger/claims';
import type { Made, Place } from '#shared/ledger/made';
import type { Settings } from '#shared/settings';
import { type Circumstances, type Disposal, disposalOf, type KeyUse } from './disposal.ts';
import { findDisks, findStanding, findTemporaryKeys, type Standing } from './finding.ts';
import type { SweepReport, SweptThing } from './report.ts';
import type { SweepRequest } from './request.ts';
import { type FoundKey, idOf, type OwnerState, type PlatformKey, type Thing } from './thing.ts';

export interface SweepTools {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly claims: Claims;
  readonly made: Made;
  readonly bucket: EvidenceBucket;
  readonly notice: Notice;
}

/** Those of the settings, the Regions in which copies end, and wherever something was made that may be there yet. */
const placesOf = (settings: Settings, made: readonly Place[]): Place[] => {
  const { ACCOUNT_ID, AWS_REGION, PLATFORM_REGION, SCOPE_ACCOUNTS, SCOPE_REGIONS } = settings;
  const own = [AWS_REGION, ...(PLATFORM_REGION === '' ? [] : [PLATFORM_REGION])].map((region) => ({
    accountId: ACCOUNT_ID,
    region,
  }));
  const regions = SCOPE_REGIONS.length === 0 ? [AWS_REGION] : SCOPE_REGIONS;
  const scope = [ACCOUNT_ID, ...SCOPE_ACCOUNTS].flatMap((accountId) =>
    regions.map((region) => ({ accountId, region })),
  );
  return [...new Map([...own, ...scope, ...made].map((place) => [nameOf(place), place])).values()];
};

const nameOf = ({ accountId, region }: Place): string => `${accountId}/${region}`;

const isKey = (thing: Thing): thing is FoundKey | PlatformKey => thing.kind === 'key' || thing.kind === 'platform-key';

/** Done again, each of these changes nothing: a sweep that was broken off is done by the next. */
const removed = async (
  { sessions, claims, made, settings }: SweepTools,
  custody: Custody,
  thing: Thing,
): Promise<string | null> => {
  if (thing.kind === 'claim') {
    await claims.release(thing.target);
    return null;
  }
  const session = await sessions.at(thing.accountId, thing.region);
  switch (thing.kind) {
    case 'snapshot':
      await deleteSnapshot(session, custody, thing.snapshotId);
      await made.forget(thing.snapshotId);
      return null;
    case 'volume':
      await deleteVolume(session, custody, thing.volumeId);
      await made.forget(thing.volumeId);
      return null;
    default:
      await endKey(session, custody, thing.keyArn, settings.KEY_ALIAS_PREFIX);
      return cancelCommand(thing.keyArn);
  }
};

const sweptThing = (thing: Thing, because: string, undo: string | null = null): SweptThing => ({
  kind: thing.kind,
  id: idOf(thing),
  place: thing.kind === 'claim' ? null : nameOf(thing),
  because,
  undo,
});

const unlooked = (place: Place, error: unknown): SweptThing => ({
  kind: 'account',
  id: place.accountId,
  place: nameOf(place),
  because: `it could not be looked through: ${messageOf(error)}`,
  undo: null,
});

interface Lists {
  readonly removed: SweptThing[];
  readonly kept: SweptThing[];
  readonly reported: SweptThing[];
  readonly failed: SweptThing[];
}

/** Replicas go before their primaries, which wait for them. */
const inOrder = (things: readonly Thing[]): readonly Thing[] =>
  things.toSorted((a, b) => Number(isKey(b) && b.isReplica) - Number(isKey(a) && a.isReplica));

/** A key is named by its id where it has replicas: what stands under one of them stands under all. */
const sameKey = (one: string, other: string): boolean =>
  one === other || (one.includes(':key/mrk-') && one.split('/')[1] === other.split('/')[1]);

/** Finds what no case owns, and removes what is Unlatch's own. It ends, whatever goes wrong on the way. */
export const sweep = async (tools: SweepTools, { dryRun }: SweepRequest): Promise<SweepReport> => {
  const { settings, sessions, claims, made, bucket, notice } = tools;
  const at = new Date().toISOString();
  const custody: Custody = [];
  const lists: Lists = { removed: [], kept: [], reported: [], failed: [] };
  // Whatever stands under a key is listed only where one may go. Where a single place cannot be, nothing is known.
  const unlisted: SweptThing[] = [];
  const wasMadeIn = await made.places().catch((error: unknown) => {
    unlisted.push({ kind: 'ledger', id: 'made', place: null, because: messageOf(error), undo: null });
    return [];
  });
  lists.failed.push(...unlisted);
  const places = placesOf(settings, wasMadeIn);
  const gone = new Set<string>();

  /** Looks in every place; what cannot be looked through is told. */
  const everywhere = async <T>(look: (session: AwsSession) => Promise<T[]>, failures: SweptThing[]): Promise<T[]> => {
    const found = await Promise.all(
      places.map(async (place) => {
        try {
          return await look(await sessions.at(place.accountId, place.region));
        } catch (error) {
          failures.push(unlooked(place, error));
          return [];
        }
      }),
    );
    return found.flat();
  };

  const owners = new Map<string, OwnerState>();
  const askOwners = async (things: readonly Thing[]): Promise<void> => {
    const ids = new Set(things.flatMap((thing) => ('made' in thing ? [thing.caseId] : [])));
    for (const id of ids)
      if (!owners.has(id)) owners.set(id, await claims.stateOf(id).catch((): OwnerState => 'unknown'));
  };

  const dispose = async (thing: Thing, { do: action, because }: Disposal): Promise<void> => {
    if (action === 'keep') lists.kept.push(sweptThing(thing, because));
    else if (action === 'report') lists.reported.push(sweptThing(thing, because));
    else if (dryRun) lists.removed.push(sweptThing(thing, because));
    else
      try {
        lists.removed.push(sweptThing(thing, because, await removed(tools, custody, thing)));
        gone.add(idOf(thing));
      } catch (error) {
        lists.failed.push(sweptThing(thing, `${because}, but it could not be removed: ${messageOf(error)}`));
      }
  };

  const circumstances = (useOf: (keyArn: string) => KeyUse): Circumstances => ({
    now: at,
    ownerOf: (caseId) => owners.get(caseId) ?? 'unknown',
    useOf,
    aliasPrefix: settings.KEY_ALIAS_PREFIX,
    responseRole: settings.RESPONSE_ROLE,
    sweepPlatformKeys: settings.SWEEP_PLATFORM_KEYS,
    platformKeyDays: settings.PLATFORM_KEY_DAYS,
  });

  const disks = await everywhere((session) => findDisks(session, custody, made), lists.failed);
  const abandoned = await claims.abandoned().catch((error: unknown) => {
    lists.failed.push({ kind: 'claim', id: 'claims', place: null, because: messageOf(error), undo: null });
    return [];
  });
  await askOwners(disks);
  for (const thing of [...disks, ...abandoned])
    await dispose(
      thing,
      disposalOf(
        thing,
        circumstances(() => 'unknown'),
      ),
    );

  const keys = await everywhere(
    (session) => findTemporaryKeys(session, custody, made, settings.KEY_ALIAS_PREFIX),
    lists.failed,
  );
  await askOwners(keys);
  const standing: Standing[] =
    keys.length === 0 ? [] : await everywhere((session) => findStanding(session, custody), unlisted);
  const useOf = (keyArn: string): KeyUse =>
    unlisted.length > 0
      ? 'unknown'
      : standing.filter((disk) => sameKey(disk.keyArn, keyArn) && !gone.has(disk.id)).map(({ id }) => id);
  for (const key of inOrder(keys)) await dispose(key, disposalOf(key, circumstances(useOf)));

  const report: SweepReport = { at, dryRun, places: places.map(nameOf), ...lists };
  if (dryRun) return report;
  const own = await sessions.at(settings.ACCOUNT_ID, settings.AWS_REGION);
  const body = `${JSON.stringify({ ...report, custody }, null, 2)}\n`;
  const kept = await bucket
    .put([], own, `sweeps/${at}/sweep.json`, body, 'application/json')
    .then(() => null)
    .catch((error: unknown) => ({ error }));
  // Whether or not the report could be kept: of a key that was ended, people have seven days to hear.
  if (lists.removed.length + lists.reported.length + lists.failed.length > 0) await notice.swept([], own, report);
  if (kept !== null) throw kept.error;
  return report;
};
