import { runSimulation } from '@cloud-copilot/iam-simulate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutPermission } from '#shared/permission/document';
import { isCreation, judgeOf, type Sample } from '#shared/permission/proof';
import type { RolePolicies } from '#shared/permission/role-policies';
import { AccountId } from '#shared/signal/identifiers';
import { ACCOUNT, generatedDocument, ROLE_ARN, ROLE_NAME, requests } from './generated.ts';

const roleWith = (document: string | null): RolePolicies => ({
  accountId: AccountId.parse(ACCOUNT),
  roleName: ROLE_NAME,
  roleArn: ROLE_ARN,
  policies: document === null ? [] : [{ kind: 'inline', name: 'acquire', document }],
  boundary: null,
  tags: {},
});

type Judge = (document: string | null, sample: Sample) => Promise<boolean>;

const byAuthorizer: Judge = async (document, sample) => {
  const decision = judgeOf(roleWith(document))(sample);
  // Every key that the generated policies ask for is given: nothing is left open.
  if (decision === 'undetermined') throw new Error(`undetermined: ${JSON.stringify(sample)}`);
  return decision === 'allowed';
};

/** An engine that shares no code with the project. */
const bySimulation: Judge = async (document, { action, resource, context }) => {
  const given = Object.entries(context).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : []));
  const answer = await runSimulation(
    {
      request: {
        principal: `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE_NAME}/session`,
        action,
        resource: { resource: action === 'iam:ListRoles' ? '*' : resource, accountId: ACCOUNT },
        contextVariables: Object.fromEntries(given),
      },
      identityPolicies: document === null ? [] : [{ name: 'acquire', policy: JSON.parse(document) }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    { simulationMode: 'Strict' },
  );
  if (answer.resultType === 'error') throw new Error(JSON.stringify(answer.errors));
  return answer.overallResult === 'Allowed';
};

/** What the edit may and may not do to one request. */
const law = async (judge: Judge, text: string, sample: Sample): Promise<void> => {
  const edit = withoutPermission(text, 'acquire');
  if (!edit.read) throw new Error(edit.because);
  const [before, after] = [await judge(text, sample), await judge(edit.text, sample)];
  if (!isCreation(sample)) expect(after).toBe(before);
  // What is reported and not edited may allow it still; nothing else may.
  else if (edit.wide.length === 0) expect(after).toBe(false);
  else expect(before || !after).toBe(true);
};

describe('the edited policy allows exactly what it allowed before, minus the service-linked roles of KMS', () => {
  it('says the authorizer', async () => {
    await fc.assert(
      fc.asyncProperty(generatedDocument, async (text) => {
        for (const sample of requests) await law(byAuthorizer, text, sample);
      }),
      { numRuns: 400 },
    );
  });

  it('says an engine that shares no code with it', async () => {
    await fc.assert(
      fc.asyncProperty(generatedDocument, async (text) => {
        for (const sample of requests) await law(bySimulation, text, sample);
      }),
      { numRuns: 150 },
    );
  });
});

describe('the edit of the text', () => {
  it('changes nothing but what it takes: every other line is there, in its order', () => {
    fc.assert(
      fc.property(generatedDocument, (text) => {
        const edit = withoutPermission(text, 'acquire');
        if (!edit.read || edit.text === null) return;
        const [was, is] = [JSON.parse(text).Statement, JSON.parse(edit.text).Statement];
        const gone = new Set(edit.taken.filter(({ whole }) => whole).map(({ index }) => index));
        const cut = new Set(edit.taken.map(({ index }) => index));
        const kept = was.flatMap((statement: object, index: number) => (gone.has(index) ? [] : [{ statement, index }]));
        expect(is).toHaveLength(kept.length);
        for (const [at, { statement, index }] of kept.entries()) {
          if (!cut.has(index)) expect(JSON.stringify(is[at])).toBe(JSON.stringify(statement));
        }
        // What is taken away is all that is missing: the rest is a subsequence of the text as it was.
        let from = 0;
        for (const character of edit.text) {
          from = text.indexOf(character, from) + 1;
          expect(from).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('is done once: a second time takes nothing', () => {
    fc.assert(
      fc.property(generatedDocument, (text) => {
        const edit = withoutPermission(text, 'acquire');
        if (!edit.read || edit.text === null) return;
        expect(withoutPermission(edit.text, 'acquire')).toMatchObject({ text: edit.text, taken: [] });
      }),
    );
  });
});
