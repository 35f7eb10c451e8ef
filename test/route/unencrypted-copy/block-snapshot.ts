import { createHash } from 'node:crypto';
import { BLOCK_BYTES } from '#shared/aws/ebs-blocks';
import type { BlockPage, BlockSink, BlockSource } from '#shared/route/unencrypted-copy/copy-lane';

/** The content of a block, by its index: no two are alike. */
export const blockOf = (index: number): Buffer => Buffer.alloc(BLOCK_BYTES, `block ${index}\n`);

const digests = new WeakMap<Uint8Array, Buffer>();

/** Blocks are never changed in place: the hash of the same bytes is computed once. */
export const digestOf = (bytes: Uint8Array): Buffer => {
  const digest = digests.get(bytes) ?? createHash('sha256').update(bytes).digest();
  digests.set(bytes, digest);
  return digest;
};

/** An error as the EBS direct APIs answer it. */
export const ebsError = (name: string, Reason: string, message = 'refused'): Error =>
  Object.assign(new Error(message), { name, Reason });

export type Call = 'list' | 'get' | 'put';

/** What goes wrong with the n-th call of a kind: an error to throw, or bytes to give instead. */
export type Trouble = (call: Call, nth: number, index: number) => Error | Uint8Array | null;

/**
 * A snapshot as the EBS direct APIs show it, of which calls can go wrong: blocks by index, pages by windows of the disk, so
 * that some are empty and are not the last.
 */
export const blockSnapshot = (blocks: ReadonlyMap<number, Buffer>, trouble: Trouble = () => null) => {
  const counts = { list: 0, get: 0, put: 0 };
  const written = new Map<number, Uint8Array>();
  const indices = [...blocks.keys()].sort((a, b) => a - b);
  const WINDOW = 700;

  const check = (call: Call, index: number): Uint8Array | null => {
    counts[call] += 1;
    const wrong = trouble(call, counts[call], index);
    if (wrong instanceof Error) throw wrong;
    return wrong;
  };

  const source: BlockSource = {
    async list(start, most): Promise<BlockPage> {
      const from = 'from' in start ? start.from : Number(start.after);
      check('list', from);
      const inWindow = indices.filter((index) => index >= from && index < from + WINDOW).slice(0, most);
      const full = inWindow.length === most;
      const next = full ? (inWindow.at(-1) ?? from) + 1 : from + WINDOW;
      const last = (indices.at(-1) ?? -1) < next;
      return {
        blocks: inWindow.map((index) => ({ index, token: `token ${index}` })),
        next: last ? undefined : String(next),
      };
    },
    async get({ index }) {
      const bytes = blocks.get(index) ?? Buffer.alloc(0);
      return { bytes: check('get', index) ?? bytes, sha256: digestOf(bytes).toString('base64') };
    },
  };
  const sink: BlockSink = {
    async put(index, bytes, sha256) {
      check('put', index);
      if (digestOf(bytes).toString('base64') !== sha256) throw new Error(`block ${index} came with a wrong checksum`);
      written.set(index, bytes);
    },
  };
  return { source, sink, written, counts };
};
