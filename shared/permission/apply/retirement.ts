import { type Flow, StepFailedError } from '#shared/case/flow';
import type { PermissionRecord } from '#shared/ledger/permission-record';
import { AccountId } from '#shared/signal/identifiers';
import { VERSION } from '#shared/version';
import { diffOf } from '../diff.ts';
import type { PermissionReport } from '../report.ts';
import { close } from './closing.ts';
import { type Ending, fingerprint, planFingerprint, type Subject } from './ending.ts';
import type { PermissionRequest } from './request.ts';
import { restore } from './restore.ts';
import { retire } from './retire.ts';
import { tagRole } from './tags.ts';
import { type PermissionTools, there } from './tools.ts';

export type PermissionAnswer = PermissionReport | { readonly absorbedBy: string; readonly state: 'open' | 'closed' };

/** As long as the execution may last (`ExecutionTimeout`): a claim that outlives it is taken over after this. */
const HOLD_SECONDS = 6 * 3_600;

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
  fingerprint([verdict, because, edits, findings, todo]);

const why = (request: PermissionRequest): string =>
  'success' in request ? `an import under ${request.success.by} succeeded` : 'by hand';

/** A later edit of a policy stands for the earlier ones: these are more than a role has policies. */
const MOST_CASES = 50;

/** What becomes known of the role. */
const changeOf = (report: PermissionReport, record: PermissionRecord): Partial<PermissionRecord> => {
  const { verdict, caseId, closedAt: at, edits } = report;
  if (verdict === 'restored') return { state: 'restored', at, caseIds: [], undone: null };
  if (verdict === 'undone') return { undone: planFingerprint(edits) };
  // What was left half-way was taken once, too: it is not taken again by itself, and can be put back.
  const isTaken = verdict === 'retired' || (verdict === 'left' && report.action === 'retire');
  return isTaken ? { state: 'retired', at, caseIds: [...record.caseIds, caseId].slice(-MOST_CASES), undone: null } : {};
};

const QUIET: ReadonlySet<PermissionReport['verdict']> = new Set(['absent', 'not-yet']);

/** By hand everything is told; of imports, what is news. */
const isNews = (report: PermissionReport, request: PermissionRequest, record: PermissionRecord): boolean => {
  if ('roleName' in request) return !report.dryRun;
  return !QUIET.has(report.verdict) && fingerprintOf(report) !== record.told;
};

/** What could not be written or told does not keep the role from the next one. */
const closed = async (close: () => Promise<void>): Promise<StepFailedError | null> => {
  try {
    await close();
    return null;
  } catch (error) {
    if (error instanceof StepFailedError) return error;
    throw error;
  }
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

  if ('success' in request) {
    // Whoever else is at work on the role: that an import has succeeded stays known.
    await flow.step('remember the success', async () => {
      const { succeededAt } = await tools.records.read(accountId, roleName);
      if (succeededAt === null) await tools.records.keep(accountId, roleName, { succeededAt: openedAt });
    });
  }
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

  // First what later imports go by: whether it can be told is another matter.
  const change = changeOf(report, record);
  if (Object.keys(change).length > 0)
    await flow.step('keep what is known', () => tools.records.keep(accountId, roleName, change));
  const { verdict } = report;
  if (verdict === 'retired' || verdict === 'restored') {
    // The tag is for whoever looks at the role; the report is written and told all the same.
    await flow
      .step('tag the role', async (custody) =>
        tagRole(await there(tools, accountId), custody, roleName, {
          state: verdict,
          at: report.closedAt,
          caseId: verdict === 'retired' ? caseId : (record.caseIds.at(-1) ?? caseId),
          why: why(request),
        }),
      )
      .catch(() => {});
  }
  const untold = await closed(async () => {
    await close(flow, tools, report, isNews(report, request, record));
    if (!(byHand && dryRun))
      await flow.step('keep what was told', () =>
        tools.records.keep(accountId, roleName, { told: fingerprintOf(report) }),
      );
  });
  await flow.step('let the role go', () => tools.claims.close(target, execution, 0));
  if (untold !== null) throw untold;
  return report;
};
