import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BrokenCustodyLogError, custodyHead, custodyLog, readCustodyLog } from '#shared/evidence/custody-log';
import { custodyEntries } from './case-reports.ts';

const text = custodyLog(custodyEntries);
const lines = text.trimEnd().split('\n');
const sha256 = (line: string) => createHash('sha256').update(line).digest('hex');
const joined = (some: readonly (string | undefined)[]) => some.map((line) => `${line}\n`).join('');

/** What reading says of a broken log; `intact` where it finds nothing. */
const breakOf = (log: string): string => {
  try {
    readCustodyLog(log);
    return 'intact';
  } catch (error) {
    if (error instanceof BrokenCustodyLogError) return error.message;
    throw error;
  }
};
const lineNamed = (message: string): number => Number(/^line (\d+) of the custody log/.exec(message)?.[1]);

const entry = fc.record({
  at: fc.string(),
  caller: fc.string({ unit: 'grapheme' }),
  accountId: fc.string(),
  region: fc.string(),
  api: fc.string(),
  requestId: fc.option(fc.string()),
  result: fc.string(),
  on: fc.string({ unit: 'binary' }),
});

describe('custodyLog', () => {
  it('writes one line an entry, in the order given', () => {
    expect(lines.map((line) => JSON.parse(line))).toMatchObject(
      custodyEntries.map((one, index) => ({ ...one, n: index + 1, of: 3 })),
    );
  });

  it('chains each line to the one before by its SHA-256, the first to 64 zeros', () => {
    const [first = '', second = ''] = lines;
    expect(lines.map((line) => JSON.parse(line).previous)).toEqual(['0'.repeat(64), sha256(first), sha256(second)]);
  });

  it('has the hash of its last line as its head', () => {
    expect(custodyHead(custodyEntries)).toBe(sha256(lines[2] ?? ''));
    expect(custodyHead([])).toBe('0'.repeat(64));
  });

  it('keeps every entry through writing and reading', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
        expect(readCustodyLog(custodyLog(entries))).toEqual(entries);
      }),
    );
  });
});

describe('readCustodyLog', () => {
  it('finds any one character changed, at its line', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (at, other) => {
        fc.pre(other !== text[at]);
        const line = text.slice(0, at).split('\n').length;
        expect(lineNamed(breakOf(text.slice(0, at) + other + text.slice(at + 1)))).toBe(line);
      }),
      { numRuns: 500 },
    );
  });

  it('finds any run of characters taken out', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: text.length - 1 }), (at, count) => {
        const rest = text.slice(0, at) + text.slice(at + count);
        fc.pre(rest !== '');
        expect(breakOf(rest)).not.toBe('intact');
      }),
      { numRuns: 500 },
    );
  });

  const [first, second, third] = lines;
  const foreign = first?.replace(/"seal":"[0-9a-f]{64}"/, `"seal":"${sha256('another')}"`);
  const longer = custodyLog([...custodyEntries, ...custodyEntries]);
  const rewritten = custodyLog(custodyEntries.map((one, at) => (at === 1 ? { ...one, result: 'AccessDenied' } : one)));

  it.each([
    { name: 'the first line taken out', log: joined([second, third]), line: 1, says: 'is numbered `2`' },
    { name: 'a line taken out of the middle', log: joined([first, third]), line: 2, says: 'is numbered `3`' },
    { name: 'the last line taken out', log: joined([first, second]), line: 3, says: 'is missing' },
    { name: 'two lines exchanged', log: joined([first, third, second]), line: 2, says: 'is numbered `3`' },
    { name: 'a line repeated', log: joined([first, first, second, third]), line: 2, says: 'is numbered `1`' },
    { name: 'an empty line added', log: joined([first, '', second, third]), line: 2, says: 'is no custody line' },
    { name: 'a space added', log: joined([first, `${second} `, third]), line: 2, says: 'was changed' },
    {
      name: 'a field added',
      log: joined([first, second, third?.replace('{', '{"x":1,')]),
      line: 3,
      says: 'is no custody',
    },
    { name: 'a seal that does not fit', log: joined([foreign, second, third]), line: 1, says: 'was changed' },
    {
      name: 'a line replaced and sealed anew',
      log: joined([first, rewritten.split('\n')[1], third]),
      line: 3,
      says: 'does not follow',
    },
    {
      name: 'a line of a longer log',
      log: joined([first, longer.split('\n')[1], third]),
      line: 2,
      says: 'counts `6` lines',
    },
    { name: 'the final newline taken off', log: text.trimEnd(), line: 3, says: 'is cut off' },
    {
      name: 'two breaks, the first',
      log: joined([`${first} `, second, third]).trimEnd(),
      line: 1,
      says: 'was changed',
    },
  ])('names the line: $name', ({ log, line, says }) => {
    const message = breakOf(log);
    expect(message).toContain(says);
    expect(lineNamed(message)).toBe(line);
  });
});
