import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { CustodyEntry, RouteName } from '#shared/case/case';
import type { CaseReport, Verdict } from '#shared/case/report';
import { custodyHead } from './custody-log.ts';

const ROUTES = ['re-encrypt', 'unencrypted-copy', 'ssm-triage', 'manual'] as const satisfies readonly RouteName[];
const VERDICTS = ['preserved', 'by-hand', 'diagnosed', 'planned'] as const satisfies readonly Verdict[];

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in lower-case hexadecimal');
const Bytes = z.int().nonnegative();

/** A file of the case's folder, as `verify` compares it. */
const StoredFile = z.object({ path: z.string().min(1), bytes: Bytes, sha256: Sha256 });
export type StoredFile = z.infer<typeof StoredFile>;

const Collected = { collectedAt: z.string(), route: z.enum(ROUTES) };

/** A snapshot that holds what a volume held: in EC2, not in the folder. */
const Copy = z.object({
  volumeId: z.string(),
  snapshotId: z.string(),
  accountId: z.string(),
  region: z.string(),
  sizeGiB: z.int().min(1),
  keyArn: z.string().nullable(),
  sharedWith: z.string().nullable(),
  madeVolume: z.string().nullable(),
});

/** What `manifest.json` holds: where the evidence comes from, and every file of the case with its size and hash. */
export const Manifest = z.object({
  caseId: z.string(),
  tool: z.object({ name: z.literal('unlatch'), version: z.string() }),
  verdict: z.enum(VERDICTS),
  created: z.iso.datetime(),
  /** `null` and empty where the machine was not found, or nothing was frozen. */
  source: z.object({
    accountId: z.string().nullable(),
    region: z.string().nullable(),
    instanceId: z.string().nullable(),
    volumes: z.array(z.object({ volumeId: z.string(), device: z.string().nullable() })),
    frozenSnapshots: z.array(
      z.object({ snapshotId: z.string(), volumeId: z.string().nullable(), encrypted: z.boolean() }),
    ),
  }),
  artefacts: z.array(
    z.discriminatedUnion('kind', [
      StoredFile.extend({ kind: z.literal('triage-archive'), ...Collected }),
      StoredFile.extend({ kind: z.literal('disk-copy'), ...Collected, copy: Copy }),
    ]),
  ),
  documents: z.array(StoredFile),
  /** Vouches for the custody log line by line: see `custodyHead`. */
  custody: z.object({ entries: z.int().nonnegative(), head: Sha256 }),
});
export type Manifest = z.infer<typeof Manifest>;

/** A document of the case as it is stored, in UTF-8. */
export interface Document {
  /** Path below the case's folder. */
  readonly path: string;
  readonly body: string;
}

export interface Evidence {
  readonly report: CaseReport;
  /** `report.json`, `report.html` and `custody.jsonl`: all but the manifest, which cannot hold its own hash. */
  readonly documents: readonly Document[];
  /** Documents that were written before the end, as `facts.json`. */
  readonly stored: readonly StoredFile[];
  readonly custodyEntries: readonly CustodyEntry[];
}

export const storedDocument = ({ path, body }: Document): StoredFile => ({
  path,
  bytes: Buffer.byteLength(body, 'utf8'),
  sha256: createHash('sha256').update(body, 'utf8').digest('hex'),
});

const sourceOf = ({ location, freeze }: CaseReport): Manifest['source'] => {
  const target = location.found ? location.target : null;
  const snapshots = freeze.frozen ? freeze.snapshots : [];
  return {
    accountId: target?.accountId ?? null,
    region: target?.region ?? null,
    instanceId: target?.instanceId ?? null,
    volumes: (target?.volumes ?? []).map(({ volumeId, device }) => ({ volumeId, device })),
    frozenSnapshots: snapshots.map(({ snapshotId, volumeId, encrypted }) => ({ snapshotId, volumeId, encrypted })),
  };
};

/** The manifest of a case. It is dated by the report's end, not by the clock: a replay makes the same one. */
export const manifestOf = ({ report, documents, stored, custodyEntries }: Evidence): Manifest => ({
  caseId: report.caseId,
  tool: { name: report.tool.name, version: report.tool.version },
  verdict: report.verdict,
  created: new Date(report.closedAt).toISOString(),
  source: sourceOf(report),
  artefacts: [...report.artefacts],
  documents: [...documents.map(storedDocument), ...stored],
  custody: { entries: custodyEntries.length, head: custodyHead(custodyEntries) },
});

/** `manifest.json`, as it is written. */
export const manifestJson = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`;
