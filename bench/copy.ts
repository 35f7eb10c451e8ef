import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { z } from 'zod';
import { BLOCK_BYTES } from '#shared/aws/ebs-blocks';
import { printInTime } from './copy-in-time-table.ts';
import { type Task, Took } from './task.ts';

/**
 * What copying takes of a processor: the copier of the function, bundled as the function is, in a process of its own for
 * each setting, against an EBS endpoint in another on the same machine. Beside it the loop that is written first, what bare
 * sockets come to, and SHA-256 of the same bytes, which nobody can do without.
 */
const LEAST_MIB = 400;
/** What is wanted of SHA-256 alone, and what is kept to: the sockets of a block alone cost more than half of its hash. */
const WANTED_SHARE = 0.6;
const LEAST_SHARE = 0.35;
/** Of bare sockets and the hash: what the copier does beside them is signing, checking, listing and bookkeeping. */
const LEAST_OF_BARE = 0.55;
const MOST_MEMORY_MIB = 256;
/** As the function copies. */
const PARALLEL = 24;
const ROUNDS = 3;

const COPIER = { how: 'copier', layout: 'full', parallel: PARALLEL, before: 384, blocks: 256 } as const satisfies Task;
const LOOP = { how: 'straight loop', layout: 'full', parallel: 1, before: 64, blocks: 128 } as const satisfies Task;
/** What no copier can do without: the bytes in, their hash, and the bytes out. */
const BARE = { ...COPIER, how: 'bare sockets' } as const satisfies Task;
const PLAIN: Task = { how: 'plain SHA-256', layout: 'full', parallel: 1, before: 64, blocks: 512 };

const BESIDE: readonly Task[] = [
  LOOP,
  { ...LOOP, layout: 'sparse' },
  { ...COPIER, parallel: 1 },
  { ...COPIER, parallel: 8 },
  { ...COPIER, parallel: 64 },
  { ...COPIER, layout: 'sparse' },
];

/** The same options as `template.yaml` has for the function. */
const bundled = async (folder: string): Promise<string> => {
  const outfile = join(folder, 'copier.mjs');
  await build({
    entryPoints: ['bench/copier.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    minify: true,
    target: 'es2024',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'silent',
  });
  return outfile;
};

const messageOf = async <T>(child: ChildProcess, schema: z.ZodType<T>): Promise<T> => {
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a process of the benchmark ended with ${code}`);
    }),
  ]);
  return schema.parse(message);
};

const done = async (copier: string, url: string, task: Task): Promise<Took> => {
  const child = fork(copier, [], { execArgv: [], env: { ...process.env, AWS_ENDPOINT_URL_EBS: url } });
  child.send(task);
  return messageOf(child, Took);
};

const mebibytes = ({ blocks }: Took): number => (blocks * BLOCK_BYTES) / 2 ** 20;
const perCpuSecond = (took: Took): number => mebibytes(took) / took.cpuSeconds;

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const COLUMNS = [46, 8, 17, 16, 11, 13];
const row = (cells: readonly string[]): void => {
  const line = cells.map((cell, at) => (at === 0 ? cell.padEnd(COLUMNS[at] ?? 0) : cell.padStart(COLUMNS[at] ?? 0)));
  process.stdout.write(`${line.join('')}\n`);
};

const nameOf = ({ how, layout, parallel }: Task): string =>
  how === 'copier' ? `copier, ${layout} volume, ${parallel} at once` : `${how}, ${layout} volume`;

const printRow = (name: string, took: Took, hashed: number): void =>
  row([
    name,
    (mebibytes(took) / took.seconds).toFixed(0),
    perCpuSecond(took).toFixed(0),
    (1_024 / perCpuSecond(took)).toFixed(2),
    took.peakMiB.toFixed(0),
    percent(perCpuSecond(took) / hashed),
  ]);

/** The run that was disturbed least: what else the machine does only takes away. */
const bestOf = (runs: readonly Took[]): Took => {
  const [best] = runs.toSorted((a, b) => perCpuSecond(b) - perCpuSecond(a));
  if (best === undefined) throw new Error('nothing was run');
  return best;
};

const measured = async (): Promise<readonly string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'unlatch-bench-'));
  const endpoint = fork('bench/ebs-endpoint.ts', [], { execArgv: [] });
  try {
    const copier = await bundled(folder);
    const { url } = await messageOf(endpoint, z.object({ url: z.url() }));
    // By turns, so that whatever else the machine does meets both.
    const plain: Took[] = [];
    const bare: Took[] = [];
    const runs: Took[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      plain.push(await done(copier, url, PLAIN));
      bare.push(await done(copier, url, BARE));
      runs.push(await done(copier, url, COPIER));
    }
    const ours = bestOf(runs);
    const hashed = perCpuSecond(bestOf(plain));
    row(['one process', 'MiB/s', 'MiB/CPU-second', 'CPU-s per GiB', 'peak MiB', 'of SHA-256']);
    printRow(`${PLAIN.how}, best of ${ROUNDS}`, bestOf(plain), hashed);
    printRow(`${nameOf(BARE)}, best of ${ROUNDS}`, bestOf(bare), hashed);
    for (const task of BESIDE) printRow(nameOf(task), await done(copier, url, task), hashed);
    printRow(`${nameOf(COPIER)}, best of ${ROUNDS}`, ours, hashed);

    const rate = perCpuSecond(ours);
    const share = rate / hashed;
    const ofBare = rate / perCpuSecond(bestOf(bare));
    const peak = Math.max(...runs.map(({ peakMiB }) => peakMiB));
    if (share < WANTED_SHARE)
      process.stdout.write(
        `short of ${percent(WANTED_SHARE)} of plain SHA-256: ${percent(share)}, and ${percent(ofBare)} of what bare sockets and the hash come to\n`,
      );
    return [
      ...(rate >= LEAST_MIB ? [] : [`${rate.toFixed(0)} MiB a CPU-second, expected ${LEAST_MIB}`]),
      ...(share >= LEAST_SHARE ? [] : [`${percent(share)} of plain SHA-256, expected ${percent(LEAST_SHARE)}`]),
      ...(ofBare >= LEAST_OF_BARE ? [] : [`${percent(ofBare)} of bare sockets, expected ${percent(LEAST_OF_BARE)}`]),
      ...(peak < MOST_MEMORY_MIB ? [] : [`${peak.toFixed(0)} MiB of memory, expected less than ${MOST_MEMORY_MIB}`]),
    ].map((missed) => `${nameOf(COPIER)}: ${missed}`);
  } finally {
    endpoint.kill();
    rmSync(folder, { recursive: true, force: true });
  }
};

const missed = [...(await measured()), ...printInTime()];
for (const line of missed) process.stderr.write(`${line}\n`);
if (missed.length > 0) process.exitCode = 1;
