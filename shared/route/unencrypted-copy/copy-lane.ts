import { createHash } from 'node:crypto';
import { BLOCK_BYTES, LEAST_RESULTS } from '#shared/aws/ebs-blocks';
import { type Attempt, CorruptBlockError, isExpired } from './attempts.ts';
import type { BlockChecksum } from './checksums.ts';
import { endOfStripe, endOfVolume, firstInLane, type Lane } from './lane.ts';

export interface ListedBlock {
  readonly index: number;
  readonly token: string;
}

export interface BlockPage {
  readonly blocks: readonly ListedBlock[];
  readonly next: string | undefined;
}

/** Where a page begins: at a block, or after another page. */
export type PageStart = { readonly from: number } | { readonly after: string };

export type Room = () => Uint8Array;

/** The snapshot that is read. */
export interface BlockSource {
  /** Written blocks in ascending order; a page may be empty and not be the last. */
  list(start: PageStart, most: number): Promise<BlockPage>;
  /** @param room gives memory for a block, for the source to use if it can; asked when the block is there */
  get(block: ListedBlock, room?: Room): Promise<{ readonly bytes: Uint8Array /** Base64. */; readonly sha256: string }>;
}

/** The snapshot that is written. Writing a block again is the same as writing it once. */
export interface BlockSink {
  put(index: number, bytes: Uint8Array, sha256: string): Promise<void>;
}

export interface LaneJob {
  readonly lane: Lane;
  /** Where an earlier worker got to. */
  readonly from: number;
  /** Also what was never written: under encryption a block that is left out reads as noise. */
  readonly everyBlock: boolean;
}

export interface LaneProgress {
  readonly checksums: readonly BlockChecksum[];
  /** The first block of the lane that is not copied; `null` at its end. */
  readonly next: number | null;
  /** Why it stopped there, other than for want of time. */
  readonly trouble: Error | null;
}

export interface LaneTools {
  readonly source: BlockSource;
  readonly sink: BlockSink;
  readonly attempt: Attempt;
  readonly hasTime: () => boolean;
  /** Blocks under way at once; each holds about a megabyte. */
  readonly parallel: number;
}

const ZEROS = Buffer.alloc(BLOCK_BYTES);
const ZEROS_SHA256 = createHash('sha256').update(ZEROS).digest();

interface Wanted {
  readonly index: number;
  /** `null`: never written. */
  readonly token: string | null;
}

/** One page; where the token of the page before has expired, the listing begins anew at the block it had got to. */
const pageOf = async ({ source, attempt }: LaneTools, start: PageStart, from: number, most: number) => {
  try {
    return await attempt(() => source.list(start, most));
  } catch (error) {
    if (!isExpired(error) || 'from' in start) throw error;
    return attempt(() => source.list({ from }, most));
  }
};

/** The lane's blocks from a place on, in ascending order, listed stripe by stripe as they are asked for. */
async function* wantedIn({ lane, from, everyBlock }: LaneJob, tools: LaneTools): AsyncGenerator<Wanted> {
  for (let at = firstInLane(lane, from); at !== null; ) {
    const end: number = Math.min(endOfStripe(at), endOfVolume(lane));
    let start: PageStart = { from: at };
    let reached: number = at;
    let written: number | null = null;
    while (written === null && reached < end) {
      const page: BlockPage = await pageOf(tools, start, reached, Math.max(LEAST_RESULTS, end - reached));
      for (const { index, token } of page.blocks) {
        if (index >= end) {
          written = index;
          break;
        }
        if (everyBlock) for (; reached < index; reached += 1) yield { index: reached, token: null };
        yield { index, token };
        reached = index + 1;
      }
      if (page.next === undefined) written ??= endOfVolume(lane);
      else start = { after: page.next };
    }
    if (everyBlock) for (; reached < end; reached += 1) yield { index: reached, token: null };
    at = firstInLane(lane, everyBlock ? end : Math.max(end, written ?? end));
  }
}

/** Reads a block, and checks that it is whole and what EBS says it sent. */
export const readBlock = async (
  source: BlockSource,
  block: ListedBlock,
  room?: Room,
): Promise<{ bytes: Uint8Array; digest: Buffer }> => {
  const { bytes, sha256 } = await source.get(block, room);
  if (bytes.length !== BLOCK_BYTES)
    throw new CorruptBlockError(`block ${block.index} came with ${bytes.length} bytes of ${BLOCK_BYTES}`);
  const digest = createHash('sha256').update(bytes).digest();
  if (digest.toString('base64') !== sha256)
    throw new CorruptBlockError(`block ${block.index} does not have its checksum`);
  return { bytes, digest };
};

/** A new token for a block whose token has expired. */
const renewed = async ({ source, attempt }: LaneTools, index: number): Promise<ListedBlock> => {
  for (let start: PageStart = { from: index }; ; ) {
    const page: BlockPage = await attempt(() => source.list(start, LEAST_RESULTS));
    const [first] = page.blocks;
    if (first?.index === index) return first;
    if (first !== undefined || page.next === undefined) throw new Error(`block ${index} is no longer in the snapshot`);
    start = { after: page.next };
  }
};

const copyBlock = async (tools: LaneTools, { index, token }: Wanted, room: Room): Promise<Buffer> => {
  const { source, sink, attempt } = tools;
  if (token === null) {
    await attempt(() => sink.put(index, ZEROS, ZEROS_SHA256.toString('base64')));
    return ZEROS_SHA256;
  }
  const block = { index, token };
  const { bytes, digest } = await attempt(() => readBlock(source, block, room)).catch(async (error: unknown) => {
    if (!isExpired(error)) throw error;
    const again = await renewed(tools, index);
    return attempt(() => readBlock(source, again, room));
  });
  await attempt(() => sink.put(index, bytes, digest.toString('base64')));
  return digest;
};

/**
 * Copies a lane from where it got to, until its end, or until there is no time or something will not work. Every block
 * is hashed once: the hash is checked against what was sent, goes with what is written, and is kept.
 *
 * INVARIANT: all blocks of the lane from `from` up to `next` are copied, and `checksums` holds those and no others.
 */
export const copyLane = async (job: LaneJob, tools: LaneTools): Promise<LaneProgress> => {
  const slots: { readonly index: number; sha256: Buffer | null }[] = [];
  const wanted = wantedIn(job, tools);
  // Memory for blocks goes from one to the next, the last used first: to give it back would cost more than to hash it.
  const free: Uint8Array[] = [];
  let trouble: Error | null = null;
  let ended = false;

  const work = async (): Promise<void> => {
    while (!ended && trouble === null && tools.hasTime()) {
      const { done, value } = await wanted.next();
      if (done === true) {
        ended = true;
        return;
      }
      const slot: (typeof slots)[number] = { index: value.index, sha256: null };
      slots.push(slot);
      let held: Uint8Array | null = null;
      const room = () => {
        held ??= free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
        return held;
      };
      slot.sha256 = await copyBlock(tools, value, room);
      if (held !== null) free.push(held);
    }
  };
  const working = Array.from({ length: tools.parallel }, () =>
    work().catch((error: unknown) => {
      trouble ??= error instanceof Error ? error : new Error(String(error));
    }),
  );
  await Promise.all(working);

  const open = slots.find(({ sha256 }) => sha256 === null);
  const next =
    open?.index ??
    (ended && trouble === null ? null : firstInLane(job.lane, (slots.at(-1)?.index ?? job.from - 1) + 1));
  const checksums = slots.flatMap(({ index, sha256 }) =>
    sha256 === null || (next !== null && index >= next) ? [] : [{ index, sha256 }],
  );
  return { checksums, next, trouble };
};
