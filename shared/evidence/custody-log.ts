import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { CustodyEntry } from '#shared/case/case';

/**
 * The custody log: every call that touched the evidence, as JSON Lines. Each line tells its place (`n` of `of`) and the
 * SHA-256 of the line before (`previous`), so a line changed, moved, added or taken out shows, at the end of the log
 * too. `seal` is the SHA-256 of the line without its seal: without it, nothing would vouch for the last line. Whoever
 * rewrites the whole log can chain it anew; the manifest, kept apart, holds the hash of its last line.
 *
 * By hand: `sed -n 3p custody.jsonl | tr -d '\n' | sha256sum` prints the `previous` of line 4.
 */
const NOTHING_BEFORE = '0'.repeat(64);

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in lower-case hexadecimal');

const Entry = z.strictObject({
  at: z.string(),
  caller: z.string(),
  accountId: z.string(),
  region: z.string(),
  api: z.string(),
  requestId: z.string().nullable(),
  result: z.string(),
  on: z.string(),
}) satisfies z.ZodType<CustodyEntry>;

const Line = Entry.extend({
  n: z.int().positive(),
  of: z.int().positive(),
  previous: Sha256,
  seal: Sha256,
});

export class BrokenCustodyLogError extends Error {
  override readonly name = 'BrokenCustodyLogError';
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Place {
  readonly n: number;
  readonly of: number;
  readonly previous: string;
}

/** One line as it must read: the fields in this order, nothing between them. */
const lineOf = ({ n, of, previous }: Place, entry: CustodyEntry): string => {
  const { at, caller, accountId, region, api, requestId, result, on } = entry;
  const line = { n, of, previous, at, caller, accountId, region, api, requestId, result, on };
  return JSON.stringify({ ...line, seal: sha256(JSON.stringify(line)) });
};

const linesOf = (entries: readonly CustodyEntry[]): readonly string[] => {
  const lines: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const before = lines.at(-1);
    const previous = before === undefined ? NOTHING_BEFORE : sha256(before);
    lines.push(lineOf({ n: index + 1, of: entries.length, previous }, entry));
  }
  return lines;
};

/** The custody log of a case: one line an entry, in the order given, each with a final newline. */
export const custodyLog = (entries: readonly CustodyEntry[]): string =>
  linesOf(entries)
    .map((line) => `${line}\n`)
    .join('');

/** SHA-256 of the log's last line, which vouches for all lines before it; 64 zeros for an empty log. */
export const custodyHead = (entries: readonly CustodyEntry[]): string => {
  const last = linesOf(entries).at(-1);
  return last === undefined ? NOTHING_BEFORE : sha256(last);
};

const parseLine = (line: string): z.infer<typeof Line> | null => {
  try {
    return Line.parse(JSON.parse(line));
  } catch {
    return null;
  }
};

/** Reads a custody log, and throws a `BrokenCustodyLogError` that names the first line which breaks the chain. */
export const readCustodyLog = (text: string): CustodyEntry[] => {
  if (text === '') return [];
  const lines = text.split('\n');
  const cutOff = lines.at(-1) === '' ? null : lines.length - 1;
  if (cutOff === null) lines.pop();
  let previous = NOTHING_BEFORE;
  let of: number | null = null;
  const entries = lines.map((line, index) => {
    const broken = (why: string) => new BrokenCustodyLogError(`line ${index + 1} of the custody log ${why}`);
    if (index === cutOff) throw broken('is cut off');
    const parsed = parseLine(line);
    if (parsed === null) throw broken('is no custody line');
    const { n, of: total, previous: says, seal: _, ...entry } = parsed;
    if (lineOf({ n, of: total, previous: says }, entry) !== line) throw broken('was changed: its seal does not match');
    of ??= total;
    if (total !== of) throw broken(`counts \`${total}\` lines, the first counts \`${of}\``);
    if (n !== index + 1) throw broken(`is numbered \`${n}\`: a line was taken out, added or moved`);
    if (says !== previous) throw broken('does not follow the line before it: that line was changed or replaced');
    previous = sha256(line);
    return entry;
  });
  if (of !== null && of !== entries.length) {
    throw new BrokenCustodyLogError(
      `line ${entries.length + 1} of the custody log is missing: it counts \`${of}\` lines`,
    );
  }
  return entries;
};
