/** Bytes of a block. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-accessing-snapshot.html */
export const BLOCK_BYTES = 524_288;
const BLOCKS_PER_GIB = 2_048;

/**
 * A worker of Lambda reads and writes about 75 blocks/s (625 Mbit/s), and a snapshot takes 1,000 blocks/s: this many side
 * by side reach the ceiling. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html
 */
const MOST_LANES = 14;

/**
 * A share of a volume's blocks, copied by one worker after another. The volume is cut into stripes of 1 GiB, which the
 * lanes take in turn, so that each has its share of what is written, wherever on the disk that stands.
 */
export interface Lane {
  readonly number: number;
  /** How many lanes there are. */
  readonly of: number;
  readonly sizeGiB: number;
}

/** The lanes of a volume: one for each GiB, but never more than a snapshot's quota can feed. */
export const lanesOf = (sizeGiB: number): Lane[] => {
  const of = Math.min(MOST_LANES, sizeGiB);
  return Array.from({ length: of }, (_, number) => ({ number, of, sizeGiB }));
};

/** One past the last block of the volume. */
export const endOfVolume = ({ sizeGiB }: Pick<Lane, 'sizeGiB'>): number => sizeGiB * BLOCKS_PER_GIB;

const stripeOf = (block: number): number => Math.floor(block / BLOCKS_PER_GIB);

/** One past the last block of the stripe in which a block stands. */
export const endOfStripe = (block: number): number => (stripeOf(block) + 1) * BLOCKS_PER_GIB;

/** The first block of the lane at or after a block; `null` where the volume ends before. */
export const firstInLane = (lane: Lane, block: number): number | null => {
  const stripe = stripeOf(block);
  const ahead = (lane.number - (stripe % lane.of) + lane.of) % lane.of;
  const first = ahead === 0 ? block : (stripe + ahead) * BLOCKS_PER_GIB;
  return first < endOfVolume(lane) ? first : null;
};
