import { createHash } from 'node:crypto';
import { ebsDirectService } from '#local/account/ebs-direct';
import { ec2Service } from '#local/account/ec2';
import {
  addKey,
  addRole,
  addSession,
  callOf,
  delegatedTo,
  platformAccount,
  region,
  type VirtualGround,
  virtualGround,
} from './ground.ts';

export const blockBytes = 524_288;

/** A block full of one byte. */
export const block = (fill: number): Buffer => Buffer.alloc(blockBytes, fill);

export const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

/** All that PutSnapshotBlock wants to be told of a block. */
export const putInput = (SnapshotId: string, BlockIndex: number, BlockData: Buffer) => ({
  SnapshotId,
  BlockIndex,
  BlockData,
  DataLength: BlockData.length,
  Checksum: sha256(BlockData).toString('base64'),
  ChecksumAlgorithm: 'SHA256' as const,
});

/** An account with a key, and a session that may do everything. */
export const disks = () => {
  const ground: VirtualGround = virtualGround();
  const key = addKey(ground, platformAccount, delegatedTo(platformAccount));
  const session = addSession(ground, addRole(), null);
  const call = <Input>(input: Input) => callOf(ground, session, input);
  const ebs = ebsDirectService(ground);
  const ec2 = ec2Service(ground);
  const snapshotOf = (id: string | undefined) => {
    const snapshot = ground.state.snapshots.get(id ?? '');
    if (snapshot === undefined) throw new Error(`there is no ${id}`);
    return snapshot;
  };
  return {
    ground,
    key,
    session,
    call,
    ebs,
    ec2,
    snapshotOf,
    encryptByDefault: () => ground.state.encryptionByDefault.add(`${platformAccount}/${region}`),

    start: async (input: { VolumeSize?: number; Encrypted?: boolean; KmsKeyArn?: string; Timeout?: number } = {}) =>
      (await ebs.StartSnapshot(call({ VolumeSize: 1, ...input }))).SnapshotId ?? '',

    put: (id: string, index: number, data: Buffer) => ebs.PutSnapshotBlock(call(putInput(id, index, data))),

    complete: async (id: string, ChangedBlocksCount: number) => {
      await ebs.CompleteSnapshot(call({ SnapshotId: id, ChangedBlocksCount }));
      await ground.pass(60);
    },

    /** The indices of one page, and the page after it. */
    list: async (
      SnapshotId: string,
      more: { MaxResults?: number; NextToken?: string; StartingBlockIndex?: number } = {},
    ) => {
      const { Blocks = [], NextToken } = await ebs.ListSnapshotBlocks(call({ SnapshotId, ...more }));
      return { indices: Blocks.map(({ BlockIndex }) => BlockIndex), blocks: Blocks, NextToken };
    },
  };
};
