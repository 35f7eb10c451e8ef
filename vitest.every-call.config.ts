import { defineConfig } from 'vitest/config';
import { reportersTo, textModules } from './vitest.config.ts';

/** The slow proofs: every single call of a case, and of a copy, dies or is throttled once. */
export default defineConfig({
  plugins: [textModules],
  test: {
    include: ['test/case/every-call.ts', 'test/case/every-copy.ts'],
    setupFiles: ['test/environment.ts'],
    testTimeout: 30_000,
    ...reportersTo('report-every-call.json'),
  },
});
