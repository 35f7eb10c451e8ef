import { expect, it } from 'vitest';
import { VERSION } from '#shared/version';
import manifest from '../package.json' with { type: 'json' };

it('the version in evidence and reports is that of the package', () => {
  expect(VERSION).toBe(manifest.version);
});
