import {
  AlreadyExistsException,
  type CancelKeyDeletionCommandInput,
  type CancelKeyDeletionCommandOutput,
  type CreateAliasCommandInput,
  type CreateAliasCommandOutput,
  type CreateKeyCommandInput,
  type CreateKeyCommandOutput,
  type DeleteAliasCommandInput,
  type DeleteAliasCommandOutput,
  type ListResourceTagsCommandInput,
  type ListResourceTagsCommandOutput,
  MalformedPolicyDocumentException,
  type ReplicateKeyCommandInput,
  type ReplicateKeyCommandOutput,
  type ScheduleKeyDeletionCommandInput,
  type ScheduleKeyDeletionCommandOutput,
  type Tag,
} from '@aws-sdk/client-kms';
import type { Call, Ground } from './call.ts';
import {
  answered,
  keyMetadata,
  kmsError,
  knownKey,
  notFound,
  permittedByCaller,
  permittedKey,
  record,
} from './kms-answer.ts';
import { livingKeys, replicasOf, scheduled } from './kms-keys.ts';
import { MULTI_REGION_SERVICE, multiRegionRoleArn } from './linked-roles.ts';
import type { Key, PolicyDocument, Tags } from './state.ts';

/** A replica cannot be used before its material has come. */
export const replicaSeconds = 10;

/**
 * How keys and aliases are made and ended.
 * "Permissions for AWS services in key policies", "Schedule key deletion" and "Multi-Region keys", AWS KMS Developer Guide
 */
export const kmsLifecycle = (ground: Ground) => ({
  CreateKey: async (call: Call<CreateKeyCommandInput>): Promise<CreateKeyCommandOutput> => {
    const { Policy, Tags: given = [], MultiRegion = false, Description = '' } = call.input;
    const { accountId } = call.session.role;
    const { region } = call;
    await permittedByCaller(ground, call, 'kms:CreateKey', '*', { ...requested(given), ...creating(MultiRegion) });
    if (given.length > 0) await permittedTagging(ground, call, given);
    const policy = keyPolicy(ground, call, Policy);
    if (MultiRegion) await linkedRole(ground, call);
    const keyId = MultiRegion ? `mrk-${ground.uuid().replaceAll('-', '')}` : ground.uuid();
    const arn = `arn:aws:kms:${region}:${accountId}:key/${keyId}`;
    const key: Key = {
      accountId,
      region,
      keyId,
      arn,
      manager: 'CUSTOMER',
      policy,
      aliases: [],
      grants: [],
      tags: tagsOf(given),
      createdAt: ground.now(),
      primaryArn: MultiRegion ? arn : undefined,
      state: 'Enabled',
    };
    ground.state.keys.set(arn, key);
    const parameters = { tags: recordedTags(given), description: Description, multiRegion: MultiRegion };
    record(ground, call, 'CreateKey', key, parameters, undefined, { keyMetadata: recordedKey(key) });
    return { $metadata: answered(call), KeyMetadata: keyMetadata(key) };
  },

  ReplicateKey: async (call: Call<ReplicateKeyCommandInput>): Promise<ReplicateKeyCommandOutput> => {
    const { KeyId, ReplicaRegion = '', Policy, Tags: given = [] } = call.input;
    const parameters = { keyId: KeyId, replicaRegion: ReplicaRegion, tags: recordedTags(given) };
    const primary = await permittedKey(ground, call, 'ReplicateKey', KeyId, parameters);
    if (primary.primaryArn !== primary.arn) {
      throw kmsError(call, 'UnsupportedOperationException', `${primary.arn} is not a multi-Region primary key.`);
    }
    const there = { ...call, region: ReplicaRegion };
    await permittedByCaller(ground, there, 'kms:CreateKey', '*', { ...requested(given), ...creating(true) });
    if (given.length > 0) await permittedTagging(ground, there, given);
    const arn = `arn:aws:kms:${ReplicaRegion}:${primary.accountId}:key/${primary.keyId}`;
    if (livingKeys(ground).some((key) => key.arn === arn)) {
      throw new AlreadyExistsException({ message: `${arn} already exists`, $metadata: answered(call, 400) });
    }
    const replica: Key = {
      ...primary,
      region: ReplicaRegion,
      arn,
      policy: keyPolicy(ground, call, Policy),
      aliases: [],
      grants: [],
      tags: tagsOf(given),
      createdAt: ground.now(),
      primaryArn: primary.arn,
      state: 'Creating',
    };
    ground.state.keys.set(arn, replica);
    ground.after(replicaSeconds, () => {
      if (replica.state === 'Creating') replica.state = 'Enabled';
    });
    return { $metadata: answered(call), ReplicaKeyMetadata: keyMetadata(replica) };
  },

  ScheduleKeyDeletion: async (
    call: Call<ScheduleKeyDeletionCommandInput>,
  ): Promise<ScheduleKeyDeletionCommandOutput> => {
    const { KeyId, PendingWindowInDays = 30 } = call.input;
    const parameters = { keyId: KeyId, pendingWindowInDays: PendingWindowInDays };
    const key = await permittedKey(ground, call, 'ScheduleKeyDeletion', KeyId, parameters);
    if (PendingWindowInDays < 7 || PendingWindowInDays > 30) {
      throw kmsError(call, 'ValidationException', 'PendingWindowInDays must be between 7 and 30');
    }
    if (key.manager === 'AWS') throw kmsError(call, 'AccessDeniedException', `${key.arn} is managed by AWS.`);
    if (key.state === 'PendingDeletion' || key.state === 'PendingReplicaDeletion') {
      throw kmsError(call, 'KMSInvalidStateException', `${key.arn} is pending deletion.`);
    }
    const waits = key.primaryArn === key.arn && replicasOf(ground, key).length > 0;
    key.state = waits ? 'PendingReplicaDeletion' : 'PendingDeletion';
    key.deletion = scheduled(ground, PendingWindowInDays);
    return {
      $metadata: answered(call),
      KeyId: key.arn,
      KeyState: key.state,
      PendingWindowInDays,
      ...(waits ? {} : { DeletionDate: key.deletion.date }),
    };
  },

  CancelKeyDeletion: async (call: Call<CancelKeyDeletionCommandInput>): Promise<CancelKeyDeletionCommandOutput> => {
    const { KeyId } = call.input;
    const key = await permittedKey(ground, call, 'CancelKeyDeletion', KeyId, { keyId: KeyId });
    if (key.state !== 'PendingDeletion' && key.state !== 'PendingReplicaDeletion') {
      throw kmsError(call, 'KMSInvalidStateException', `${key.arn} is not pending deletion.`);
    }
    key.state = 'Disabled';
    key.deletion = undefined;
    return { $metadata: answered(call), KeyId: key.arn };
  },

  CreateAlias: async (call: Call<CreateAliasCommandInput>): Promise<CreateAliasCommandOutput> => {
    const { AliasName = '', TargetKeyId } = call.input;
    const key = knownKey(ground, call, TargetKeyId);
    await permittedByCaller(ground, call, 'kms:CreateAlias', aliasArn(call, AliasName));
    await permittedKey(ground, call, 'CreateAlias', key.arn, { aliasName: AliasName, targetKeyId: TargetKeyId });
    if (aliased(ground, call, AliasName) !== undefined) {
      const message = `An alias with the name ${aliasArn(call, AliasName)} already exists`;
      throw new AlreadyExistsException({ message, $metadata: answered(call, 400) });
    }
    key.aliases.push(AliasName);
    return { $metadata: answered(call) };
  },

  DeleteAlias: async (call: Call<DeleteAliasCommandInput>): Promise<DeleteAliasCommandOutput> => {
    const { AliasName = '' } = call.input;
    const key = aliased(ground, call, AliasName);
    await permittedByCaller(ground, call, 'kms:DeleteAlias', aliasArn(call, AliasName));
    if (key === undefined) throw notFound(call, `Alias ${aliasArn(call, AliasName)} is not found.`);
    await permittedKey(ground, call, 'DeleteAlias', key.arn, { aliasName: AliasName });
    key.aliases.splice(key.aliases.indexOf(AliasName), 1);
    return { $metadata: answered(call) };
  },

  ListResourceTags: async (call: Call<ListResourceTagsCommandInput>): Promise<ListResourceTagsCommandOutput> => {
    const { KeyId } = call.input;
    const key = await permittedKey(ground, call, 'ListResourceTags', KeyId, { keyId: KeyId });
    return { $metadata: answered(call), Tags: tagList(key.tags ?? {}), Truncated: false };
  },
});

const aliasArn = (call: Call, name: string): string =>
  `arn:aws:kms:${call.region}:${call.session.role.accountId}:${name}`;

const aliased = (ground: Ground, call: Call, name: string): Key | undefined =>
  livingKeys(ground).find(
    ({ accountId, region, aliases }) =>
      accountId === call.session.role.accountId && region === call.region && aliases.includes(name),
  );

const tagsOf = (tags: readonly Tag[]): Tags =>
  Object.fromEntries(tags.map(({ TagKey = '', TagValue = '' }) => [TagKey, TagValue]));

const tagList = (tags: Tags): Tag[] => Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));

const recordedTags = (tags: readonly Tag[]) =>
  tags.map(({ TagKey, TagValue }) => ({ tagKey: TagKey, tagValue: TagValue }));

const recordedKey = (key: Key) => ({
  aWSAccountId: key.accountId,
  keyId: key.keyId,
  arn: key.arn,
  enabled: true,
  keyUsage: 'ENCRYPT_DECRYPT',
  keyState: key.state,
  origin: 'AWS_KMS',
  keyManager: key.manager,
  multiRegion: key.primaryArn !== undefined,
});

const requested = (tags: readonly Tag[]): Record<string, string | readonly string[]> => ({
  ...Object.fromEntries(tags.map(({ TagKey, TagValue = '' }) => [`aws:RequestTag/${TagKey}`, TagValue])),
  ...(tags.length > 0 ? { 'aws:TagKeys': tags.map(({ TagKey = '' }) => TagKey) } : {}),
});

const creating = (multiRegion: boolean): Record<string, string> => ({
  'kms:KeyOrigin': 'AWS_KMS',
  'kms:KeySpec': 'SYMMETRIC_DEFAULT',
  'kms:KeyUsage': 'ENCRYPT_DECRYPT',
  'kms:MultiRegion': String(multiRegion),
});

/** "To use this parameter, you must have kms:TagResource permission in an IAM policy", AWS KMS API Reference, CreateKey. */
const permittedTagging = (ground: Ground, call: Call, tags: readonly Tag[]): Promise<void> => {
  const { accountId } = call.session.role;
  const resource = `arn:aws:kms:${call.region}:${accountId}:key/${ground.uuid()}`;
  // There is no key policy yet that could have a say.
  return permittedByCaller(ground, call, 'kms:TagResource', resource, requested(tags), defaultPolicy(accountId));
};

const malformed = (call: Call, message: string): MalformedPolicyDocumentException =>
  new MalformedPolicyDocumentException({ message, $metadata: answered(call, 400) });

const defaultPolicy = (accountId: string): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Enable IAM User Permissions',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${accountId}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
});

const namedRole = /"(arn:aws:iam::\d{12}:role\/[^"*?]+)"/g;

/**
 * A key policy is refused where it names a role that does not exist, and where nobody of the account could change it
 * later. "PutKeyPolicy", AWS KMS API Reference
 */
const keyPolicy = (ground: Ground, call: Call, text: string | undefined): PolicyDocument => {
  const { accountId } = call.session.role;
  if (text === undefined) return defaultPolicy(accountId);
  const policy: PolicyDocument = JSON.parse(text);
  const principals = JSON.stringify(policy.Statement.map((statement) => principalIn(statement)));
  for (const [, arn = ''] of principals.matchAll(namedRole)) {
    if (!ground.state.roles.has(arn))
      throw malformed(call, 'Policy contains a statement with one or more invalid principals.');
  }
  const mayChange = policy.Statement.some(
    (statement) =>
      /"kms:(\*|Put\*|PutKeyPolicy)"/.test(JSON.stringify(statement)) &&
      [`arn:aws:iam::${accountId}:root`, call.session.role.arn].some((arn) =>
        JSON.stringify(principalIn(statement)).includes(`"${arn}"`),
      ),
  );
  if (!mayChange)
    throw malformed(call, 'The new key policy will not allow you to update the key policy in the future.');
  return policy;
};

const principalIn = (statement: unknown): unknown =>
  typeof statement === 'object' && statement !== null ? (Reflect.get(statement, 'Principal') ?? null) : null;

/** The first multi-Region key of an account makes a role of the service, for which the caller needs leave. */
const linkedRole = async (ground: Ground, call: Call): Promise<void> => {
  const { accountId } = call.session.role;
  const arn = multiRegionRoleArn(accountId);
  if (ground.state.linkedRoles.has(arn)) return;
  await permittedByCaller(ground, call, 'iam:CreateServiceLinkedRole', arn, {
    'iam:AWSServiceName': MULTI_REGION_SERVICE,
  });
  ground.state.linkedRoles.add(arn);
};
