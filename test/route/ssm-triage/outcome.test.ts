import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches, readReport } from '#shared/route/ssm-triage/outcome';

const CASE = '20260504-i-0123456789abcdef0-3f9a1c2b';
const SHA256 = 'a1b2c3d4'.repeat(8);

const said = {
  case: CASE,
  sha256: SHA256,
  bytes: 4_711,
  uploaded: true,
  collectors: { ok: 12, failed: 1, skipped: 3 },
};
const line = (rest: object = {}) => `unlatch-result ${JSON.stringify({ ...said, ...rest })}`;

describe('readReport', () => {
  it.each([
    { name: 'in the last line', stdout: `collecting\n${line()}\n`, report: said },
    { name: 'alone, without a line break', stdout: line(), report: said },
    { name: 'with line breaks of Windows', stdout: `collecting\r\n${line()}\r\n`, report: said },
    { name: 'before words of the shell', stdout: `${line()}\nlogout\n`, report: said },
    { name: 'the last of two', stdout: `${line({ bytes: 1 })}\n${line()}`, report: said },
    {
      name: 'with an error',
      stdout: line({ uploaded: false, error: 'no space left' }),
      report: { ...said, uploaded: false, error: 'no space left' },
    },
    {
      name: 'of a collector that counts nothing skipped',
      stdout: line({ collectors: { ok: 1, failed: 0 } }),
      report: { ...said, collectors: { ok: 1, failed: 0, skipped: 0 } },
    },
    {
      name: 'without what it does not ask for',
      stdout: line({ path: '/etc/shadow', verdict: 'preserved' }),
      report: said,
    },
    { name: 'of the greatest archive', stdout: line({ bytes: 2 ** 46 }), report: { ...said, bytes: 2 ** 46 } },
  ])('reads a report $name', ({ stdout, report }) => {
    expect(readReport(stdout, CASE)).toEqual(report);
  });

  it.each([
    { name: 'nothing', stdout: '' },
    { name: 'no report', stdout: 'collecting\ndone\n' },
    { name: 'a mark with nothing behind it', stdout: 'unlatch-result ' },
    { name: 'a mark without its space', stdout: line().replace('unlatch-result ', 'unlatch-result:') },
    { name: 'a report cut short', stdout: line().slice(0, -1) },
    { name: 'a report of two lines', stdout: line().replace(',', ',\n') },
    { name: 'a list', stdout: 'unlatch-result []' },
    { name: 'null', stdout: 'unlatch-result null' },
    { name: 'another case', stdout: line({ case: 'another' }) },
    { name: 'a case in other letters', stdout: line({ case: CASE.toUpperCase() }) },
    { name: 'a right report before one of another case', stdout: `${line()}\n${line({ case: 'another' })}` },
    { name: 'a right report before an unreadable one', stdout: `${line()}\nunlatch-result {` },
    { name: 'a hash in capitals', stdout: line({ sha256: SHA256.toUpperCase() }) },
    { name: 'a hash too short', stdout: line({ sha256: SHA256.slice(1) }) },
    { name: 'a hash with a line break', stdout: line({ sha256: `${SHA256}\n` }) },
    { name: 'no bytes', stdout: line({ bytes: 0 }) },
    { name: 'bytes in words', stdout: line({ bytes: '4711' }) },
    { name: 'half a byte', stdout: line({ bytes: 0.5 }) },
    { name: 'more bytes than there may be', stdout: line({ bytes: 2 ** 46 + 1 }) },
    { name: 'uploaded that is not yes or no', stdout: line({ uploaded: 'true' }) },
    { name: 'an error of a thousand words', stdout: line({ error: 'word '.repeat(1_000) }) },
    { name: 'a count below nothing', stdout: line({ collectors: { ok: -1, failed: 0 } }) },
    { name: 'counts beyond measure', stdout: line({ collectors: { ok: 10_001, failed: 0 } }) },
    { name: 'no counts', stdout: line({ collectors: undefined }) },
    { name: 'a report in the prototype', stdout: `unlatch-result {"__proto__":${JSON.stringify(said)}}` },
    { name: 'a deeply nested text', stdout: `unlatch-result ${'['.repeat(4_000)}` },
    { name: 'a report too long for one', stdout: line({ padding: 'x'.repeat(5_000) }) },
    { name: 'an endless line', stdout: `unlatch-result {"case":"${'x'.repeat(2 ** 20)}` },
    { name: 'a thousand marks', stdout: 'unlatch-result '.repeat(1_000) },
  ])('finds no report in $name', ({ stdout }) => {
    expect(readReport(stdout, CASE)).toBeNull();
  });

  it('reads a report behind a megabyte of other output', () => {
    expect(readReport(`${'unlatch-result?\n'.repeat(2 ** 16)}${line()}`, CASE)).toEqual(said);
  });

  it('takes nothing over from the prototype', () => {
    const polluted = readReport(line().replace('{', '{"__proto__":{"error":"from afar"},"constructor":{"x":1},'), CASE);
    expect(polluted).toEqual(said);
    expect(polluted?.error).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('never throws, and answers only what it was asked for', () => {
    const output = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.jsonValue({ maxDepth: 3 }).map((value) => `unlatch-result ${JSON.stringify(value)}`),
      fc
        .dictionary(fc.constantFrom('case', 'sha256', 'bytes', 'uploaded', 'collectors', '__proto__'), fc.jsonValue())
        .map(line),
    );
    fc.assert(
      fc.property(fc.array(output, { maxLength: 3 }), (outputs) => {
        const report = readReport(outputs.join('\n'), CASE);
        if (report === null) return;
        expect(report.case).toBe(CASE);
        expect(report.sha256).toMatch(/^[0-9a-f]{64}$/);
        expect(report.bytes).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('matches', () => {
  it.each([
    { name: 'the same size and hash', stored: {}, match: true },
    { name: 'another size', stored: { bytes: 4_712 }, match: false },
    { name: 'another hash', stored: { sha256: 'b'.repeat(64) }, match: false },
    { name: 'a hash in capitals', stored: { sha256: SHA256.toUpperCase() }, match: false },
  ])('$name: $match', ({ stored, match }) => {
    expect(matches(said, { bytes: 4_711, sha256: SHA256, ...stored })).toBe(match);
  });
});
