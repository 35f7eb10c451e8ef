import { defineConfig } from 'vitest/config';
import { reportersTo, textModules } from './vitest.config.ts';

/** The slow proof of the permissions: what every function and the member role are allowed, beside what they are seen to do. */
export default defineConfig({
  plugins: [textModules],
  test: {
    include: ['test/deployment/permissions.ts'],
    setupFiles: ['test/environment.ts'],
    testTimeout: 300_000,
    hookTimeout: 900_000,
    ...reportersTo('report-permissions.json'),
  },
});
