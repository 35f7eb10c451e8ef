import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BadInputError } from '#local/scenario/loading';
import { BrokenCustodyLogError, custodyHead, readCustodyLog } from '#shared/evidence/custody-log';
import { Manifest } from '#shared/evidence/manifest';
import { verify as compare, UnreadableManifestError } from '#shared/evidence/verify';
import { verifyCopies } from '#shared/evidence/verify-copies';
import { type Command, readWords } from './options.ts';

/** Size and SHA-256 of a file, streamed; `null` where it cannot be read. */
const hashed = async (file: string): Promise<{ bytes: number; sha256: string } | null> => {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(createReadStream(file), async (chunks) => {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
      }
    });
  } catch {
    return null;
  }
  return { bytes, sha256: hash.digest('hex') };
};

/** What is wrong with the custody log's chain, or with its end as the manifest holds it. */
const brokenChain = (folder: string, manifest: string): string[] => {
  const { custody } = Manifest.parse(JSON.parse(manifest));
  try {
    const entries = readCustodyLog(readFileSync(join(folder, 'custody.jsonl'), 'utf8'));
    return custodyHead(entries) === custody.head ? [] : ['`custody.jsonl` does not end as the manifest says'];
  } catch (error) {
    return error instanceof BrokenCustodyLogError ? [error.message] : ['`custody.jsonl` cannot be read'];
  }
};

/** `verify DIR [--json]`: checks a case's evidence against its manifest. Exit 0 where all is intact, 1 where it is not. */
export const verify: Command = async (args, output) => {
  const words = readWords(args, [], ['json']);
  const [folder, ...rest] = words.words;
  if (folder === undefined || rest.length > 0) throw new BadInputError('verify: expected one folder, of one case');
  let manifest: string;
  try {
    manifest = readFileSync(join(folder, 'manifest.json'), 'utf8');
  } catch {
    throw new BadInputError(`${folder}: expected a manifest.json in it`);
  }
  try {
    const digest = (path: string) => hashed(join(folder, path));
    const findings = [
      ...(await compare(manifest, digest)),
      ...(await verifyCopies(manifest, digest, (path) => createReadStream(join(folder, path)))),
    ].map(({ says }) => says);
    const all = [...findings, ...brokenChain(folder, manifest)];
    for (const finding of all) output.say(finding);
    if (all.length === 0) output.say(`${folder}: intact`);
    if (words.options.json === true) output.answer({ folder, intact: all.length === 0, findings: all });
    return all.length === 0 ? 0 : 1;
  } catch (error) {
    if (error instanceof UnreadableManifestError) throw new BadInputError(`${folder}/manifest.json: ${error.message}`);
    throw error;
  }
};
