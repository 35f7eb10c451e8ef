import { describe, expect, it } from 'vitest';
import { copyTarget } from '#shared/route/unencrypted-copy/target';

const KEY = 'arn:aws:kms:eu-west-3:111122223333:key/0e51dce0-9a1b-4c2d-8e3f-5a6b7c8d9e0f';
const ELSEWHERE = KEY.replace('eu-west-3', 'us-east-1');

describe('a copy', () => {
  it.each([
    { name: 'is unencrypted with consent and no default against it', allow: true, key: '', byDefault: 'off', is: null },
    { name: 'is unencrypted with consent, a key or none', allow: true, key: KEY, byDefault: 'off', is: null },
    { name: 'is under the evidence key without consent', allow: false, key: KEY, byDefault: 'off', is: KEY },
    {
      name: 'is under the evidence key where EBS encrypts by default',
      allow: true,
      key: KEY,
      byDefault: 'on',
      is: KEY,
    },
    { name: 'is under the evidence key where that is not known', allow: true, key: KEY, byDefault: 'unknown', is: KEY },
  ] as const)('$name', ({ allow, key, byDefault, is }) => {
    const target = copyTarget({ allowUnencrypted: allow, evidenceKeyArn: key }, byDefault, 'eu-west-3');
    expect(target).toEqual({ open: true, keyArn: is });
  });

  it.each([
    { name: 'without consent or key', allow: false, key: '', byDefault: 'off', because: 'is not allowed' },
    { name: 'where EBS encrypts by default', allow: true, key: '', byDefault: 'on', because: 'is impossible' },
    { name: 'where that is not known', allow: true, key: '', byDefault: 'unknown', because: 'could not be asked' },
    { name: 'with a key of another Region', allow: false, key: ELSEWHERE, byDefault: 'off', because: 'another Region' },
    { name: 'with a key that is none', allow: false, key: 'alias/evidence', byDefault: 'off', because: 'not allowed' },
  ] as const)('is not made $name, and a person is told what would open it', ({ allow, key, byDefault, because }) => {
    const target = copyTarget({ allowUnencrypted: allow, evidenceKeyArn: key }, byDefault, 'eu-west-3');
    expect(target).toMatchObject({
      open: false,
      because: expect.stringContaining(because),
      remedy: expect.stringContaining('eu-west-3'),
    });
  });
});
