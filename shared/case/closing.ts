import { custodyLog } from '#shared/evidence/custody-log';
import { manifestJson, manifestOf, type StoredFile } from '#shared/evidence/manifest';
import { reportHtml } from '#shared/evidence/report-html';
import type { Flow } from './flow.ts';
import type { CaseReport } from './report.ts';
import type { Tools } from './tools.ts';

const CONTENT_TYPES = {
  'report.json': 'application/json',
  'report.html': 'text/html; charset=utf-8',
  'custody.jsonl': 'application/x-ndjson',
  'manifest.json': 'application/json',
} as const;

/** Where a case's evidence stands. */
export const folderOf = (tools: Tools, caseId: string): string => `s3://${tools.bucket.bucket}/cases/${caseId}/`;

const own = ({ sessions, settings }: Tools) => sessions.at(settings.ACCOUNT_ID, settings.AWS_REGION);

/** Writes the case's documents. The custody log ends where its own writing begins. */
const writeDocuments = async (
  flow: Flow,
  tools: Tools,
  report: CaseReport,
  stored: readonly StoredFile[],
): Promise<void> => {
  const entries = flow.custody();
  const documents = [
    { path: 'report.json', body: `${JSON.stringify(report, null, 2)}\n` },
    { path: 'report.html', body: reportHtml(report) },
    { path: 'custody.jsonl', body: custodyLog(entries) },
  ] as const;
  const manifest = {
    path: 'manifest.json',
    body: manifestJson(manifestOf({ report, documents, stored, custodyEntries: entries })),
  } as const;
  const write = async ({ path, body }: (typeof documents)[number] | typeof manifest) => {
    await flow.step(`write ${path}`, async (custody) =>
      tools.bucket.put(custody, await own(tools), `cases/${report.caseId}/${path}`, body, CONTENT_TYPES[path]),
    );
  };
  await Promise.all(documents.map(write));
  await write(manifest);
};

/** What is known before the disks are copied. It costs the case nothing where it cannot be told: the end is told of, too. */
export const reportSoFar = async (
  flow: Flow,
  tools: Tools,
  report: CaseReport,
  stored: readonly StoredFile[],
): Promise<void> => {
  const tell = () =>
    flow.step('tell what is known so far', async (custody) =>
      tools.notice.caseSoFar(custody, await own(tools), report, folderOf(tools, report.caseId)),
    );
  await writeDocuments(flow, tools, report, stored)
    .then(tell)
    .catch(() => {});
};

/**
 * Writes the case's documents, tells people, and lets the target go, in this order: a crash leaves a case that is told of
 * twice, never one that nobody hears of.
 */
export const closeCase = async (
  flow: Flow,
  tools: Tools,
  report: CaseReport,
  stored: readonly StoredFile[],
  target: string,
): Promise<void> => {
  const { settings, claims, notice } = tools;
  await writeDocuments(flow, tools, report, stored);
  await flow.step('keep the record', () =>
    claims.record(report.caseId, {
      verdict: report.verdict,
      closedAt: report.closedAt,
      cause: report.diagnosis?.cause ?? null,
    }),
  );
  const untold = await flow
    .step('tell', async (custody) =>
      notice.caseClosed(custody, await own(tools), report, folderOf(tools, report.caseId)),
    )
    .then(
      () => null,
      (error: Error) => error,
    );
  await flow.step('let the target go', () => claims.close(target, flow.executionArn, settings.COOL_DOWN * 60));
  // The execution fails, so that somebody hears of it after all; the evidence is written, and the machine is free.
  if (untold !== null) throw untold;
};
