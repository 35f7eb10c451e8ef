import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [
    {
      name: 'text-modules',
      enforce: 'pre',
      load(id) {
        if (/\.(sh|ps1)$/.test(id)) return `export default ${JSON.stringify(readFileSync(id, 'utf8'))};`;
        return null;
      },
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/environment.ts'],
    testTimeout: 30_000,
  },
});
