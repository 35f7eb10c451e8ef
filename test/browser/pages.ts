import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { reportHtml } from '#shared/evidence/report-html';
import type { ReadinessReport } from '#shared/readiness/report';
import { readinessHtml } from '#shared/readiness/to-html';
import { preserved } from '../evidence/case-reports.ts';
import { fleet } from '../readiness/fleet.ts';
import { browser, CHROMIUM, hasChromium } from './chromium.ts';

if (!hasChromium)
  process.stdout.write(`skipped: there is no Chromium at ${CHROMIUM}; the pages were opened in no browser\n`);

const folder = mkdtempSync(join(tmpdir(), 'unlatch-pages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, page: string): string => {
  const file = join(folder, name);
  writeFileSync(file, page);
  return file;
};

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  '</script><script>alert(3)</script>',
  "javascript:alert('4')",
  '{{constructor.constructor("alert(5)")()}}',
  'https://attacker.example/pixel.png',
  '<!--<script>',
  '\u202egnp.exe',
] as const;

describe.skipIf(!hasChromium)('in Chromium', () => {
  let chromium: Awaited<ReturnType<typeof browser>>;
  beforeAll(async () => {
    chromium = await browser();
  });
  afterAll(() => chromium.close());

  const opened = (report: ReadinessReport) => chromium.open(written('readiness.html', readinessHtml(report)));

  it('readiness draws a line a machine and a cell a step, with nothing loaded and nothing complained of', async () => {
    const { page, requests, complaints } = await opened(fleet());
    expect(await page.locator('tr.machine').count()).toBe(4);
    expect(await page.locator('tr.machine').first().locator('.cell').count()).toBe(9);
    expect(await page.locator('h1').textContent()).toBe('1 of 4 machines ready, 2 refused, 1 undetermined');
    expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
  });

  it('readiness shows the most urgent first', async () => {
    const { page } = await opened(fleet());
    expect(await page.locator('tr.machine td.who b').allTextContents()).toEqual(['db-1', 'web-2', 'batch-1', 'web-1']);
  });

  it.each([
    { text: 'web', left: ['web-2', 'web-1'] },
    { text: 'alias/payments', left: ['db-1'] },
    { text: 'team=shop', left: ['web-2', 'web-1'] },
    { text: '777788889999', left: ['batch-1'] },
    { text: 'web-1 shop', left: ['web-1'] },
    { text: 'nothing of the kind', left: [] },
  ])('readiness is filtered by text: $text', async ({ text, left }) => {
    const { page } = await opened(fleet());
    await page.fill('#text', text);
    expect(await page.locator('tr.machine td.who b').allTextContents()).toEqual(left);
    expect(await page.locator('#count').textContent()).toBe(`${left.length} of 4 machines`);
  });

  it('readiness is filtered by verdict, cause and account, and back again', async () => {
    const { page } = await opened(fleet());
    const shown = () => page.locator('tr.machine td.who b').allTextContents();
    await page.click('[data-verdict="ready"]');
    expect(await shown()).toEqual(['db-1', 'web-2', 'batch-1']);
    await page.click('[data-cause="key-disabled"]');
    expect(await shown()).toEqual(['web-2']);
    await page.click('[data-cause="key-disabled"]');
    await page.selectOption('#account', '777788889999');
    expect(await shown()).toEqual(['batch-1']);
    await page.selectOption('#account', '');
    await page.click('[data-verdict="ready"]');
    expect(await shown()).toHaveLength(4);
  });

  it('readiness tells of a machine on demand, by mouse and by keyboard: why, and what to paste', async () => {
    const { page } = await opened(fleet());
    const line = page.locator('tr.machine').first();
    await line.click();
    const detail = page.locator('tr.detail');
    expect(await detail.textContent()).toContain('the key policy does not know the role');
    expect(await detail.locator('pre').textContent()).toContain('"kms:CreateGrant"');
    await line.focus();
    await page.keyboard.press('Enter');
    expect(await detail.count()).toBe(0);
  });

  it.each(HOSTILE)('readiness takes what owners write for text: %s', async (text) => {
    const { page, requests, complaints, dialogs } = await opened(fleet(text));
    for (const line of await page.locator('tr.machine').all()) await line.click();
    await page.fill('#text', text.slice(0, 5));
    expect(await page.locator('img, iframe, object, embed, a, link').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(2);
    expect({ requests, dialogs, complaints }).toEqual({ requests: [], dialogs: [], complaints: [] });
  });

  it('readiness of ten thousand machines draws its first page within seconds, and more on demand', async () => {
    const one = fleet();
    const rows = Array.from({ length: 2_500 }, () => one.rows).flat();
    const begun = performance.now();
    const { page } = await opened({ ...one, rows });
    expect(await page.locator('tr.machine').count()).toBe(200);
    expect(performance.now() - begun).toBeLessThan(10_000);
    await page.click('#more');
    expect(await page.locator('tr.machine').count()).toBe(400);
  });

  it.each(['light', 'dark'] as const)('both pages can be read in %s colours', async (colorScheme) => {
    for (const file of [
      written('readiness.html', readinessHtml(fleet())),
      written('report.html', reportHtml(preserved)),
    ]) {
      const { page } = await chromium.open(file);
      await page.emulateMedia({ colorScheme });
      const colours = await page.evaluate(
        '[getComputedStyle(document.body).color, getComputedStyle(document.documentElement).backgroundColor]',
      );
      const [ink, paper] = z.tuple([z.string(), z.string()]).parse(colours);
      expect(ink).not.toBe(paper);
    }
  });

  it.each(HOSTILE)('the report of a case takes names for text: %s', async (text) => {
    const { location } = preserved;
    const hostile = location.found
      ? { ...preserved, location: { ...location, target: { ...location.target, name: text } }, todo: [text] }
      : preserved;
    const { page, requests, complaints, dialogs } = await chromium.open(written('report.html', reportHtml(hostile)));
    expect(await page.locator('script, img, iframe, object, embed, a, link').count()).toBe(0);
    expect({ requests, dialogs, complaints }).toEqual({ requests: [], dialogs: [], complaints: [] });
    expect(await page.locator('h2').count()).toBeGreaterThan(4);
  });
});
