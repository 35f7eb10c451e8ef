import { defineConfig } from 'vitest/config';

/** The tests that Stryker runs against its mutants: those of the folders that it mutates, and no other. */
export default defineConfig({
  test: {
    include: ['test/policy/**/*.test.ts', 'test/diagnosis/**/*.test.ts'],
    setupFiles: ['test/environment.ts'],
    testTimeout: 30_000,
  },
});
