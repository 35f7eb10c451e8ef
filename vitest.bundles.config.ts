import { defineConfig } from 'vitest/config';
import { reportersTo, textModules } from './vitest.config.ts';

/** The bundles as Lambda starts them: under its runtime interface client, with the sample events, beside the in-process run. */
export default defineConfig({
  plugins: [textModules],
  test: {
    include: ['test/bundles/bundles.ts'],
    globalSetup: ['test/bundles/built.ts'],
    setupFiles: ['test/environment.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    ...reportersTo('report-bundles.json'),
  },
});
