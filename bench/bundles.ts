import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import {
  type Build,
  buildsOf,
  bundleInto,
  bytesOf,
  filesAtStart,
  HANDLER_FILE,
  packagesIn,
} from '#local/template/bundling';
import { loadTemplate } from '#local/template/template';

/**
 * What a cold start reads and how long it imports: each function's bundle, made as the template says, and beside those that
 * events start a bundle of the bare SDK clients that they load: those packages whole, by the same options. The processes
 * take turns, so that whatever else the machine does meets all of them.
 */
const MOST_RATIO = 1.5;
const ROUNDS = 9;

const Took = z.object({ milliseconds: z.number(), cpuMilliseconds: z.number() });
type Took = z.infer<typeof Took>;

const IMPORT = `
const [file] = process.argv.slice(-1);
const start = performance.now();
const before = process.cpuUsage();
await import(file);
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ milliseconds: performance.now() - start, cpuMilliseconds: (user + system) / 1000 }));
`;

/** What the functions cannot be loaded without; nothing is called. */
const ENVIRONMENT = { ACCOUNT_ID: '111122223333', AWS_REGION: 'eu-west-3', LEDGER_TABLE: 'ledger' };

const imported = (folder: string): Took => {
  const file = pathToFileURL(join(folder, HANDLER_FILE)).href;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', IMPORT, file], {
    encoding: 'utf8',
    env: { ...process.env, ...ENVIRONMENT },
  });
  if (run.status !== 0) throw new Error(`${folder} could not be imported: ${run.stderr.slice(-500)}`);
  return Took.parse(JSON.parse(run.stdout));
};

/** The run that was disturbed least. */
const bestOf = (runs: readonly Took[], of: keyof Took): number => Math.min(...runs.map((took) => took[of]));

const CLIENTS = /@aws-sdk\/(?:client|lib)-[^/]+$/;

/** A program that has these packages, and nothing else. */
const bareClients = (packages: readonly string[]): string =>
  packages.map((name, at) => `export * as client${at} from '${name}';`).join('\n');

interface Measured {
  readonly name: string;
  readonly folder: string;
  readonly atStart: number;
  readonly all: number;
  readonly runs: Took[];
  /** Of the same clients, bare; `null` where no event starts the function. */
  readonly bare: Measured | null;
}

const bundled = async (place: string, build: Build, isFacingEvents: boolean): Promise<Measured> => {
  const folder = join(place, build.logicalId);
  const metafile = await bundleInto(folder, build);
  const atStart = filesAtStart(metafile);
  const measured = {
    name: build.folder,
    folder,
    atStart: bytesOf(metafile, atStart),
    all: bytesOf(metafile, Object.keys(metafile.outputs)),
    runs: [],
  };
  if (!isFacingEvents) return { ...measured, bare: null };

  const packages = [...packagesIn(metafile, atStart).keys()].flatMap((at) => CLIENTS.exec(at)?.[0] ?? []).sort();
  // Beside the project's own modules, where packages are found.
  const entry = join('bench', `bare-${build.logicalId}.ts`);
  writeFileSync(entry, bareClients(packages));
  try {
    const bareFolder = `${folder}-bare`;
    const bare = await bundleInto(bareFolder, build, [entry]);
    const bytes = bytesOf(bare, filesAtStart(bare));
    const name = packages.map((client) => client.replace('@aws-sdk/', '')).join(' + ');
    return { ...measured, bare: { name, folder: bareFolder, atStart: bytes, all: bytes, runs: [], bare: null } };
  } finally {
    rmSync(entry);
  }
};

const COLUMNS = [62, 14, 12, 12, 16, 8];
const row = (cells: readonly string[]): void => {
  const line = cells.map((cell, at) => (at === 0 ? cell.padEnd(COLUMNS[at] ?? 0) : cell.padStart(COLUMNS[at] ?? 0)));
  process.stdout.write(`${line.join('')}\n`);
};
const kB = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`;
const ms = (time: number): string => `${time.toFixed(0)} ms`;

/** In processor time, which other processes do not lengthen. */
const ratioOf = ({ runs, bare }: Measured): number | null =>
  bare === null ? null : bestOf(runs, 'cpuMilliseconds') / bestOf(bare.runs, 'cpuMilliseconds');

const print = (measured: Measured): void => {
  const { name, atStart, all, runs, bare } = measured;
  const ratio = ratioOf(measured);
  row([
    name,
    kB(atStart),
    kB(all),
    ms(bestOf(runs, 'milliseconds')),
    ms(bestOf(runs, 'cpuMilliseconds')),
    ratio === null ? '' : `${ratio.toFixed(2)}x`,
  ]);
  if (bare !== null) print({ ...bare, name: `  bare ${bare.name}` });
};

const { rules } = loadTemplate('template.yaml');
const place = mkdtempSync(join(tmpdir(), 'unlatch-bundles-'));
try {
  const measured: Measured[] = [];
  for (const build of buildsOf('template.yaml')) {
    const isFacingEvents = rules.some((rule) => rule.functionLogicalId === build.logicalId);
    measured.push(await bundled(place, build, isFacingEvents));
  }
  const all = measured.flatMap((one) => [one, ...(one.bare === null ? [] : [one.bare])]);
  for (let round = 0; round < ROUNDS; round += 1) for (const { folder, runs } of all) runs.push(imported(folder));

  row([`bundles, best of ${ROUNDS} imports`, 'read at start', 'all', 'import', 'processor time', 'ratio']);
  for (const one of measured) print(one);
  const slow = measured.filter((one) => (ratioOf(one) ?? 0) > MOST_RATIO);
  for (const one of slow)
    process.stderr.write(
      `${one.name}: ${ratioOf(one)?.toFixed(2)} times as long as its bare clients, expected ${MOST_RATIO}\n`,
    );
  if (slow.length > 0) process.exitCode = 1;
} finally {
  rmSync(place, { recursive: true, force: true });
}
