import { createHash } from 'node:crypto';

/** A block that was copied, and the SHA-256 of its bytes. */
export interface BlockChecksum {
  readonly index: number;
  /** 32 bytes. */
  readonly sha256: Buffer;
}

/** Index as 4 bytes, big endian, then SHA-256. */
const RECORD_BYTES = 36;

/** A part of a copy's checksums, as the evidence bucket keeps it: one record after the other, in ascending order. */
export const packed = (checksums: readonly BlockChecksum[]): Buffer => {
  const part = Buffer.alloc(checksums.length * RECORD_BYTES);
  for (const [place, { index, sha256 }] of checksums.entries()) {
    part.writeUInt32BE(index, place * RECORD_BYTES);
    sha256.copy(part, place * RECORD_BYTES + 4);
  }
  return part;
};

/** A part's bytes as they come, in runs of whole records. @throws RangeError where they end within a record */
export async function* wholeRecords(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const all = Buffer.concat([rest, chunk]);
    const whole = all.length - (all.length % RECORD_BYTES);
    if (whole > 0) yield all.subarray(0, whole);
    rest = all.subarray(whole);
  }
  if (rest.length > 0) throw new RangeError(`the checksums end within a record of ${RECORD_BYTES} bytes`);
}

/** The records of a part that fits in memory. */
export const unpacked = (part: Buffer): BlockChecksum[] =>
  Array.from({ length: Math.floor(part.length / RECORD_BYTES) }, (_, place) => ({
    index: part.readUInt32BE(place * RECORD_BYTES),
    sha256: part.subarray(place * RECORD_BYTES + 4, (place + 1) * RECORD_BYTES),
  }));

export interface Aggregate {
  readonly blocks: number;
  /** Base64. */
  readonly linear: string;
}

/** How far a lane's checksums have been read. */
interface Head {
  readonly runs: AsyncIterator<Buffer>;
  /** `null`: at the end. */
  run: Buffer | null;
  at: number;
}

const advanced = async (head: Head): Promise<Head> => {
  const { done, value } = await head.runs.next();
  head.run = done === true ? null : value;
  head.at = 0;
  return head;
};

const indexAt = ({ run, at }: Head): number => (run === null ? Number.POSITIVE_INFINITY : run.readUInt32BE(at));

/**
 * The LINEAR aggregate of a copy: the digests of the written blocks in ascending order, concatenated, hashed again. Each
 * lane's checksums ascend by themselves; the lanes are merged as they come, so memory does not grow with the volume.
 * https://docs.aws.amazon.com/ebs/latest/APIReference/API_CompleteSnapshot.html
 * @throws RangeError where a lane does not ascend, or two lanes hold the same block
 */
export const aggregateOf = async (lanes: readonly AsyncIterable<Buffer>[]): Promise<Aggregate> => {
  const hash = createHash('sha256');
  const heads = await Promise.all(
    lanes.map((lane) => advanced({ runs: lane[Symbol.asyncIterator](), run: null, at: 0 })),
  );
  let blocks = 0;
  let last = -1;
  for (;;) {
    const [first, second] = heads.toSorted((a, b) => indexAt(a) - indexAt(b));
    if (first === undefined || first.run === null) return { blocks, linear: hash.digest('base64') };
    const others = second === undefined ? Number.POSITIVE_INFINITY : indexAt(second);
    // A lane's run goes on for a whole stripe before another lane has its turn.
    do {
      const index = indexAt(first);
      if (index <= last) throw new RangeError(`block ${index} comes after block ${last} in the checksums`);
      last = index;
      hash.update(first.run.subarray(first.at + 4, first.at + RECORD_BYTES));
      blocks += 1;
      first.at += RECORD_BYTES;
      if (first.at === first.run.length) await advanced(first);
    } while (first.run !== null && indexAt(first) < others);
  }
};
