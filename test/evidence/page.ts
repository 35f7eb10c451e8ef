import { strict as assert } from 'node:assert';

/**
 * A page taken apart as a browser would, but strictly: anything that is neither text nor a tag of the template throws.
 */
export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}
export interface Page {
  readonly tags: readonly Tag[];
  /** Opening and closing tags in order, with their attributes, without the marks inside of sentences. */
  readonly skeleton: string;
  readonly text: string;
  readonly style: string;
}

const TAG = /^<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)>/;
const VOID = ['meta'];
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

const decode = (text: string): string =>
  text.replace(/&([^;]{0,8};?)/g, (_, name: string) => {
    const character = ENTITIES[name.slice(0, -1)];
    assert(name.endsWith(';') && character !== undefined, `a stray ampersand: &${name}`);
    return character;
  });

const attributesOf = (source: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...source.matchAll(/ ([a-z-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));

export const readPage = (source: string): Page => {
  const doctype = '<!doctype html>';
  assert(source.startsWith(doctype));
  const tags: Tag[] = [];
  const skeleton: string[] = [];
  const open: string[] = [];
  let text = '';
  let style = '';
  let rest = source.slice(doctype.length);
  while (rest !== '') {
    if (!rest.startsWith('<')) {
      const end = rest.indexOf('<') < 0 ? rest.length : rest.indexOf('<');
      const run = rest.slice(0, end);
      if (open.at(-1) === 'style') style += run;
      else {
        assert(!run.includes('>'), `a stray \`>\` in ${run.slice(0, 80)}`);
        text += decode(run);
      }
      rest = rest.slice(end);
      continue;
    }
    const [whole = '', slash, name = '', attributes = ''] = TAG.exec(rest) ?? [];
    assert(whole !== '', `no tag of the template: ${rest.slice(0, 80)}`);
    if (slash === '/') assert.equal(open.pop(), name);
    else {
      tags.push({ name, attributes: attributesOf(attributes) });
      if (!VOID.includes(name)) open.push(name);
    }
    if (name !== 'code') skeleton.push(whole);
    rest = rest.slice(whole.length);
  }
  assert.deepEqual(open, []);
  return { tags, skeleton: skeleton.join(''), text, style };
};
