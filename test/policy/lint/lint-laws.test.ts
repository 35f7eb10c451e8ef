import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorize } from '#shared/policy/authorize';
import type { ContextRecord } from '#shared/policy/context';
import { KEY_ACTIONS } from '#shared/policy/lint/action-patterns';
import { lintPolicy } from '#shared/policy/lint/lint';
import { statementsIn } from '#shared/policy/lint/subject';
import { PolicyError } from '#shared/policy/policy-error';
import type { Principal } from '#shared/policy/principal';
import {
  ALL_OF_KMS,
  factsOf,
  type Ground,
  named,
  PLATFORM,
  RESPONSE_ROLE,
  requestOf,
  rootOf,
  STRANGER,
  USER,
  type Written,
} from '../cases/case.ts';
import { keyPolicies, rolePolicies } from './generated-policies.ts';

const SEED = { seed: 20261128 };

const policy = (statements: readonly Written[]) => ({ Version: '2012-10-17', Statement: statements });

const CALLERS: readonly Principal[] = [
  RESPONSE_ROLE,
  named(USER),
  named(rootOf(PLATFORM)),
  named(`arn:aws:iam::${STRANGER}:role/stranger`),
  {
    kind: 'role',
    accountId: PLATFORM,
    name: 'other',
    roleArn: null,
    sessionArn: null,
    uniqueId: 'AROAEXAMPLEOTHER00001',
  },
];
const WAYS: readonly ContextRecord[] = [
  { 'kms:ViaService': null },
  { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' },
  { 'kms:ViaService': null, 'kms:GrantIsForAWSResource': 'false' },
];

/** What each caller is answered, in each way, for each action that a key is asked. */
const answersOf = (ground: Ground): readonly string[] => {
  const facts = factsOf(ground);
  return CALLERS.flatMap((by) =>
    WAYS.flatMap((context) =>
      KEY_ACTIONS.map((asks) => {
        const { decision, explicit } = authorize(requestOf({ by, asks, context }), facts);
        return `${decision}${explicit ? ' explicitly' : ''}`;
      }),
    ),
  );
};

const grounds = (statements: readonly Written[], isOfKey: boolean): readonly Ground[] =>
  isOfKey ? [{ key: statements, identity: ALL_OF_KMS }, { key: statements }] : [{ identity: statements }];

const KINDS = [
  { kind: 'key policies', policies: keyPolicies, isOfKey: true },
  { kind: "roles' policies", policies: rolePolicies, isOfKey: false },
] as const;

describe('the laws of the lint', () => {
  it.each(KINDS)('a mended policy allows and denies exactly what the old one did: $kind', ({ policies, isOfKey }) => {
    let mends = 0;
    fc.assert(
      fc.property(policies, (statements) => {
        const { mended } = lintPolicy(policy(statements), 'policy');
        if (mended === null) return;
        mends += 1;
        const after = statementsIn(mended);
        for (const [index, ground] of grounds(statements, isOfKey).entries())
          expect(answersOf(grounds(after, isOfKey)[index] ?? {})).toEqual(answersOf(ground));
        expect(lintPolicy(mended, 'policy').findings.filter(({ mend }) => mend?.effect === 'same')).toEqual([]);
      }),
      { ...SEED, numRuns: 60 },
    );
    expect(mends).toBeGreaterThan(30);
  });

  it.each(KINDS)('a mend that narrows never allows what the old one did not: $kind', ({ policies, isOfKey }) => {
    let narrowed = 0;
    fc.assert(
      fc.property(policies, (statements) => {
        const { findings } = lintPolicy(policy(statements), 'policy');
        const finding = findings.find(({ mend }) => mend?.effect === 'narrower');
        if (finding === undefined) return;
        narrowed += 1;
        const after = statements.flatMap((statement, index) =>
          index === finding.statement ? (finding.mend?.becomes ?? []) : [statement],
        );
        for (const [index, ground] of grounds(statements, isOfKey).entries()) {
          const before = answersOf(ground);
          const answers = answersOf(grounds(after, isOfKey)[index] ?? {});
          for (const [at, answer] of answers.entries()) {
            if (answer === 'allowed') expect(before[at]).toBe('allowed');
            if (before[at] === 'denied explicitly') expect(answer).toBe(before[at]);
          }
        }
      }),
      { ...SEED, numRuns: 120 },
    );
    expect(narrowed).toBeGreaterThan(20);
  });

  it('of a thousand texts, documents and damaged policies each is linted or refused with its place, and nothing crashes', () => {
    const damaged = fc
      .tuple(fc.oneof(keyPolicies, rolePolicies), fc.nat(), fc.nat(), fc.jsonValue())
      .map(([statements, which, what, value]) => {
        const at = which % statements.length;
        const elements = Object.keys(statements[at] ?? {});
        const element = elements[what % elements.length] ?? 'Effect';
        return policy(
          statements.map((statement, index) => (index === at ? { ...statement, [element]: value } : statement)),
        );
      });
    const cut = fc
      .tuple(keyPolicies, fc.nat())
      .map(([statements, length]) => JSON.stringify(policy(statements)).slice(0, length % 400));
    const answers = { linted: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.oneof(
          { weight: 6, arbitrary: damaged },
          { weight: 3, arbitrary: keyPolicies.map(policy) },
          { weight: 2, arbitrary: cut },
          { weight: 1, arbitrary: fc.anything() },
          { weight: 1, arbitrary: fc.jsonValue().map((value) => ({ Statement: value })) },
        ),
        (document) => {
          try {
            for (const { message } of lintPolicy(document, 'policy').findings) expect(message).not.toContain('\n');
            answers.linted += 1;
          } catch (error) {
            if (!(error instanceof PolicyError)) throw error;
            answers.refused += 1;
          }
        },
      ),
      { ...SEED, numRuns: 1000 },
    );
    expect(answers.linted).toBeGreaterThan(200);
    expect(answers.refused).toBeGreaterThan(200);
  });
});
