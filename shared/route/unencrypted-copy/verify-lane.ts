import { LEAST_RESULTS } from '#shared/aws/ebs-blocks';
import type { Attempt } from './attempts.ts';
import type { BlockChecksum } from './checksums.ts';
import { type BlockPage, type BlockSource, type ListedBlock, type PageStart, readBlock } from './copy-lane.ts';
import { endOfStripe, endOfVolume, firstInLane, type Lane } from './lane.ts';

/** Blocks that are read back of each part. The whole was checked by EBS already, against the LINEAR aggregate. */
const READ_BACK = 32;

interface Checking {
  readonly source: BlockSource;
  readonly attempt: Attempt;
}

/** The blocks that a snapshot says it has, from one block up to another of the same stripe. */
async function* listedIn({ source, attempt }: Checking, from: number, end: number): AsyncGenerator<ListedBlock> {
  for (let start: PageStart = { from }; ; ) {
    const page: BlockPage = await attempt(() => source.list(start, Math.max(LEAST_RESULTS, end - from)));
    for (const block of page.blocks) if (block.index < end) yield block;
    if (page.next === undefined || page.blocks.some(({ index }) => index >= end)) return;
    start = { after: page.next };
  }
}

/** The blocks of the lane that a snapshot says it has, from one block up to another. */
async function* listed(checking: Checking, lane: Lane, from: number, to: number): AsyncGenerator<ListedBlock> {
  for (let at = firstInLane(lane, from); at !== null && at < to; at = firstInLane(lane, endOfStripe(at)))
    yield* listedIn(checking, at, Math.min(endOfStripe(at), to));
}

/** Which of so many are read back: the first, the last, and others evenly between them. */
const isSampled = (place: number, of: number): boolean =>
  of <= READ_BACK || place === of - 1 || place % Math.ceil(of / (READ_BACK - 1)) === 0;

/**
 * Compares what a completed copy holds with the checksums that were kept of it: every block is there and no other, and
 * the bytes of a sample are what was read from the source.
 * @param to one past the part's last block, `null` for the end of the lane
 * @returns what differs, in one line; `null` where nothing does
 */
export const verifyPart = async (
  checking: Checking,
  lane: Lane,
  { from, to }: { readonly from: number; readonly to: number | null },
  checksums: readonly BlockChecksum[],
): Promise<string | null> => {
  let place = 0;
  for await (const block of listed(checking, lane, from, to ?? endOfVolume(lane))) {
    const kept = checksums[place];
    if (kept === undefined || block.index < kept.index)
      return `block ${block.index} is in the copy, and was not copied`;
    if (block.index > kept.index) return `block ${kept.index} was copied, and is not in the copy`;
    if (isSampled(place, checksums.length)) {
      // What goes wrong on the way back is read again: only what EBS itself vouches for speaks against a copy.
      const { digest } = await checking.attempt(() => readBlock(checking.source, block));
      if (!digest.equals(kept.sha256)) return `block ${block.index} of the copy is not what was read`;
    }
    place += 1;
  }
  const missing = checksums[place];
  return missing === undefined ? null : `block ${missing.index} was copied, and is not in the copy`;
};
