import { defineConfig } from 'vitest/config';
import { reportersTo, textModules } from './vitest.config.ts';

/** The slow proofs: every single call of a case, and of a copy, dies or is throttled once; a real copier copies a gigabyte. */
export default defineConfig({
  plugins: [textModules],
  test: {
    include: ['test/case/every-call.ts', 'test/case/every-copy.ts', 'test/case/copy-within.ts'],
    setupFiles: ['test/environment.ts'],
    testTimeout: 300_000,
    ...reportersTo('report-every-call.json'),
  },
});
