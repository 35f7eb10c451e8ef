/** Whether a text fits. */
export type Matcher = (text: string) => boolean;

/** A piece of a pattern: text in which `*` and `?` are wildcards, or text in which they stand for themselves. */
export type Piece = { readonly pattern: string } | { readonly literal: string };

/** A run of a pattern between two `*`: character codes, or `ANY`. */
type Run = readonly number[];
const ANY = -1;

const runsOf = (pieces: readonly Piece[]): readonly Run[] => {
  const runs: number[][] = [];
  let run: number[] = [];
  for (const piece of pieces) {
    const text = 'pattern' in piece ? piece.pattern : piece.literal;
    for (let index = 0; index < text.length; index += 1) {
      const wildcard = 'pattern' in piece ? text[index] : '';
      if (wildcard === '*') {
        runs.push(run);
        run = [];
      } else run.push(wildcard === '?' ? ANY : text.charCodeAt(index));
    }
  }
  return [...runs, run];
};

const fitsAt = (text: string, run: Run, at: number): boolean =>
  run.every((code, index) => code === ANY || code === text.charCodeAt(at + index));

const firstFit = (text: string, run: Run, from: number, end: number): number => {
  for (let at = from; at + run.length <= end; at += 1) if (fitsAt(text, run, at)) return at;
  return -1;
};

/** The text of a pattern without wildcards: most patterns have none, and are compared. */
const plainText = (pieces: readonly Piece[]): string | null => {
  let text = '';
  for (const piece of pieces) {
    if ('pattern' in piece && /[*?]/.test(piece.pattern)) return null;
    text += 'pattern' in piece ? piece.pattern : piece.literal;
  }
  return text;
};

/**
 * A pattern of which some pieces are literal, as when a policy variable's value stands in it.
 * Its time grows with the text and not with the number of stars: a policy is somebody else's text, and a regular
 * expression made of it could be made to hang.
 */
export const globOf = (pieces: readonly Piece[]): Matcher => {
  const plain = plainText(pieces);
  if (plain !== null) return (text) => text === plain;
  const [first = [], ...others] = runsOf(pieces);
  const last = others.pop();
  if (last === undefined) return (text) => text.length === first.length && fitsAt(text, first, 0);
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !fitsAt(text, first, 0) || !fitsAt(text, last, end)) return false;
    let from = first.length;
    for (const run of others) {
      const at = firstFit(text, run, from, end);
      if (at < 0) return false;
      from = at + run.length;
    }
    return true;
  };
};
