import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aggregateOf,
  type BlockChecksum,
  packed,
  unpacked,
  wholeRecords,
} from '#shared/route/unencrypted-copy/checksums';

const checksum = (index: number): BlockChecksum => ({
  index,
  sha256: createHash('sha256').update(`block ${index}`).digest(),
});

/** The bytes of parts, in chunks of a length that fits no record. */
async function* inChunks(bytes: Buffer, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const collected = async (runs: AsyncIterable<Buffer>): Promise<Buffer[]> => {
  const all: Buffer[] = [];
  for await (const run of runs) all.push(run);
  return all;
};

const lanes = fc.uniqueArray(fc.nat({ max: 2 ** 27 }), { maxLength: 60 }).chain((indices) =>
  fc.record({
    indices: fc.constant(indices.toSorted((a, b) => a - b)),
    owners: fc.array(fc.nat({ max: 4 }), { minLength: indices.length, maxLength: indices.length }),
    chunk: fc.integer({ min: 1, max: 100 }),
  }),
);

describe('the checksums of a copy', () => {
  it('come back as they were packed, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(lanes, async ({ indices, chunk }) => {
        const part = packed(indices.map(checksum));
        expect(unpacked(part)).toEqual(indices.map(checksum));
        const runs = await collected(wholeRecords(inChunks(part, chunk)));
        expect(Buffer.concat(runs).equals(part)).toBe(true);
      }),
    );
  });

  it('add up to one SHA-256 over the digests in ascending order, whichever lanes hold them', async () => {
    await fc.assert(
      fc.asyncProperty(lanes, async ({ indices, owners, chunk }) => {
        const expected = createHash('sha256');
        for (const index of indices) expected.update(checksum(index).sha256);
        const parts = [0, 1, 2, 3, 4].map((lane) =>
          wholeRecords(inChunks(packed(indices.filter((_, place) => owners[place] === lane).map(checksum)), chunk)),
        );
        expect(await aggregateOf(parts)).toEqual({ blocks: indices.length, linear: expected.digest('base64') });
      }),
    );
  });

  it('are refused where they end within a record', async () => {
    const part = packed([checksum(1)]).subarray(0, 35);
    await expect(collected(wholeRecords(inChunks(part, 9)))).rejects.toThrow('end within a record of 36 bytes');
  });

  it.each([
    { name: 'two lanes hold the same block', parts: [[1, 2], [2]], says: 'block 2 comes after block 2' },
    { name: 'a lane does not ascend', parts: [[3, 1]], says: 'block 1 comes after block 3' },
  ])('are refused where $name', async ({ parts, says }) => {
    const runs = parts.map((indices) => wholeRecords(inChunks(packed(indices.map(checksum)), 10)));
    await expect(aggregateOf(runs)).rejects.toThrow(says);
  });
});
