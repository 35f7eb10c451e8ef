import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { BLOCK_BYTES } from '#shared/aws/ebs-blocks';
import type { Stopwatch } from './copier.ts';
import type { Task } from './task.ts';

const HEAD_BYTES = 16_384;
const END_OF_HEAD = '\r\n\r\n';

/** One connection: a block in, its hash, the block out, and so on. Nothing is signed, checked or listed. */
const connection = (origin: URL, next: () => number, copied: () => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    const scratch = Buffer.allocUnsafeSlow(HEAD_BYTES);
    let awaits: 'block' | 'answer' = 'block';
    let filled: number | null = null;
    let index = 0;

    const ask = (): void => {
      index = next();
      awaits = 'block';
      filled = null;
      socket.write(`GET /snapshots/snap-full/blocks/${index}?blockToken=x HTTP/1.1\r\nhost: x\r\n\r\n`, 'latin1');
    };
    const give = (): void => {
      const sha256 = createHash('sha256').update(block).digest('base64');
      awaits = 'answer';
      filled = null;
      socket.cork();
      const head = ['PUT /snapshots/snap-copy/blocks/', index, ' HTTP/1.1\r\nhost: x\r\nx-amz-checksum: ', sha256].join(
        '',
      );
      socket.write(`${head}\r\ncontent-length: ${BLOCK_BYTES}\r\n\r\n`, 'latin1');
      socket.write(block);
      socket.uncork();
    };
    const read = (length: number): boolean => {
      if (awaits === 'answer') {
        if (!scratch.subarray(0, length).includes(' 201 ')) reject(new Error('the endpoint did not take a block'));
        else if (copied()) resolve();
        else ask();
        return true;
      }
      filled =
        filled === null
          ? scratch.copy(block, 0, scratch.indexOf(END_OF_HEAD) + END_OF_HEAD.length, length)
          : filled + length;
      if (filled === BLOCK_BYTES) give();
      return true;
    };
    const onread = { buffer: () => (filled === null ? scratch : block.subarray(filled)), callback: read };
    const socket = connect({ host: origin.hostname, port: Number(origin.port), onread });
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('connect', ask);
  });

/** As much as the network and the hash of a copy cost by themselves. */
export const bareSockets = async ({ parallel }: Task, watch: Stopwatch): Promise<void> => {
  const origin = new URL(process.env.AWS_ENDPOINT_URL_EBS ?? '');
  let index = 0;
  const next = (): number => {
    index += 1;
    return index - 1;
  };
  const copied = (): boolean => {
    watch.count();
    return watch.enough();
  };
  await Promise.race(Array.from({ length: parallel }, () => connection(origin, next, copied)));
};
