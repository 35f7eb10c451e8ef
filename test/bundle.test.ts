import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildsOf, bundleInto, bytesOf, filesAtStart, HANDLER_FILE, packagesIn } from '#local/template/bundling';
import { loadTemplate } from '#local/template/template';

const folder = mkdtempSync(join(tmpdir(), 'unlatch-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { rules } = loadTemplate('template.yaml');
const builds = buildsOf('template.yaml');
/** Those that events start, by the hundred: what they load is loaded often. */
const facingEvents = builds.filter(({ logicalId }) => rules.some((rule) => rule.functionLogicalId === logicalId));

type Metafile = Awaited<ReturnType<typeof bundleInto>>;
const metafiles = new Map<string, Metafile>();
beforeAll(async () => {
  for (const build of builds) metafiles.set(build.logicalId, await bundleInto(join(folder, build.logicalId), build));
}, 120_000);

const metafileOf = (logicalId: string): Metafile => {
  const metafile = metafiles.get(logicalId);
  if (metafile === undefined) throw new Error(`${logicalId} was not bundled`);
  return metafile;
};

/** Licences under which code may be handed on in a bundle: none of them asks anything of the code beside it. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'MIT-0'];
const Lockfile = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().default(false) })) });
const Package = z.object({ license: z.string().default('none') });

describe.each(builds)('$logicalId, bundled as the template says', ({ logicalId, handler }) => {
  it('has the handler that SAM looks for: the build lays the entry point at the top', () => {
    expect(handler).toBe('handler.handler');
  });

  it('starts, and exports its handler', { timeout: 60_000 }, () => {
    const file = pathToFileURL(join(folder, logicalId, HANDLER_FILE)).href;
    const script = `const { handler } = await import(${JSON.stringify(file)}); process.stdout.write(typeof handler);`;
    const environment = { ...process.env, ACCOUNT_ID: '111122223333', AWS_REGION: 'eu-west-3', LEDGER_TABLE: 'ledger' };
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: environment,
    });
    expect({ stdout: run.stdout, stderr: run.stderr }).toEqual({ stdout: 'function', stderr: '' });
  });

  it('stays small: what starts with it below 2.5 MiB, all of it below 4', () => {
    const metafile = metafileOf(logicalId);
    expect(bytesOf(metafile, filesAtStart(metafile))).toBeLessThan(2.5 * 2 ** 20);
    expect(bytesOf(metafile, Object.keys(metafile.outputs))).toBeLessThan(4 * 2 ** 20);
  });

  it('holds packages under permissive licences alone', () => {
    const metafile = metafileOf(logicalId);
    const packages = [...packagesIn(metafile, Object.keys(metafile.outputs)).keys()];
    const licences = packages.map((at) => ({
      at,
      licence: Package.parse(JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'))).license,
    }));
    expect(licences.filter(({ licence }) => !PERMISSIVE.includes(licence))).toEqual([]);
    expect(licences.length).toBeGreaterThan(10);
  });

  it('holds no package that is installed for development alone: SAM builds without these', () => {
    const metafile = metafileOf(logicalId);
    const { packages } = Lockfile.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
    const bundled = [...packagesIn(metafile, Object.keys(metafile.outputs)).keys()];
    expect(bundled.filter((at) => packages[at]?.dev !== false)).toEqual([]);
  });

  it('leaves the words of forty languages out: schemas are imported as `import * as z`', () => {
    const metafile = metafileOf(logicalId);
    const languages = Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([input, { bytesInOutput }]) =>
        /\/zod\/v4\/locales\/(?!en\.)/.test(input) && bytesInOutput > 0 ? [input] : [],
      ),
    );
    expect(languages).toEqual([]);
  });
});

const EC2 = 'node_modules/@aws-sdk/client-ec2';

describe.each(facingEvents)('$logicalId, which events start', ({ logicalId }) => {
  it('loads no EC2 client before one is needed', () => {
    const metafile = metafileOf(logicalId);
    expect([...packagesIn(metafile, filesAtStart(metafile)).keys()]).not.toContain(EC2);
  });
});

it('the EC2 client that observe may need stands in files that are read later', () => {
  const metafile = metafileOf('ObserveFunction');
  expect([...packagesIn(metafile, Object.keys(metafile.outputs)).keys()]).toContain(EC2);
});
