import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES } from '#shared/aws/ebs-blocks';
import { attempting } from '#shared/route/unencrypted-copy/attempts';
import { copyLane, type LaneJob, type LaneProgress } from '#shared/route/unencrypted-copy/copy-lane';
import { endOfVolume, firstInLane, lanesOf } from '#shared/route/unencrypted-copy/lane';
import { blockOf, blockSnapshot, digestOf, ebsError, type Trouble } from './block-snapshot.ts';

const holding = (indices: readonly number[]): Map<number, Buffer> =>
  new Map(indices.map((index) => [index, blockOf(index)]));

const still = { sleep: async () => {}, random: () => 1 };

/** Copies one lane of a snapshot to its end or its trouble, in one run. */
const copied = async (indices: readonly number[], job: Partial<LaneJob> = {}, trouble?: Trouble, parallel = 4) => {
  const [lane] = lanesOf(1);
  if (lane === undefined) throw new Error('a volume has a lane');
  const snapshot = blockSnapshot(holding(indices), trouble);
  const progress = await copyLane(
    { lane, from: 0, everyBlock: false, ...job },
    { ...snapshot, attempt: attempting(still, () => true), hasTime: () => true, parallel },
  );
  return { ...snapshot, progress };
};

const indicesOf = ({ checksums }: LaneProgress): number[] => checksums.map(({ index }) => index);

describe('a lane is copied', () => {
  it('block by block, holes left out, each with the hash of what was read', async () => {
    const { written, progress } = await copied([0, 1, 1_024, 2_047]);
    expect(progress).toMatchObject({ next: null, trouble: null });
    expect(indicesOf(progress)).toEqual([0, 1, 1_024, 2_047]);
    for (const { index, sha256 } of progress.checksums) {
      expect(blockOf(index).equals(written.get(index) ?? Buffer.alloc(0))).toBe(true);
      expect(sha256.equals(digestOf(blockOf(index)))).toBe(true);
    }
    expect(written.size).toBe(4);
  });

  it('with zeros in its holes where every block is wanted', async () => {
    const { written, progress } = await copied([5], { everyBlock: true });
    expect(indicesOf(progress)).toEqual(Array.from({ length: 2_048 }, (_, index) => index));
    expect(Buffer.alloc(BLOCK_BYTES).equals(written.get(4) ?? Buffer.alloc(0))).toBe(true);
    expect(blockOf(5).equals(written.get(5) ?? Buffer.alloc(0))).toBe(true);
  });

  it('that holds nothing, and says so', async () => {
    expect((await copied([])).progress).toEqual({ checksums: [], next: null, trouble: null });
  });

  it('hashing and writing each block once', async () => {
    const { counts } = await copied([3, 4, 5]);
    expect(counts).toMatchObject({ get: 3, put: 3 });
  });
});

describe('what fails in passing is repeated', () => {
  const once =
    (call: 'list' | 'get' | 'put', wrong: Error | Uint8Array): Trouble =>
    (made, nth) =>
      made === call && nth === 2 ? wrong : null;
  const flipped = Buffer.from(blockOf(1));
  flipped[77] = (flipped[77] ?? 0) ^ 1;

  it.each([
    { name: 'a throttle', trouble: once('get', ebsError('ThrottlingException', 'X')) },
    { name: 'a throttle of too many requests', trouble: once('put', ebsError('RequestThrottledException', 'X')) },
    { name: 'a failure inside EBS', trouble: once('put', ebsError('InternalServerException', 'X')) },
    {
      name: 'a snapshot not known yet',
      trouble: once('put', ebsError('ResourceNotFoundException', 'SNAPSHOT_NOT_FOUND')),
    },
    {
      name: 'block data that could not be read',
      trouble: once('get', ebsError('ValidationException', 'OTHER', 'Failed to read block data')),
    },
    { name: 'a broken connection', trouble: once('get', Object.assign(new Error('socket'), { code: 'ECONNRESET' })) },
    { name: 'a flipped bit', trouble: once('get', flipped) },
    { name: 'a body cut short', trouble: once('get', blockOf(1).subarray(0, 1_000)) },
    { name: 'a body that is longer', trouble: once('get', Buffer.concat([blockOf(1), Buffer.alloc(1)])) },
    {
      name: 'a block token that expired',
      trouble: once('get', ebsError('ValidationException', 'INVALID_BLOCK_TOKEN')),
    },
    { name: 'a page token that expired', trouble: once('list', ebsError('ValidationException', 'INVALID_PAGE_TOKEN')) },
  ])('$name', async ({ trouble }) => {
    const { written, progress } = await copied([0, 1, 2, 1_500], {}, trouble, 1);
    expect(progress).toMatchObject({ next: null, trouble: null });
    expect([...written.keys()]).toEqual([0, 1, 2, 1_500]);
    for (const [index, bytes] of written) expect(blockOf(index).equals(bytes)).toBe(true);
  });
});

describe('what does not pass stops the lane at the first block that is not copied', () => {
  it.each([
    { name: 'a refusal of the key', error: ebsError('ResourceNotFoundException', 'DEPENDENCY_RESOURCE_NOT_FOUND') },
    { name: 'a refusal of the call', error: ebsError('AccessDeniedException', 'UNAUTHORIZED_ACCOUNT') },
    { name: 'throttles without an end', error: ebsError('ThrottlingException', 'X') },
  ])('$name', async ({ error }) => {
    const { progress, written } = await copied([0, 1, 2, 3, 4, 5], {}, (call, _nth, index) =>
      call === 'put' && index === 3 ? error : null,
    );
    expect(progress).toMatchObject({ next: 3, trouble: error });
    expect(indicesOf(progress)).toEqual([0, 1, 2]);
    expect(written.has(3)).toBe(false);
  });

  it('a flipped bit that comes again and again', async () => {
    const { progress, written } = await copied([0, 1], {}, (call, _nth, index) =>
      call === 'get' && index === 1 ? Buffer.alloc(BLOCK_BYTES) : null,
    );
    expect(progress).toMatchObject({ next: 1, trouble: { name: 'CorruptBlockError' } });
    expect([...written.keys()]).toEqual([0]);
  });

  it('a listing that fails', async () => {
    const error = ebsError('AccessDeniedException', 'X');
    const { progress } = await copied([0, 1, 1_500], {}, (call, nth) => (call === 'list' && nth === 2 ? error : null));
    expect(progress).toMatchObject({ next: 2, trouble: error });
    expect(indicesOf(progress)).toEqual([0, 1]);
  });
});

describe('whoever goes on from where another got to', () => {
  const sizes = fc.integer({ min: 1, max: 3 });
  const disks = sizes.chain((sizeGiB) =>
    fc.record({
      sizeGiB: fc.constant(sizeGiB),
      everyBlock: fc.boolean(),
      indices: fc.uniqueArray(fc.integer({ min: 0, max: sizeGiB * 2_048 - 1 }), { maxLength: 12 }),
      blocksARun: fc.integer({ min: 1, max: 3_000 }),
      parallel: fc.integer({ min: 1, max: 7 }),
    }),
  );

  it('ends with the same disk: every block once in the checksums, bit for bit in the copy', async () => {
    await fc.assert(
      fc.asyncProperty(disks, async ({ sizeGiB, everyBlock, indices, blocksARun, parallel }) => {
        const snapshot = blockSnapshot(holding(indices));
        const all: number[] = [];
        for (const lane of lanesOf(sizeGiB)) {
          for (let from: number | null = firstInLane(lane, 0); from !== null; ) {
            let left = blocksARun;
            const hasTime = () => {
              left -= 1;
              return left >= 0;
            };
            const progress: LaneProgress = await copyLane(
              { lane, from, everyBlock },
              { ...snapshot, attempt: (act) => act(), hasTime, parallel },
            );
            all.push(...indicesOf(progress));
            expect(progress.next === null || progress.next > from).toBe(true);
            from = progress.next;
          }
        }
        const expected = everyBlock
          ? Array.from({ length: endOfVolume({ sizeGiB }) }, (_, index) => index)
          : indices.toSorted((a, b) => a - b);
        expect(all.toSorted((a, b) => a - b)).toEqual(expected);
        expect([...snapshot.written.keys()].sort((a, b) => a - b)).toEqual(expected);
        for (const index of indices)
          expect(blockOf(index).equals(snapshot.written.get(index) ?? Buffer.alloc(0))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });
});
