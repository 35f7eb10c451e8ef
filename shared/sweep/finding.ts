import { creatorOf } from '#shared/aws/key-creator';
import { describeKey, findKeys, listAliases } from '#shared/aws/keys';
import type { AwsSession, Custody } from '#shared/aws/session';
import { type ListedSnapshot, type ListedVolume, listSnapshots, listVolumes } from '#shared/aws/tagged';
import { type Made, type Making, makingIn } from '#shared/ledger/made';
import type { KeyArn } from '#shared/signal/identifiers';
import type { FoundKey, FoundSnapshot, FoundVolume, PlatformKey, Tagged } from './thing.ts';

type Owner = Making & Pick<Tagged, 'made'>;

/** A person may keep a thing longer by its tag, and nobody may end it sooner. */
const later = (one: string | null, other: string | null): string | null =>
  one === null || other === null ? null : one > other ? one : other;

/** Whose a thing is: by the ledger, and where that knows nothing of it by its tags. */
const ownerOf = async (made: Made, id: string, tags: Readonly<Record<string, string>>): Promise<Owner> => {
  const tagged = makingIn(tags);
  try {
    const making = await made.of(id);
    if (making === null) return { ...tagged, made: 'no' };
    return { ...making, expires: later(making.expires, tagged.expires), made: 'yes' };
  } catch {
    return { ...tagged, made: 'unknown' };
  }
};

const snapshotOf = async (
  { accountId, region }: AwsSession,
  made: Made,
  { SnapshotId, State, StartTime, Tags }: ListedSnapshot,
): Promise<FoundSnapshot> => ({
  kind: 'snapshot',
  accountId,
  region,
  ...(await ownerOf(made, SnapshotId, Tags)),
  snapshotId: SnapshotId,
  state: State,
  since: StartTime?.toISOString() ?? null,
});

const volumeOf = async (
  { accountId, region }: AwsSession,
  made: Made,
  { VolumeId, State, CreateTime, SnapshotId = '', Tags }: ListedVolume,
): Promise<FoundVolume> => ({
  kind: 'volume',
  accountId,
  region,
  ...(await ownerOf(made, VolumeId, Tags)),
  volumeId: VolumeId,
  state: State,
  ofCopy: SnapshotId !== '',
  since: CreateTime?.toISOString() ?? null,
});

/** The snapshots and volumes that bear the tags of what Unlatch makes on its way. */
export const findDisks = async (
  session: AwsSession,
  custody: Custody,
  made: Made,
): Promise<(FoundSnapshot | FoundVolume)[]> => {
  const filters = ['unlatch:case', 'unlatch:volume'].map((key) => ({ Name: 'tag-key', Values: [key] }));
  const [snapshots, volumes] = await Promise.all([
    listSnapshots(session, custody, filters),
    listVolumes(session, custody, filters),
  ]);
  return Promise.all([
    ...snapshots.map((snapshot) => snapshotOf(session, made, snapshot)),
    ...volumes.map((volume) => volumeOf(session, made, volume)),
  ]);
};

const aliasesOf = async (session: AwsSession, custody: Custody, keyArn: KeyArn): Promise<string[]> =>
  (await listAliases(session, custody, keyArn)).map(({ name }) => name);

/** The keys that bear the tag of what Unlatch makes. */
const findOwnKeys = async (session: AwsSession, custody: Custody, made: Made): Promise<FoundKey[]> => {
  const { accountId, region } = session;
  const tagged = await findKeys(session, custody, 'unlatch:case');
  const found = await Promise.all(
    tagged.map(async ({ keyArn, tags }): Promise<FoundKey | null> => {
      const [key, aliases, owner] = await Promise.all([
        describeKey(session, custody, keyArn),
        aliasesOf(session, custody, keyArn),
        ownerOf(made, keyArn, tags),
      ]);
      // The index of tags knows keys for a while that are gone.
      if (key === null || key.manager !== 'CUSTOMER') return null;
      const { state, isReplica, createdAt: since } = key;
      return { kind: 'key', accountId, region, ...owner, keyArn, state, aliases, isReplica, since };
    }),
  );
  return found.filter((key) => key !== null);
};

/** The keys with an alias of the configured kind that Unlatch did not make. */
const findPlatformKeys = async (
  session: AwsSession,
  custody: Custody,
  aliasPrefix: string,
  own: ReadonlySet<string>,
): Promise<PlatformKey[]> => {
  const { accountId, region } = session;
  const named = (await listAliases(session, custody)).filter(({ name }) => name.startsWith(aliasPrefix));
  const ids = [...new Set(named.map(({ keyId }) => keyId))];
  const found = await Promise.all(
    ids.map(async (keyId): Promise<PlatformKey | null> => {
      const key = await describeKey(session, custody, keyId);
      if (key === null || key.manager !== 'CUSTOMER' || own.has(key.keyArn)) return null;
      const { keyArn, state, isReplica, createdAt: since } = key;
      const [aliases, madeBy] = await Promise.all([
        aliasesOf(session, custody, keyArn),
        // What cannot be asked is not known, and such a key is only told of.
        creatorOf(session, custody, keyArn).catch(() => null),
      ]);
      return { kind: 'platform-key', accountId, region, keyArn, state, aliases, since, isReplica, madeBy };
    }),
  );
  return found.filter((key) => key !== null);
};

export const findTemporaryKeys = async (
  session: AwsSession,
  custody: Custody,
  made: Made,
  aliasPrefix: string,
): Promise<(FoundKey | PlatformKey)[]> => {
  const own = await findOwnKeys(session, custody, made);
  const others = await findPlatformKeys(session, custody, aliasPrefix, new Set(own.map(({ keyArn }) => keyArn)));
  return [...own, ...others];
};

/** A disk and the key that it stands under. */
export interface Standing {
  readonly id: string;
  readonly keyArn: string;
}

/** Every encrypted volume and snapshot of an account and Region with its key. */
export const findStanding = async (session: AwsSession, custody: Custody): Promise<Standing[]> => {
  const encrypted = [{ Name: 'encrypted', Values: ['true'] }];
  const [snapshots, volumes] = await Promise.all([
    listSnapshots(session, custody, encrypted),
    listVolumes(session, custody, encrypted),
  ]);
  return [
    ...snapshots.map(({ SnapshotId: id, KmsKeyId = '' }) => ({ id, keyArn: KmsKeyId })),
    ...volumes.map(({ VolumeId: id, KmsKeyId = '' }) => ({ id, keyArn: KmsKeyId })),
  ];
};
