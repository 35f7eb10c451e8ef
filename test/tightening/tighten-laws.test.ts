import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContextRecord } from '#shared/policy/context';
import { kmsActionNames } from '#shared/policy/lint/action-patterns';
import type { Written } from '#shared/policy/lint/subject';
import { readPolicy } from '#shared/policy/read-policy';
import { FEATURES, isFeature } from '#shared/tightening/catalogue';
import { instanceIn, requestBy, tagged } from '#shared/tightening/paths';
import { roleAllows } from '#shared/tightening/role-allows';
import { tighten, type Wanted } from '#shared/tightening/tighten';
import { KEY } from '../policy/cases/case.ts';
import { PUBLISHED, policyOf, USE } from './response-role.ts';

const PATTERNS = [
  'kms:*',
  'kms:Create*',
  'kms:De*',
  'kms:ReEncrypt*',
  'kms:GenerateDataKey*',
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:ScheduleKeyDeletion',
  'ssm:SendCommand',
  'ssm:*',
  'ssm:DescribeInstanceInformation',
  'iam:CreateServiceLinkedRole',
  'lambda:GetFunction',
  '*',
];
const CONDITIONS = [
  { StringEquals: { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' } },
  { StringNotEquals: { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com' } },
  { Bool: { 'kms:GrantIsForAWSResource': 'false' } },
  { StringEquals: { 'ssm:resourceTag/CadoResponseSSMEnabled': 'True' } },
  { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/pay*' } },
  { 'ForAllValues:StringLike': { 'kms:ResourceAliases': 'alias/Cado*' } },
];
const RESOURCES = [
  '*',
  'arn:aws:ec2:*:*:instance/*',
  'arn:aws:kms:*:*:key/*',
  'arn:aws:ssm:*::document/AWS-RunShellScript',
];

const sid = fc.option(fc.constantFrom(...PUBLISHED.map((statement) => `${statement.Sid}`), 'Other'), {
  nil: undefined,
});
const several = (values: readonly string[], most: number) =>
  fc.subarray([...values], { minLength: 1, maxLength: most });
const own = fc
  .record({
    Sid: sid,
    Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Allow', 'Deny'),
    Action: several(PATTERNS, 4),
    Resource: several(RESOURCES, 3),
    Condition: fc.option(fc.constantFrom(...CONDITIONS), { nil: undefined }),
    odd: fc.nat(9),
  })
  .map(
    ({ odd, Action, ...rest }): Written => ({
      ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
      ...(odd === 0 ? { NotAction: Action } : { Action }),
    }),
  );
const statements = fc
  .tuple(fc.subarray([...PUBLISHED]), fc.array(own, { maxLength: 4 }))
  .map(([published, more]) => [...published, ...more]);

const features = fc.subarray(Object.keys(FEATURES).filter(isFeature)).map((list) => new Set(list));
const uses: fc.Arbitrary<Wanted> = fc
  .record({
    features: fc.option(features, { freq: 4 }),
    keyAliases: fc.constantFrom([], [], ['alias/pay*'], ['alias/other']),
  })
  .map((more) => ({ ...USE, ...more }));

const WAYS: readonly ContextRecord[] = [
  null,
  'ec2.eu-west-3.amazonaws.com',
  'ec2.us-east-1.amazonaws.com',
  'rds.eu-west-3.amazonaws.com',
].flatMap((via) =>
  [['alias/payments'], ['alias/CadoResponse-KMS-Alias-1'], null].map((aliases) => ({
    'kms:ViaService': via,
    'kms:ResourceAliases': aliases,
  })),
);

const REQUESTS = [
  ...(kmsActionNames('kms') ?? []).flatMap((action) =>
    WAYS.map((context) => requestBy(USE.principal, { action, resource: KEY, context })),
  ),
  ...['ssm:SendCommand', 'ssm:DescribeInstanceInformation', 'ssm:GetParameter'].flatMap((action) =>
    [
      ...RESOURCES.slice(3),
      instanceIn(USE, 'eu-west-3'),
      'arn:aws:ssm:eu-west-3:111122223333:managed-instance/mi-1',
    ].flatMap((resource) =>
      [null, 'True', 'False'].map((value) =>
        requestBy(USE.principal, { action, resource, context: tagged('CadoResponseSSMEnabled', value) }),
      ),
    ),
  ),
  requestBy(USE.principal, { action: 'lambda:GetFunction', resource: '*', context: {} }),
];

const RANK = { no: 0, unknown: 1, yes: 2 } as const;

describe('the laws of a tightening', () => {
  it('nothing is allowed that was not allowed before, and no request in use fares worse', () => {
    let changed = 0;
    fc.assert(
      fc.property(statements, uses, (list, use) => {
        const { policies, proof, changes } = tighten([policyOf(...list)], use);
        for (const { before, after } of proof) expect(RANK[after]).toBeGreaterThanOrEqual(RANK[before]);
        if (changes.length === 0) return;
        changed += 1;
        const original = [readPolicy(policyOf(...list).document, 'attached', 'before')];
        const tightened = policies.flatMap(({ document }) =>
          document === null ? [] : [readPolicy(document, 'attached', 'after')],
        );
        for (const request of REQUESTS) {
          const [before, after] = [roleAllows(original, request), roleAllows(tightened, request)];
          if (RANK[after] > RANK[before]) expect({ request, before, after }).toBe('no wider');
        }
      }),
      { numRuns: 150, seed: 20261128 },
    );
    expect(changed).toBeGreaterThan(100);
  });

  it('what is tight is tightened no further', () => {
    fc.assert(
      fc.property(uses, (use) => {
        const once = tighten([policyOf(...PUBLISHED)], use).policies.flatMap(({ name, document }) =>
          document === null ? [] : [{ name, document }],
        );
        const again = tighten(once, use);
        expect(again.policies.map(({ document }) => document)).toEqual(once.map(({ document }) => document));
      }),
      { numRuns: 40, seed: 20261128 },
    );
  });
});
