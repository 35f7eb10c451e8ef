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

/** Blocks that one run of a worker copies: 14 minutes at a fourteenth of what a snapshot takes. */
const BLOCKS_A_RUN = 60_000;
/** Polls, steps and branches of one volume, each at its longest. */
const OPERATIONS_BESIDE = 250;

/** What is left of the 3,000 operations of a durable execution for copies. https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html */
export const MOST_OPERATIONS = 2_700;

/** The durable operations that the copy of a full volume takes at the most: a run each, to copy and to verify. */
export const operationsOf = (sizeGiB: number): number => {
  const { length } = lanesOf(sizeGiB);
  const runs = Math.ceil(endOfVolume({ sizeGiB }) / BLOCKS_A_RUN);
  // Verifying reads listings and a sample: some fifty parts a run.
  return OPERATIONS_BESIDE + 4 * length + runs + Math.ceil(runs / 50);
};
