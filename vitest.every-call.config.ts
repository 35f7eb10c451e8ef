import { defineConfig } from 'vitest/config';
import { reportersTo, textModules } from './vitest.config.ts';

const SLOW = [
  'copy-faults',
  'copy-faults-in-guest',
  'copy-within',
  'crash-after',
  'crash-before',
  'every-call',
  'every-copy',
  'every-injection-*',
  'throttles',
];

/**
 * The slow proofs: calls that die, are throttled or lie, down to every single call of a case and of a copy; a real copier;
 * and readiness beside acquisitions that are really tried.
 */
export default defineConfig({
  plugins: [textModules],
  test: {
    include: [
      `test/case/{${SLOW.join(',')}}.ts`,
      'test/permission/every-{call,moment}.ts',
      'test/readiness/{agreement,faults}.ts',
    ],
    setupFiles: ['test/environment.ts'],
    testTimeout: 300_000,
    ...reportersTo('report-every-call.json'),
  },
});
