import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepDisks, layDisks } from './guest-disks.ts';
import type { Instance, Volume } from './state.ts';

export interface GuestRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const RUN_MILLISECONDS = 300_000;
const OUTPUT_BYTES = 1_000_000;

/** The guest's curl, so that a drill needs nothing but Node and a POSIX shell. */
const guestCurl = fileURLToPath(new URL('./guest-curl.ts', import.meta.url));

const lay = async (root: string, files: Instance['files']): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    const place = join(root, normalize(`/${path}`));
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, text);
  }
};

const runScript = (script: string, environment: Record<string, string>): Promise<GuestRun> => {
  const { promise, resolve } = Promise.withResolvers<GuestRun>();
  const shell = spawn('sh', ['-s'], { env: environment, timeout: RUN_MILLISECONDS });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    shell[stream].on('data', (chunk: Buffer) => {
      if (output[stream].length < OUTPUT_BYTES) output[stream] += chunk.toString();
    });
  }
  shell.on('error', (error) => resolve({ exitCode: 127, stdout: '', stderr: error.message }));
  shell.on('close', (code) => resolve({ exitCode: code ?? 1, ...output }));
  shell.stdin.on('error', () => {});
  shell.stdin.end(script);
  return promise;
};

/**
 * Runs a command on an instance: its files and its disks are laid out in a temporary folder, and the very script that was sent runs
 * there in `sh`, told by `UNLATCH_ROOT` to look below that folder and nowhere else. There is no PowerShell here.
 */
export const runOnGuest = async (
  instance: Instance,
  volumes: readonly Volume[],
  document: string,
  script: string,
): Promise<GuestRun> => {
  if (document !== 'AWS-RunShellScript') return { exitCode: 1, stdout: '', stderr: `no shell here for ${document}` };
  const folder = await mkdtemp(join(tmpdir(), 'unlatch-guest-'));
  try {
    const root = join(folder, 'root');
    const bin = join(folder, 'bin');
    await Promise.all([mkdir(root), mkdir(bin)]);
    await lay(root, { 'proc/mounts': '', ...instance.files });
    const disks = await layDisks(root, volumes);
    await writeFile(join(bin, 'curl'), `#!/bin/sh\nexec '${process.execPath}' '${guestCurl}' "$@"\n`);
    await chmod(join(bin, 'curl'), 0o755);
    const run = await runScript(script, { PATH: `${bin}:${process.env.PATH}`, HOME: root, UNLATCH_ROOT: root });
    await keepDisks(disks);
    return run;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
