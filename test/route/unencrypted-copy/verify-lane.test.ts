import { describe, expect, it } from 'vitest';
import { attempting } from '#shared/route/unencrypted-copy/attempts';
import type { BlockChecksum } from '#shared/route/unencrypted-copy/checksums';
import { lanesOf } from '#shared/route/unencrypted-copy/lane';
import { verifyPart } from '#shared/route/unencrypted-copy/verify-lane';
import { blockOf, blockSnapshot, digestOf } from './block-snapshot.ts';

const checksums = (indices: readonly number[]): BlockChecksum[] =>
  indices.map((index) => ({ index, sha256: digestOf(blockOf(index)) }));

const compared = async (
  held: readonly number[],
  kept: readonly number[],
  { number = 0, sizeGiB = 1, from = 0, to = null as number | null } = {},
  other: ReadonlyMap<number, Buffer> = new Map(),
) => {
  const lane = lanesOf(sizeGiB)[number];
  if (lane === undefined) throw new Error(`lane ${number}`);
  const blocks = new Map(held.map((index) => [index, other.get(index) ?? blockOf(index)]));
  const { source, counts } = blockSnapshot(blocks);
  const attempt = attempting({ sleep: async () => {}, random: () => 1 }, () => true);
  return { counts, differs: await verifyPart({ source, attempt }, lane, { from, to }, checksums(kept)) };
};

describe('a completed copy', () => {
  it.each([
    { name: 'holds what was copied, at its beginning, over a hole, and at its end', indices: [0, 1, 1_500, 2_047] },
    { name: 'holds nothing, as was copied', indices: [] },
  ])('$name', async ({ indices }) => {
    expect((await compared(indices, indices)).differs).toBeNull();
  });

  it.each([
    { name: 'lacks a block', held: [0, 2], kept: [0, 1, 2], differs: 'block 1 was copied, and is not in the copy' },
    { name: 'lacks the last block', held: [0], kept: [0, 1], differs: 'block 1 was copied, and is not in the copy' },
    {
      name: 'has a block too many',
      held: [0, 1, 2],
      kept: [0, 2],
      differs: 'block 1 is in the copy, and was not copied',
    },
    { name: 'has one more at the end', held: [0, 1], kept: [0], differs: 'block 1 is in the copy, and was not copied' },
  ])('that $name is told apart', async ({ held, kept, differs }) => {
    expect((await compared(held, kept)).differs).toBe(differs);
  });

  it.each([0, 3, 9])('with another content in block %s is told apart', async (index) => {
    const indices = Array.from({ length: 10 }, (_, at) => at);
    const other = new Map([[index, blockOf(77)]]);
    expect((await compared(indices, indices, {}, other)).differs).toBe(
      `block ${index} of the copy is not what was read`,
    );
  });

  it('is read back in a sample, its first and its last block among it', async () => {
    const indices = Array.from({ length: 1_000 }, (_, at) => at);
    const { counts, differs } = await compared(indices, indices);
    expect(differs).toBeNull();
    expect(counts.get).toBeGreaterThanOrEqual(30);
    expect(counts.get).toBeLessThanOrEqual(34);
    for (const index of [0, 999])
      expect((await compared(indices, indices, {}, new Map([[index, blockOf(1_001)]]))).differs).toContain(
        `block ${index} `,
      );
  });

  it('is compared within the part alone: other lanes, and blocks before and after it, are none of its business', async () => {
    const held = [0, 100, 2_048, 2_100, 4_000, 4_096, 6_144];
    expect(
      (await compared(held, [2_100, 4_000], { number: 1, sizeGiB: 4, from: 2_049, to: 4_001 })).differs,
    ).toBeNull();
  });
});
