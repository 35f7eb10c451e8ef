import { createCipheriv, createHash } from 'node:crypto';
import { BLOCK_BYTES } from '#shared/aws/ebs-blocks';
import { endOfVolume } from '#shared/route/unencrypted-copy/lane';

/** What of a volume is written: all of it, or 30 % in short stretches all over it. */
export const LAYOUTS = ['full', 'sparse'] as const;
export type Layout = (typeof LAYOUTS)[number];

export const VOLUME_GIB = 16;
const WRITTEN_PERCENT = 30;
const STRETCH_BLOCKS = 8;
/** Contents that differ; block after block takes the next. More than a processor's second cache holds. */
const CONTENTS = 64;

export interface Content {
  readonly bytes: Buffer;
  /** Base64. */
  readonly sha256: string;
}

/** What the blocks hold: noise, the same in every run. */
export const contents = (): readonly Content[] =>
  Array.from({ length: CONTENTS }, (_, number) => {
    const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, number), Buffer.alloc(16));
    const bytes = noise.update(Buffer.alloc(BLOCK_BYTES));
    return { bytes, sha256: createHash('sha256').update(bytes).digest('base64') };
  });

/** Knuth's multiplicative hash: no pattern, and the same in every run. */
const drawn = (number: number): number => (Math.imul(number + 1, 2_654_435_761) >>> 8) % 100;

const isWritten = (layout: Layout, block: number): boolean =>
  layout === 'full' || drawn(Math.floor(block / STRETCH_BLOCKS)) < WRITTEN_PERCENT;

/** The written blocks of a volume from one on, as many as are asked for. */
export const writtenFrom = (layout: Layout, from: number, most: number): readonly number[] => {
  const blocks: number[] = [];
  for (let block = from; block < endOfVolume({ sizeGiB: VOLUME_GIB }) && blocks.length < most; block += 1)
    if (isWritten(layout, block)) blocks.push(block);
  return blocks;
};
