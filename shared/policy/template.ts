import { type Context, certain } from './context.ts';
import type { Piece } from './glob.ts';

/** A text of a policy in which variables may stand, as pieces; `${*}`, `${?}` and `${$}` are literal characters. */
export type Template = readonly TemplatePiece[];
type TemplatePiece = Piece | { readonly variable: string; readonly otherwise: string | null };

const VARIABLE = /\$\{([^{}]*)\}/g;

const WITH_DEFAULT = /^([^,]+), '([^']+)'$/;

/** `key` or `key, 'default'`. Written in another way it names a key that nobody knows. */
const pieceOf = (inside: string): TemplatePiece => {
  if (inside === '*' || inside === '?' || inside === '$') return { literal: inside };
  const [, key = inside, otherwise = null] = WITH_DEFAULT.exec(inside) ?? [];
  return { variable: key.toLowerCase(), otherwise };
};

/** Before version 2012-10-17 the characters `${…}` were no variable. */
export const templateOf = (text: string, withVariables: boolean): Template => {
  if (!withVariables || !text.includes('${')) return [{ pattern: text }];
  const pieces: TemplatePiece[] = [];
  let from = 0;
  for (const match of text.matchAll(VARIABLE)) {
    if (match.index > from) pieces.push({ pattern: text.slice(from, match.index) });
    pieces.push(pieceOf(match[1] ?? ''));
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ pattern: text.slice(from) });
  return pieces;
};

/** The text where it does not depend on the request. */
export const fixedPieces = (template: Template): readonly Piece[] | null => {
  const pieces = template.filter((piece): piece is Piece => !('variable' in piece));
  return pieces.length === template.length ? pieces : null;
};

/** The text with anything in place of its variables: what it does not reach so, it reaches with no value. */
export const loosened = (template: Template): readonly Piece[] =>
  template.map((piece) => ('variable' in piece ? { pattern: '*' } : piece));

/**
 * What a template comes to in a request. A variable whose key is missing leaves the text without meaning. One whose key is
 * not known leaves it unknown; so do several values, and a wildcard in a value, of which AWS does not document the effect.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export type Filled = readonly Piece[] | 'missing' | 'unknown';

export const filled = (template: Template, context: Context): Filled => {
  const pieces: Piece[] = [];
  for (const piece of template) {
    if (!('variable' in piece)) {
      pieces.push(piece);
      continue;
    }
    const values = certain(context, piece.variable);
    if (values === undefined) return 'unknown';
    const literal = values === null ? piece.otherwise : values[0];
    if (literal === null) return 'missing';
    if (literal === undefined || (values?.length ?? 1) > 1 || /[*?]/.test(literal)) return 'unknown';
    pieces.push({ literal });
  }
  return pieces;
};
