import { Manifest } from './manifest.ts';

/** Something about one file that the manifest does not vouch for. */
export interface Finding {
  readonly path: string;
  readonly problem: 'escapes' | 'missing' | 'size-differs' | 'hash-differs' | 'unreadable' | 'sum-differs';
  /** The whole finding as one clause, for a person. */
  readonly says: string;
}

/** Size and SHA-256 of a file below the case's folder; `null` where there is none. */
export type Digest = (path: string) => Promise<{ readonly bytes: number; readonly sha256: string } | null>;

export class UnreadableManifestError extends Error {
  override readonly name = 'UnreadableManifestError';
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnreadableManifestError('the manifest is no JSON', { cause });
  }
};

/** @throws UnreadableManifestError */
export const readManifest = (text: string): Manifest => {
  const parsed = Manifest.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.map(String).join('.') || 'manifest';
  throw new UnreadableManifestError(`\`${place}\`: ${issue?.message ?? 'unreadable'}`, { cause: parsed.error });
};

/**
 * A path that stays below the folder on every system: plain segments between slashes. A backslash, a colon (drives,
 * streams) and control characters are refused too, because Windows reads the first two as more than a name.
 */
const staysBelow = (path: string): boolean =>
  !/[\\:\p{Cc}]/u.test(path) && path.split('/').every((segment) => !['', '.', '..'].includes(segment));

/** What is wrong with a file, or `null`. */
export const findingOf = async (
  { path, bytes, sha256 }: Manifest['documents'][number],
  sha256Of: Digest,
): Promise<Finding | null> => {
  if (!staysBelow(path)) {
    return { path, problem: 'escapes', says: `\`${path}\` leaves the folder of the case: it was not read` };
  }
  const found = await sha256Of(path);
  if (found === null) return { path, problem: 'missing', says: `\`${path}\` is missing` };
  if (found.bytes !== bytes) {
    const says = `\`${path}\` has ${found.bytes} bytes, the manifest says ${bytes}`;
    return { path, problem: 'size-differs', says };
  }
  if (found.sha256.toLowerCase() !== sha256) {
    const says = `\`${path}\` has the SHA-256 ${found.sha256}, the manifest says ${sha256}`;
    return { path, problem: 'hash-differs', says };
  }
  return null;
};

/**
 * Checks every file that a manifest lists, one after the other; no findings: intact. A manifest that cannot be read
 * throws an `UnreadableManifestError`: nothing can be said of the evidence then.
 */
export const verify = async (manifestText: string, sha256Of: Digest): Promise<Finding[]> => {
  const { documents, artefacts } = readManifest(manifestText);
  const findings: Finding[] = [];
  for (const file of [...documents, ...artefacts]) {
    const finding = await findingOf(file, sha256Of);
    if (finding !== null) findings.push(finding);
  }
  return findings;
};
