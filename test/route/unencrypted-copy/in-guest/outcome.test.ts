import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWhole, readCopyReport } from '#shared/route/unencrypted-copy/in-guest/outcome';

const CASE = '20260504-i-0123456789abcdef0-3f9a1c2b';
const SHA256 = 'a1b2c3d4'.repeat(8);
const GIB = 2 ** 30;

const said = {
  case: CASE,
  sha256: SHA256,
  targetSha256: SHA256,
  bytes: 8 * GIB,
  sourceDevice: '/dev/nvme0n1',
  targetDevice: '/dev/nvme1n1',
  copied: true,
};
const refused = {
  ...said,
  sha256: '',
  targetSha256: '',
  bytes: 0,
  copied: false,
  error: 'the target is not empty',
};
const line = (rest: object = {}) => `unlatch-result ${JSON.stringify({ ...said, ...rest })}`;

describe('readCopyReport', () => {
  it.each([
    { name: 'in the last line', stdout: `copying\n${line()}\n`, report: said },
    { name: 'with line breaks of Windows', stdout: `copying\r\n${line()}\r\n`, report: said },
    { name: 'before words of the shell', stdout: `${line()}\nlogout\n`, report: said },
    { name: 'the last of two', stdout: `${line()}\n${line(refused)}`, report: refused },
    { name: 'of a refusal', stdout: line(refused), report: refused },
    {
      name: 'of a refusal before a disk was found',
      stdout: line({ ...refused, sourceDevice: '', targetDevice: '' }),
      report: { ...refused, sourceDevice: '', targetDevice: '' },
    },
    {
      name: 'of a copy that reads back otherwise',
      stdout: line({ targetSha256: 'b'.repeat(64), copied: false, error: 'the target reads back otherwise' }),
      report: { ...said, targetSha256: 'b'.repeat(64), copied: false, error: 'the target reads back otherwise' },
    },
    {
      name: 'of Windows',
      stdout: line({ sourceDevice: 'PhysicalDrive0', targetDevice: 'PhysicalDrive1' }),
      report: { ...said, sourceDevice: 'PhysicalDrive0', targetDevice: 'PhysicalDrive1' },
    },
    { name: 'without what it does not ask for', stdout: line({ verified: true, path: '/etc/shadow' }), report: said },
    { name: 'of the largest volume', stdout: line({ bytes: 2 ** 46 }), report: { ...said, bytes: 2 ** 46 } },
  ])('reads a report $name', ({ stdout, report }) => {
    expect(readCopyReport(stdout, CASE)).toEqual(report);
  });

  it.each([
    { name: 'nothing', stdout: '' },
    { name: 'a mark with nothing behind it', stdout: 'unlatch-result ' },
    { name: 'a report cut short', stdout: line().slice(0, -1) },
    { name: 'a report of two lines', stdout: line().replace(',', ',\n') },
    { name: 'another case', stdout: line({ case: 'another' }) },
    { name: 'a right report before an unreadable one', stdout: `${line()}\nunlatch-result {` },
    { name: 'a copy without a checksum', stdout: line({ sha256: '', targetSha256: '' }) },
    { name: 'a copy that was not read back', stdout: line({ targetSha256: '' }) },
    { name: 'a copy with two checksums', stdout: line({ targetSha256: 'b'.repeat(64) }) },
    { name: 'a copy of nothing', stdout: line({ bytes: 0 }) },
    { name: 'a copy with an error', stdout: line({ error: 'out of time' }) },
    { name: 'neither a copy nor an error', stdout: line({ copied: false }) },
    { name: 'copied that is not yes or no', stdout: line({ copied: 'true' }) },
    { name: 'a hash in capitals', stdout: line({ sha256: SHA256.toUpperCase(), targetSha256: SHA256.toUpperCase() }) },
    { name: 'a hash with a line break', stdout: line({ sha256: `${SHA256}\n`, targetSha256: `${SHA256}\n` }) },
    { name: 'half a byte', stdout: line({ bytes: 0.5 }) },
    { name: 'more bytes than a volume has', stdout: line({ bytes: 2 ** 46 + 1 }) },
    { name: 'less than no bytes', stdout: line({ ...refused, bytes: -1 }) },
    { name: 'a device of a thousand letters', stdout: line({ targetDevice: 'x'.repeat(1_000) }) },
    { name: 'a device that is markup', stdout: line({ sourceDevice: '<script>' }) },
    { name: 'a device with a line break', stdout: line({ sourceDevice: '/dev/a\n' }) },
    { name: 'an error of a thousand words', stdout: line({ ...refused, error: 'word '.repeat(1_000) }) },
    { name: 'a report in the prototype', stdout: `unlatch-result {"__proto__":${JSON.stringify(said)}}` },
    { name: 'a deeply nested text', stdout: `unlatch-result ${'['.repeat(4_000)}` },
    { name: 'an endless line', stdout: `unlatch-result {"case":"${'x'.repeat(2 ** 20)}` },
  ])('finds no report in $name', ({ stdout }) => {
    expect(readCopyReport(stdout, CASE)).toBeNull();
  });

  it('never throws, and takes nothing for copied without two checksums that agree', () => {
    const rest = fc.record(
      {
        sha256: fc.constantFrom('', SHA256, 'b'.repeat(64)),
        targetSha256: fc.constantFrom('', SHA256, 'b'.repeat(64)),
        bytes: fc.oneof(fc.nat(), fc.double()),
        copied: fc.boolean(),
        error: fc.constantFrom(undefined, '', 'out of time'),
      },
      { requiredKeys: [] },
    );
    const output = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.jsonValue({ maxDepth: 3 }).map((value) => `unlatch-result ${JSON.stringify(value)}`),
      rest.map(line),
    );
    fc.assert(
      fc.property(fc.array(output, { maxLength: 3 }), (outputs) => {
        const report = readCopyReport(outputs.join('\n'), CASE);
        if (report === null) return;
        expect(report.case).toBe(CASE);
        expect(report.copied).toBe(report.error === undefined);
        if (report.copied) expect(report.targetSha256).toBe(report.sha256);
        if (report.copied) expect(report.sha256).toMatch(/^[0-9a-f]{64}$/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('isWhole', () => {
  it.each([
    { name: 'a copy of every byte', report: said, bytes: 8 * GIB, whole: true },
    { name: 'a copy of a smaller volume', report: said, bytes: 9 * GIB, whole: false },
    { name: 'a copy of a larger one', report: said, bytes: 7 * GIB, whole: false },
    { name: 'a refusal', report: refused, bytes: 8 * GIB, whole: false },
    {
      name: 'every byte, read back otherwise',
      report: { ...said, copied: false, error: 'the target reads back otherwise' },
      bytes: 8 * GIB,
      whole: false,
    },
  ])('$name: $whole', ({ report, bytes, whole }) => {
    expect(isWhole(report, { bytes })).toBe(whole);
  });
});
