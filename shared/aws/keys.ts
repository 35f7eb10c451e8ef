import {
  CreateAliasCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  ListAliasesCommand,
  ReplicateKeyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import * as z from 'zod';
import { KeyArn } from '#shared/signal/identifiers';
import { type AwsSession, type Custody, errorName, recorded } from './session.ts';
import type { Tags } from './volumes.ts';

/** A key that is to be made. */
export interface NewKey {
  readonly description: string;
  /** As JSON. */
  readonly policy: string;
  readonly tags: Tags;
  readonly multiRegion: boolean;
}

const tagsOf = (tags: Tags) => Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));

const Made = z.object({ KeyMetadata: z.object({ Arn: KeyArn }) });

/** Makes a key, tagged from its first moment. KMS takes no token: done twice, it makes two. */
export const createKey = async (session: AwsSession, custody: Custody, key: NewKey): Promise<KeyArn> => {
  const command = new CreateKeyCommand({
    Description: key.description,
    Policy: key.policy,
    Tags: tagsOf(key.tags),
    MultiRegion: key.multiRegion,
  });
  const made = await recorded(custody, session, 'kms:CreateKey', key.description, () => session.kms.send(command));
  return Made.parse(made).KeyMetadata.Arn;
};

const Replicated = z.object({ ReplicaKeyMetadata: z.object({ Arn: KeyArn }) });

/** Makes a replica of a multi-Region key. Its policy and tags are its own. */
export const replicateKey = async (
  session: AwsSession,
  custody: Custody,
  {
    keyArn,
    region,
    policy,
    tags,
  }: { readonly keyArn: KeyArn; readonly region: string } & Pick<NewKey, 'policy' | 'tags'>,
): Promise<KeyArn> => {
  const command = new ReplicateKeyCommand({ KeyId: keyArn, ReplicaRegion: region, Policy: policy, Tags: tagsOf(tags) });
  const made = await recorded(custody, session, 'kms:ReplicateKey', `${keyArn} to ${region}`, () =>
    session.kms.send(command),
  );
  return Replicated.parse(made).ReplicaKeyMetadata.Arn;
};

const Described = z.object({
  KeyMetadata: z.object({
    Arn: KeyArn,
    KeyState: z.string().min(1),
    KeyManager: z.enum(['CUSTOMER', 'AWS']),
    CreationDate: z.date().optional(),
    DeletionDate: z.date().optional(),
    MultiRegionConfiguration: z.object({ MultiRegionKeyType: z.enum(['PRIMARY', 'REPLICA']) }).optional(),
  }),
});

export interface KeyDescription {
  readonly keyArn: KeyArn;
  readonly state: string;
  readonly manager: 'CUSTOMER' | 'AWS';
  /** ISO 8601 in UTC; `null` where it is not told. */
  readonly createdAt: string | null;
  readonly deletedAt: string | null;
  readonly isReplica: boolean;
}

/** How a key stands, by id, ARN or alias; `null` where there is none, or not yet. */
export const describeKey = async (
  session: AwsSession,
  custody: Custody,
  keyId: string,
): Promise<KeyDescription | null> => {
  const command = new DescribeKeyCommand({ KeyId: keyId });
  try {
    const described = await recorded(custody, session, 'kms:DescribeKey', keyId, () => session.kms.send(command));
    const { Arn, KeyState, KeyManager, CreationDate, DeletionDate, MultiRegionConfiguration } =
      Described.parse(described).KeyMetadata;
    return {
      keyArn: Arn,
      state: KeyState,
      manager: KeyManager,
      createdAt: CreationDate?.toISOString() ?? null,
      deletedAt: DeletionDate?.toISOString() ?? null,
      isReplica: MultiRegionConfiguration?.MultiRegionKeyType === 'REPLICA',
    };
  } catch (error) {
    if (errorName(error) === 'NotFoundException') return null;
    throw error;
  }
};

/** Gives a key an alias; `false` where the name is another key's. Done again, it changes nothing. */
export const createAlias = async (
  session: AwsSession,
  custody: Custody,
  alias: string,
  keyArn: KeyArn,
): Promise<boolean> => {
  const command = new CreateAliasCommand({ AliasName: alias, TargetKeyId: keyArn });
  try {
    await recorded(custody, session, 'kms:CreateAlias', `${alias} of ${keyArn}`, () => session.kms.send(command));
    return true;
  } catch (error) {
    if (errorName(error) !== 'AlreadyExistsException') throw error;
    return (await describeKey(session, custody, alias))?.keyArn === keyArn;
  }
};

/** Takes an alias away; one that is gone already is as good. */
export const deleteAlias = async (session: AwsSession, custody: Custody, alias: string): Promise<void> => {
  const command = new DeleteAliasCommand({ AliasName: alias });
  await recorded(custody, session, 'kms:DeleteAlias', alias, () => session.kms.send(command)).catch(
    (error: unknown) => {
      if (errorName(error) !== 'NotFoundException') throw error;
    },
  );
};

const Aliases = z.object({
  Aliases: z.array(z.object({ AliasName: z.string(), TargetKeyId: z.string().optional() })).default([]),
  NextMarker: z.string().optional(),
});

export interface Alias {
  readonly name: string;
  readonly keyId: string;
}

/** The aliases of a key, or of the whole account and Region, to the end of the listing. */
export const listAliases = async (session: AwsSession, custody: Custody, keyArn?: KeyArn): Promise<Alias[]> => {
  const aliases: Alias[] = [];
  for (let Marker: string | undefined; ; ) {
    const command: ListAliasesCommand = new ListAliasesCommand({ KeyId: keyArn, Limit: 100, Marker });
    const on = keyArn ?? `${session.accountId} ${session.region}`;
    const page = Aliases.parse(
      await recorded(custody, session, 'kms:ListAliases', on, () => session.kms.send(command)),
    );
    for (const { AliasName, TargetKeyId } of page.Aliases)
      if (TargetKeyId !== undefined) aliases.push({ name: AliasName, keyId: TargetKeyId });
    Marker = page.NextMarker;
    if (Marker === undefined) return aliases;
  }
};

/** The shortest time that KMS waits before it deletes a key. https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html */
const WAITING_DAYS = 7;

/** Schedules a key's deletion; one that waits already is as good. */
const scheduleDeletion = async (session: AwsSession, custody: Custody, keyArn: KeyArn): Promise<void> => {
  const command = new ScheduleKeyDeletionCommand({ KeyId: keyArn, PendingWindowInDays: WAITING_DAYS });
  await recorded(custody, session, 'kms:ScheduleKeyDeletion', keyArn, () => session.kms.send(command));
};

const isEnding = ({ state }: KeyDescription): boolean => /^Pending(Replica)?Deletion$/.test(state);

/**
 * Ends a key: schedules its deletion, and then takes its aliases away. In this order, for leave to end a key may hang on
 * the alias (`kms:ResourceAliases`) and is gone with it. Done again, it changes nothing.
 * https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
 * @returns how the key stands then; `null` where there is none
 */
export const endKey = async (
  session: AwsSession,
  custody: Custody,
  keyArn: KeyArn,
  aliasPrefix: string,
): Promise<KeyDescription | null> => {
  const before = await describeKey(session, custody, keyArn);
  if (before === null) return null;
  if (!isEnding(before)) await scheduleDeletion(session, custody, keyArn);
  for (const { name } of await listAliases(session, custody, keyArn))
    if (name.startsWith(aliasPrefix)) await deleteAlias(session, custody, name);
  return describeKey(session, custody, keyArn);
};

const Found = z.object({
  ResourceTagMappingList: z
    .array(
      z.object({
        ResourceARN: KeyArn,
        Tags: z.array(z.object({ Key: z.string(), Value: z.string() })).default([]),
      }),
    )
    .default([]),
  PaginationToken: z.string().optional(),
});

export interface TaggedKey {
  readonly keyArn: KeyArn;
  readonly tags: Tags;
}

/** The keys with a tag in an account and Region, of any value without one. The index of tags lags behind by moments. */
export const findKeys = async (
  session: AwsSession,
  custody: Custody,
  tag: string,
  value?: string,
): Promise<TaggedKey[]> => {
  const tagging = await session.tagging();
  const keys: TaggedKey[] = [];
  for (let token: string | undefined; ; ) {
    const page = Found.parse(
      await recorded(custody, session, 'tag:GetResources', `${tag}=${value ?? '*'}`, () =>
        tagging.keysWith(tag, value, token),
      ),
    );
    for (const { ResourceARN: keyArn, Tags } of page.ResourceTagMappingList)
      keys.push({ keyArn, tags: Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])) });
    token = page.PaginationToken;
    if (token === undefined || token === '') return keys;
  }
};

/** How a person calls a scheduled deletion off; the key is disabled then. */
export const cancelCommand = (keyArn: string): string =>
  `aws kms cancel-key-deletion --key-id ${keyArn} --region ${keyArn.split(':')[3]}`;
