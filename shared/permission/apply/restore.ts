import * as z from 'zod';
import { type Flow, StepFailedError } from '#shared/case/flow';
import type { PermissionRecord } from '#shared/ledger/permission-record';
import type { PolicyEdit } from '../plan.ts';
import { look, putBack, settled } from './editing.ts';
import { type Ending, NOTHING_DONE, type Subject } from './ending.ts';
import { editsKey } from './looking.ts';
import { iamReader } from './reading.ts';
import { TAG_CASE } from './tags.ts';
import { type PermissionTools, there } from './tools.ts';

const Spot = z.object({ index: z.number(), sid: z.string().nullable(), whole: z.boolean() });
const Edit = z.object({
  policy: z.string(),
  act: z.enum(['put-inline', 'delete-inline', 'new-version', 'detach']),
  before: z.string(),
  after: z.string().nullable(),
  taken: z.array(Spot),
  dropVersion: z.string().nullable(),
  beforeVersion: z.string().nullable(),
}) satisfies z.ZodType<PolicyEdit>;
const Retirement = z.object({ accountId: z.string(), roleName: z.string(), edits: z.array(Edit) });

const CASE_ID = /^[\w+=,.@-]{1,128}$/;

/** The edits of a retirement, from the evidence; none where that is of another role. */
const editsOf = async (tools: PermissionTools, caseId: string, subject: Subject): Promise<PolicyEdit[]> => {
  const body = await tools.bucket.bytes(editsKey(caseId));
  const { accountId, roleName, edits } = Retirement.parse(JSON.parse(body.toString('utf8')));
  return accountId === subject.accountId && roleName === subject.roleName ? edits : [];
};

/** A policy that was edited more than once is put back to what it was before the last time. */
const latestOf = (edits: readonly PolicyEdit[]): PolicyEdit[] => [
  ...new Map(edits.map((edit) => [edit.policy, edit])).values(),
];

const no = (because: string): Ending => ({ ...NOTHING_DONE, verdict: 'reported', because });

/**
 * Puts the documents of all retirements since the last restoration back, each only where it still is what the retirement
 * made of it. By hand alone: it gives a permission.
 */
export const restore = async (
  flow: Flow,
  tools: PermissionTools,
  subject: Subject,
  record: PermissionRecord,
): Promise<Ending> => {
  const { accountId, roleName } = subject;
  const session = () => there(tools, accountId);
  const role = await flow.step('read the role', async (custody) => iamReader(await session(), custody).role(roleName));
  if (role === null) return no(`there is no role \`${roleName}\``);
  const caseIds = record.caseIds.length > 0 ? record.caseIds : [role.tags[TAG_CASE] ?? ''];
  if (!caseIds.every((caseId) => CASE_ID.test(caseId)))
    return no('nothing is known of a permission that was retired from this role');
  const retired: PolicyEdit[] = [];
  for (const caseId of caseIds) {
    const found = await flow.step(`read what ${caseId} retired`, () => editsOf(tools, caseId, subject)).catch(() => []);
    if (found.length === 0) return no(`the evidence of case \`${caseId}\` does not hold what was retired`);
    retired.push(...found);
  }
  const edits = latestOf(retired);

  const found = { ...NOTHING_DONE, roleArn: role.arn, edits };
  if (subject.dryRun) {
    const standings = await flow.step('look', async (custody) => {
      const reader = iamReader(await session(), custody);
      return Promise.all(edits.map((edit) => look(reader, roleName, edit)));
    });
    const todo = edits.filter((_, at) => standings[at] === 'other').map(({ policy }) => changed(policy));
    return { ...found, verdict: 'planned', because: 'a dry run changed nothing', todo };
  }

  const todo: string[] = [];
  for (const edit of edits) {
    try {
      const { stands } = await putBack(flow, session, roleName, edit);
      if (stands !== 'before') todo.push(changed(edit.policy));
    } catch (error) {
      if (!(error instanceof StepFailedError)) throw error;
      todo.push(`Policy \`${edit.policy}\` could not be put back: ${error.message}.`);
    }
  }
  if (todo.length > 0) return { ...found, verdict: 'left', because: 'not every policy could be put back', todo };
  const standing = await settled(flow, 'see it back', session, roleName, edits, 'before');
  if (standing === 'before') return { ...found, verdict: 'restored', because: 'the policies are as they were' };
  return {
    ...found,
    verdict: 'left',
    because: 'the policies do not show as they were',
    todo: edits.map(({ policy }) => changed(policy)),
  };
};

const changed = (policy: string): string =>
  `Policy \`${policy}\` is not what the retirement made of it: put the statement back by hand, from the evidence.`;
