import { type AwsSession, recorded } from '#shared/aws/session';
import { type Flow, StepFailedError } from '#shared/case/flow';
import type { PolicyEdit } from '../plan.ts';
import { holds, type Proof } from '../proof.ts';
import type { OtherChange, ProofReport } from '../report.ts';
import { RolePolicies } from '../role-policies.ts';
import { look, putBack, settled, writeEdit } from './editing.ts';
import type { Ending, Subject } from './ending.ts';
import { editsKey, type Look, originalKey } from './looking.ts';
import { otherEditors } from './other-editors.ts';
import { proveInPlace, simulateAfter, simulateBefore } from './proving.ts';
import { iamReader } from './reading.ts';
import { own, type PermissionTools, there } from './tools.ts';

export type Done = Pick<Ending, 'verdict' | 'because' | 'proof' | 'others' | 'todo'>;

type Session = () => Promise<AwsSession>;

/** The documents as they were, from the evidence: too large to cross a step where AWS's own policies are among them. */
const originalOf = async (tools: PermissionTools, caseId: string): Promise<RolePolicies> =>
  RolePolicies.parse(JSON.parse((await tools.bucket.bytes(originalKey(caseId))).toString('utf8')));

/** IAM keeps five versions: the oldest makes room, once its document is in the evidence. */
const makeRoom = async (
  flow: Flow,
  tools: PermissionTools,
  session: Session,
  { caseId, roleName }: Subject,
  edit: PolicyEdit,
) => {
  const { dropVersion: version, policy } = edit;
  if (version === null) return;
  const name = policy.slice(policy.lastIndexOf('/') + 1);
  await flow.step(`keep ${policy} ${version}`, async (custody) => {
    const document = await iamReader(await session(), custody).version(policy, version);
    const key = `cases/${caseId}/permission/${name}-${version}.json`;
    await tools.bucket.put(custody, await own(tools), key, document, 'application/json');
  });
  await flow.once<'gone' | 'not needed'>(
    `delete ${policy} ${version}`,
    async (custody) => {
      const at = await session();
      // Nothing will be written over what somebody else has changed, and so nothing has to make room.
      if ((await look(iamReader(at, custody), roleName, edit)) !== 'before') return 'not needed';
      const iam = await at.rolePolicies();
      await recorded(custody, at, 'iam:DeletePolicyVersion', `${policy} ${version}`, () =>
        iam.deleteVersion(policy, version),
      );
      return 'gone';
    },
    async (custody) => {
      const versions = await iamReader(await session(), custody).versions(policy);
      return versions.some(({ versionId }) => versionId === version) ? null : 'gone';
    },
  );
};

type WrittenAll = { readonly ok: true } | { readonly ok: false; readonly because: string; readonly reached: number };

/** One policy after the other, so that at any time it is known how far it came. */
const writeAll = async (
  flow: Flow,
  tools: PermissionTools,
  session: Session,
  subject: Subject,
  edits: readonly PolicyEdit[],
): Promise<WrittenAll> => {
  for (const [before, edit] of edits.entries()) {
    try {
      await makeRoom(flow, tools, session, subject, edit);
      const { stands, wasTried } = await writeEdit(flow, session, subject.roleName, edit);
      const because = `somebody else has changed \`${edit.policy}\``;
      // What was changed after a write that was interrupted may have been written before: a person has to look.
      if (stands !== 'after') return { ok: false, because, reached: wasTried ? before + 1 : before };
    } catch (error) {
      if (!(error instanceof StepFailedError)) throw error;
      // Whether this one was written is not known: it is looked at when all are put back.
      return { ok: false, because: error.message, reached: before + 1 };
    }
  }
  return { ok: true };
};

/** Puts back what was written, last first. What somebody else has changed since is theirs, and is left. */
const undo = async (
  flow: Flow,
  session: Session,
  roleName: string,
  edits: readonly PolicyEdit[],
): Promise<readonly string[]> => {
  const left: string[] = [];
  for (const edit of edits.toReversed()) {
    try {
      const { stands } = await putBack(flow, session, roleName, edit);
      if (stands !== 'before')
        left.push(`Policy \`${edit.policy}\` was changed by somebody else meanwhile: look at it.`);
    } catch (error) {
      if (!(error instanceof StepFailedError)) throw error;
      left.push(`Policy \`${edit.policy}\` could not be put back: ${error.message}. Its document is in the evidence.`);
    }
  }
  const standing =
    edits.length === 0 ? 'before' : await settled(flow, 'see it back', session, roleName, edits, 'before');
  return standing === 'before' || left.length > 0 ? left : ['The policies do not show as they were yet: look at them.'];
};

const PROVE_AGAIN = [5, 15, 30, 60] as const;

const prove = async (
  flow: Flow,
  tools: PermissionTools,
  session: Session,
  { caseId }: Subject,
  edits: readonly PolicyEdit[],
): Promise<Proof | null> => {
  const ask = async (custody: Parameters<typeof proveInPlace>[1]) =>
    proveInPlace(await session(), custody, await originalOf(tools, caseId), edits);
  const shown = await flow.until<Proof>(
    'prove',
    async (custody) => {
      const proof = await ask(custody);
      return proof !== null && holds(proof) ? proof : null;
    },
    PROVE_AGAIN,
  );
  return shown ?? flow.step('prove, at last', ask).catch(() => null);
};

const reportOf = (proof: Proof | null, simulated: ProofReport['simulated'], alone: boolean | null): ProofReport => ({
  asked: proof?.asked ?? 0,
  left: proof?.left.length ?? 0,
  changed: proof?.changed.length ?? 0,
  simulated,
  alone,
});

/** Why the edit is not what it was meant to be; `null` where it is. */
const failureOf = (proof: Proof | null, simulated: ProofReport['simulated']): string | null => {
  if (proof === null) return 'the role could not be read back';
  if (proof.left.length > 0) return 'the role can still make service-linked roles of KMS';
  if (proof.changed.length > 0) return `the role is no longer allowed what it was: ${proof.changed[0]?.action}`;
  return 'agrees' in simulated && !simulated.agrees
    ? "IAM's simulator does not agree that only the permission went"
    : null;
};

const UNKNOWN_EDITORS =
  'CloudTrail did not tell whether somebody else was changing the same policies: compare them with the evidence.';

const PUT_BACK =
  'Look at the edited policies: the permission may be there again. A later import, or a start by hand, tells.';

const lost = ({ at, caller, what }: OtherChange): string =>
  `${caller} did ${what} at ${at}, while the policy was edited: that change may be lost, or may have put the permission back. What was put is in the report.`;

/**
 * Writes the plan: simulate → write, one policy after the other → read back → prove → look for other editors. Whatever
 * does not come out as planned is put back. `changed-before`: nothing was written, for somebody else was there first.
 */
export const carryOut = async (
  flow: Flow,
  tools: PermissionTools,
  subject: Subject,
  { plan: { edits }, role, since }: Look,
): Promise<Done | 'changed-before'> => {
  const { accountId, roleName, caseId } = subject;
  const session = () => there(tools, accountId);
  await flow.step('keep the original', async (custody) => {
    await tools.claims.record(caseId, { roleArn: role.roleArn, edits });
    const kept = `${JSON.stringify({ accountId, roleName, edits }, null, 2)}\n`;
    await tools.bucket.put(custody, await own(tools), editsKey(caseId), kept, 'application/json');
  });
  const before = await simulateBefore(flow, session, () => originalOf(tools, caseId));

  const putAllBack = async (reached: number, because: string, proof: ProofReport | null): Promise<Done> => {
    const todo = await undo(flow, session, roleName, edits.slice(0, reached));
    return { verdict: todo.length === 0 ? 'undone' : 'left', because, proof, others: [], todo };
  };

  const written = await writeAll(flow, tools, session, subject, edits);
  if (!written.ok) {
    if (written.reached === 0) return 'changed-before';
    return putAllBack(written.reached, `the edit was broken off: ${written.because}`, null);
  }
  const standing = await settled(flow, 'read back', session, roleName, edits, 'after');
  if (standing !== 'after') {
    const because =
      standing === 'other' ? 'somebody else has changed a policy meanwhile' : 'the edit does not show in IAM';
    return putAllBack(edits.length, because, null);
  }
  const proof = await prove(flow, tools, session, subject, edits);
  const simulated = await simulateAfter(flow, session, role.roleArn, before);
  const failure = failureOf(proof, simulated);
  if (failure !== null) return putAllBack(edits.length, failure, reportOf(proof, simulated, null));

  const others = await otherEditors(flow, tools, { accountId, roleName, edits, since });
  const report = reportOf(proof, simulated, others === null ? null : others.length === 0);
  const todo = others === null ? [UNKNOWN_EDITORS] : others.map(lost);
  // Minutes have passed with CloudTrail: whoever wrote an older document over the edit since has put the permission back.
  const still = await settled(flow, 'look once more', session, roleName, edits, 'after');
  if (still !== 'after') {
    const because = 'somebody has changed a policy again after it was edited';
    return { verdict: 'left', because, proof: report, others: others ?? [], todo: [...todo, PUT_BACK] };
  }
  return { verdict: 'retired', because: 'the one-time permission is gone', proof: report, others: others ?? [], todo };
};
