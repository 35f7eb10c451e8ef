import type { Flow } from '#shared/case/flow';
import { custodyLog } from '#shared/evidence/custody-log';
import { permissionHtml } from '#shared/evidence/permission-html';
import { headlineOf, messageOf } from '../in-words.ts';
import type { PermissionReport } from '../report.ts';
import { own, type PermissionTools } from './tools.ts';

export const folderOf = ({ bucket }: PermissionTools, caseId: string): string =>
  `s3://${bucket.bucket}/cases/${caseId}/`;

/** What leaves no trace needs no evidence: nothing was there, or a dry run by hand answers with its findings. */
const leavesNothing = ({ verdict, dryRun }: PermissionReport): boolean =>
  verdict === 'absent' || verdict === 'not-yet' || (dryRun && verdict === 'planned');

/** Writes the report and the custody log, and tells people. */
export const close = async (
  flow: Flow,
  tools: PermissionTools,
  report: PermissionReport,
  isNews: boolean,
): Promise<void> => {
  const { caseId, verdict, accountId, roleName } = report;
  if (!leavesNothing(report)) {
    const write = (path: string, body: string, type: string) =>
      flow.step(`write ${path}`, async (custody) =>
        tools.bucket.put(custody, await own(tools), `cases/${caseId}/${path}`, body, type),
      );
    const log = custodyLog(flow.custody());
    await Promise.all([
      write('permission-report.json', `${JSON.stringify(report, null, 2)}\n`, 'application/json'),
      write('permission-report.html', permissionHtml(report), 'text/html; charset=utf-8'),
      write('custody.jsonl', log, 'application/x-ndjson'),
    ]);
    await flow.step('keep the record', () =>
      tools.claims.record(caseId, { verdict, closedAt: report.closedAt, roleArn: report.roleArn }),
    );
  }
  if (!isNews) return;
  const folder = folderOf(tools, caseId);
  await flow.step('tell', async (custody) =>
    tools.notice.permission(custody, await own(tools), {
      subject: headlineOf(report),
      message: messageOf(report, folder),
      detail: { caseId, verdict, accountId, roleName, evidence: folder },
    }),
  );
};
