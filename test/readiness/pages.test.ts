import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { summaryLines } from '#shared/readiness/assembly';
import { readinessCsv } from '#shared/readiness/to-csv';
import { readinessHtml } from '#shared/readiness/to-html';
import { fleet } from './fleet.ts';

const HOSTILE = [
  '</script><script>alert(1)</script>',
  '<!--',
  '<img src=x onerror=alert(1)>',
  '\u202egnp.exe',
  '\u2028',
];

describe('readiness.html', () => {
  const page = readinessHtml(fleet());

  it('admits its one style and its one script by their hashes, and nothing else', () => {
    const hashOf = (element: string) => {
      const [, text = ''] = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(page) ?? [];
      return createHash('sha256').update(text).digest('base64');
    };
    expect(page).toContain(
      `content="default-src 'none'; style-src 'sha256-${hashOf('style')}'; script-src 'sha256-${hashOf('script')}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page).not.toMatch(/\son[a-z]+=|javascript:|<link|<img|<a\s|<iframe|@import|url\(|\sstyle="/i);
  });

  it.each(HOSTILE)('lets nothing that owners write end the data: %j', (text) => {
    const hostile = readinessHtml(fleet(text));
    expect(hostile.match(/<script/g)).toHaveLength(2);
    expect(hostile.match(/<\/script>/g)).toHaveLength(2);
    expect(hostile).not.toMatch(/[\u202e\u2028]/);
    const [, json = ''] = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(hostile) ?? [];
    expect(JSON.parse(json)).toMatchObject({ rows: [{}, {}, {}, {}] });
  });

  it('ticks no step of a machine of which a volume was not examined', () => {
    const report = fleet();
    const rows = report.rows.map(({ volumes, ...row }) => ({
      ...row,
      volumes: [...volumes, { volumeId: 'vol-0ccccccccccccccc1', device: null, situation: 'never examined' }],
    }));
    const [, json = ''] =
      /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(readinessHtml({ ...report, rows })) ?? [];
    const drawn: { rows: { unmet: string | null }[] } = JSON.parse(json);
    expect(drawn.rows.map(({ unmet }) => unmet)).toEqual(rows.map(() => 'vol-0ccccccccccccccc1 could not be examined'));
  });

  it('is told apart by signs, not by colours alone', () => {
    for (const sign of ['\\u2713', '\\u2715', "'?'"]) expect(page).toContain(sign);
  });
});

describe('readiness.csv', () => {
  it('has a line a volume, the most urgent first, and a header', () => {
    const lines = readinessCsv(fleet()).trimEnd().split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^account,region,instance,name,state,volume/);
    expect(lines[1]).toContain('key-policy-silent');
  });

  it.each(['=HYPERLINK("https://attacker.example")', '+1', '-1', '@SUM(1)', '\u202e=1', ' =1'])(
    'is no formula to a spreadsheet: %j',
    (text) => {
      const report = fleet();
      const rows = report.rows.map((row) => ({ ...row, name: text }));
      for (const field of readinessCsv({ ...report, rows }).split(/[,\r\n]+/)) expect(field).not.toMatch(/^"?[=+\-@]/);
    },
  );

  it('is no formula behind a semicolon either, where spreadsheets part fields at one', () => {
    const report = fleet();
    const rows = report.rows.map((row) => ({ ...row, name: 'a;=HYPERLINK("https://attacker.example"); @x' }));
    for (const field of readinessCsv({ ...report, rows }).split(/[;\r\n]+/)) expect(field).not.toMatch(/^\s*"?[=+\-@]/);
  });

  it('has a line for a machine without volumes', () => {
    const report = fleet();
    const rows = report.rows.map((row) => ({ ...row, volumes: [], verdict: 'undetermined' as const }));
    const lines = readinessCsv({ ...report, rows })
      .trimEnd()
      .split('\r\n')
      .slice(1);
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toContain('undetermined,,,,,,EC2 names no volume of it');
  });

  it('quotes what holds commas and quotes', () => {
    const report = fleet();
    const rows = report.rows.map((row) => ({ ...row, name: 'a "b", c' }));
    expect(readinessCsv({ ...report, rows })).toContain('"a ""b"", c"');
  });
});

describe('the summary', () => {
  it('begins with the counts, and tells what stands in the way and what is bad', () => {
    expect(summaryLines(fleet())).toEqual([
      '1 of 4 machines ready, 2 refused, 1 undetermined',
      'Looked at: 2 accounts in eu-west-3.',
      'Refused for: key-disabled (1 machine), key-policy-silent (1 machine).',
      'The rule is `DISABLED`.  To do: Enable it.',
    ]);
  });
});
