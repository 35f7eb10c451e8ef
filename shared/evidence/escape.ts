/** Markup that is safe to put into a page. Only this module makes it: what came as JSON is never taken for it. */
class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

export type { Html };

/** Longer values are cut: a page must open on any machine, and `report.json` holds the whole. */
const LONGEST = 2_000;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Characters that a reader cannot see, or that turn the text around them: controls but tab and newline, formats
 * (bidirectional overrides, tags), what is ignorable by default (zero-width characters, fillers), separators of lines
 * and paragraphs, and halves of surrogate pairs.
 * https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 */
const UNSEEN = /[^\P{Cc}\t\n]|[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}]/gu;

const named = (character: string): string => {
  const point = character.codePointAt(0) ?? 0;
  return `⟨U+${point.toString(16).toUpperCase().padStart(4, '0')}⟩`;
};

/**
 * Text with a name in the place of every character that cannot be seen, or that turns what stands around it.
 * @example visible('a\u202eb') // 'a⟨U+202E⟩b'
 */
export const visible = (text: string): string => text.replace(UNSEEN, named);

/** The first 2,000 characters, and a note of how many are gone. A surrogate pair is not cut in half. */
const cut = (text: string): string => {
  if (text.length <= LONGEST) return text;
  const kept = text.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '');
  const gone = (text.length - kept.length).toLocaleString('en');
  return `${kept} … [${gone} more characters: see report.json]`;
};

const encode = (text: string): string => visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/**
 * Text as HTML, safe between tags and in quoted attributes.
 * @example escapeText('<b>') // '&lt;b&gt;'
 */
export const escapeText = (text: string): string => encode(cut(text));

/** What a reader takes as one word: AWS identifiers, which must not break at their hyphen, and ARNs. */
const NAMES = /(\b(?:i|vol|snap)-[0-9a-f]{8,17}\b)|(\barn:aws[\w:/.@+=*-]*[\w*])/;

const markNames = (text: string): string =>
  text
    .split(NAMES)
    .map((piece, index) => {
      if (piece === undefined || index % 3 === 0) return encode(piece ?? '');
      return index % 3 === 1 ? `<code class="id">${encode(piece)}</code>` : `<code>${encode(piece)}</code>`;
    })
    .join('');

/**
 * Sentences and commands: what stands between backticks becomes code, and so do identifiers and ARNs. Where the
 * backticks do not pair, they are text.
 * @example prose('run `id`').toString() // 'run <code>id</code>'
 */
export const prose = (text: string): Html => {
  const kept = cut(text);
  const pieces = kept.split('`');
  if (pieces.length % 2 === 0) return new Html(markNames(kept));
  const marked = pieces.map((piece, at) => (at % 2 === 1 ? `<code>${encode(piece)}</code>` : markNames(piece)));
  return new Html(marked.join(''));
};

type Value = string | number | Html | null | readonly Html[];

const markupOf = (value: Value): string => {
  if (value === null) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(markupOf).join('');
  return escapeText(String(value));
};

/**
 * A template whose values are escaped, except where they are `Html` themselves; `null` leaves nothing.
 * @example html`<td>${'<script>'}</td>`.toString() // '<td>&lt;script&gt;</td>'
 */
export const html = (texts: TemplateStringsArray, ...values: readonly Value[]): Html =>
  new Html(texts.map((text, index) => `${text}${markupOf(values[index] ?? null)}`).join(''));
