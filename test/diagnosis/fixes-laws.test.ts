import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withFix } from '#shared/diagnosis/apply-fix';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { Fix } from '#shared/diagnosis/diagnosis';
import { type FactsRecord, readFacts } from '#shared/diagnosis/facts-record';
import { questionAsked, requestsOf } from '#shared/diagnosis/question';
import { authorize } from '#shared/policy/authorize';
import type { ContextRecord } from '#shared/policy/context';
import type { Facts } from '#shared/policy/facts';
import { known } from '#shared/policy/known';
import { requestContext } from '#shared/policy/request-context';
import {
  allow,
  delegating,
  FOREIGN_KEY,
  factsWith,
  named,
  OWN_KEY,
  type Parts,
  PLATFORM,
  principal,
  ROLE,
  TARGET,
  VIA,
} from './facts.ts';

/** The whole acquisition, through EC2. */
const ask = (resource: string) =>
  questionAsked({ principal: principal(ROLE), action: null, resource, context: { 'kms:ViaService': VIA } });

const fixesFor = (record: FactsRecord, resource: string) => diagnose(null, ask(resource), record).fixes;

describe('the laws of fixes', () => {
  const ACTIONS = [
    'kms:Decrypt',
    'kms:DescribeKey',
    'kms:GenerateDataKeyWithoutPlaintext',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
    'kms:CreateGrant',
    'kms:Encrypt',
    'kms:GenerateDataKey',
    'kms:PutKeyPolicy',
    'kms:ScheduleKeyDeletion',
  ];
  const some = fc.subarray(ACTIONS, { minLength: 0 });
  const statements = some.map((actions) => (actions.length === 0 ? [] : [allow(actions)]));
  const parts: fc.Arbitrary<Parts> = fc.record({
    keyPolicy: fc
      .oneof(
        statements.map((list) => list.map((statement) => ({ ...statement, Principal: { AWS: ROLE } }))),
        fc.constant([delegating(PLATFORM)]),
        fc.constant([delegating(TARGET)]),
      )
      .map((list) => (list.length === 0 ? [delegating(TARGET)] : list)),
    identityPolicies: statements.map((list) => known(list.length === 0 ? [] : [named('acquire', ...list)])),
    boundary: fc.oneof(
      fc.constant(null),
      statements.map((list) => [...list, allow('ec2:*')]),
    ),
    scp: fc.oneof(
      fc.constant(known([])),
      fc
        .array(
          statements.map((list) => [...list, allow('ec2:*')]),
          { minLength: 1, maxLength: 2 },
        )
        .map((levels) =>
          known(
            levels.map((level, index) => ({ target: `level-${index}`, policies: [named(`p-${index}`, ...level)] })),
          ),
        ),
    ),
  });
  const keys = fc.constantFrom(OWN_KEY, FOREIGN_KEY);
  const repaired = (record: FactsRecord, fixes: readonly Fix[]) => fixes.reduce(withFix, readFacts(record));

  it('with all fixes that are verified, the whole acquisition is allowed; of full knowledge each is', () => {
    fc.assert(
      fc.property(parts, keys, (given, key) => {
        const record = factsWith(given);
        const fixes = fixesFor(record, key);
        expect(fixes.every(({ verified }) => verified)).toBe(true);
        const facts = repaired(record, fixes);
        const decisions = requestsOf(ask(key)).all.map((request) => authorize(request, facts).decision);
        expect(new Set(decisions)).toEqual(new Set(['allowed']));
      }),
      { numRuns: 300 },
    );
  });

  it('no fix allows anything that was not missing: other principals, other actions, other keys, other ways', () => {
    const principals = [
      ROLE,
      `arn:aws:iam::${PLATFORM}:role/Other`,
      `arn:aws:iam::${TARGET}:role/myCadoResponseRole`,
      `arn:aws:iam::${PLATFORM}:user/ada`,
    ];
    const ways: readonly ContextRecord[] = [
      { 'kms:ViaService': VIA },
      { 'kms:ViaService': null },
      { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com' },
      { 'kms:ViaService': 's3.eu-west-3.amazonaws.com' },
    ];
    fc.assert(
      fc.property(parts, keys, (given, key) => {
        const record = factsWith(given);
        const before = readFacts(record);
        const after = repaired(record, fixesFor(record, key));
        // Facts hold one principal and one key. The others keep their own policies, which leave all to the fixed ones.
        const others = readFacts(factsWith({ keyPolicy: [delegating(PLATFORM), delegating(TARGET)] }));
        const of = (facts: Facts, arn: string, resource: string): Facts => ({
          ...facts,
          principal: arn === ROLE ? facts.principal : others.principal,
          key: resource === key ? facts.key : others.key,
        });
        const missing = new Set(requestsOf(ask(key)).all.map(({ action }) => action));
        // The key policy of a record is that of the key which is asked for.
        for (const arn of principals)
          for (const action of ACTIONS)
            for (const resource of [OWN_KEY, FOREIGN_KEY])
              for (const way of ways) {
                const asked = { principal: principal(arn), action, resource };
                const request = { ...asked, context: requestContext(way, asked) };
                if (authorize(request, of(after, arn, resource)).decision !== 'allowed') continue;
                if (authorize(request, of(before, arn, resource)).decision === 'allowed') continue;
                const wasMissing =
                  arn === ROLE && resource === key && missing.has(action) && way['kms:ViaService'] === VIA;
                if (!wasMissing) expect({ arn, action, resource, way }).toBe('not allowed');
              }
      }),
      { numRuns: 60 },
    );
  });
});
