import { createHash } from 'node:crypto';
import type { Flow } from '#shared/case/flow';
import type { PermissionRecord } from '#shared/ledger/permission-record';
import { AccountId } from '#shared/signal/identifiers';
import { VERSION } from '#shared/version';
import { diffOf } from '../diff.ts';
import type { PermissionReport } from '../report.ts';
import { close } from './closing.ts';
import type { Ending, Subject } from './ending.ts';
import type { PermissionRequest } from './request.ts';
import { restore } from './restore.ts';
import { retire } from './retire.ts';
import { tagRole } from './tags.ts';
import { type PermissionTools, there } from './tools.ts';

export type PermissionAnswer = PermissionReport | { readonly absorbedBy: string; readonly state: 'open' | 'closed' };

/** Longer than all waits together: a claim that outlives its execution is taken over after this. */
const HOLD_SECONDS = 2 * 3_600;

/** `20261128-permission-myCadoResponseRole-3f9a1c2b` */
const caseIdOf = (roleName: string, day: string, executionArn: string): string => {
  const tail = executionArn
    .replace(/[^a-zA-Z0-9]/g, '')
    .slice(-8)
    .toLowerCase();
  return `${day.slice(0, 10).replaceAll('-', '')}-permission-${roleName}-${tail}`;
};

const subjectOf = (
  flow: Flow,
  { settings }: PermissionTools,
  request: PermissionRequest,
  openedAt: string,
): Subject => {
  const { accountId = AccountId.parse(settings.ACCOUNT_ID), roleName } =
    'success' in request ? request.success : request;
  const dryRun = settings.DRY_RUN || ('roleName' in request && request.dryRun === true);
  return { accountId, roleName, caseId: caseIdOf(roleName, openedAt, flow.executionArn), dryRun };
};

const reportOf = (
  ending: Ending,
  subject: Subject,
  action: PermissionReport['action'],
  times: { openedAt: string; closedAt: string },
): PermissionReport => {
  const { caseId, accountId, roleName, dryRun } = subject;
  const back = action === 'restore';
  return {
    kind: 'permission',
    caseId,
    action,
    dryRun,
    accountId,
    roleName,
    ...times,
    ...ending,
    edits: ending.edits.map((edit) => ({
      ...edit,
      diff: back ? diffOf({ ...edit, act: 'put-inline', before: edit.after ?? '', after: edit.before }) : diffOf(edit),
    })),
    tool: { name: 'unlatch', version: VERSION },
  };
};

/** What people would be told, without its times: the same again is not told again. */
const fingerprintOf = ({ verdict, because, edits, findings, todo }: PermissionReport): string =>
  createHash('sha256')
    .update(JSON.stringify([verdict, because, edits, findings, todo]))
    .digest('hex');

const why = (request: PermissionRequest): string =>
  'success' in request ? `an import under ${request.success.by} succeeded` : 'by hand';

/** What stays known of the role; nothing of a dry run but what people were told. */
const changeOf = (
  report: PermissionReport,
  request: PermissionRequest,
  record: PermissionRecord,
): Partial<PermissionRecord> => {
  const seen = 'success' in request && record.succeededAt === null ? { succeededAt: report.openedAt } : {};
  const { verdict, caseId, closedAt: at } = report;
  if (verdict === 'restored') return { ...seen, state: 'restored', at, told: fingerprintOf(report) };
  // What was left half-way was taken once, too: it is not taken again by itself, and can be put back.
  const isTaken = verdict === 'retired' || (verdict === 'left' && report.action === 'retire');
  return { ...seen, ...(isTaken ? { state: 'retired', at, caseId } : {}), told: fingerprintOf(report) };
};

const QUIET: ReadonlySet<PermissionReport['verdict']> = new Set(['absent', 'not-yet']);

/** By hand everything is told; of imports, what is news. */
const isNews = (report: PermissionReport, request: PermissionRequest, record: PermissionRecord): boolean => {
  if ('roleName' in request) return !report.dryRun;
  return !QUIET.has(report.verdict) && fingerprintOf(report) !== record.told;
};

const clock = (flow: Flow, name: string): Promise<string> => flow.step(name, async () => new Date().toISOString());

/**
 * One retirement, or its undoing: claim → look → plan → keep the original → write once → read back → prove → tell. One at
 * a time for a role; whoever comes second leaves it to the first.
 */
export const retirement = async (
  flow: Flow,
  tools: PermissionTools,
  request: PermissionRequest,
): Promise<PermissionAnswer> => {
  const openedAt = await clock(flow, 'open');
  const subject = subjectOf(flow, tools, request, openedAt);
  const { accountId, roleName, caseId, dryRun } = subject;
  const action = 'action' in request ? 'restore' : 'retire';
  const target = `permission/${accountId}/${roleName}`;
  const execution = flow.executionArn;

  const byHand = 'roleName' in request;
  const claimed = await flow.step('claim', () =>
    tools.claims.claim({ target, caseId, execution, holdSeconds: HOLD_SECONDS, byHand }),
  );
  if (!claimed.claimed) return { absorbedBy: claimed.caseId, state: claimed.state };
  const record = await flow.step('what is known of the role', () => tools.records.read(accountId, roleName));

  const ending =
    'action' in request
      ? await restore(flow, tools, subject, record)
      : await retire(flow, tools, request, subject, record);
  const report = reportOf(ending, subject, action, { openedAt, closedAt: await clock(flow, 'end') });

  const { verdict } = report;
  if (verdict === 'retired' || verdict === 'restored') {
    // The tag is for whoever looks at the role; the report is written and told all the same.
    await flow
      .step('tag the role', async (custody) =>
        tagRole(await there(tools, accountId), custody, roleName, {
          state: verdict,
          at: report.closedAt,
          caseId: verdict === 'retired' ? caseId : (record.caseId ?? caseId),
          why: why(request),
        }),
      )
      .catch(() => {});
  }
  await close(flow, tools, report, isNews(report, request, record));
  if (!(byHand && dryRun)) {
    await flow.step('keep what is known', () =>
      tools.records.keep(accountId, roleName, changeOf(report, request, record)),
    );
  }
  await flow.step('let the role go', () => tools.claims.close(target, execution, 0));
  return report;
};
