import { createServer } from 'node:http';

export type Put = { method: string; path: string; ifNoneMatch: string | undefined; status: number };

/** A loopback server that answers as S3 does a presigned, write-once PUT: 200, then 412 for the same key. */
export const openBucket = async () => {
  const objects = new Map<string, Buffer>();
  const puts: Put[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { method = '', url: path = '' } = request;
    const ifNoneMatch = request.headers['if-none-match'];
    let status = 200;
    if (method !== 'PUT' || ifNoneMatch !== '*') status = 403;
    else if (objects.has(path)) status = 412;
    else objects.set(path, Buffer.concat(chunks));
    puts.push({ method, path, ifNoneMatch, status });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the bucket listens on no port');
  return {
    objects,
    puts,
    url: (path: string) => `http://127.0.0.1:${address.port}${path}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
};
