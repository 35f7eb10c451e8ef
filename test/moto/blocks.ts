import { createHash, randomBytes } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { BLOCK_BYTES } from '#shared/aws/ebs-blocks';
import type { EbsDirect } from '#shared/aws/ebs-direct';
import { snapshotState } from '#shared/aws/snapshots';
import { SnapshotId } from '#shared/signal/identifiers';
import { sessionIn, withMoto } from './account.ts';

const sumOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

withMoto('blocks, over connections of their own', () => {
  let ebs: EbsDirect;
  const blocks = new Map([0, 1, 3, 7].map((index) => [index, randomBytes(BLOCK_BYTES)]));
  let snapshotId: SnapshotId;

  beforeAll(async () => {
    const session = await sessionIn();
    ebs = await session.ebsDirect();
    const started = await ebs.start({
      sizeGiB: 1,
      description: 'written by blocks',
      tags: { 'unlatch:case': 'case-blocks' },
      keyArn: null,
      token: 'case-blocks',
    });
    snapshotId = SnapshotId.parse(started.SnapshotId);
    for (const [index, block] of blocks) await ebs.put(snapshotId, index, block, sumOf(block));
  });

  it('what was written is listed, index by index, from where one wants', async () => {
    const all = await ebs.list(snapshotId, { from: 0 }, 100);
    expect((all.Blocks ?? []).map(({ BlockIndex }) => Number(BlockIndex))).toEqual([...blocks.keys()]);
  });

  it('each block comes back as it was, with its checksum', async () => {
    const { Blocks = [] } = await ebs.list(snapshotId, { from: 0 }, 100);
    for (const { BlockIndex: listed, BlockToken = '' } of Blocks) {
      // moto writes indices as text.
      const BlockIndex = Number(listed);
      const { bytes, sha256 } = await ebs.get(snapshotId, BlockIndex, BlockToken);
      expect(Buffer.from(bytes).equals(blocks.get(BlockIndex) ?? Buffer.alloc(0))).toBe(true);
      expect(sha256).toBe(sumOf(bytes));
    }
    expect(Blocks).toHaveLength(blocks.size);
  });

  it('a snapshot is complete when it has been said to be', async () => {
    const answer = await ebs.complete(snapshotId, blocks.size, 'a checksum that moto does not look at');
    expect(answer.Status).toBe('completed');
    expect(await snapshotState(await sessionIn(), [], snapshotId)).toMatchObject({ sizeGiB: 1, state: 'completed' });
  });
});
