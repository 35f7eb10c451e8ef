import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where moto listens; `null`: it is not installed. */
    moto: string | null;
  }
}

const STARTS_WITHIN_SECONDS = 60;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('a server of no port');
  return address.port;
};

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/moto-api/data.json`).then(
    ({ ok }) => ok,
    () => false,
  );

const started = async (server: ChildProcess, url: string): Promise<void> => {
  const until = performance.now() + STARTS_WITHIN_SECONDS * 1_000;
  while (!(await answers(url))) {
    if (server.exitCode !== null) throw new Error(`moto_server ended with ${server.exitCode}`);
    if (performance.now() > until)
      throw new Error(`moto_server did not answer within ${STARTS_WITHIN_SECONDS} seconds`);
    await pause(100);
  }
};

/** Starts moto for the run, where it is installed. https://docs.getmoto.org/en/latest/docs/server_mode.html */
export default async ({ provide }: TestProject): Promise<() => void> => {
  if (spawnSync('moto_server', ['--help'], { stdio: 'ignore' }).status !== 0) {
    process.stdout.write(
      'skipped: `moto_server` is not installed (pip install "moto[server]"), nothing was run on it\n',
    );
    provide('moto', null);
    return () => {};
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
    env: { ...process.env, MOTO_ACCOUNT_ID: '111122223333' },
  });
  await started(server, url);
  provide('moto', url);
  return () => void server.kill();
};
