import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globOf } from '#shared/policy/glob';
import { isWhole, kmsActionNames, matching, serviceOf, takesIn } from '#shared/policy/lint/action-patterns';

describe('patterns of actions', () => {
  it.each([
    ['kms:ReEncrypt*', ['kms:ReEncryptFrom', 'kms:ReEncryptTo']],
    ['KMS:putkeypolicy', ['kms:PutKeyPolicy']],
    ['kms:Decript', []],
    ['*:Decrypt', ['kms:Decrypt']],
  ])('%s is %j', (pattern, actions) => {
    expect(matching(pattern, kmsActionNames('kms') ?? [])).toEqual(actions);
  });

  it.each([
    ['*', true],
    ['kms:*', true],
    ['kms:Get*', false],
    ['k*:*', false],
  ])('%s is all of something: %s', (pattern, whole) => {
    expect(isWhole(pattern)).toBe(whole);
  });

  it.each([
    ['kms:Decrypt', 'kms'],
    ['*', ''],
  ])('the service of %s is `%s`', (pattern, service) => {
    expect(serviceOf(pattern)).toBe(service);
  });

  it.each([
    ['kms:Get*', 'kms:GetKey*', true],
    ['kms:*', 'kms:ReEncrypt*', true],
    ['*', 'kms:Decrypt', true],
    ['kms:Re*', 'kms:R*', false],
    ['kms:a?', 'kms:a*', false],
    ['kms:a?', 'kms:A?', true],
  ])('%s takes in %s: %s', (wide, narrow, yes) => {
    expect(takesIn(wide, narrow)).toBe(yes);
  });

  it('what a pattern takes in, it matches wherever the narrower one does', () => {
    const pattern = fc.array(fc.constantFrom('a', 'b', '*', '?'), { maxLength: 5 }).map((list) => list.join(''));
    const text = fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 7 }).map((list) => list.join(''));
    let both = 0;
    fc.assert(
      fc.property(pattern, pattern, text, (wide, narrow, name) => {
        if (!takesIn(wide, narrow) || !globOf([{ pattern: narrow }])(name)) return;
        both += 1;
        expect(globOf([{ pattern: wide }])(name)).toBe(true);
      }),
      { numRuns: 20_000, seed: 20261128 },
    );
    expect(both).toBeGreaterThan(200);
  });
});
