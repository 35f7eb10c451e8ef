import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vitest/config';

/** Scripts as text, as esbuild's loader gives them to the bundles. */
export const textModules: Plugin = {
  name: 'text-modules',
  enforce: 'pre',
  load: (id) => (/\.(sh|ps1)$/.test(id) ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))};` : null),
};

/** On CI, a report from which the tests are counted. */
export const reportersTo = (file: string) =>
  process.env.CI ? { reporters: ['default', 'json'], outputFile: { json: `.ci/${file}` } } : {};

export default defineConfig({
  plugins: [textModules],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/environment.ts'],
    // One more than vitest takes on a machine of two cores: most files wait for sockets and shells.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    ...reportersTo('report.json'),
  },
});
