import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  type GetObjectCommandInput,
  NoSuchKey,
  type PutObjectCommandInput,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { Call } from './call.ts';

interface Stored {
  readonly body: Buffer;
  readonly at: Date;
}

const answered = (call: Call) => ({ httpStatusCode: 200, requestId: call.requestId });

/** Longest body a presigned upload may have here. */
const UPLOAD_BYTES = 512 * 2 ** 20;

/** Why a presigned request is refused, as S3 would; `null` where it is not. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
const refusal = (url: URL, headers: NodeJS.Dict<string | string[]>, now: Date): number | null => {
  const { searchParams } = url;
  const [, day = '', time = ''] = /^(\d{8})T(\d{6})Z$/.exec(searchParams.get('X-Amz-Date') ?? '') ?? [];
  if (!searchParams.has('X-Amz-Signature') || day === '') return 403;
  const iso = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`;
  if (now.getTime() > Date.parse(iso) + Number(searchParams.get('X-Amz-Expires')) * 1000) return 403;
  const signed = (searchParams.get('X-Amz-SignedHeaders') ?? '').split(';');
  // A signed header that is missing breaks the signature; so does an x-amz- header that is not signed.
  if (signed.some((name) => headers[name] === undefined)) return 403;
  return Object.keys(headers).some((name) => name.startsWith('x-amz-') && !signed.includes(name)) ? 403 : null;
};

/** A body as the SDK gives it back, as far as it is read here. */
const streamOf = (body: Buffer) => ({
  transformToWebStream: () => Readable.toWeb(Readable.from([body])),
  transformToByteArray: async () => new Uint8Array(body),
});

/** S3 refuses a body that does not fit a checksum in the URL. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
const fitsChecksum = ({ searchParams }: URL, body: Buffer): boolean => {
  const expected = searchParams.get('x-amz-checksum-crc32');
  if (expected === null) return true;
  const actual = Buffer.alloc(4);
  actual.writeUInt32BE(crc32(body));
  return actual.toString('base64') === expected;
};

/** S3 as the embedded account plays it: objects with versions, and a loopback server for presigned uploads. */
export const objectStore = async (now: () => Date) => {
  const objects = new Map<string, Stored[]>();

  const write = (key: string, body: Buffer) => {
    objects.set(key, [...(objects.get(key) ?? []), { body, at: now() }]);
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const end = (status: number) => response.writeHead(status, { connection: 'close' }).end();
    const refused = request.method === 'PUT' ? refusal(url, request.headers, now()) : 405;
    if (refused !== null) return end(refused);
    const key = decodeURIComponent(url.pathname.slice(1));
    if (request.headers['if-none-match'] === '*' && objects.has(key)) return end(412);
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > UPLOAD_BYTES) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      if (!fitsChecksum(url, body)) return end(400);
      write(key, body);
      return end(200);
    });
    return undefined;
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await listening;
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () => server.close(),

    /** Key (bucket first) and body of every object, as its latest version has it. */
    latest: (): ReadonlyMap<string, Buffer> =>
      new Map(
        [...objects].flatMap(([key, versions]) =>
          versions.at(-1) ? [[key, versions.at(-1)?.body ?? Buffer.alloc(0)]] : [],
        ),
      ),

    /** Puts an object there as somebody else would. */
    plant: write,

    operations: {
      PutObject: async (call: Call<PutObjectCommandInput>) => {
        const { Bucket, Key, Body, IfNoneMatch, ChecksumSHA256 } = call.input;
        const body = Body instanceof Uint8Array ? Buffer.from(Body) : Buffer.from(String(Body));
        const key = `${Bucket}/${Key}`;
        if (ChecksumSHA256 !== undefined && ChecksumSHA256 !== createHash('sha256').update(body).digest('base64')) {
          throw new S3ServiceException({
            name: 'BadDigest',
            $fault: 'client',
            message: 'the checksum does not match',
            $metadata: answered(call),
          });
        }
        if (IfNoneMatch === '*' && objects.has(key)) {
          throw new S3ServiceException({
            name: 'PreconditionFailed',
            $fault: 'client',
            message: 'the object exists',
            $metadata: answered(call),
          });
        }
        write(key, body);
        return { $metadata: answered(call) };
      },

      GetObject: async (call: Call<GetObjectCommandInput>) => {
        const stored = objects.get(`${call.input.Bucket}/${call.input.Key}`)?.at(-1);
        if (stored === undefined) {
          throw new NoSuchKey({ message: 'The specified key does not exist.', $metadata: answered(call) });
        }
        return { $metadata: answered(call), Body: streamOf(stored.body), ContentLength: stored.body.length };
      },
    },
  };
};

export type ObjectStore = Awaited<ReturnType<typeof objectStore>>;
