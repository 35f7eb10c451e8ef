import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md')].sort();

/** A heading as it is linked to. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/\s+/g, '-');

/** A page without what stands in its code: a comment of a shell is no heading. */
const textOf = (page: string): string => readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```$/gm, '');

const anchorsIn = (page: string): readonly string[] =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

const brokenIn = (page: string): string[] =>
  [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^https?:/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(target)) return [link];
    return anchor === undefined || anchorsIn(target).includes(anchor) ? [] : [link];
  });

describe('the docs', () => {
  it.each(pages)('%s links to what is there', (page) => {
    expect(brokenIn(page)).toEqual([]);
  });

  it('name files of the project that are there', () => {
    const named = readFileSync('docs/threat-model.md', 'utf8').matchAll(/`(test\/[^`]+)`/g);
    expect([...named].map(([, path = '']) => path).filter((path) => !existsSync(path))).toEqual([]);
  });

  it('say of every alarm what to do', () => {
    const template = readFileSync('template.yaml', 'utf8');
    const alarms = [...template.matchAll(/^ {2}(\w+):\n {4}Type: AWS::CloudWatch::Alarm$/gm)].map(([, id = '']) => id);
    const rows = [...textOf('docs/runbook.md').matchAll(/^\| `(\w+)` \| .+ \| .+ \|$/gm)].map(([, id = '']) => id);
    expect(alarms.length).toBeGreaterThan(5);
    expect(alarms.filter((id) => !rows.includes(id))).toEqual([]);
  });

  it.each([
    ['docs/runbook.md', 'shared/case/report.ts', /^ {2}\| '([a-z-]+)'/gm],
    ['docs/runbook.md', 'shared/permission/report.ts', /^ {2}\| '([a-z-]+)'/gm],
  ])('%s has a row for every verdict of %s', (page, source, verdicts) => {
    const told = [...readFileSync(source, 'utf8').matchAll(verdicts)].map(([, verdict = '']) => verdict);
    expect(told.length).toBeGreaterThan(3);
    expect(told.filter((verdict) => !textOf(page).includes(`| \`${verdict}\` | `))).toEqual([]);
  });

  it('have a decision for each line of their index, and none beside', () => {
    const listed = [...textOf('docs/decisions/README.md').matchAll(/\]\((\d\d-[\w-]+\.md)\)/g)].map(([, file]) => file);
    const files = globSync('docs/decisions/*.md').map((file) => basename(file));
    expect(listed.toSorted()).toEqual(files.filter((file) => file !== 'README.md').toSorted());
  });
});
