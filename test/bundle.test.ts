import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { z } from 'zod';

const folder = mkdtempSync(join(tmpdir(), 'unlatch-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The build options stand in the template alone; this reads them as SAM does. */
const BuildProperties = z.strictObject({
  Format: z.literal('esm'),
  Minify: z.boolean(),
  Sourcemap: z.boolean(),
  Target: z.string(),
  MainFields: z.string(),
  OutExtension: z.tuple([z.literal('.js=.mjs')]),
  Loader: z.array(z.string()).default([]),
  Banner: z.tuple([z.object({}).catchall(z.string()).or(z.string())]),
  EntryPoints: z.tuple([z.string()]),
});

const template = parseDocument(readFileSync('template.yaml', 'utf8'), { logLevel: 'silent' });

describe.each([
  'ObserveFunction',
  'RetirePermissionFunction',
  'RemediateFunction',
  'SweepFunction',
  'FindingFunction',
  'ReadinessFunction',
])('%s, bundled as the template says', (name) => {
  const properties = BuildProperties.parse(
    template.getIn(['Resources', name, 'Metadata', 'BuildProperties'], true) &&
      template.toJS().Resources[name].Metadata.BuildProperties,
  );
  const [banner] = properties.Banner;
  const [entry] = properties.EntryPoints;

  it('has the handler that SAM looks for: the build lays the entry point at the top', () => {
    expect(template.toJS().Resources[name].Properties.Handler).toBe('handler.handler');
  });

  it('starts, exports its handler, and stays small', { timeout: 60_000 }, async () => {
    const outfile = join(folder, `${name}.mjs`);
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: properties.Format,
      minify: properties.Minify,
      target: properties.Target,
      mainFields: properties.MainFields.split(','),
      loader: Object.fromEntries(properties.Loader.map((loader) => loader.split('='))),
      banner: { js: typeof banner === 'string' ? banner.replace(/^js=/, '') : '' },
      logLevel: 'silent',
    });
    const script = `const { handler } = await import(${JSON.stringify(pathToFileURL(outfile).href)}); process.stdout.write(typeof handler);`;
    const environment = {
      ...process.env,
      ACCOUNT_ID: '111122223333',
      AWS_REGION: 'eu-west-3',
      LEDGER_TABLE: 'ledger',
    };
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: environment,
    });
    expect({ stdout: run.stdout, stderr: run.stderr }).toEqual({ stdout: 'function', stderr: '' });
    expect(statSync(outfile).size).toBeLessThan(4 * 2 ** 20);
  });
});
