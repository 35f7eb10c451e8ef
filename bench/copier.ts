import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  EBSClient,
  GetSnapshotBlockCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
} from '@aws-sdk/client-ebs';
import { ebsDirectOf } from '#shared/aws/ebs-direct';
import { attempting } from '#shared/route/unencrypted-copy/attempts';
import { copyLane } from '#shared/route/unencrypted-copy/copy-lane';
import { bareSockets } from './bare-sockets.ts';
import { Task, type Took } from './task.ts';
import { contents, VOLUME_GIB } from './volume.ts';

const CLIENT = {
  region: 'eu-west-3',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example', sessionToken: 'example'.repeat(100) },
};

/** Counts blocks, and the processor's time from the first that counts to the last. */
const stopwatch = ({ before, blocks }: Task) => {
  let done = 0;
  let start = { at: performance.now(), cpu: process.cpuUsage() };
  return {
    enough: () => done >= before + blocks,
    count() {
      done += 1;
      if (done === before) start = { at: performance.now(), cpu: process.cpuUsage() };
    },
    took() {
      const { user, system } = process.cpuUsage(start.cpu);
      const seconds = (performance.now() - start.at) / 1_000;
      return { blocks: done - before, seconds, cpuSeconds: (user + system) / 1e6 };
    },
  };
};
export type Stopwatch = ReturnType<typeof stopwatch>;

/** The real copier over the real client, one lane, until it is told that its time is up. */
const copier = async ({ layout, parallel, before, blocks }: Task, watch: Stopwatch): Promise<void> => {
  const source = ebsDirectOf(CLIENT);
  const sink = ebsDirectOf(CLIENT);
  let begun = 0;
  const { trouble } = await copyLane(
    { lane: { number: 0, of: 1, sizeGiB: VOLUME_GIB }, from: 0, everyBlock: false },
    {
      source: {
        async list(start, most) {
          const { Blocks = [], NextToken } = await source.list(`snap-${layout}`, start, most);
          const listed = Blocks.map(({ BlockIndex = -1, BlockToken = '' }) => ({
            index: BlockIndex,
            token: BlockToken,
          }));
          return { blocks: listed, next: NextToken };
        },
        get: ({ index, token }, room) => source.get(`snap-${layout}`, index, token, room),
      },
      sink: {
        async put(index, bytes, sha256) {
          await sink.put('snap-copy', index, bytes, sha256);
          watch.count();
        },
      },
      attempt: attempting({ sleep: async () => {}, random: Math.random }, () => true),
      hasTime() {
        begun += 1;
        return begun <= before + blocks;
      },
      parallel,
    },
  );
  if (trouble !== null) throw trouble;
};

/** As it is written first: list, then one block after the other, with the SDK as it comes. */
const straightLoop = async ({ layout }: Task, watch: Stopwatch): Promise<void> => {
  const ebs = new EBSClient(CLIENT);
  const SnapshotId = `snap-${layout}`;
  for (let NextToken: string | undefined; ; ) {
    const page = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId, NextToken }));
    for (const { BlockIndex, BlockToken } of page.Blocks ?? []) {
      const block = await ebs.send(new GetSnapshotBlockCommand({ SnapshotId, BlockIndex, BlockToken }));
      const BlockData = (await block.BlockData?.transformToByteArray()) ?? new Uint8Array(0);
      if (createHash('sha256').update(BlockData).digest('base64') !== block.Checksum)
        throw new Error(`block ${BlockIndex} does not have its checksum`);
      await ebs.send(
        new PutSnapshotBlockCommand({
          SnapshotId: 'snap-copy',
          BlockIndex,
          BlockData,
          DataLength: BlockData.length,
          Checksum: createHash('sha256').update(BlockData).digest('base64'),
          ChecksumAlgorithm: 'SHA256',
        }),
      );
      watch.count();
      if (watch.enough()) return;
    }
    NextToken = page.NextToken;
  }
};

const plainHash = async (_task: Task, watch: Stopwatch): Promise<void> => {
  const blocks = contents();
  while (!watch.enough()) {
    for (const { bytes, sha256 } of blocks) {
      if (createHash('sha256').update(bytes).digest('base64') !== sha256)
        throw new Error('the same bytes, another hash');
      watch.count();
    }
  }
};

const HOW = {
  copier,
  'straight loop': straightLoop,
  'bare sockets': bareSockets,
  'plain SHA-256': plainHash,
} as const;

/** The most memory this process has had. Linux counts that of the process that started it in `maxRSS`, and not here. */
const peakMiB = (): number => {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) / 1_024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS / 1_024;
};

process.once('message', async (message) => {
  const task = Task.parse(message);
  const watch = stopwatch(task);
  await HOW[task.how](task, watch);
  const took: Took = { ...watch.took(), peakMiB: peakMiB() };
  process.send?.(took, () => process.exit());
});
