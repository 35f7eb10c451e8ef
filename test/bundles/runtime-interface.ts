import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export type Ended = { readonly answer: unknown } | { readonly errorType: string; readonly errorMessage: string };

const Failure = z.object({ errorType: z.string(), errorMessage: z.string() });

interface Waiting {
  readonly event: unknown;
  readonly resolve: (ended: Ended) => void;
  readonly reject: (error: Error) => void;
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? null : JSON.parse(text);
};

const STAND_IN = fileURLToPath(new URL('./rapid-client.ts', import.meta.url));

/**
 * A function's bundle in an execution environment: a process of the runtime interface client, and the runtime API of
 * Lambda from which it fetches its events. It ends with `close`.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export const executionEnvironment = async (
  ric: string,
  folder: string,
  timeoutSeconds: number,
  environment: Readonly<Record<string, string>>,
) => {
  let waiting: Waiting | null = null;
  let asking: ServerResponse | null = null;

  const handOut = (): void => {
    if (waiting === null || asking === null) return;
    asking
      .writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': randomUUID(),
        'lambda-runtime-deadline-ms': String(Date.now() + timeoutSeconds * 1_000),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-3:111122223333:function:unlatch',
      })
      .end(JSON.stringify(waiting.event));
    asking = null;
  };
  const end = (ended: Ended): void => {
    waiting?.resolve(ended);
    waiting = null;
  };

  const server = createServer(async (request, response) => {
    const { url = '' } = request;
    if (url.endsWith('/invocation/next')) {
      asking = response;
      handOut();
      return;
    }
    const body = await bodyOf(request);
    response.writeHead(202).end();
    if (url.endsWith('/response')) end({ answer: body });
    if (url.endsWith('/error')) end(Failure.parse(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a server of no port');

  const compiled = existsSync(join(ric, '../rapid-client.node'));
  const child = spawn(process.execPath, [...(compiled ? [] : ['--import', STAND_IN]), ric], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: 'handler.handler',
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${address.port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'unlatch',
      AWS_LAMBDA_FUNCTION_VERSION: '1',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/unlatch',
      AWS_LAMBDA_LOG_STREAM_NAME: '1',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
      ...environment,
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-10_000);
    });
  child.on('exit', (code) =>
    waiting?.reject(new Error(`the bundle's process ended with ${code}: ${said.slice(-2_000)}`)),
  );

  return {
    invoke: (event: unknown): Promise<Ended> =>
      new Promise((resolve, reject) => {
        if (child.exitCode !== null) return reject(new Error(`the bundle's process has ended: ${said.slice(-2_000)}`));
        waiting = { event, resolve, reject };
        handOut();
      }),
    /** The last of what it logged. */
    said: () => said,
    async close(): Promise<void> {
      const ended = child.exitCode === null ? once(child, 'exit') : null;
      child.kill('SIGKILL');
      await ended;
      server.close();
      server.closeAllConnections();
    },
  };
};
