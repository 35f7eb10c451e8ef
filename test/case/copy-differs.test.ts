import { describe, expect, it } from 'vitest';
import { blockBytes } from '#local/account/blocks';
import { closed, copyOutcome, expectNothingBut, PLATFORM, rehearseCopies } from './disk-copies.ts';

const changes = { agent: false, parameters: { PlatformAccountId: PLATFORM } };

const tampering = [
  {
    name: 'a block was changed',
    act: (blocks: Map<number, Buffer>) => void blocks.set(2_047, Buffer.alloc(blockBytes, 1)),
    says: 'block 2047 of the copy is not what was read',
  },
  {
    name: 'a block was taken away',
    act: (blocks: Map<number, Buffer>) => void blocks.delete(2_048),
    says: 'block 2048 was copied, and is not in the copy',
  },
  {
    name: 'a block was added',
    act: (blocks: Map<number, Buffer>) => void blocks.set(3_000, Buffer.alloc(blockBytes, 1)),
    says: 'block 3000 is in the copy, and was not copied',
  },
  {
    name: 'the last block was taken away',
    act: (blocks: Map<number, Buffer>) => void blocks.delete(4_095),
    says: 'block 4095 was copied, and is not in the copy',
  },
];

describe('a copy that is not what was written is deleted, and the report says what differs', () => {
  it.each(tampering)('$name', async ({ act, says }) => {
    const rehearsal = await rehearseCopies('unencrypted-copy', changes);
    const { account } = rehearsal;
    account.events.on('called', ({ api }) => {
      if (api !== 'ebs:CompleteSnapshot') return;
      for (const { volumeId, blocks } of account.state.snapshots.values()) if (volumeId === 'vol-ffffffff') act(blocks);
    });
    const report = await closed(rehearsal);
    expect(copyOutcome(report)).toMatchObject({ result: 'failed', note: expect.stringContaining(says) });
    expect(report.cleanUp.removed).toEqual([expect.stringMatching(/^the unfinished copy snap-/)]);
    expect(rehearsal.done('ec2:ModifySnapshotAttribute')).toBe(0);
    await expectNothingBut(rehearsal, 0);
  });
});
