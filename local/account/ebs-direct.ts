import { createHash } from 'node:crypto';
import type { Call, Ground } from './call.ts';
import { dependencyInvalid, EbsDirectException, invalid, keyNotFound, readError } from './ebs-direct-errors.ts';
import { completeParameters, recordedCall, startParameters } from './ebs-direct-records.ts';
import {
  blockBytes,
  type CompleteSnapshotInput,
  type CompleteSnapshotOutput,
  type GetSnapshotBlockInput,
  type GetSnapshotBlockOutput,
  type ListSnapshotBlocksInput,
  type ListSnapshotBlocksOutput,
  type PutSnapshotBlockInput,
  type PutSnapshotBlockOutput,
  type StartSnapshotInput,
  type StartSnapshotOutput,
} from './ebs-direct-shapes.ts';
import { type WarmKeys, warmKeys } from './ebs-direct-warm-keys.ts';
import { notifySnapshot } from './ebs-notification.ts';
import { answered, callerPlace, isAt, isVisible } from './ec2-answer.ts';
import { ebsContext, ebsDirect, forward, forwardReEncrypt, forwardStateCheck } from './kms-forwarding.ts';
import { defaultKey, findKey } from './kms-keys.ts';
import type { Key, Snapshot } from './state.ts';

const completionSeconds = 10;
const tokenLifetimeMs = 7 * 24 * 3600 * 1000;
const defaultPageSize = 1000;

/** The EBS direct APIs: what KMS refuses comes back as not-found or as a validation error. */
export const ebsDirectService = (ground: Ground) => {
  const warm = warmKeys(ground);
  const written = new Map<string, Set<number>>();

  return {
    StartSnapshot: (call: Call<StartSnapshotInput>): Promise<StartSnapshotOutput> =>
      recordedCall(ground, call, 'StartSnapshot', startParameters(call.input), async () => {
        const parent =
          call.input.ParentSnapshotId === undefined ? null : known(ground, call, call.input.ParentSnapshotId);
        const key = keyOf(ground, call, parent);
        const snapshot = startedSnapshot(ground, call, parent, key);
        if (key !== null) await startPermitted(ground, call, warm, snapshot, parent, key);
        ground.state.snapshots.set(snapshot.snapshotId, snapshot);
        written.set(snapshot.snapshotId, new Set());
        return {
          $metadata: answered(call, 201),
          SnapshotId: snapshot.snapshotId,
          OwnerId: snapshot.accountId,
          Status: 'pending',
          StartTime: snapshot.startTime,
          VolumeSize: snapshot.sizeGiB,
          BlockSize: blockBytes,
          ParentSnapshotId: call.input.ParentSnapshotId,
          KmsKeyArn: snapshot.keyArn ?? undefined,
          Description: call.input.Description,
        };
      }),

    ListSnapshotBlocks: async (call: Call<ListSnapshotBlocksInput>): Promise<ListSnapshotBlocksOutput> => {
      const snapshot = completed(call, known(ground, call, call.input.SnapshotId));
      await looked(ground, call, snapshot);
      const first = Number(call.input.NextToken ?? call.input.StartingBlockIndex ?? 0);
      const indices = [...snapshot.blocks.keys()].filter((index) => index >= first).sort((a, b) => a - b);
      const size = call.input.MaxResults ?? defaultPageSize;
      const next = indices[size];
      return {
        $metadata: answered(call),
        Blocks: indices.slice(0, size).map((BlockIndex) => ({ BlockIndex, BlockToken: token(snapshot, BlockIndex) })),
        BlockSize: blockBytes,
        VolumeSize: snapshot.sizeGiB,
        ExpiryTime: new Date(ground.now().getTime() + tokenLifetimeMs),
        NextToken: next === undefined ? undefined : String(next),
      };
    },

    GetSnapshotBlock: async (call: Call<GetSnapshotBlockInput>): Promise<GetSnapshotBlockOutput> => {
      const snapshot = completed(call, known(ground, call, call.input.SnapshotId));
      await decrypted(ground, call, warm, snapshot);
      const { BlockIndex, BlockToken } = call.input;
      const block = snapshot.blocks.get(BlockIndex);
      if (block === undefined || BlockToken !== token(snapshot, BlockIndex)) {
        throw invalid(call, 'INVALID_BLOCK_TOKEN', 'The block token is invalid.');
      }
      const checksum = { Checksum: sha256(block).toString('base64'), ChecksumAlgorithm: 'SHA256' as const };
      return { $metadata: answered(call), BlockData: block, DataLength: block.length, ...checksum };
    },

    PutSnapshotBlock: async (call: Call<PutSnapshotBlockInput>): Promise<PutSnapshotBlockOutput> => {
      const snapshot = pending(call, known(ground, call, call.input.SnapshotId));
      const block = Buffer.from(call.input.BlockData);
      const Checksum = sha256(block).toString('base64');
      if (block.length !== blockBytes || Checksum !== call.input.Checksum) {
        throw invalid(call, 'INVALID_PARAMETER_VALUE', 'The checksum or the length does not match the block.');
      }
      const key = snapshotKey(ground, call, snapshot);
      const by = ebsDirect(ground, call);
      const refusal = key === null ? null : forwardStateCheck(ground, by, key, ebsContext(snapshot.snapshotId));
      if (refusal !== null) throw dependencyInvalid(call, by, refusal);
      snapshot.blocks.set(call.input.BlockIndex, block);
      written.get(snapshot.snapshotId)?.add(call.input.BlockIndex);
      return { $metadata: answered(call, 201), Checksum, ChecksumAlgorithm: 'SHA256' };
    },

    CompleteSnapshot: (call: Call<CompleteSnapshotInput>): Promise<CompleteSnapshotOutput> =>
      recordedCall(ground, call, 'CompleteSnapshot', completeParameters(call.input), async () => {
        const snapshot = pending(call, known(ground, call, call.input.SnapshotId));
        const changed = [...(written.get(snapshot.snapshotId) ?? [])].sort((a, b) => a - b);
        if (changed.length !== call.input.ChangedBlocksCount) {
          throw invalid(call, 'INVALID_PARAMETER_VALUE', 'The number of changed blocks does not match.');
        }
        if (call.input.Checksum !== undefined && call.input.Checksum !== aggregate(snapshot, changed)) {
          throw invalid(call, 'INVALID_PARAMETER_VALUE', 'The aggregated checksum does not match.');
        }
        ground.after(completionSeconds, () => complete(ground, snapshot));
        return { $metadata: answered(call, 202), Status: 'pending' };
      }),
  };
};

const keyOf = (ground: Ground, call: Call<StartSnapshotInput>, parent: Snapshot | null): Key | null => {
  const { Encrypted, KmsKeyArn } = call.input;
  const place = callerPlace(call);
  if (parent !== null) return snapshotKey(ground, call, parent);
  const byDefault = ground.state.encryptionByDefault.has(`${place.accountId}/${place.region}`);
  // "Encryption outcomes", EBS direct APIs: with encryption by default on, an unencrypted snapshot is impossible.
  if (Encrypted === false && byDefault) {
    throw invalid(call, 'INVALID_PARAMETER_VALUE', 'Encryption by default is enabled: Encrypted cannot be false.');
  }
  if (Encrypted !== true && !byDefault) return null;
  if (KmsKeyArn === undefined) return defaultKey(ground, place);
  const key = findKey(ground, place, KmsKeyArn);
  if (key === undefined) throw keyNotFound(call);
  return key;
};

const startedSnapshot = (
  ground: Ground,
  call: Call<StartSnapshotInput>,
  parent: Snapshot | null,
  key: Key | null,
): Snapshot => ({
  snapshotId: ground.resourceId('snap'),
  ...callerPlace(call),
  volumeId: 'vol-ffffffff',
  sizeGiB: call.input.VolumeSize,
  keyArn: key?.arn ?? null,
  description: call.input.Description ?? '',
  startTime: ground.now(),
  sharedWith: new Set(),
  tags: Object.fromEntries((call.input.Tags ?? []).map(({ Key: name = '', Value = '' }) => [name, Value])),
  blocks: new Map(parent?.blocks ?? []),
  state: 'pending',
  stateMessage: null,
});

/** A new snapshot needs a data key; a child needs its parent's, re-encrypted for it and opened. */
const startPermitted = async (
  ground: Ground,
  call: Call<StartSnapshotInput>,
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

const looked = async (ground: Ground, call: Call, snapshot: Snapshot): Promise<void> => {
  const key = snapshotKey(ground, call, snapshot);
  if (key === null) return;
  const by = ebsDirect(ground, call);
  const refusal = await forward(ground, by, 'DescribeKey', key);
  if (refusal !== null) throw readError(call, by, refusal);
};

const decrypted = async (ground: Ground, call: Call, warm: WarmKeys, snapshot: Snapshot): Promise<void> => {
  const key = snapshotKey(ground, call, snapshot);
  if (key === null || warm.has(call, `read ${snapshot.snapshotId}`)) return;
  await looked(ground, call, snapshot);
  const by = ebsDirect(ground, call);
  const refusal = await forward(ground, by, 'Decrypt', key, ebsContext(snapshot.snapshotId));
  if (refusal !== null) throw readError(call, by, refusal);
  warm.use(call, `read ${snapshot.snapshotId}`);
};

const snapshotKey = (ground: Ground, call: Call, snapshot: Snapshot): Key | null => {
  if (snapshot.keyArn === null) return null;
  const key = ground.state.keys.get(snapshot.keyArn);
  if (key === undefined) throw keyNotFound(call);
  return key;
};

const known = (ground: Ground, call: Call, snapshotId: string): Snapshot => {
  const snapshot = ground.state.snapshots.get(snapshotId);
  if (snapshot !== undefined && isVisible(snapshot, callerPlace(call))) return snapshot;
  const message = `The snapshot '${snapshotId}' does not exist.`;
  throw new EbsDirectException('ResourceNotFoundException', 'SNAPSHOT_NOT_FOUND', message, answered(call, 404));
};

const completed = (call: Call, snapshot: Snapshot): Snapshot => {
  if (snapshot.state === 'completed') return snapshot;
  throw invalid(call, 'INVALID_SNAPSHOT_ID', `The snapshot '${snapshot.snapshotId}' is not completed.`);
};

const pending = (call: Call, snapshot: Snapshot): Snapshot => {
  if (snapshot.state === 'pending' && isAt(snapshot, callerPlace(call))) return snapshot;
  throw invalid(call, 'INVALID_SNAPSHOT_ID', `The snapshot '${snapshot.snapshotId}' is not pending.`);
};

const complete = (ground: Ground, snapshot: Snapshot): void => {
  if (!ground.state.snapshots.has(snapshot.snapshotId)) return;
  snapshot.state = 'completed';
  const { accountId, region, snapshotId, startTime } = snapshot;
  // No volume stands behind it, so the notification names the snapshot as its own source.
  notifySnapshot(ground, {
    accountId,
    region,
    snapshotId,
    event: 'createSnapshot',
    source: { region, snapshotId },
    startTime,
  });
};

const token = (snapshot: Snapshot, index: number): string =>
  sha256(Buffer.from(`${snapshot.snapshotId}/${index}`)).toString('base64');

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/** LINEAR: the written blocks' digests in ascending index order, concatenated, hashed again. */
const aggregate = (snapshot: Snapshot, indices: readonly number[]): string =>
  sha256(Buffer.concat(indices.map((index) => sha256(snapshot.blocks.get(index) ?? Buffer.alloc(0))))).toString(
    'base64',
  );
