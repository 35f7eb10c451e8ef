import { Readable } from 'node:stream';
import type { GetSnapshotBlockCommandOutput } from '@aws-sdk/client-ebs';

/** The body of GetSnapshotBlock as the SDK hands it on: a stream that can also be turned, once, into something else. */
export type BlockBody = NonNullable<GetSnapshotBlockCommandOutput['BlockData']>;

/** Bodies arrive in pieces. */
const chunkBytes = 65_536;

/** A body of these bytes; who reads it gets bytes of his own. */
export const blockBody = (bytes: Uint8Array): BlockBody => {
  let left: Buffer | undefined;
  const stream = new Readable({
    read() {
      left ??= Buffer.from(bytes);
      const chunk = left.subarray(0, chunkBytes);
      left = left.subarray(chunkBytes);
      this.push(chunk.length === 0 ? null : chunk);
    },
  });
  let isTransformed = false;
  const once = <T>(transform: () => T): T => {
    if (isTransformed || stream.readableDidRead) throw new Error('the stream has already been transformed');
    isTransformed = true;
    return transform();
  };
  const toByteArray = async () => {
    stream.destroy();
    return new Uint8Array(bytes);
  };
  return Object.assign(stream, {
    transformToByteArray: async () => once(toByteArray),
    transformToString: async (encoding?: string) => {
      const text = Buffer.from(await once(toByteArray));
      return encoding === undefined || Buffer.isEncoding(encoding)
        ? text.toString(encoding)
        : new TextDecoder(encoding).decode(text);
    },
    transformToWebStream: () => once(() => Readable.toWeb(stream)),
  });
};
