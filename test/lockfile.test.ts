import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const Versions = z.record(z.string(), z.string());
const Manifest = z.object({ dependencies: Versions.default({}), devDependencies: Versions.default({}) });
const Locked = z.object({ integrity: z.string().default('') });
const Lockfile = z.object({ packages: z.record(z.string(), Locked) });

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** Each folder with packages of its own: the project's, and that of what starts the bundles. */
describe.each([{ folder: '.' }, { folder: '.ci/ric' }])('what npm installs in $folder', ({ folder }) => {
  const { dependencies, devDependencies } = Manifest.parse(read(`${folder}/package.json`));

  it('is asked for by its version, and no other', () => {
    const asked = Object.entries({ ...dependencies, ...devDependencies });
    expect(asked.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('is asked for once: what is asked for twice npm takes for development alone', () => {
    expect(Object.keys(dependencies).filter((name) => name in devDependencies)).toEqual([]);
  });

  it('is locked, each package by its hash', () => {
    const { packages } = Lockfile.parse(read(`${folder}/package-lock.json`));
    const loose = Object.entries(packages).filter(([at, { integrity }]) => at !== '' && !/^sha512-/.test(integrity));
    expect(loose.map(([at]) => at)).toEqual([]);
    expect(Object.keys(packages).length).toBeGreaterThan(1);
  });
});
