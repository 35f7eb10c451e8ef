import { defineConfig } from 'vitest/config';
import { reportersTo, textModules } from './vitest.config.ts';

/** The slow proof: every single call of a case dies or is throttled once. */
export default defineConfig({
  plugins: [textModules],
  test: {
    include: ['test/case/every-call.ts'],
    setupFiles: ['test/environment.ts'],
    testTimeout: 30_000,
    ...reportersTo('report-every-call.json'),
  },
});
