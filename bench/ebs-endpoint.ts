import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { BLOCK_BYTES } from '#shared/aws/ebs-blocks';
import { contents, LAYOUTS, type Layout, VOLUME_GIB, writtenFrom } from './volume.ts';

/**
 * A process of its own that speaks the EBS direct APIs to whoever asks from this machine: one snapshot of each layout to
 * read, and any to write. All checksums are computed before, so that it costs its callers no processor. What is written
 * must be what was read: a block that differs is refused.
 * https://docs.aws.amazon.com/ebs/latest/APIReference/API_Operations.html
 */
const shelf = contents();
const contentAt = (index: number) => {
  const content = shelf[index % shelf.length];
  if (content === undefined) throw new Error(`no content for block ${index}`);
  return content;
};
const answerJson = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const refuse = (response: ServerResponse, Reason: string): void => {
  response.writeHead(400, { 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationException' });
  response.end(JSON.stringify({ Message: Reason, Reason }));
};

const list = (response: ServerResponse, layout: Layout, query: URLSearchParams): void => {
  const from = Number(query.get('pageToken') ?? query.get('startingBlockIndex') ?? 0);
  const most = Number(query.get('maxResults') ?? 10_000);
  const found = writtenFrom(layout, from, most + 1);
  const next = found[most];
  answerJson(response, 200, {
    Blocks: found.slice(0, most).map((index) => ({ BlockIndex: index, BlockToken: `token+of/${index}==` })),
    BlockSize: BLOCK_BYTES,
    VolumeSize: VOLUME_GIB,
    ...(next === undefined ? {} : { NextToken: String(next) }),
  });
};

const get = (response: ServerResponse, index: number): void => {
  const { bytes, sha256 } = contentAt(index);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': bytes.length,
    'x-amz-Data-Length': bytes.length,
    'x-amz-Checksum': sha256,
    'x-amz-Checksum-Algorithm': 'SHA256',
  });
  response.end(bytes);
};

const put = (request: IncomingMessage, response: ServerResponse, index: number): void => {
  const { bytes, sha256 } = contentAt(index);
  let filled = 0;
  let same = request.headers['x-amz-checksum'] === sha256;
  request.on('data', (chunk: Buffer) => {
    same &&= filled + chunk.length <= bytes.length && chunk.compare(bytes, filled, filled + chunk.length) === 0;
    filled += chunk.length;
  });
  request.on('end', () => {
    if (!same || filled !== bytes.length) return refuse(response, 'INVALID_BLOCK');
    response.writeHead(201, { 'x-amz-Checksum': sha256, 'x-amz-Checksum-Algorithm': 'SHA256', 'content-length': 0 });
    response.end();
  });
};

const isLayout = (name: string): name is Layout => LAYOUTS.some((layout) => layout === name);

const server = createServer({ keepAlive: true, noDelay: true, highWaterMark: BLOCK_BYTES }, (request, response) => {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const [, , snapshotId = '', , index] = path.split('/');
  if (index === undefined) {
    const layout = snapshotId.replace('snap-', '');
    return isLayout(layout)
      ? list(response, layout, new URLSearchParams(query))
      : refuse(response, 'SNAPSHOT_NOT_FOUND');
  }
  return request.method === 'PUT' ? put(request, response, Number(index)) : get(response, Number(index));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the endpoint has no port');
  process.send?.({ url: `http://127.0.0.1:${address.port}` });
});
process.on('disconnect', () => process.exit());
