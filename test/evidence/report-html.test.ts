import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaseReport } from '#shared/case/report';
import { escapeText } from '#shared/evidence/escape';
import { reportHtml } from '#shared/evidence/report-html';
import { STYLE } from '#shared/evidence/report-style';
import { byHand, copied, diagnosed, dryRun, preserved } from './case-reports.ts';
import { HOSTILE, hostile, replaced } from './hostile.ts';
import { readPage } from './page.ts';

const reports = [
  { name: 'preserved', report: preserved },
  { name: 'copied', report: copied },
  { name: 'by hand', report: byHand },
  { name: 'diagnosed', report: diagnosed },
  { name: 'dry run', report: dryRun },
];

/** Fields that hold words of Unlatch's own; everything else comes from outside. */
const OWN = ['verdict', 'kind', 'route', 'result', 'decision', 'cause', 'layer', 'said', 'platform'];

const spoiled = (report: CaseReport, textAt: (n: number) => string): CaseReport => replaced(report, OWN, textAt);

describe('a value from outside', () => {
  it.each(reports)('never becomes a tag or an attribute: $name', ({ report }) => {
    const plain = readPage(reportHtml(spoiled(report, (n) => `x${n}`))).skeleton;
    fc.assert(
      fc.property(fc.infiniteStream(hostile), (stream) => {
        // Told apart by a number, because two equal notes of a route are told once.
        const page = readPage(reportHtml(spoiled(report, (n) => `${stream.next().value}${n}`)));
        expect(page.skeleton).toBe(plain);
      }),
      { numRuns: 60 },
    );
  });

  it.each(HOSTILE)('stays text in every field: %j', (value) => {
    for (const { report } of reports) {
      const page = reportHtml(spoiled(report, () => value));
      expect(readPage(page).skeleton).toBe(readPage(reportHtml(spoiled(report, () => 'x'))).skeleton);
      expect(page).not.toMatch(/<(script|img|b|i)\b|<!--/);
    }
  });

  it('reads in the page as it was written', () => {
    const value = `</style> "a" & 'b' <i>`;
    expect(readPage(reportHtml({ ...preserved, todo: [value] })).text).toContain(value);
  });

  it('shows what hides or turns text, and leaves none of it in the page', () => {
    const value =
      'a\0\u001b\u007f\u0085\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u00ad\ud800z';
    const page = reportHtml(spoiled(preserved, () => value));
    expect(page).toContain('a⟨U+0000⟩⟨U+001B⟩⟨U+007F⟩⟨U+0085⟩⟨U+061C⟩⟨U+200B⟩');
    expect(page).toContain('⟨U+202E⟩⟨U+2066⟩⟨U+2067⟩⟨U+2068⟩⟨U+2069⟩⟨U+FEFF⟩⟨U+00AD⟩⟨U+D800⟩z');
    expect(page).not.toMatch(/[^\P{Cc}\t\n]|[\p{Cf}\p{Cs}\u2028\u2029]/u);
  });

  it.each(reports)('is cut at 2,000 characters, with a note: $name', ({ report }) => {
    const page = reportHtml(spoiled(report, () => 'a'.repeat(100_000)));
    const runs = [...page.matchAll(/a{100,}/g)].map(([run]) => run.length);
    expect(Math.max(...runs)).toBe(2_000);
    expect(page).toContain('a … [98,000 more characters: see report.json]');
    expect(page.length).toBeLessThan(400_000);
  });

  it('is not cut at 2,000 characters exactly, nor inside of a surrogate pair', () => {
    const todoOf = (value: string) => readPage(reportHtml({ ...preserved, todo: [value] })).text;
    expect(todoOf('b'.repeat(2_000))).not.toContain('more characters');
    const split = todoOf(`${'b'.repeat(1_999)}😀${'c'.repeat(10)}`);
    expect(split).toContain('b … [12 more characters: see report.json]');
    expect(split).not.toContain('U+D83D');
  });
});

describe('copies of disks', () => {
  const { text } = readPage(reportHtml(copied));

  it('are told with where they stand, who may use them, and under which key', () => {
    expect(text).toContain('snap-0a91b2c3d4e5f6071');
    expect(text).toContain('111122223333eu-west-3, shared with 777788889999');
    expect(text).toContain('volume made from it: vol-0e1f2a3b4c5d6e7f8');
    expect(text).toContain('not encrypted');
  });

  it('are counted in the headline, beside what was collected', () => {
    expect(text).toMatch(/: 1 artefact, 412\.0\sMiB, its hash confirmed; 2 disks copied, 108\sGiB\./);
  });

  it('are not spoken of where there are none', () => {
    expect(readPage(reportHtml(preserved)).text).not.toContain('Copies of disks');
  });
});

describe('escapeText', () => {
  it.each([
    { text: `<a href="x" b='y'>&amp;`, escaped: '&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;' },
    { text: 'tab\tand\nnewline', escaped: 'tab\tand\nnewline' },
    { text: 'Zoë 東京 😀 שלום', escaped: 'Zoë 東京 😀 שלום' },
    { text: '\r', escaped: '⟨U+000D⟩' },
    { text: '\uFFF9', escaped: '⟨U+FFF9⟩' },
    { text: '\u{E0041}', escaped: '⟨U+E0041⟩' },
  ])('turns $text into $escaped', ({ text, escaped }) => {
    expect(escapeText(text)).toBe(escaped);
  });
});

/** Relative luminance and contrast: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
const luminance = (colour: string): number => {
  const digits = colour.length === 4 ? colour.slice(1).replace(/./g, '$&$&') : colour.slice(1);
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const share = Number.parseInt(digits.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one: string, other: string): number => {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};
const coloursIn = (css: string) =>
  Object.fromEntries(
    [...css.matchAll(/--(\w+): (#[0-9a-f]{3,6})/g)].map(([, name = '', colour = '']) => [name, colour]),
  );
const [light = '', dark = ''] = STYLE.split('@media (prefers-color-scheme: dark)');
const palettes = [
  { scheme: 'light', css: light },
  { scheme: 'dark', css: dark.slice(0, dark.indexOf('@media')) },
].flatMap(({ scheme, css }) =>
  ['diagnosed', 'preserved', 'by-hand'].map((verdict) => {
    const own = new RegExp(`body\\.${verdict} \\{[^}]*\\}`).exec(css)?.[0] ?? '';
    return { scheme, verdict, colours: { ...coloursIn(/:root \{[^}]*\}/.exec(css)?.[0] ?? ''), ...coloursIn(own) } };
  }),
);

describe('the page', () => {
  it.each(palettes)('has a contrast of 4.5 to 1 at least: $scheme, $verdict', ({ colours }) => {
    const { paper = '', well = '', tint = '', ink = '', soft = '', accent = '', bad = '' } = colours;
    for (const ground of [paper, well, tint]) {
      for (const text of [ink, soft, accent, bad]) {
        expect(contrast(text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('has an accent of its own for each verdict', () => {
    expect(new Set(palettes.map(({ colours }) => colours.accent)).size).toBe(6);
  });

  it.each(reports)('admits its one style by the hash of the text, and nothing else: $name', ({ report }) => {
    const { tags, style } = readPage(reportHtml(report));
    const policy = tags.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
    const hash = createHash('sha256').update(style).digest('base64');
    expect(policy?.attributes.content).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    expect(tags.filter(({ name }) => name === 'style')).toHaveLength(1);
  });

  it.each(reports)('loads nothing, links nowhere and runs nothing: $name', ({ report }) => {
    const { tags, style } = readPage(reportHtml(report));
    const attributes = new Set(tags.flatMap((tag) => Object.keys(tag.attributes)));
    expect([...attributes].sort()).toEqual(
      ['charset', 'class', 'content', 'http-equiv', 'lang', 'name', 'scope'].filter((name) => attributes.has(name)),
    );
    expect(style).not.toMatch(/url\(|@import|expression/i);
    const elements = new Set(tags.map(({ name }) => name));
    for (const loading of ['script', 'link', 'img', 'iframe', 'object', 'a', 'form', 'base']) {
      expect(elements).not.toContain(loading);
    }
  });

  it.each(reports)('sends no referrer, names its language and its title: $name', ({ report }) => {
    const page = reportHtml(report);
    expect(page).toContain('<meta name="referrer" content="no-referrer">');
    expect(page).toContain('<html lang="en">');
    expect(page).toMatch(/<title>[^<]+ · case-[^<]+<\/title>/);
  });

  it.each(reports)('has one h1, and no heading that skips a level: $name', ({ report }) => {
    const levels = readPage(reportHtml(report))
      .tags.flatMap(({ name }) => /^h([1-6])$/.exec(name)?.[1] ?? [])
      .map(Number);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels[0]).toBe(1);
    for (const [index, level] of levels.entries()) expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
  });

  it.each(reports)('scopes every table header: $name', ({ report }) => {
    const headers = readPage(reportHtml(report)).tags.filter(({ name }) => name === 'th');
    expect(headers.every(({ attributes }) => ['col', 'row'].includes(attributes.scope ?? ''))).toBe(true);
  });
});

const headlineIn = (report: CaseReport): string =>
  (/<h1>(.*?)<\/h1>/.exec(reportHtml(report))?.[1] ?? '').replaceAll(/<\/?code[^>]*>/g, '').replaceAll('\u00a0', ' ');
const unfrozen = { frozen: false, because: 'EC2 refused' } as const;
const machine = 'i-0a1b2c3d4e5f60718';

describe('the headline', () => {
  it.each([
    {
      name: 'preserved',
      report: preserved,
      says: `The evidence of ${machine} is preserved: 1 artefact, 412.0 MiB, its hash confirmed.`,
    },
    {
      name: 'by hand, disks frozen',
      report: byHand,
      says: `Nothing is collected yet: the disks of ${machine} are frozen, and a person must collect the rest by hand.`,
    },
    {
      name: 'by hand, nothing frozen',
      report: { ...byHand, freeze: unfrozen },
      says: `Nothing is collected and no disk is frozen: a person must collect ${machine} by hand.`,
    },
    {
      name: 'diagnosed, undetermined',
      report: diagnosed,
      says: 'The machine behind the refusal was not found: nothing is preserved, and why KMS refused is not certain.',
    },
    {
      name: 'diagnosed for certain',
      report: { ...diagnosed, diagnosis: preserved.diagnosis },
      says: 'The machine behind the refusal was not found: nothing is preserved, but the refusal is explained.',
    },
    {
      name: 'opened by hand, not found',
      report: { ...diagnosed, denials: [], diagnosis: null },
      says: 'The machine was not found: nothing is preserved.',
    },
    {
      name: 'dry run',
      report: dryRun,
      says: `Dry run, nothing was changed: the first route to the evidence of ${machine} would be “collection by hand”.`,
    },
  ])('tells the verdict: $name', ({ report, says }) => {
    expect(headlineIn(report)).toBe(says);
  });

  it.each(reports)('of a dry run never says that evidence is preserved or frozen: $name', ({ report }) => {
    const headline = headlineIn({ ...report, dryRun: true, verdict: report.location.found ? 'planned' : 'diagnosed' });
    expect(headline).toMatch(/^Dry run, nothing was changed/);
    expect(headline).not.toMatch(/preserved|frozen/);
  });
});

describe('the content', () => {
  it('comes in the order in which a responder needs it', () => {
    const headings = [...reportHtml(byHand).matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title);
    expect(headings).toEqual([
      'The target',
      'What you must do now',
      'What was refused, and why',
      'What was preserved',
      'Routes tried',
      'What was removed',
      'Timeline',
    ]);
  });

  it.each([
    { name: 'every artefact with its hash', report: preserved, says: preserved.artefacts[0]?.sha256 },
    { name: 'the exact size', report: preserved, says: '432,013,312 bytes' },
    { name: 'the frozen snapshots', report: byHand, says: 'snap-0f93b6d28c1a7e504' },
    { name: 'why nothing is frozen', report: diagnosed, says: 'No disk is frozen: there is no machine to freeze' },
    { name: 'why the machine was not found', report: diagnosed, says: 'the ledger knows no snapshot of this request' },
    { name: 'what is missing for a sure answer', report: diagnosed, says: 'grants on the key' },
    { name: 'that a silent policy denies implicitly', report: preserved, says: 'implicit: nothing allows it' },
    { name: 'the words of AWS', report: preserved, says: preserved.denials[0]?.message },
    { name: 'the proposed statement', report: preserved, says: '"kms:GrantIsForAWSResource": "true"' },
    { name: 'further refusals', report: preserved, says: '1 more refusal in this case' },
    { name: 'the steps by hand', report: byHand, says: 'ssh ec2-user@10.20.4.17' },
    { name: 'why a route is closed', report: byHand, says: 'the instance is not tagged' },
    { name: 'how to open it', report: byHand, says: 'To open it: tag i-0a1b2c3d4e5f60718' },
    { name: 'what could not be removed', report: byHand, says: 'the lock of the case in the ledger' },
    { name: 'times in UTC, from the first moment on', report: preserved, says: '2026-03-14 03:12:21 UTC +2 m 19 s' },
    { name: 'how long the case took', report: preserved, says: '2026-03-14 03:15:30 UTC, after 3 m 21 s' },
    { name: 'a dry run', report: dryRun, says: 'dry run: nothing was changed in AWS' },
  ])('tells $name', ({ report, says }) => {
    expect(readPage(reportHtml(report)).text).toContain(says);
  });

  it.each([
    { at: '2026-03-14T03:10:01.000Z', offset: '−1 s' },
    { at: '2026-03-14T03:10:02.900Z', offset: '+0 s' },
    { at: '2026-03-15T04:10:02.000Z', offset: '+1 d 1 h' },
  ])('counts $at as $offset from the first moment', ({ at, offset }) => {
    const [first] = preserved.timeline;
    const timeline = first === undefined ? [] : [first, { ...first, at }];
    expect(readPage(reportHtml({ ...preserved, timeline })).text).toContain(`UTC ${offset}`);
  });
});
