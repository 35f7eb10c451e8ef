import { defineConfig } from 'vitest/config';
import { reportersTo, textModules } from './vitest.config.ts';

/** The slow proof of the authorizer: thousands of generated requests, decided by another engine too. */
export default defineConfig({
  plugins: [textModules],
  test: {
    include: ['test/policy/differential.ts'],
    setupFiles: ['test/environment.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    ...reportersTo('report-differential.json'),
  },
});
