import { createHash, randomBytes } from 'node:crypto';
import { EBSClient, GetSnapshotBlockCommand, PutSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ebsDirectOf } from '#shared/aws/ebs-direct';
import { signing, UNSIGNED } from '#shared/aws/signature';
import { blockServer } from './block-server.ts';

const CONFIG = {
  region: 'eu-west-3',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
};
const SESSION = { ...CONFIG, credentials: { ...CONFIG.credentials, sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE//+=' } };
const TOKEN = "AAABASfEL+/w'(x)*!~_-.==";
const BLOCK = randomBytes(524_288);
const SUM = createHash('sha256').update(BLOCK).digest('base64');

let server: Awaited<ReturnType<typeof blockServer>>;
let received: Buffer[] = [];
let said: string | Buffer = '';
beforeEach(async () => {
  received = [];
  server = await blockServer((socket, bytes) => {
    received.push(bytes);
    socket.write(said);
  });
  process.env.AWS_ENDPOINT_URL_EBS = server.origin.href;
});
afterEach(() => {
  delete process.env.AWS_ENDPOINT_URL_EBS;
  server.close();
});

interface Sent {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const parsed = (bytes: Buffer): Sent => {
  const end = bytes.indexOf('\r\n\r\n');
  const [line = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = lines.map((header) => {
    const colon = header.indexOf(':');
    return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
  });
  return { line, headers: Object.fromEntries(headers), body: bytes.subarray(end + 4) };
};

/** The SDK's own client, told what the service's model says: that the block is not signed. */
const plain = (config: typeof CONFIG): EBSClient => {
  const ebs = new EBSClient({ ...config, maxAttempts: 1 });
  const unsigned = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  ebs.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      const written = 'BlockData' in args.input;
      if (written && typeof request === 'object' && request !== null && 'headers' in request)
        Object.assign(request.headers ?? {}, unsigned);
      return next(args);
    },
    { step: 'build' },
  );
  return ebs;
};

const CALLS = [
  {
    name: 'a read',
    ours: (config: typeof CONFIG) => ebsDirectOf(config).get('snap-0123456789abcdef0', 77, TOKEN),
    theirs: (config: typeof CONFIG) =>
      plain(config).send(
        new GetSnapshotBlockCommand({ SnapshotId: 'snap-0123456789abcdef0', BlockIndex: 77, BlockToken: TOKEN }),
      ),
  },
  {
    name: 'a write',
    ours: (config: typeof CONFIG) => ebsDirectOf(config).put('snap-0123456789abcdef0', 77, BLOCK, SUM),
    theirs: (config: typeof CONFIG) =>
      plain(config).send(
        new PutSnapshotBlockCommand({
          SnapshotId: 'snap-0123456789abcdef0',
          BlockIndex: 77,
          BlockData: BLOCK,
          DataLength: BLOCK.length,
          Checksum: SUM,
          ChecksumAlgorithm: 'SHA256',
        }),
      ),
  },
];

describe.each(CALLS)('$name', ({ ours, theirs }) => {
  const refused = (text: object, header = '', status = 400) => {
    const body = JSON.stringify(text);
    return `HTTP/1.1 ${status} No\r\nx-amzn-RequestId: 4f1c\r\n${header}content-length: ${body.length}\r\n\r\n${body}`;
  };

  it.each([
    { name: 'a key', config: CONFIG },
    { name: 'a session', config: SESSION },
  ])('goes out with $name as the SDK would send it, and is signed as it would sign it', async ({ config }) => {
    said = refused({ message: 'no' });
    await expect(ours(config)).rejects.toThrow();
    await expect(theirs(config)).rejects.toThrow();
    const [mine, sdk] = received.map(parsed);
    if (mine === undefined || sdk === undefined) throw new Error('nothing was sent');
    expect(mine.line).toBe(sdk.line);
    expect(mine.body.equals(sdk.body)).toBe(true);
    // What the SDK says of itself is not said; the rest is.
    const about = /^(user-agent|x-amz-user-agent|amz-sdk-.*|connection|authorization|x-amz-date)$/;
    const content = ({ headers }: Sent) => Object.entries(headers).filter(([name]) => !about.test(name));
    expect(Object.fromEntries(content(mine))).toEqual(Object.fromEntries(content(sdk)));

    // The SDK's own request, signed again: what it signed is in its Authorization header.
    const [, names = ''] = /SignedHeaders=([^,]+)/.exec(sdk.headers.authorization ?? '') ?? [];
    const kept = names.split(';').map((name) => [name, sdk.headers[name] ?? '']);
    const [path = '', query = ''] = (sdk.line.split(' ')[1] ?? '').split('?');
    const at = sdk.headers['x-amz-date'] ?? '';
    const now = new Date(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
    const method = sdk.line.split(' ')[0] ?? '';
    const own = /^(host|x-amz-(content-sha256|date|security-token))$/;
    const given = kept.filter(([name = '']) => !own.test(name));
    const signer = { ...config.credentials, region: 'eu-west-3', service: 'ebs' };
    const payload = sdk.headers['x-amz-content-sha256'] ?? '';
    const form = signing(
      signer,
      server.origin.host,
      now,
    )({ method, payload, headers: given.map(([name = '']) => name) });
    const head = form({ path, query, headers: Object.fromEntries(given) });
    expect(parsed(Buffer.from(head)).headers.authorization).toBe(sdk.headers.authorization);
  });

  it.each([
    {
      name: 'a refusal with a reason',
      answer: refused(
        { Message: 'Not that.', Reason: 'INVALID_BLOCK_TOKEN' },
        'x-amzn-ErrorType: ValidationException:http://internal.amazon.com/\r\n',
      ),
    },
    {
      name: 'a throttle',
      answer: refused(
        { message: 'Slow.', Reason: 'ACCOUNT_THROTTLED' },
        'x-amzn-ErrorType: RequestThrottledException\r\n',
      ),
    },
    {
      name: 'a snapshot that is not there',
      answer: refused(
        { message: 'Where?', Reason: 'DEPENDENCY_RESOURCE_NOT_FOUND' },
        'x-amzn-ErrorType: ResourceNotFoundException\r\n',
        404,
      ),
    },
    {
      name: 'a failure of its own',
      answer: refused({ message: 'Oh.' }, 'x-amzn-ErrorType: InternalServerException\r\n', 500),
    },
    {
      name: 'a name in the body',
      answer: refused(
        { __type: 'com.amazonaws.ebs#AccessDeniedException', message: 'No.', Reason: 'UNAUTHORIZED_ACCOUNT' },
        '',
        403,
      ),
    },
    { name: 'a code in the body', answer: refused({ code: 'ThrottlingException', message: 'Rate exceeded' }) },
  ])('that is answered with $name fails as the SDK would', async ({ answer }) => {
    said = answer;
    const failure = (call: Promise<unknown>): Promise<object> =>
      call.then(
        () => ({}),
        (error: Error & { Reason?: string; $metadata?: object; $fault?: string }) => {
          const { name, message, Reason, $fault, $metadata } = error;
          const { httpStatusCode, requestId } = { httpStatusCode: 0, requestId: '', ...$metadata };
          return { name, message, Reason, $fault, httpStatusCode, requestId };
        },
      );
    const mine = await failure(ours(CONFIG));
    expect(mine).toEqual(await failure(theirs(CONFIG)));
    expect(mine).toMatchObject({ requestId: '4f1c' });
  });

  it('whose signature EBS does not take goes the SDK’s way, and so do all that follow', async () => {
    said = refused({ message: 'Signature not yet current' }, 'x-amzn-ErrorType: InvalidSignatureException\r\n', 403);
    const ebs = ebsDirectOf(CONFIG);
    const read = () => ebs.get('snap-0123456789abcdef0', 0, TOKEN).catch((error: Error) => error.name);
    expect(await read()).toBe('InvalidSignatureException');
    expect(await read()).toBe('InvalidSignatureException');
    const bySdk = received.map((bytes) => 'user-agent' in parsed(bytes).headers);
    expect(bySdk).toEqual([false, true, true]);
  });

  it('that something in front of EBS answers can be repeated where that may help', async () => {
    said = 'HTTP/1.1 503 Busy\r\ncontent-length: 6\r\n\r\n<html>';
    await expect(ours(CONFIG)).rejects.toMatchObject({ name: 'ServiceUnavailable', message: 'EBS answered with 503' });
    said = 'HTTP/1.1 418 Tea\r\ncontent-length: 0\r\n\r\n';
    await expect(ours(CONFIG)).rejects.toMatchObject({ name: 'UnknownError' });
  });
});

it('a block that is read is what was sent, in the memory that was given for it', async () => {
  said = Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nx-amz-Checksum: ${SUM}\r\nx-amzn-requestid: 7\r\ncontent-length: 524288\r\n\r\n`),
    BLOCK,
  ]);
  const memory = Buffer.alloc(524_288);
  const ebs = ebsDirectOf(CONFIG);
  const { bytes, sha256, $metadata } = await ebs.get('snap-0123456789abcdef0', 0, TOKEN, () => memory);
  expect({ sha256, $metadata }).toEqual({ sha256: SUM, $metadata: { httpStatusCode: 200, requestId: '7' } });
  expect(BLOCK.equals(bytes)).toBe(true);
  expect(bytes.buffer).toBe(memory.buffer);
  expect(BLOCK.equals((await ebs.get('snap-0123456789abcdef0', 0, TOKEN)).bytes)).toBe(true);
});

it('another second, day or secret is another signature', () => {
  const signer = { accessKeyId: 'A', secretAccessKey: 's', region: 'eu-west-3', service: 'ebs' };
  const signature = (secretAccessKey: string, time: string) => {
    const form = signing(
      { ...signer, secretAccessKey },
      'h',
      new Date(`2026-03-${time}Z`),
    )({ method: 'GET', payload: UNSIGNED, headers: [] });
    return /Signature=(\w+)/.exec(form({ path: '/', query: '', headers: {} }))?.[1];
  };
  const first = signature('s', '01T01:02:03');
  const others = [signature('s', '01T01:02:04'), signature('s', '02T01:02:03'), signature('t', '01T01:02:03')];
  expect(new Set([first, ...others]).size).toBe(4);
  expect(signature('s', '01T01:02:03.456')).toBe(first);
});
