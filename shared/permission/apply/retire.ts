import { type Flow, StepFailedError } from '#shared/case/flow';
import type { PermissionRecord } from '#shared/ledger/permission-record';
import type { AccountId } from '#shared/signal/identifiers';
import { LINKED_ROLE } from '../linked-role.ts';
import { restorationSource } from '../source.ts';
import { carryOut, type Done } from './carry-out.ts';
import { type Ending, NOTHING_DONE, planFingerprint, type Subject } from './ending.ts';
import { type Look, lookAt } from './looking.ts';
import { iamReader } from './reading.ts';
import type { RetireRequest, SuccessRequest } from './request.ts';
import { type PermissionTools, there } from './tools.ts';

const linkedRoleThere = (flow: Flow, tools: PermissionTools, accountId: AccountId): Promise<boolean> =>
  flow.step(
    'look for the service-linked role',
    async (custody) => (await iamReader(await there(tools, accountId), custody).role(LINKED_ROLE)) !== null,
  );

const isByHand = (request: SuccessRequest | RetireRequest): request is RetireRequest => 'roleName' in request;

/** Why the permission may still be needed; `null` where it is not. */
const stillNeeded = async (
  flow: Flow,
  tools: PermissionTools,
  { accountId }: Subject,
  { isAboutLinkedRole }: Look,
  isSeen: boolean,
): Promise<string | null> => {
  if (isAboutLinkedRole) {
    return (await linkedRoleThere(flow, tools, accountId))
      ? null
      : `the service-linked role \`${LINKED_ROLE}\` is not there yet: the next multi-Region key needs the permission`;
  }
  return isSeen
    ? null
    : 'no import under a temporary key of this role has been seen to succeed; `force` retires it all the same';
};

/** It was taken once and is back, or a person put it back. */
const driftOf = (record: PermissionRecord, look: Look): string | null => {
  if (record.state === 'restored') return 'a person has put the permission back: it is taken again with `RetireAgain`';
  if (record.state !== 'retired') return null;
  const source = restorationSource(look.role.tags);
  return `the permission is back after it was retired on ${record.at ?? 'an earlier day'}${source}; it is taken again with \`RetireAgain\``;
};

const UNDONE =
  'the same edit was made before and put back, for it could not be proven: look at that report, and start it by hand';

/** Another editor's change is planned from anew, before anything is written. */
const MOST_ROUNDS = 3;

const unreadable = (error: unknown): Ending => {
  if (!(error instanceof StepFailedError)) throw error;
  return { ...NOTHING_DONE, verdict: 'reported', because: `IAM could not be read: ${error.message}` };
};

const planned = (look: Look, because: string): Ending => ({
  ...NOTHING_DONE,
  verdict: 'planned',
  because,
  roleArn: look.role.roleArn,
  edits: look.plan.edits,
  findings: look.plan.findings,
});

const ended = (look: Look, verdict: Ending['verdict'], because: string, todo: readonly string[] = []): Ending => ({
  ...NOTHING_DONE,
  verdict,
  because,
  roleArn: look.role.roleArn,
  edits: [],
  findings: look.plan.findings,
  todo,
});

const NOT_EDITED = {
  absent: ['absent', 'the role does not have the one-time permission'],
  blocked: ['reported', 'the role can make service-linked roles of KMS by what Unlatch does not edit'],
  unreadable: ['reported', 'a policy of the role cannot be read, so that nothing could be proven'],
} as const;

const toDo = ({ plan }: Look): readonly string[] =>
  plan.findings.map(({ policy, statement, note }) => {
    const place = statement === null ? '' : `, statement ${statement.sid ?? statement.index}`;
    return `Policy \`${policy}\`${place}: ${note}.`;
  });

const doneEnding = (look: Look, done: Done): Ending => ({
  ...NOTHING_DONE,
  ...done,
  roleArn: look.role.roleArn,
  edits: look.plan.edits,
  findings: look.plan.findings,
});

/** The retirement, from the first look to the last proof; the claim is held, and the report is written by the caller. */
export const retire = async (
  flow: Flow,
  tools: PermissionTools,
  request: SuccessRequest | RetireRequest,
  subject: Subject,
  record: PermissionRecord,
): Promise<Ending> => {
  const force = isByHand(request) && request.force === true;
  const isSeen = !isByHand(request) || record.succeededAt !== null;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    let look: Look | null;
    let needed: string | null = null;
    try {
      look = await lookAt(flow, tools, subject, round);
      if (look === null) {
        return { ...NOTHING_DONE, verdict: 'reported', because: `there is no role \`${subject.roleName}\`` };
      }
      if (look.plan.verdict !== 'edit') {
        const [verdict, because] = NOT_EDITED[look.plan.verdict];
        return ended(look, verdict, because, toDo(look));
      }
      needed = force ? null : await stillNeeded(flow, tools, subject, look, isSeen);
    } catch (error) {
      return unreadable(error);
    }
    if (needed !== null) return ended(look, 'not-yet', needed);
    const drift = force || tools.settings.RETIRE_AGAIN ? null : driftOf(record, look);
    if (drift !== null) return ended(look, 'reported', drift, [drift]);
    if (!isByHand(request) && record.undone === planFingerprint(look.plan.edits))
      return ended(look, 'reported', UNDONE, [UNDONE]);
    if (subject.dryRun) return planned(look, 'a dry run changed nothing');
    const done = await carryOut(flow, tools, subject, look);
    if (done !== 'changed-before') return doneEnding(look, done);
  }
  return {
    ...NOTHING_DONE,
    verdict: 'reported',
    because: 'somebody else was changing the role all the time: nothing was changed',
  };
};
