import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md')].sort();

/** A heading as it is linked to. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/\s+/g, '-');

const anchorsIn = (page: string): readonly string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

const brokenIn = (page: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
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
});
