import { createCipheriv, createHash } from 'node:crypto';
import type { Contents } from './state.ts';

/** Size of a block of the EBS direct APIs, and how many of them make a GiB. */
export const blockBytes = 524_288;
export const blocksPerGiB = 2_048;

const zeros = Buffer.alloc(blockBytes);
const checksums = new WeakMap<Buffer, string>();

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

/** SHA-256 of a block that is kept, in base64. It is hashed once: a block that is kept never changes. */
export const checksumOf = (block: Buffer): string => {
  const checksum = checksums.get(block) ?? sha256(block);
  checksums.set(block, checksum);
  return checksum;
};

/** What reads at an index that was never written: not the same at any two, and the same in every run. */
const noiseAt = (index: number): Buffer => {
  const key = createHash('md5').update(`hole ${index}`).digest();
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(zeros);
};

/** What a volume made of these contents, or the volume itself, reads at an index. Not to be changed. */
export const blockAt = ({ blocks, holes }: Contents, index: number): Buffer =>
  blocks.get(index) ?? (holes === 'noise' ? noiseAt(index) : zeros);

/** The indices below a size at which two disks do not read the same. */
export const differingBlocks = (one: Contents, other: Contents, sizeGiB: number): number[] =>
  Array.from({ length: sizeGiB * blocksPerGiB }, (_, index) => index).filter((index) => {
    const isHole = !one.blocks.has(index) && !other.blocks.has(index);
    if (isHole) return (one.holes ?? 'zeros') !== (other.holes ?? 'zeros');
    return !blockAt(one, index).equals(blockAt(other, index));
  });

/** The blocks that a service keeps: each content once, however often it is written. */
export const blockShelf = () => {
  const shelf = new Map<string, Buffer>();
  return {
    /** The kept block of these contents, or `null` where they do not have the checksum that is said of them. */
    kept: (bytes: Buffer, checksum: string): Buffer | null => {
      const same = shelf.get(checksum);
      // Comparing is many times faster than hashing, and copies are what is written most.
      if (same?.equals(bytes) === true) return same;
      if (sha256(bytes) !== checksum) return null;
      const block = Buffer.from(bytes);
      checksums.set(block, checksum);
      shelf.set(checksum, block);
      return block;
    },
    /** Also what was written another way. */
    know: (block: Buffer): void => {
      shelf.set(checksumOf(block), block);
    },
  };
};

export type BlockShelf = ReturnType<typeof blockShelf>;
