import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { connectionsTo } from '#shared/aws/block-connections';
import { blockServer } from './block-server.ts';

const BLOCK = randomBytes(524_288);
const GET = 'GET /snapshots/snap-1/blocks/0 HTTP/1.1\r\nhost:here\r\n\r\n';
const head = (length: number, more = '', status = 200): string =>
  `HTTP/1.1 ${status} Said\r\nContent-Length: ${length}\r\nx-amz-Checksum: AbC=\r\n${more}\r\n`;
const chunk = (bytes: Buffer | string): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)};x=y\r\n`), Buffer.from(bytes), Buffer.from('\r\n')]);

const open: { close(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

const serving = async (answer: (socket: Socket, received: Buffer, connection: number) => void) => {
  const server = await blockServer(answer);
  open.push(server);
  return { ...server, send: connectionsTo(server.origin, 400) };
};

const roomed = () => {
  const memory = Buffer.alloc(BLOCK.length);
  return { memory, request: { head: GET, body: null, room: () => memory } };
};

describe('a block is read', () => {
  const ways: { name: string; write: (socket: Socket) => unknown }[] = [
    {
      name: 'that comes with its head',
      write: (socket) => socket.write(Buffer.concat([Buffer.from(head(524_288)), BLOCK])),
    },
    {
      name: 'whose head comes in two, and its body after it',
      async write(socket) {
        socket.write(head(524_288).slice(0, 30));
        await sleep(20);
        socket.write(head(524_288).slice(30));
        await sleep(20);
        socket.write(BLOCK);
      },
    },
    {
      name: 'that comes in pieces',
      async write(socket) {
        socket.write(head(524_288));
        for (let at = 0; at < BLOCK.length; at += 100_000) {
          socket.write(BLOCK.subarray(at, at + 100_000));
          await sleep(5);
        }
      },
    },
    {
      name: 'after word that the request goes on',
      write: (socket) =>
        socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 100 Continue\r\n\r\n${head(524_288)}`), BLOCK])),
    },
    {
      name: 'that comes in chunks',
      write: (socket) =>
        socket.write(
          Buffer.concat([
            Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-amz-checksum: AbC=\r\n\r\n'),
            chunk(BLOCK.subarray(0, 70_000)),
            chunk(BLOCK.subarray(70_000)),
            Buffer.from('0\r\ntrailer: x\r\n\r\n'),
          ]),
        ),
    },
  ];

  it.each(ways)('$name', async ({ write }) => {
    const { send, connections } = await serving((socket) => write(socket));
    for (let time = 0; time < 3; time += 1) {
      const { memory, request } = roomed();
      const { status, header, body } = await send(request);
      expect({ status, checksum: header('x-amz-checksum'), other: header('amz-checksum') }).toEqual({
        status: 200,
        checksum: 'AbC=',
        other: undefined,
      });
      expect(BLOCK.equals(body)).toBe(true);
      expect(body.buffer).toBe(memory.buffer);
    }
    expect(connections()).toBe(1);
  });

  it('of several at once, each over a connection of its own', async () => {
    const { send, connections } = await serving((socket) =>
      socket.write(Buffer.concat([Buffer.from(head(524_288)), BLOCK])),
    );
    const answers = await Promise.all([roomed(), roomed(), roomed()].map(({ request }) => send(request)));
    expect(answers.map(({ body }) => BLOCK.equals(body))).toEqual([true, true, true]);
    expect(connections()).toBe(3);
  });
});

describe('a block is written', () => {
  it('whole, after its head', async () => {
    const seen: Buffer[] = [];
    const { send } = await serving((socket, received) => {
      seen.push(received);
      socket.write(head(0, '', 201));
    });
    const put = 'PUT /snapshots/snap-1/blocks/0 HTTP/1.1\r\ncontent-length:524288\r\n\r\n';
    const answers = [];
    for (let time = 0; time < 2; time += 1) answers.push(await send({ head: put, body: BLOCK, room: null }));
    expect(answers.map(({ status, body }) => [status, body.length])).toEqual([
      [201, 0],
      [201, 0],
    ]);
    for (const received of seen) expect(Buffer.concat([Buffer.from(put), BLOCK]).equals(received)).toBe(true);
  });

  it('and refused before it was sent whole: what follows goes over another connection', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.pause();
        socket.write(`${head(2, '', 400)}{}`);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push(server);
    const address = server.address();
    const send = connectionsTo(new URL(`http://127.0.0.1:${typeof address === 'string' ? '' : address?.port}`), 2_000);
    const body = Buffer.alloc(32 * 2 ** 20);
    for (const expected of [1, 2]) {
      const answer = await send({ head: `PUT / HTTP/1.1\r\ncontent-length:${body.length}\r\n\r\n`, body, room: null });
      expect({ status: answer.status, connections }).toEqual({ status: 400, connections: expected });
    }
  });
});

describe('a refusal', () => {
  it.each([
    { name: 'of a known length', said: `${head(7, '', 404)}{"a":1}` },
    {
      name: 'in chunks',
      said: `HTTP/1.1 404 No\r\ntransfer-encoding: Chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n`,
    },
  ])('$name comes beside the memory for the block', async ({ said }) => {
    const { send } = await serving((socket) => socket.write(said));
    const { memory, request } = roomed();
    const { status, body } = await send(request);
    expect({ status, body: Buffer.from(body).toString() }).toEqual({ status: 404, body: '{"a":1}' });
    expect(memory.equals(Buffer.alloc(BLOCK.length))).toBe(true);
  });
});

describe('a connection is given up', () => {
  it('where the other side says so, after the answer', async () => {
    const { send, connections } = await serving((socket) => socket.write(`${head(2, 'Connection: close\r\n')}ok`));
    for (const expected of [1, 2]) {
      expect((await send(roomed().request)).body.length).toBe(2);
      expect(connections()).toBe(expected);
    }
  });

  const broken: { name: string; write: (socket: Socket) => unknown; code?: string }[] = [
    { name: 'that ends before the answer', write: (socket) => socket.end() },
    { name: 'that ends within the head', write: (socket) => socket.end('HTTP/1.1 200 OK\r\nConte') },
    {
      name: 'that ends within the block',
      write: (socket) => socket.end(Buffer.concat([Buffer.from(head(524_288)), BLOCK.subarray(1)])),
    },
    { name: 'that is reset', write: (socket) => socket.resetAndDestroy() },
    { name: 'that goes silent within the block', write: (socket) => socket.write(head(524_288)), code: 'ETIMEDOUT' },
    {
      name: 'with more than the block',
      write: (socket) => socket.write(Buffer.concat([Buffer.from(head(524_289)), BLOCK, Buffer.alloc(1)])),
    },
    { name: 'with more than was announced', write: (socket) => socket.write(`${head(2)}abc`) },
    { name: 'with a body that has no end', write: (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nabc') },
    {
      name: 'with a length that is none',
      write: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'),
    },
    {
      name: 'with an encoding that nobody asked for',
      write: (socket) => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n'),
    },
    {
      name: 'with a chunk that has no length',
      write: (socket) => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'),
    },
    {
      name: 'with bytes after the last chunk',
      write: (socket) => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nx'),
    },
    {
      name: 'with a head that does not end',
      write: (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`),
    },
    { name: 'that speaks something else', write: (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n\r\n') },
    { name: 'with words without measure', write: (socket) => socket.write(head(70_000, '', 500)) },
  ];

  it.each(broken)('$name, and the next request has another', async ({ write, code = 'ECONNRESET' }) => {
    const { send, connections } = await serving((socket, _received, connection) =>
      connection === 1 ? write(socket) : socket.write(`${head(2)}ok`),
    );
    await expect(send(roomed().request)).rejects.toMatchObject({ code });
    expect(Buffer.from((await send(roomed().request)).body).toString()).toBe('ok');
    expect(connections()).toBe(2);
  });

  it('that was ended while nothing was asked over it', async () => {
    const { send, connections } = await serving((socket) => socket.end(`${head(2)}ok`));
    await send(roomed().request);
    await sleep(50);
    await send(roomed().request);
    expect(connections()).toBe(2);
  });

  it('to a place where nobody listens', async () => {
    const { origin, close } = await blockServer(() => {});
    close();
    await expect(connectionsTo(origin)(roomed().request)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
