import { spawn } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import script from '#copier/linux.sh';
import { VolumeId } from '#shared/signal/identifiers';
import { has, scratch } from '../../../ssm-triage/collector/collection.ts';

/** Whether this host has what the copier needs. */
export const toolsAreThere = !['dd', 'tee', 'sha256sum', 'stat', 'readlink'].map(has).includes(false);

export const SOURCE = VolumeId.parse('vol-0a1b2c3d4e5f60718');
export const TARGET = VolumeId.parse('vol-0fedcba9876543210');
export const MIB = 2 ** 20;

/** A link that udev makes of an NVMe disk of EBS. */
export const byId = (volume: string, suffix = '') =>
  `dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume.replace('-', '')}${suffix}`;

export const serialOf = (volume: string) => `${volume.replace('-', '')}\n`;

/** Bytes that repeat nowhere, and are the same in every run. */
export const contentOf = (bytes: number) =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(bytes));

/** A whole chunk, and less than one, to the sector. */
export const SIZE = 5 * MIB + 512;
export const content = contentOf(SIZE);

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** A running host: two disks, as plain files, each of which says by its serial number which volume it is. */
export const makeGuest = (content: Buffer) => {
  const root = mkdtempSync(join(scratch, 'guest-'));
  const write = (path: string, text: string | Buffer) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('dev/nvme0n1', content);
  write('dev/nvme1n1', '');
  truncateSync(join(root, 'dev/nvme1n1'), content.length);
  write('sys/block/nvme0n1/device/serial', serialOf(SOURCE));
  write('sys/block/nvme0n1/nvme0n1p1/dev', '259:1\n');
  write('sys/block/nvme0n1/dev', '259:0\n');
  write('sys/block/nvme1n1/device/serial', serialOf(TARGET));
  write('sys/block/nvme1n1/dev', '259:4\n');
  write('sys/block/nvme1n1/ro', '0\n');
  write('proc/mounts', '/dev/nvme0n1p1 / xfs rw 0 0\nproc /proc proc rw 0 0\n/dev/nvme1n10 /mnt xfs rw 0 0\n');
  write(
    'proc/1/mountinfo',
    '22 1 259:1 / / rw - xfs /dev/nvme0n1p1 rw\n23 1 259:40 / /mnt rw - xfs /dev/nvme1n10 rw\n',
  );
  write('proc/swaps', 'Filename Type Size Used Priority\n/dev/nvme0n1p2 partition 2597 0 -2\n');
  return {
    root,
    write,
    link: (path: string, target: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      symlinkSync(target, join(root, path));
    },
    path: (path: string) => join(root, path),
    read: (path: string) => readFileSync(join(root, path)),
    /** Every file of the host, to tell whether one was made. */
    files: () => readdirSync(root, { recursive: true }).map(String).sort(),
  };
};
export type Guest = ReturnType<typeof makeGuest>;

const Result = z.strictObject({
  case: z.string(),
  sha256: z.string().regex(/^([0-9a-f]{64})?$/),
  targetSha256: z.string().regex(/^([0-9a-f]{64})?$/),
  bytes: z.int(),
  sourceDevice: z.string(),
  targetDevice: z.string(),
  copied: z.boolean(),
  error: z.string().optional(),
});

/** The one line that the command prints. */
export const resultOf = (stdout: string) => {
  const [, line] = /^unlatch-result (.*)\n$/.exec(stdout) ?? [];
  if (line === undefined) throw new Error(`the output is \`${stdout}\``);
  return Result.parse(JSON.parse(line));
};

/** Starts the copier, as the leader of a process group, as the agent does. `bin` goes before the PATH. */
export const startCopier = (
  { root, bytes, ...settings }: { root: string; bytes: number } & Record<string, string | number>,
  { shell = ['sh'], bin = '', path = process.env.PATH ?? '' } = {},
) => {
  const assignments = {
    CASE: 'case-1',
    SOURCE_VOLUME: SOURCE,
    TARGET_VOLUME: TARGET,
    BYTES: bytes,
    RUN_SECONDS: 600,
    WAIT_SECONDS: 0,
    ROOT: root,
    ...settings,
  };
  const file = join(mkdtempSync(join(scratch, 'command-')), '_script.sh');
  const lines = Object.entries(assignments).map(([name, value]) => `UNLATCH_${name}='${value}'\n`);
  writeFileSync(file, `${lines.join('')}${script}`);
  const [command = 'sh', ...options] = shell;
  const child = spawn(command, [...options, file], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: bin === '' ? path : `${bin}:${path}`, HOME: '/nonexistent' },
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk) => {
      output[stream] += chunk;
    });
  }
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, ...output })),
  );
  return { pid: child.pid ?? 0, ended };
};

/** Runs the copier on a guest, to its end. */
export const copy = async (guest: Guest, settings: Record<string, string | number> = {}, how = {}) => {
  const { bytes = SIZE, ...more } = settings;
  const end = await startCopier({ root: guest.root, bytes: Number(bytes), ...more }, how).ended;
  return { ...end, result: resultOf(end.stdout) };
};
