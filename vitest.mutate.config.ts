import { defineConfig } from 'vitest/config';

/** The tests that Stryker runs against its mutants: those of the folders that it mutates, and no other. */
export default defineConfig({
  test: {
    include: ['test/policy/**/*.test.ts', 'test/diagnosis/**/*.test.ts'],
    // Thousands of runs for each mutant would take hours: these find what the cases do not, not the other way round.
    exclude: ['**/*-laws.test.ts', '**/acquisition-needs.test.ts'],
    setupFiles: ['test/environment.ts'],
    testTimeout: 30_000,
  },
});
