import * as z from 'zod';
import { aggregateOf, wholeRecords } from '#shared/route/unencrypted-copy/checksums';
import { ChecksumPart } from '#shared/route/unencrypted-copy/lane-request';
import { type Digest, type Finding, findingOf, readManifest } from './verify.ts';

/** The bytes of a file below the case's folder, as they come. */
export type Read = (path: string) => AsyncIterable<Uint8Array>;

/** As much of `copy.json` as vouches for a copy's content. */
const CopyDocument = z.discriminatedUnion('method', [
  z.object({
    method: z.literal('ebs-direct'),
    blocks: z.int().min(0),
    checksum: z.object({ aggregation: z.literal('LINEAR'), value: z.string() }),
    lanes: z.array(z.array(ChecksumPart)),
  }),
  z.object({ method: z.literal('in-guest') }),
  z.object({ method: z.literal('re-encrypt') }),
]);

const unreadable = (path: string): Finding => ({
  path,
  problem: 'unreadable',
  says: `\`${path}\` cannot be read: expected the checksums of a copy`,
});

const textOf = async (bytes: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

const documentOf = (text: string): z.infer<typeof CopyDocument> | null => {
  try {
    return CopyDocument.parse(JSON.parse(text));
  } catch {
    return null;
  }
};

async function* recordsOf(parts: readonly ChecksumPart[], read: Read): AsyncGenerator<Buffer> {
  for (const { path } of parts) yield* wholeRecords(read(path));
}

const copyFindings = async (path: string, digest: Digest, read: Read): Promise<Finding[]> => {
  const document = documentOf(await textOf(read(path)));
  if (document === null) return [unreadable(path)];
  // What a machine said of its own disk, or what EBS copied by itself, can be compared with nothing that stands here.
  if (document.method !== 'ebs-direct') return [];
  const findings: Finding[] = [];
  for (const part of document.lanes.flat()) {
    const finding = await findingOf(part, digest);
    if (finding !== null) findings.push(finding);
  }
  if (findings.length > 0) return findings;
  const { blocks, linear } = await aggregateOf(document.lanes.map((parts) => recordsOf(parts, read)));
  if (blocks === document.blocks && linear === document.checksum.value) return [];
  const says = `the checksums of \`${path}\` add up to ${blocks} blocks and ${linear}, it says ${document.blocks} and ${document.checksum.value}`;
  return [{ path, problem: 'sum-differs', says }];
};

/**
 * Checks the checksums of every copy that a manifest lists: each part is there as it was written, and together they add up
 * to what EBS was given when the copy was completed.
 */
export const verifyCopies = async (manifestText: string, digest: Digest, read: Read): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const artefact of readManifest(manifestText).artefacts) {
    if (artefact.kind !== 'disk-copy') continue;
    // One that is not as the manifest says is told of already.
    if ((await findingOf(artefact, digest)) === null)
      findings.push(...(await copyFindings(artefact.path, digest, read)));
  }
  return findings;
};
