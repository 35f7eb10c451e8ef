import type { StartSnapshotCommandInput, StartSnapshotCommandOutput } from '@aws-sdk/client-ebs';
import { blockBytes } from './blocks.ts';
import type { Call, Ground } from './call.ts';
import { knownSnapshot, snapshotKey } from './ebs-direct-access.ts';
import { conflict, dependencyInvalid, invalid, keyNotFound, readError, tooManyPending } from './ebs-direct-errors.ts';
import { recordedCall, startParameters } from './ebs-direct-records.ts';
import { giveUpIdle } from './ebs-direct-uploads.ts';
import type { WarmKeys } from './ebs-direct-warm-keys.ts';
import { answered, callerPlace, isAt, tagList } from './ec2-answer.ts';
import { ebsContext, ebsDirect, forward, forwardReEncrypt } from './kms-forwarding.ts';
import { defaultKey, findKey } from './kms-keys.ts';
import type { Key, Snapshot } from './state.ts';

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_StartSnapshot.html */
const volumeGiB = { least: 1, most: 65_536 };
const timeoutMinutes = { least: 10, most: 4_320, usual: 60 };
const mostTags = 50;
/** "Quotas for Amazon EBS": pending snapshots per account */
const mostPending = 100;

interface Started {
  readonly request: string;
  readonly output: StartSnapshotCommandOutput;
}

export const startSnapshot = (ground: Ground, warm: WarmKeys) => {
  const byToken = new Map<string, Started>();

  return (call: Call<StartSnapshotCommandInput>): Promise<StartSnapshotCommandOutput> =>
    recordedCall(ground, call, 'StartSnapshot', startParameters(call.input), async () => {
      const { ClientToken, ...parameters } = call.input;
      const { accountId, region } = callerPlace(call);
      const token = ClientToken === undefined ? null : `${accountId}/${region}/${ClientToken}`;
      const request = JSON.stringify(Object.entries(parameters).sort());
      const before = token === null ? undefined : byToken.get(token);
      if (before !== undefined) {
        if (before.request !== request) throw conflict(call);
        return { ...before.output, $metadata: answered(call, 201) };
      }
      const output = await begun(ground, call, warm);
      if (token !== null) byToken.set(token, { request, output });
      return output;
    });
};

const begun = async (
  ground: Ground,
  call: Call<StartSnapshotCommandInput>,
  warm: WarmKeys,
): Promise<StartSnapshotCommandOutput> => {
  const { ParentSnapshotId } = call.input;
  checkRange(call);
  checkQuota(ground, call);
  const parent = ParentSnapshotId === undefined ? null : knownSnapshot(ground, call, ParentSnapshotId);
  const key = parent === null ? ownKey(ground, call) : parentKey(ground, call, parent);
  const snapshot = newSnapshot(ground, call, parent, key);
  if (key !== null) await startPermitted(ground, call, warm, snapshot, parent, key);
  ground.state.snapshots.set(snapshot.snapshotId, snapshot);
  return {
    $metadata: answered(call, 201),
    SnapshotId: snapshot.snapshotId,
    OwnerId: snapshot.accountId,
    Status: 'pending',
    StartTime: snapshot.startTime,
    VolumeSize: snapshot.sizeGiB,
    BlockSize: blockBytes,
    Tags: tagList(snapshot.tags),
    ParentSnapshotId,
    KmsKeyArn: snapshot.keyArn ?? undefined,
    Description: call.input.Description,
  };
};

const checkRange = (call: Call<StartSnapshotCommandInput>): void => {
  const { VolumeSize = 0, Timeout = timeoutMinutes.usual, Tags = [] } = call.input;
  if (VolumeSize < volumeGiB.least || VolumeSize > volumeGiB.most) {
    throw invalid(call, 'INVALID_VOLUME_SIZE', `The volume size ${VolumeSize} is invalid.`);
  }
  if (Timeout < timeoutMinutes.least || Timeout > timeoutMinutes.most) {
    throw invalid(call, 'INVALID_PARAMETER_VALUE', `The timeout ${Timeout} is invalid.`);
  }
  if (Tags.length > mostTags || Tags.some(({ Key = '' }) => Key === '' || Key.startsWith('aws:'))) {
    throw invalid(call, 'INVALID_TAG', 'The tags are invalid.');
  }
};

const checkQuota = (ground: Ground, call: Call): void => {
  const place = callerPlace(call);
  const pending = [...ground.state.snapshots.values()].filter((snapshot) => {
    giveUpIdle(ground, snapshot);
    return snapshot.state === 'pending' && isAt(snapshot, place);
  });
  if (pending.length >= mostPending) throw tooManyPending(call);
};

const encryptsByDefault = (ground: Ground, call: Call): boolean => {
  const { accountId, region } = callerPlace(call);
  return ground.state.encryptionByDefault.has(`${accountId}/${region}`);
};

/** "Encryption outcomes for EBS direct APIs", Amazon EBS User Guide: no parent snapshot */
const ownKey = (ground: Ground, call: Call<StartSnapshotCommandInput>): Key | null => {
  const { Encrypted, KmsKeyArn } = call.input;
  const byDefault = encryptsByDefault(ground, call);
  if (Encrypted === false && byDefault) {
    throw invalid(call, 'INVALID_PARAMETER_VALUE', 'Encryption by default is enabled: Encrypted cannot be false.');
  }
  if (Encrypted !== true && !byDefault) {
    if (KmsKeyArn === undefined) return null;
    throw invalid(call, 'INVALID_PARAMETER_VALUE', 'KmsKeyArn can only be specified if Encrypted is true.');
  }
  if (KmsKeyArn === undefined) return defaultKey(ground, callerPlace(call));
  const key = findKey(ground, callerPlace(call), KmsKeyArn);
  if (key === undefined) throw keyNotFound(call);
  return key;
};

/** As above: encrypted and unencrypted parent snapshots. The child is as its parent is, or it is not. */
const parentKey = (ground: Ground, call: Call<StartSnapshotCommandInput>, parent: Snapshot): Key | null => {
  const { Encrypted, KmsKeyArn, VolumeSize = 0 } = call.input;
  if (Encrypted !== undefined) {
    throw invalid(call, 'INVALID_PARAMETER_VALUE', 'ParentSnapshotId and Encrypted exclude each other.');
  }
  if (KmsKeyArn !== undefined) {
    throw invalid(call, 'INVALID_PARAMETER_VALUE', 'ParentSnapshotId and KmsKeyArn exclude each other.');
  }
  if (parent.keyArn === null && encryptsByDefault(ground, call)) {
    throw invalid(call, 'INVALID_PARAMETER_VALUE', 'Encryption by default is enabled: the parent must be encrypted.');
  }
  if (VolumeSize < parent.sizeGiB) {
    throw invalid(call, 'INVALID_VOLUME_SIZE', 'The volume is smaller than that of the parent snapshot.');
  }
  return snapshotKey(ground, call, parent);
};

const newSnapshot = (
  ground: Ground,
  call: Call<StartSnapshotCommandInput>,
  parent: Snapshot | null,
  key: Key | null,
): Snapshot => ({
  snapshotId: ground.resourceId('snap'),
  ...callerPlace(call),
  volumeId: 'vol-ffffffff',
  sizeGiB: call.input.VolumeSize ?? 0,
  keyArn: key?.arn ?? null,
  description: call.input.Description ?? '',
  startTime: ground.now(),
  sharedWith: new Set(),
  tags: Object.fromEntries((call.input.Tags ?? []).map(({ Key: name = '', Value = '' }) => [name, Value])),
  blocks: new Map(parent?.blocks ?? []),
  // A block that was never written is deciphered all the same.
  holes: parent?.holes ?? (key === null ? 'zeros' : 'noise'),
  upload: {
    timeoutMs: (call.input.Timeout ?? timeoutMinutes.usual) * 60_000,
    lastActivity: ground.now(),
    written: new Map(),
  },
  state: 'pending',
  stateMessage: null,
});

/** A new snapshot needs a data key; a child needs its parent's, re-encrypted for it and opened. */
const startPermitted = async (
  ground: Ground,
  call: Call<StartSnapshotCommandInput>,
  warm: WarmKeys,
  snapshot: Snapshot,
  parent: Snapshot | null,
  key: Key,
): Promise<void> => {
  const by = ebsDirect(ground, call);
  const context = ebsContext(snapshot.snapshotId);
  if (parent === null) {
    if (warm.has(call, `start ${key.arn}`)) return;
    const refusal = await forward(ground, by, 'GenerateDataKey', key, context);
    if (refusal !== null) throw dependencyInvalid(call, by, refusal);
    warm.use(call, `start ${key.arn}`);
    return;
  }
  const source = { key, id: parent.snapshotId };
  const refusal = await forwardReEncrypt(ground, by, source, { key, id: snapshot.snapshotId });
  if (refusal !== null) throw dependencyInvalid(call, by, refusal);
  const opening = ebsDirect(ground, call);
  const closed = await forward(ground, opening, 'Decrypt', key, context);
  if (closed !== null) throw readError(call, opening, closed);
};
