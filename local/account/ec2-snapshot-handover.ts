import type {
  CopySnapshotCommandInput,
  CopySnapshotCommandOutput,
  ModifySnapshotAttributeCommandInput,
  ModifySnapshotAttributeCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { notifyShare, notifySnapshot } from './ebs-notification.ts';
import {
  answered,
  callerPlace,
  ec2Error,
  isAt,
  isVisible,
  ownSnapshot,
  recordedCall,
  recordedTags,
  specifiedTags,
  tagList,
} from './ec2-answer.ts';
import { snapshotSeconds } from './ec2-snapshots.ts';
import { wantedEncryption } from './ec2-volume-encryption.ts';
import {
  afterRequest,
  copySource,
  ebsContext,
  ebsGrant,
  forward,
  forwardCreateGrant,
  forwardDescribeKey,
  recordServiceDecrypt,
  withinRequest,
} from './kms-forwarding.ts';
import type { Key, Snapshot } from './state.ts';

/** "Each account can have up to 20 concurrent snapshot copy requests to a single destination Region", Amazon EBS User Guide. */
const copiesAtOnce = 20;

/** A copy's KMS calls follow its answer by about this long. */
const copyKmsSeconds = 3;

/** Snapshots handed on: copied under another key, or shared with another account. */
export const ec2SnapshotHandover = (ground: Ground) => ({
  CopySnapshot: (call: Call<CopySnapshotCommandInput>): Promise<CopySnapshotCommandOutput> =>
    recordedCall(
      ground,
      call,
      { eventName: 'CopySnapshot', requestParameters: copyParameters(call), shared: true },
      () => copySnapshot(ground, call),
    ),

  ModifySnapshotAttribute: (
    call: Call<ModifySnapshotAttributeCommandInput>,
  ): Promise<ModifySnapshotAttributeCommandOutput> =>
    recordedCall(
      ground,
      call,
      { eventName: 'ModifySnapshotAttribute', requestParameters: shareParameters(call.input) },
      () => shareSnapshot(ground, call),
    ),
});

const copyParameters = ({ input, region }: Call<CopySnapshotCommandInput>) => ({
  sourceRegion: input.SourceRegion,
  sourceSnapshotId: input.SourceSnapshotId,
  description: input.Description,
  destinationRegion: input.DestinationRegion ?? region,
  presignedUrl: input.PresignedUrl,
  encrypted: input.Encrypted,
  masterEncryptionKeyId: input.KmsKeyId,
  tagSpecificationSet: recordedTags(input.TagSpecifications),
});

const copySnapshot = async (ground: Ground, call: Call<CopySnapshotCommandInput>) => {
  const source = copiedSnapshot(ground, call);
  const key = await copyKey(ground, call, source);
  const underWay = [...ground.state.snapshots.values()].filter(
    (snapshot) =>
      isAt(snapshot, callerPlace(call)) && snapshot.volumeId === 'vol-ffffffff' && snapshot.state === 'pending',
  );
  if (underWay.length >= copiesAtOnce) {
    throw ec2Error(call, 'ResourceLimitExceeded', 'Too many snapshot copies in progress.');
  }
  const copy: Snapshot = {
    snapshotId: ground.resourceId('snap'),
    ...callerPlace(call),
    volumeId: 'vol-ffffffff',
    sizeGiB: source.sizeGiB,
    keyArn: key?.arn ?? null,
    description: call.input.Description ?? '',
    startTime: ground.now(),
    sharedWith: new Set(),
    tags: specifiedTags(call.input.TagSpecifications, 'snapshot'),
    blocks: new Map(source.blocks),
    holes: source.holes,
    state: 'pending',
    stateMessage: null,
  };
  ground.state.snapshots.set(copy.snapshotId, copy);
  ground.after(copyKmsSeconds, () => encryptCopy(ground, call, source, copy, key));
  return {
    output: { $metadata: answered(call), SnapshotId: copy.snapshotId, Tags: tagList(copy.tags) },
    responseElements: { snapshotId: copy.snapshotId },
    seenBy: source.accountId === copy.accountId ? [] : [source.accountId],
  };
};

const copiedSnapshot = (ground: Ground, call: Call<CopySnapshotCommandInput>): Snapshot => {
  const { SourceSnapshotId, SourceRegion } = call.input;
  const source = ground.state.snapshots.get(SourceSnapshotId ?? '');
  const place = { ...callerPlace(call), region: SourceRegion ?? call.region };
  if (source === undefined || !isVisible(source, place)) {
    throw ec2Error(call, 'InvalidSnapshot.NotFound', `The snapshot '${SourceSnapshotId}' does not exist.`);
  }
  if (source.state !== 'completed') {
    throw ec2Error(call, 'IncorrectState', `Snapshot is in invalid state - ${source.state}`);
  }
  return source;
};

const unusableStates = {
  Creating: 'is creating',
  Disabled: 'is disabled',
  PendingDeletion: 'is pending deletion',
  PendingReplicaDeletion: 'is pending replica deletion',
  PendingImport: 'is pending import',
  Unavailable: 'is unavailable',
} as const;

/** What CopySnapshot checks before it answers: the key's existence, DescribeKey, and the key's state. */
const copyKey = async (ground: Ground, call: Call<CopySnapshotCommandInput>, source: Snapshot): Promise<Key | null> => {
  const { Encrypted, KmsKeyId } = call.input;
  const wish = { Encrypted: Encrypted === true || source.keyArn !== null, KmsKeyId };
  const wanted = wantedEncryption(ground, call, wish, null);
  if ('missing' in wanted) {
    throw ec2Error(call, 'InvalidParameterValue', `The specified keyId ${wanted.missing} is invalid`);
  }
  const { key } = wanted;
  if (key === null) return null;
  if ((await forwardDescribeKey(ground, withinRequest(call), key)) !== null) {
    throw ec2Error(call, 'AuthFailure', `Not authorized to use key ${key.arn} `, 403);
  }
  if (key.state !== 'Enabled') {
    const message = `The specified keyId ${key.arn} ${unusableStates[key.state]}`;
    throw ec2Error(call, 'InvalidParameterValue', message);
  }
  return key;
};

/** What happens after the answer: a refusal here leaves the CopySnapshot record as clean as a success does. */
const encryptCopy = async (
  ground: Ground,
  call: Call<CopySnapshotCommandInput>,
  source: Snapshot,
  copy: Snapshot,
  key: Key | null,
): Promise<void> => {
  if (key !== null && !(await copyPermitted(ground, call, source, copy, key))) {
    copy.state = 'error';
    copy.stateMessage = 'Given key ID is not accessible';
    copy.blocks = new Map();
    return;
  }
  if (key !== null) recordServiceDecrypt(ground, copy.region, key, copy.snapshotId);
  ground.after(snapshotSeconds - copyKmsSeconds, () => completeCopy(ground, source, copy));
};

/** A data key and a grant under the copy's key, then a grant on the source's. */
const copyPermitted = async (
  ground: Ground,
  call: Call<CopySnapshotCommandInput>,
  source: Snapshot,
  copy: Snapshot,
  key: Key,
): Promise<boolean> => {
  const context = ebsContext(copy.snapshotId);
  const copyGrant = ebsGrant(copy.region, { encryptionContextEquals: context });
  const refusal =
    (await forward(ground, afterRequest(ground, call), 'GenerateDataKeyWithoutPlaintext', key, context)) ??
    (await forwardCreateGrant(ground, afterRequest(ground, call), key, copyGrant));
  return refusal === null && sourcePermitted(ground, call, source);
};

const sourcePermitted = async (
  ground: Ground,
  call: Call<CopySnapshotCommandInput>,
  source: Snapshot,
): Promise<boolean> => {
  if (source.keyArn === null) return true;
  const key = ground.state.keys.get(source.keyArn);
  if (key === undefined) return false;
  const by = copySource(ground, { ...call, region: source.region });
  const terms = ebsGrant(source.region, { encryptionContextEquals: ebsContext(source.snapshotId) });
  const before = key.grants.length;
  if ((await forwardCreateGrant(ground, by, key, terms)) !== null) return false;
  // EBS retires what it needs no more; when exactly is documented nowhere.
  const [grant] = key.grants.slice(before);
  ground.after(snapshotSeconds, () => {
    if (grant !== undefined && key.grants.includes(grant)) key.grants.splice(key.grants.indexOf(grant), 1);
  });
  return true;
};

const completeCopy = (ground: Ground, source: Snapshot, copy: Snapshot): void => {
  if (ground.state.snapshots.get(copy.snapshotId)?.state !== 'pending') return;
  copy.state = 'completed';
  notifySnapshot(ground, {
    accountId: copy.accountId,
    region: copy.region,
    snapshotId: copy.snapshotId,
    event: 'copySnapshot',
    source: { region: source.region, snapshotId: source.snapshotId },
    startTime: copy.startTime,
  });
};

/** The accounts that a ModifySnapshotAttribute adds and removes, in either of its two spellings. */
const shareChanges = (input: ModifySnapshotAttributeCommandInput) => {
  const named = (items: readonly { UserId?: string | undefined }[] | undefined) =>
    (items ?? []).flatMap(({ UserId }) => (UserId === undefined ? [] : [UserId]));
  const ids = input.UserIds ?? [];
  return {
    add: [...named(input.CreateVolumePermission?.Add), ...(input.OperationType === 'add' ? ids : [])],
    remove: [...named(input.CreateVolumePermission?.Remove), ...(input.OperationType === 'remove' ? ids : [])],
  };
};

const shareParameters = (input: ModifySnapshotAttributeCommandInput) => {
  const { add, remove } = shareChanges(input);
  const items = (accounts: readonly string[]) => ({ items: accounts.map((userId) => ({ userId })) });
  return {
    snapshotId: input.SnapshotId,
    createVolumePermission: {
      ...(add.length > 0 ? { add: items(add) } : {}),
      ...(remove.length > 0 ? { remove: items(remove) } : {}),
    },
    attributeType: 'CREATE_VOLUME_PERMISSION',
  };
};

const shareSnapshot = async (ground: Ground, call: Call<ModifySnapshotAttributeCommandInput>) => {
  const snapshot = ownSnapshot(ground, call, call.input.SnapshotId);
  const { add, remove } = shareChanges(call.input);
  const key = snapshot.keyArn === null ? undefined : ground.state.keys.get(snapshot.keyArn);
  if (add.length > 0 && key?.manager === 'AWS') {
    throw ec2Error(call, 'OperationNotPermitted', 'Encrypted snapshots with EBS default key cannot be shared');
  }
  for (const account of remove) snapshot.sharedWith.delete(account);
  for (const receiver of add) {
    snapshot.sharedWith.add(receiver);
    const { region, snapshotId, accountId: owner } = snapshot;
    notifyShare(ground, { region, snapshotId, owner, receiver, requestId: call.requestId });
  }
  return { output: { $metadata: answered(call) }, responseElements: { _return: true } };
};
