import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionsTo } from '#shared/aws/block-connections';

const BLOCK = randomBytes(524_288);
const HEAD = 'PUT / HTTP/1.1\r\n\r\n';
const folder = mkdtempSync(join(tmpdir(), 'unlatch-certificate-'));
const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
const made = spawnSync(
  'openssl',
  [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', keyFile, '-out', certFile],
  ],
  { encoding: 'utf8' },
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(made.status !== 0)('over TLS (where openssl makes a certificate)', () => {
  const trusted = getCACertificates('default');
  const protocols: unknown[] = [];
  const requests: Buffer[] = [];
  let port = 0;
  const server = createServer((socket) => {
    protocols.push(socket.alpnProtocol);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < HEAD.length + BLOCK.length) return;
      requests.push(received);
      received = Buffer.alloc(0);
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${BLOCK.length}\r\n\r\n`);
      socket.write(BLOCK);
    });
    socket.on('error', () => {});
  });

  beforeAll(async () => {
    server.setSecureContext({ key: readFileSync(keyFile), cert: readFileSync(certFile) });
    server.on('tlsClientError', () => {});
    server.listen(0, 'localhost');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  });
  afterAll(() => {
    setDefaultCACertificates(trusted);
    server.close();
  });

  const request = () => ({ head: HEAD, body: BLOCK, room: () => Buffer.alloc(524_288) });

  it('a stranger is not spoken to', async () => {
    setDefaultCACertificates(trusted);
    const send = connectionsTo(new URL(`https://localhost:${port}`));
    await expect(send(request())).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(requests).toEqual([]);
  });

  it('a block goes there and back as it is, over one connection', async () => {
    setDefaultCACertificates([...trusted, readFileSync(certFile, 'utf8')]);
    const send = connectionsTo(new URL(`https://localhost:${port}`));
    for (let time = 0; time < 3; time += 1) expect(BLOCK.equals((await send(request())).body)).toBe(true);
    expect(requests.map((bytes) => BLOCK.equals(bytes.subarray(HEAD.length)))).toEqual([true, true, true]);
    expect(protocols).toHaveLength(1);
  });
});
