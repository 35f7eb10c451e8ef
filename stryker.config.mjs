/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['shared/policy/**/*.ts', 'shared/diagnosis/**/*.ts'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutate.config.ts' },
  concurrency: 2,
  // Stryker rewrites a tsconfig with the JavaScript API of TypeScript, which TypeScript 7 no longer has: name none.
  tsconfigFile: 'none',
  disableTypeChecks: false,
  tempDirName: 'out/stryker',
  ignorePatterns: ['out', '.ci'],
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'out/mutation.json' },
  thresholds: { high: 95, low: 85, break: 85 },
};
