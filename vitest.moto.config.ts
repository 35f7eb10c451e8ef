import { defineConfig } from 'vitest/config';
import { reportersTo, textModules } from './vitest.config.ts';

const TRIED = ['blocks', 'commands', 'disks', 'evidence', 'keys', 'ledger', 'left-out', 'notice', 'principals'];

/** What talks to AWS, against another implementation of it: moto, over the real protocols. Skipped where it is not installed. */
export default defineConfig({
  plugins: [textModules],
  test: {
    include: [`test/moto/{${TRIED.join(',')}}.ts`],
    globalSetup: ['test/moto/server.ts'],
    setupFiles: ['test/environment.ts', 'test/moto/endpoint.ts'],
    // One server, in which a file's things are told from another's by their names alone.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...reportersTo('report-moto.json'),
  },
});
