import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import script from '#collector/linux.sh';

/** Where everything of a test run lies, and the home of what it starts. */
export const scratch = mkdtempSync(join(tmpdir(), 'unlatch-test-'));

const Result = z.strictObject({
  case: z.string(),
  sha256: z.string().regex(/^([0-9a-f]{64})?$/),
  bytes: z.int(),
  uploaded: z.boolean(),
  error: z.string().optional(),
  collectors: z.strictObject({ ok: z.int(), failed: z.int(), skipped: z.int() }),
});

/** The last line that the command prints, which is all that the control plane learns from it. */
export const resultOf = (stdout: string) => {
  const lines = stdout.trimEnd().split('\n');
  const last = lines.pop() ?? '';
  if (!last.startsWith('unlatch-result ')) throw new Error(`the output ends with \`${last}\``);
  return { before: lines.join('\n'), ...Result.parse(JSON.parse(last.slice('unlatch-result '.length))) };
};

const quoted = (value: string) => `'${value.replaceAll("'", `'\\''`)}'`;

type Settings = { root: string; url: string; id: string; maxBytes?: number; timeLimit?: number; runSeconds?: number };

/** The command as SSM runs it: assignments, then the script, in one file. */
const commandFile = ({ root, url, id, maxBytes = 100_000_000, timeLimit = 30, runSeconds = 3_600 }: Settings) => {
  const file = join(mkdtempSync(join(scratch, 'command-')), '_script.sh');
  const assignments = {
    UNLATCH_CASE: id,
    UNLATCH_UPLOAD_URL: url,
    UNLATCH_MEMORY_TOOL: '',
    UNLATCH_MAX_BYTES: `${maxBytes}`,
    UNLATCH_ROOT: root,
    UNLATCH_TIME_LIMIT: `${timeLimit}`,
    UNLATCH_RUN_SECONDS: `${runSeconds}`,
  };
  const lines = Object.entries(assignments).map(([name, value]) => `${name}=${quoted(value)}\n`);
  writeFileSync(file, `${lines.join('')}${script}`);
  return file;
};

/** Starts the collector, as the leader of a process group, as the agent does. `bin` goes before the PATH. */
export const startCollector = (
  settings: Settings,
  { shell = ['sh'], bin = '', path = process.env.PATH ?? '' } = {},
) => {
  const [command = 'sh', ...options] = shell;
  const child = spawn(command, [...options, commandFile(settings)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: bin === '' ? path : `${bin}:${path}`, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1', HOME: scratch },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { pid: child.pid ?? 0, ended };
};

/** The work directories of a case that are still on the host. */
export const leftovers = (id: string) =>
  ['/var/tmp', '/tmp'].flatMap((directory) =>
    readdirSync(directory).filter((name) => name.startsWith(`unlatch-${id}.`)),
  );

/** Commands that stand before the host's own in the PATH. */
export const commands = (scripts: Record<string, string>) => {
  const directory = mkdtempSync(join(scratch, 'bin-'));
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  return directory;
};

const onPath = (name: string) => execFileSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).trim();

/** A PATH on which nothing is but what the collector cannot do without, and one uploader. */
export const barePath = (uploader: string) => {
  const needed =
    'sh tr cut df find tar gzip mktemp head rm mv mkdir mkfifo ln date sed cat wc dd sleep sha256sum cp ls grep tail';
  const names = [...needed.split(' '), uploader].filter((name) => name !== 'python3');
  const bin = commands({});
  for (const name of names) symlinkSync(onPath(name), join(bin, name));
  if (uploader !== 'python3') return bin;
  // Where python3 is the shim of a version manager, it needs more of a PATH than this.
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  return `${bin}:${commands({ python3: `exec ${python} "$@"` })}`;
};

/** Unpacks an archive as an examiner would, with the host's tar; a complaint of it is an error. */
export const unpack = (archive: Buffer) => {
  const directory = mkdtempSync(join(scratch, 'archive-'));
  mkdirSync(join(directory, 'content'));
  writeFileSync(join(directory, 'archive.tar.gz'), archive);
  const tar = spawnSync('tar', ['-xzf', join(directory, 'archive.tar.gz'), '-C', join(directory, 'content')]);
  if (tar.status !== 0 || tar.stderr.length > 0) throw new Error(`tar: ${tar.stderr}`);
  return join(directory, 'content');
};

/** The outcome of each collector, as the collection's own log tells it. */
export const outcomes = (content: string, id: string) => {
  const log = readFileSync(join(content, id, 'collection.log'), 'utf8');
  const rows = [...log.matchAll(/^(\w+) (ok|failed|skipped) (\d+) (\d+)$/gm)];
  return { log, of: Object.fromEntries(rows.map(([, name = '', state, , code]) => [name, `${state} ${code}`])) };
};

/** Waits until it holds, 10 seconds at most. */
export const until = async (holds: () => boolean) => {
  for (let waited = 0; waited < 10_000 && !holds(); waited += 50) await pause(50);
  return holds();
};

/** Is the command there? Where not, why a test is skipped is printed. */
export const has = (command: string) => {
  const there = spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
  if (!there) process.stderr.write(`skipped: this host has no ${command}\n`);
  return there;
};
