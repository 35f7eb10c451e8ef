import { defineConfig } from 'vitest/config';
import { reportersTo, textModules } from './vitest.config.ts';

/** The slow proof of the pages: both are opened in a headless Chromium, where there is one. */
export default defineConfig({
  plugins: [textModules],
  test: {
    include: ['test/browser/pages.ts'],
    setupFiles: ['test/environment.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...reportersTo('report-browser.json'),
  },
});
