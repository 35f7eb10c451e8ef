import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { attempting } from '#shared/route/unencrypted-copy/attempts';
import { type BlockSink, type BlockSource, copyLane } from '#shared/route/unencrypted-copy/copy-lane';
import { blockOf, digestOf, ebsError } from './block-snapshot.ts';

const BLOCKS = 60;
const PARALLEL = 5;

/** A source that reads to the memory it is given, and a sink that looks at its bytes only some time later. */
const disks = () => {
  const memory = new Set<Uint8Array>();
  const written = new Map<number, boolean>();
  let gets = 0;
  let puts = 0;
  const source: BlockSource = {
    async list({ ...start }) {
      const from = 'from' in start ? start.from : 0;
      const indices = Array.from({ length: BLOCKS }, (_, index) => index).filter((index) => index >= from);
      return { blocks: indices.map((index) => ({ index, token: 'x' })), next: undefined };
    },
    async get({ index }, room) {
      gets += 1;
      await sleep(index % 3);
      const bytes = room?.() ?? new Uint8Array(0);
      memory.add(bytes);
      bytes.set(blockOf(index));
      if (gets % 7 === 0) bytes[5] = 0;
      return { bytes, sha256: digestOf(blockOf(index)).toString('base64') };
    },
  };
  const sink: BlockSink = {
    async put(index, bytes) {
      puts += 1;
      const fails = puts % 5 === 0;
      await sleep((index * 7) % 4);
      if (fails) throw ebsError('ThrottlingException', 'X');
      written.set(index, blockOf(index).equals(bytes));
    },
  };
  return { memory, written, source, sink };
};

it('memory goes from block to block, and never to another before its block is written', async () => {
  const { memory, written, source, sink } = disks();
  const progress = await copyLane(
    { lane: { number: 0, of: 1, sizeGiB: 1 }, from: 0, everyBlock: false },
    {
      source,
      sink,
      attempt: attempting({ sleep: async () => {}, random: () => 1 }, () => true),
      hasTime: () => true,
      parallel: PARALLEL,
    },
  );
  expect(progress).toMatchObject({ next: null, trouble: null });
  expect([...written.values()]).toEqual(Array.from({ length: BLOCKS }, () => true));
  expect(memory.size).toBeLessThanOrEqual(PARALLEL);
});
