import * as z from 'zod';
import { type AwsSession, type Custody, recorded } from '#shared/aws/session';
import { type Flow, StepFailedError } from '#shared/case/flow';
import type { PolicyEdit } from '../plan.ts';
import { creationsOf, isCreation, literalSamplesOf, type Proof, prove, type Sample } from '../proof.ts';
import { policyId, type RolePolicies } from '../role-policies.ts';
import { iamReader } from './reading.ts';

/**
 * The role as it would stand now without the edits: everybody else's changes are in both, so that the proof is of the
 * edits alone.
 */
const withoutEdits = (now: RolePolicies, before: RolePolicies, edits: readonly PolicyEdit[]): RolePolicies => {
  const editOf = (id: string) => edits.find(({ policy }) => policy === id);
  const here = new Set(now.policies.map(policyId));
  const gone = before.policies.filter(
    (policy) => editOf(policyId(policy)) !== undefined && !here.has(policyId(policy)),
  );
  return {
    ...now,
    policies: [
      ...now.policies.map((policy) => ({ ...policy, document: editOf(policyId(policy))?.before ?? policy.document })),
      ...gone,
    ],
  };
};

/** What the authorizer makes of the role as IAM shows it now. */
export const proveInPlace = async (
  session: AwsSession,
  custody: Custody,
  before: RolePolicies,
  edits: readonly PolicyEdit[],
): Promise<Proof | null> => {
  const now = await iamReader(session, custody).rolePolicies(before.accountId, before.roleName);
  return now === null ? null : prove(withoutEdits(now, before, edits), now);
};

/** Each is a call to a simulator that takes few a second. */
const MOST_SIMULATED = 24;

const Results = z.object({
  EvaluationResults: z.array(z.object({ EvalDecision: z.string() })).default([]),
});

interface Question {
  readonly sample: Sample;
  /** Whether it is to be refused afterwards. */
  readonly goes: boolean;
}

const questionsOf = (role: RolePolicies): readonly Question[] => {
  const creations = creationsOf(role).map((sample) => ({ sample, goes: true }));
  const others = literalSamplesOf(role, MOST_SIMULATED)
    .filter((sample) => !isCreation(sample))
    .map((sample) => ({ sample, goes: false }));
  return [...creations, ...others].slice(0, MOST_SIMULATED);
};

const given = ({ context }: Sample): Record<string, string> =>
  Object.fromEntries(
    Object.entries(context).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );

const simulate = async (
  session: AwsSession,
  custody: Custody,
  roleArn: string,
  questions: readonly Question[],
): Promise<boolean[]> => {
  const iam = await session.rolePolicies();
  const allowed: boolean[] = [];
  // One after the other: the simulator throttles sooner than it answers.
  for (const { sample } of questions) {
    const answer = await recorded(custody, session, 'iam:SimulatePrincipalPolicy', `${roleArn} ${sample.action}`, () =>
      iam.simulate(roleArn, [sample.action], sample.resource, given(sample)),
    );
    allowed.push(Results.parse(answer).EvaluationResults.every(({ EvalDecision }) => EvalDecision === 'allowed'));
  }
  return allowed;
};

const unasked = (error: unknown): { readonly because: string } => {
  if (error instanceof StepFailedError) return { because: `iam:SimulatePrincipalPolicy: ${error.causedBy}` };
  throw error;
};

export type Simulated =
  | { readonly questions: readonly Question[]; readonly allowed: readonly boolean[] }
  | { readonly because: string };

/**
 * What IAM's simulator says before, where Unlatch may ask it. It is a second opinion: without it the authorizer stands.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export const simulateBefore = (
  flow: Flow,
  session: () => Promise<AwsSession>,
  original: () => Promise<RolePolicies>,
): Promise<Simulated> =>
  flow
    .step<Simulated>('simulate before', async (custody) => {
      const role = await original();
      const questions = questionsOf(role);
      return { questions, allowed: await simulate(await session(), custody, role.roleArn, questions) };
    })
    .catch(unasked);

const AGAIN = [5, 15, 30, 60] as const;

/** Whether the simulator agrees afterwards: no creation is allowed, and everything else is as it was. */
export const simulateAfter = async (
  flow: Flow,
  session: () => Promise<AwsSession>,
  roleArn: string,
  before: Simulated,
): Promise<{ readonly asked: number; readonly agrees: boolean } | { readonly because: string }> => {
  if ('because' in before) return before;
  const { questions, allowed } = before;
  const asked = questions.length;
  const ask = async (custody: Custody): Promise<boolean> => {
    const after = await simulate(await session(), custody, roleArn, questions);
    return questions.every(({ goes }, at) => after[at] === (goes ? false : allowed[at]));
  };
  const agrees = await flow.until<true>(
    'simulate after',
    async (custody) => ((await ask(custody)) ? true : null),
    AGAIN,
  );
  if (agrees !== null) return { asked, agrees };
  // A simulator that does not answer does not disagree.
  return flow
    .step('simulate after, at last', async (custody) => ({ asked, agrees: await ask(custody) }))
    .catch(unasked);
};
