import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checked, powerShellQuote, shQuote, wholeSeconds } from '#shared/route/shell-quoting';
import { hostileWords, inShell } from './shell-words.ts';

const printed = (words: readonly string[]) =>
  inShell(words.map((word) => `printf '%s\\0' ${shQuote(word)}`).join('\n'));

const text = fc.string({
  unit: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom("'", '"', '\\', '$', '`', '(', ')', ';', '\n', ' ', '{', '}', '\u2018', '\u2019'),
    },
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((character) => character !== '\0'),
  ),
  maxLength: 40,
});

describe('shQuote', () => {
  it('makes a shell take hostile words literally', () => {
    expect(printed(hostileWords)).toEqual(hostileWords);
  });

  it('makes a shell take any words literally', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 20, maxLength: 60 }), (words) => {
        expect(printed(words)).toEqual(words);
      }),
      { numRuns: 15 },
    );
  });
});

/**
 * A single-quoted string as PowerShell reads it: it ends at a single quote that is not doubled, and five characters are
 * single quotes to it. PowerShell, "about_Quoting_Rules"; the typographic ones stand in its language specification.
 */
const asPowerShellReads = (quoted: string): { value: string; rest: string } => {
  const isQuote = (character: string | undefined) => /^['\u2018-\u201b]$/.test(character ?? '');
  expect(isQuote(quoted[0])).toBe(true);
  let value = '';
  for (let at = 1; at < quoted.length; at += 1) {
    if (isQuote(quoted[at])) {
      if (!isQuote(quoted[at + 1])) return { value, rest: quoted.slice(at + 1) };
      at += 1;
    }
    value += quoted[at];
  }
  return { value, rest: 'never closed' };
};

describe('powerShellQuote', () => {
  it.each([...hostileWords, '\u2018\u2019\u201a\u201b', "it's", '$env:PATH', '@(1)'])(
    'keeps `%s` in one string',
    (value) => {
      expect(asPowerShellReads(powerShellQuote(value))).toEqual({ value, rest: '' });
    },
  );

  it('keeps any text in one string', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(asPowerShellReads(powerShellQuote(value))).toEqual({ value, rest: '' });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('checked', () => {
  it.each(hostileWords)('lets `%s` through as it is', (word) => {
    expect(checked(word)).toBe(word);
  });

  it.each(['{{ ssm:parameter }}', 'a{{', 'a\nb', 'a\rb', 'a\tb', '\0', '\u001b[2J', '\u007f', '\u0085', '\u009f'])(
    'refuses %j',
    (value) => {
      expect(() => checked(value)).toThrow(RangeError);
    },
  );
});

describe('wholeSeconds', () => {
  it.each([1, 3_600, 172_800])('takes %s', (seconds) => {
    expect(wholeSeconds(seconds)).toBe(seconds);
  });

  it.each([1.5, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %s', (seconds) => {
    expect(() => wholeSeconds(seconds)).toThrow(RangeError);
  });
});
