import { Readable } from 'node:stream';
import {
  CompleteSnapshotCommand,
  EBSClient,
  GetSnapshotBlockCommand,
  type GetSnapshotBlockCommandOutput,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import { BLOCK, blockCalls, ROOM } from './block-calls.ts';
import { BLOCK_BYTES } from './ebs-blocks.ts';
import type { ClientConfig } from './session.ts';

/** A snapshot that is to be written. */
export interface NewSnapshot {
  readonly sizeGiB: number;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** `null`: not encrypted. */
  readonly keyArn: string | null;
  /** The same token gives the same snapshot. */
  readonly token: string;
}

/** Minutes without a block after which EBS gives a pending snapshot up; the longest it allows. */
const TIMEOUT_MINUTES = 4_320;

/** A body into one buffer of the announced length. One that is longer comes out empty, and fails its check. */
const bytesOf = async (output: GetSnapshotBlockCommandOutput): Promise<Uint8Array> => {
  if (BLOCK in output && output[BLOCK] instanceof Uint8Array) return output[BLOCK];
  const { BlockData, DataLength = 0 } = output;
  if (!(BlockData instanceof Readable)) return (await BlockData?.transformToByteArray()) ?? new Uint8Array(0);
  const bytes = Buffer.allocUnsafe(Math.min(DataLength, 2 ** 20));
  let filled = 0;
  for await (const chunk of BlockData) {
    if (filled + chunk.length > bytes.length) return new Uint8Array(0);
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes.subarray(0, filled);
};

/**
 * The EBS direct APIs. The SDK repeats nothing here: who copies blocks knows which failures pass, and when to stop.
 * https://docs.aws.amazon.com/ebs/latest/APIReference/API_Operations.html
 */
export const ebsDirectOf = (config: ClientConfig) => {
  const ebs = new EBSClient({ ...config, maxAttempts: 1, cacheMiddleware: true });
  blockCalls(ebs);
  return {
    start: ({ sizeGiB, description, tags, keyArn, token }: NewSnapshot) =>
      ebs.send(
        new StartSnapshotCommand({
          VolumeSize: sizeGiB,
          Description: description,
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          ClientToken: token,
          Timeout: TIMEOUT_MINUTES,
          ...(keyArn === null ? { Encrypted: false } : { Encrypted: true, KmsKeyArn: keyArn }),
        }),
      ),
    /** Written blocks from an index on, or after a page. */
    list: (SnapshotId: string, start: { readonly from: number } | { readonly after: string }, MaxResults: number) =>
      ebs.send(
        new ListSnapshotBlocksCommand({
          SnapshotId,
          MaxResults,
          ...('from' in start ? { StartingBlockIndex: start.from } : { NextToken: start.after }),
        }),
      ),
    /** @param room gives memory for the block; asked when the block is there */
    get: async (
      SnapshotId: string,
      BlockIndex: number,
      BlockToken: string,
      room = (): Uint8Array => Buffer.allocUnsafeSlow(BLOCK_BYTES),
    ) => {
      const input = { SnapshotId, BlockIndex, BlockToken, [ROOM]: room };
      const output = await ebs.send(new GetSnapshotBlockCommand(input));
      return { bytes: await bytesOf(output), sha256: output.Checksum ?? '', $metadata: output.$metadata };
    },
    put: (SnapshotId: string, BlockIndex: number, BlockData: Uint8Array, Checksum: string) =>
      ebs.send(
        new PutSnapshotBlockCommand({
          SnapshotId,
          BlockIndex,
          BlockData,
          DataLength: BlockData.length,
          Checksum,
          ChecksumAlgorithm: 'SHA256',
        }),
      ),
    complete: (SnapshotId: string, ChangedBlocksCount: number, linear: string) =>
      ebs.send(
        new CompleteSnapshotCommand({
          SnapshotId,
          ChangedBlocksCount,
          Checksum: linear,
          ChecksumAlgorithm: 'SHA256',
          ChecksumAggregationMethod: 'LINEAR',
        }),
      ),
  };
};

export type EbsDirect = ReturnType<typeof ebsDirectOf>;
