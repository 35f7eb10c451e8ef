import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildsOf, bundleInto } from '#local/template/bundling';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of each bundle, below the one that holds them. */
    bundles: string;
    /** The file of Lambda's runtime interface client; `null`: it could not be installed. */
    ric: string | null;
  }
}

const RIC = resolve('.ci/ric/node_modules/aws-lambda-ric');

/**
 * The runtime interface client stands in a folder of its own: its scripts compile a part of it, and a machine that only uses
 * the project has no compiler. Without that part, `rapid-client.ts` takes its place.
 */
const installed = (): boolean => {
  if (existsSync(join(RIC, 'index.mjs'))) return true;
  const npm = spawnSync('npm', ['ci', '--prefix', '.ci/ric', '--ignore-scripts', '--no-audit'], { encoding: 'utf8' });
  if (npm.status === 0) return true;
  const why =
    npm.error?.message ??
    npm.stderr
      .trim()
      .split('\n')
      .find((line) => /error/.test(line)) ??
    'npm failed';
  process.stdout.write(`skipped: aws-lambda-ric could not be installed, no bundle was started under it: ${why}\n`);
  return false;
};

/** The bundles that `sam build` made where `SAM_BUILD` names its folder, else those of esbuild by the same options. */
export default async ({ provide }: TestProject): Promise<() => void> => {
  provide('ric', installed() ? join(RIC, 'index.mjs') : null);
  const made = process.env.SAM_BUILD;
  if (made !== undefined) {
    provide('bundles', resolve(made));
    return () => {};
  }
  const folder = mkdtempSync(join(tmpdir(), 'unlatch-bundles-'));
  for (const build of buildsOf('template.yaml')) await bundleInto(join(folder, build.logicalId), build);
  provide('bundles', folder);
  return () => rmSync(folder, { recursive: true, force: true });
};
