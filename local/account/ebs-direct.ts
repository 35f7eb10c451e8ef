import { createHash } from 'node:crypto';
import type {
  CompleteSnapshotCommandInput,
  CompleteSnapshotCommandOutput,
  GetSnapshotBlockCommandInput,
  GetSnapshotBlockCommandOutput,
  ListSnapshotBlocksCommandInput,
  ListSnapshotBlocksCommandOutput,
  PutSnapshotBlockCommandInput,
  PutSnapshotBlockCommandOutput,
} from '@aws-sdk/client-ebs';
import { blockBody } from './block-body.ts';
import { blockBytes, blockShelf, blocksPerGiB, checksumOf } from './blocks.ts';
import type { Call, Ground } from './call.ts';
import { completedSnapshot, mustDecrypt, mustDescribe, mustEncrypt, openSnapshot } from './ebs-direct-access.ts';
import { invalid } from './ebs-direct-errors.ts';
import { blockPage } from './ebs-direct-listing.ts';
import { completeParameters, recordedCall } from './ebs-direct-records.ts';
import { startSnapshot } from './ebs-direct-start.ts';
import { opensBlock } from './ebs-direct-tokens.ts';
import { seal } from './ebs-direct-uploads.ts';
import { warmKeys } from './ebs-direct-warm-keys.ts';
import { answered } from './ec2-answer.ts';
import type { Snapshot, Upload } from './state.ts';

/**
 * The EBS direct APIs: what KMS refuses comes back as not-found or as a validation error. Why a request is invalid is
 * documented as a list of reasons; which of them goes with which mistake is not, where no test of AWS's own shows it.
 * https://docs.aws.amazon.com/ebs/latest/APIReference/API_Operations.html
 */
export const ebsDirectService = (ground: Ground) => {
  const warm = warmKeys(ground);
  const shelf = blockShelf();

  return {
    StartSnapshot: startSnapshot(ground, warm),

    ListSnapshotBlocks: async (
      call: Call<ListSnapshotBlocksCommandInput>,
    ): Promise<ListSnapshotBlocksCommandOutput> => {
      const snapshot = completedSnapshot(ground, call, call.input.SnapshotId);
      await mustDescribe(ground, call, snapshot);
      return { $metadata: answered(call), ...blockPage(ground, call, snapshot) };
    },

    GetSnapshotBlock: async (call: Call<GetSnapshotBlockCommandInput>): Promise<GetSnapshotBlockCommandOutput> => {
      const { SnapshotId, BlockIndex = -1, BlockToken = '' } = call.input;
      const snapshot = completedSnapshot(ground, call, SnapshotId);
      await mustDecrypt(ground, call, warm, snapshot);
      const block = snapshot.blocks.get(BlockIndex);
      if (block === undefined || !opensBlock(ground, BlockToken, snapshot.snapshotId, BlockIndex)) {
        throw invalid(call, 'INVALID_BLOCK_TOKEN', 'The block token is invalid or has expired.');
      }
      shelf.know(block);
      return {
        $metadata: answered(call),
        BlockData: blockBody(block),
        DataLength: block.length,
        Checksum: checksumOf(block),
        ChecksumAlgorithm: 'SHA256',
      };
    },

    PutSnapshotBlock: async (call: Call<PutSnapshotBlockCommandInput>): Promise<PutSnapshotBlockCommandOutput> => {
      const { SnapshotId, BlockIndex = -1, Checksum = '' } = call.input;
      const { snapshot, upload } = openSnapshot(ground, call, SnapshotId);
      if (!Number.isInteger(BlockIndex) || BlockIndex < 0 || BlockIndex >= snapshot.sizeGiB * blocksPerGiB) {
        throw invalid(call, 'INVALID_BLOCK', `The block ${BlockIndex} is not in the volume.`);
      }
      const block = shelf.kept(blockData(call), Checksum);
      if (block === null) throw invalid(call, 'INVALID_BLOCK', 'The checksum does not match the block data.');
      mustEncrypt(ground, call, snapshot);
      snapshot.blocks.set(BlockIndex, block);
      upload.written.set(BlockIndex, Checksum);
      upload.lastActivity = ground.now();
      return { $metadata: answered(call, 201), Checksum, ChecksumAlgorithm: 'SHA256' };
    },

    CompleteSnapshot: (call: Call<CompleteSnapshotCommandInput>): Promise<CompleteSnapshotCommandOutput> =>
      recordedCall(ground, call, 'CompleteSnapshot', completeParameters(call.input), async () => {
        const { snapshot, upload } = openSnapshot(ground, call, call.input.SnapshotId);
        checkWhole(call, snapshot, upload);
        seal(ground, snapshot);
        return { $metadata: answered(call, 202), Status: 'pending' };
      }),
  };
};

/** The bytes of a block that is put, whole and with what must be said of them. */
const blockData = (call: Call<PutSnapshotBlockCommandInput>): Buffer => {
  const { BlockData, DataLength, ChecksumAlgorithm } = call.input;
  if (!(BlockData instanceof Uint8Array)) throw new Error('the embedded account takes the bytes of a block only');
  if (ChecksumAlgorithm !== 'SHA256') {
    throw invalid(call, 'INVALID_PARAMETER_VALUE', `The checksum algorithm '${ChecksumAlgorithm}' is not supported.`);
  }
  if (DataLength !== blockBytes || BlockData.length !== blockBytes) {
    throw invalid(call, 'INVALID_BLOCK', `A block has ${blockBytes} bytes.`);
  }
  return Buffer.from(BlockData.buffer, BlockData.byteOffset, BlockData.byteLength);
};

/** Whether what was written is what the caller says it wrote. */
const checkWhole = (call: Call<CompleteSnapshotCommandInput>, snapshot: Snapshot, { written }: Upload): void => {
  const { ChangedBlocksCount, Checksum, ChecksumAlgorithm, ChecksumAggregationMethod } = call.input;
  if (ChangedBlocksCount !== written.size) {
    const message = `${ChangedBlocksCount} blocks are not what was written to '${snapshot.snapshotId}'.`;
    throw invalid(call, 'INVALID_PARAMETER_VALUE', message);
  }
  if (Checksum === undefined) return;
  if (ChecksumAlgorithm !== 'SHA256' || ChecksumAggregationMethod !== 'LINEAR') {
    throw invalid(call, 'INVALID_PARAMETER_VALUE', 'A checksum needs its algorithm and its aggregation method.');
  }
  if (Checksum !== linearChecksum(written)) {
    throw invalid(call, 'INVALID_PARAMETER_VALUE', 'The aggregated checksum does not match.');
  }
};

/** LINEAR: the written blocks' digests in ascending order of their indices, one after the other, hashed again. */
const linearChecksum = (written: Upload['written']): string => {
  const hash = createHash('sha256');
  for (const [, checksum] of [...written].sort(([a], [b]) => a - b)) hash.update(Buffer.from(checksum, 'base64'));
  return hash.digest('base64');
};
