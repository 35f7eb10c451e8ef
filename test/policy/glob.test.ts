import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globOf, type Piece } from '#shared/policy/glob';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html, StringLike */
const cases = [
  { pattern: '', fits: [''], fitsNot: ['a'] },
  { pattern: 'abc', fits: ['abc'], fitsNot: ['', 'ab', 'abcd', 'ABC', 'xabc', 'abd'] },
  { pattern: '*', fits: ['', 'a', 'a:b/c', 'a\nb'], fitsNot: [] },
  { pattern: '**', fits: ['', 'abc'], fitsNot: [] },
  { pattern: '?', fits: ['a', ':', '/', '?', '*'], fitsNot: ['', 'ab'] },
  { pattern: 'a?c', fits: ['abc', 'a?c'], fitsNot: ['ac', 'abbc', 'abd', 'bbc'] },
  { pattern: 'a*', fits: ['a', 'ab', 'aa'], fitsNot: ['', 'ba'] },
  { pattern: '*a', fits: ['a', 'ba', 'aa'], fitsNot: ['', 'ab'] },
  { pattern: 'a*c', fits: ['ac', 'abc', 'acc', 'abcabc'], fitsNot: ['a', 'c', 'acb', 'bac'] },
  { pattern: 'ab*ba', fits: ['abba', 'abxba'], fitsNot: ['aba', 'ab', 'ba'] },
  { pattern: 'a*b*c', fits: ['abc', 'axbyc', 'abbc', 'acbc'], fitsNot: ['ac', 'acb', 'axc', 'abcx'] },
  { pattern: 'a*bb*b', fits: ['abbb', 'axbbxb', 'abxbbb'], fitsNot: ['abb', 'abxb', 'ab'] },
  { pattern: '*ab*ab*', fits: ['abab', 'xabyabz'], fitsNot: ['aba', 'xab', 'bab'] },
  { pattern: 'a*?', fits: ['ab', 'abc'], fitsNot: ['a', ''] },
  { pattern: '*?b*', fits: ['ab', 'xab', 'abx'], fitsNot: ['b', 'ba', ''] },
  { pattern: '?*?', fits: ['ab', 'abc'], fitsNot: ['a', ''] },
  { pattern: 'x*bc*x', fits: ['xbcx', 'x bbc x'], fitsNot: ['xbxcx', 'xbx'] },
  { pattern: 'a\u0001*', fits: ['a\u0001'], fitsNot: ['ab'] },
  { pattern: 'a.c', fits: ['a.c'], fitsNot: ['abc'] },
  { pattern: 'a.*[b]$^\\', fits: ['a.[b]$^\\', 'a.x[b]$^\\'], fitsNot: ['ax[b]$^\\'] },
  {
    pattern: 'kms:GenerateDataKey*',
    fits: ['kms:GenerateDataKey', 'kms:GenerateDataKeyPair'],
    fitsNot: ['kms:Generate'],
  },
];

describe('a pattern', () => {
  it.each(cases)('`$pattern` fits $fits', ({ pattern, fits }) => {
    for (const text of fits) expect([text, globOf([{ pattern }])(text)]).toEqual([text, true]);
  });

  it.each(cases)('`$pattern` does not fit $fitsNot', ({ pattern, fitsNot }) => {
    for (const text of fitsNot) expect([text, globOf([{ pattern }])(text)]).toEqual([text, false]);
  });
});

describe('a pattern with literal pieces', () => {
  it.each<{ name: string; pieces: readonly Piece[]; fits: readonly string[]; fitsNot: readonly string[] }>([
    { name: 'of no piece is empty', pieces: [], fits: [''], fitsNot: ['a'] },
    { name: 'takes a star in a literal for itself', pieces: [{ literal: 'a*' }], fits: ['a*'], fitsNot: ['a', 'ab'] },
    { name: 'takes `?` in a literal for itself', pieces: [{ literal: 'a?' }], fits: ['a?'], fitsNot: ['ab'] },
    {
      name: 'joins its pieces',
      pieces: [{ pattern: 'a*' }, { literal: '*' }, { pattern: '?c' }],
      fits: ['a*bc', 'axx*bc', 'a**c'],
      fitsNot: ['abc', 'a*c', 'a*bcd'],
    },
  ])('$name', ({ pieces, fits, fitsNot }) => {
    expect(fits.filter(globOf(pieces))).toEqual(fits);
    expect(fitsNot.filter(globOf(pieces))).toEqual([]);
  });
});

describe('any pattern', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });

  it('fits what the regular expression of the same meaning fits', () => {
    fc.assert(
      fc.property(patterns, letters, (pattern, text) => {
        const meant = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(globOf([{ pattern }])(text)).toBe(meant.test(text));
      }),
      { seed: 7, numRuns: 2000 },
    );
  });

  it('is decided at once, however many stars it has', () => {
    const text = 'a'.repeat(4000);
    const started = performance.now();
    expect(globOf([{ pattern: `${'*a'.repeat(1000)}*b` }])(text)).toBe(false);
    expect(globOf([{ pattern: `${'a*'.repeat(1000)}b*` }])(text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
