import { describe, expect, it } from 'vitest';
import { afterEdits, type PermissionPlan, planRetirement } from '#shared/permission/plan';
import { holds, prove } from '#shared/permission/proof';
import type { RolePolicies } from '#shared/permission/role-policies';
import { cases } from './cases.ts';
import { ACQUIRE, document, inline, managed, ONE_TIME, ONE_TIME_MRK, role } from './roles.ts';

const OPTIONS = { editSharedPolicies: false, policyPattern: '*CadoResponse*' };

interface Row {
  readonly name: string;
  readonly role: RolePolicies;
  readonly options?: Partial<typeof OPTIONS>;
  readonly verdict: PermissionPlan['verdict'];
  /** policy, act, dropped version */
  readonly edits?: readonly string[];
  /** policy, reason */
  readonly findings?: readonly string[];
}

const both = document(ACQUIRE, ONE_TIME);
const without = document(ACQUIRE);
const everything = document({ Effect: 'Allow', Action: '*', Resource: '*' });
const MANAGED = 'arn:aws:iam::111122223333:policy/';

const rows: readonly Row[] = [
  { name: 'a role without it', role: role(inline('acquire', without)), verdict: 'absent' },
  { name: 'a role without policies', role: role(), verdict: 'absent' },
  { name: 'an inline policy', role: role(inline('acquire', both)), verdict: 'edit', edits: ['acquire put-inline'] },
  {
    name: 'an inline policy of nothing else',
    role: role(inline('once', document(ONE_TIME)), inline('acquire', without)),
    verdict: 'edit',
    edits: ['once delete-inline'],
  },
  {
    name: 'both forms in two policies',
    role: role(inline('a', both), managed('MyCadoResponsePolicy', document(ACQUIRE, ONE_TIME_MRK))),
    verdict: 'edit',
    edits: ['a put-inline', `${MANAGED}MyCadoResponsePolicy new-version`],
  },
  {
    name: 'a managed policy with five versions loses the oldest that is not in force',
    role: role(managed('MyCadoResponsePolicy', both, { versions: 5 })),
    verdict: 'edit',
    edits: [`${MANAGED}MyCadoResponsePolicy new-version v8`],
  },
  {
    name: 'the oldest is told by number, not by letter',
    role: role({
      ...managed('MyCadoResponsePolicy', both),
      versions: ['v10', 'v9', 'v12', 'v11', 'v13'].map((versionId) => ({
        versionId,
        isDefault: versionId === 'v9',
        createdAt: '2026-01-01T00:00:00.000Z',
      })),
      versionId: 'v9',
    }),
    verdict: 'edit',
    edits: [`${MANAGED}MyCadoResponsePolicy new-version v10`],
  },
  {
    name: 'a managed policy of nothing else is detached',
    role: role(managed('MyCadoResponsePolicy', document(ONE_TIME), { versions: 5 })),
    verdict: 'edit',
    edits: [`${MANAGED}MyCadoResponsePolicy detach`],
  },
  {
    name: 'a managed policy that others have is reported',
    role: role(managed('MyCadoResponsePolicy', both, { others: ['role/other'] })),
    verdict: 'blocked',
    findings: [`${MANAGED}MyCadoResponsePolicy shared`],
  },
  {
    name: 'a managed policy that others have is edited with consent',
    role: role(managed('MyCadoResponsePolicy', both, { others: ['role/other'] })),
    options: { editSharedPolicies: true },
    verdict: 'edit',
    edits: [`${MANAGED}MyCadoResponsePolicy new-version`],
  },
  {
    name: 'a shared managed policy of nothing else is detached: the others keep it',
    role: role(managed('MyCadoResponsePolicy', document(ONE_TIME), { others: ['user/other'] })),
    verdict: 'edit',
    edits: [`${MANAGED}MyCadoResponsePolicy detach`],
  },
  {
    name: 'a managed policy of another name is reported',
    role: role(managed('TeamPolicy', both)),
    verdict: 'blocked',
    findings: [`${MANAGED}TeamPolicy not-ours`],
  },
  {
    name: "AWS's own policy with a wildcard is reported",
    role: role(inline('acquire', without), managed('AdministratorAccess', everything, { of: 'aws' })),
    verdict: 'blocked',
    findings: ['arn:aws:iam::aws:policy/AdministratorAccess wildcard'],
  },
  {
    name: "AWS's own policy with the statement itself is reported",
    role: role(managed('CadoResponse', both, { of: 'aws' })),
    verdict: 'blocked',
    findings: ['arn:aws:iam::aws:policy/CadoResponse aws-managed'],
  },
  {
    name: 'where a wildcard allows it all the same, nothing is edited',
    role: role(inline('acquire', both), inline('wide', document({ Effect: 'Allow', Action: 'iam:*', Resource: '*' }))),
    verdict: 'blocked',
    findings: ['wide wildcard'],
  },
  {
    name: 'where a wildcard is denied, it can go',
    role: role(
      inline('acquire', both),
      inline('wide', document({ Effect: 'Allow', Action: 'iam:*', Resource: '*' })),
      inline('deny', document({ Effect: 'Deny', Action: 'iam:CreateServiceLinkedRole', Resource: '*' })),
    ),
    verdict: 'edit',
    edits: ['acquire put-inline'],
    findings: ['wide wildcard'],
  },
  {
    name: 'a wildcard that is denied alone is not there, and is reported',
    role: role(
      inline('wide', document({ Effect: 'Allow', Action: 'iam:*', Resource: '*' })),
      inline('deny', document({ Effect: 'Deny', Action: 'iam:CreateServiceLinkedRole', Resource: '*' })),
    ),
    verdict: 'absent',
    findings: ['wide wildcard'],
  },
  {
    name: 'a wildcard under a condition that cannot be told blocks',
    role: role(
      inline('acquire', both),
      inline(
        'wide',
        document({
          Effect: 'Allow',
          Action: 'iam:*',
          Resource: '*',
          Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
        }),
      ),
    ),
    verdict: 'blocked',
    findings: ['wide wildcard'],
  },
  {
    name: 'a policy that cannot be read leaves all as it is',
    role: role(inline('acquire', both), inline('broken', '{"Statement": 1}')),
    verdict: 'unreadable',
    findings: ['broken unreadable'],
  },
  {
    name: 'a boundary that cannot be read leaves all as it is',
    role: { ...role(inline('acquire', both)), boundary: '{' },
    verdict: 'unreadable',
    findings: ['permissions boundary unreadable'],
  },
  {
    name: "another service's role beside a managed policy of nothing else",
    role: role(
      inline(
        'scaling',
        document({
          Effect: 'Allow',
          Action: 'iam:CreateServiceLinkedRole',
          Resource: '*',
          Condition: { StringEquals: { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' } },
        }),
      ),
    ),
    verdict: 'absent',
  },
];

describe('the plan', () => {
  it.each(rows)('$name: $verdict', ({ role: of, options = {}, verdict, edits = [], findings = [] }) => {
    const plan = planRetirement(of, { ...OPTIONS, ...options });
    expect(plan.verdict).toBe(verdict);
    expect(
      plan.edits.map(({ policy, act, dropVersion }) =>
        [policy, act, dropVersion].filter((part) => part !== null).join(' '),
      ),
    ).toEqual(edits);
    expect(plan.findings.map(({ policy, reason }) => `${policy} ${reason}`)).toEqual(findings);
  });

  it.each(rows.filter(({ verdict }) => verdict === 'edit'))(
    'is proven by the authorizer: $name',
    ({ role: of, options = {} }) => {
      const { edits } = planRetirement(of, { ...OPTIONS, ...options });
      const proof = prove(of, afterEdits(of, edits));
      expect(proof).toMatchObject({ left: [], changed: [] });
      expect(proof.asked).toBeGreaterThan(4);
    },
  );
});

describe('the proof', () => {
  const before = role(inline('acquire', document(ACQUIRE, ONE_TIME, ONE_TIME_MRK)));

  it('fails where the permission is still there', () => {
    const proof = prove(before, role(inline('acquire', document(ACQUIRE, ONE_TIME_MRK))));
    expect(holds(proof)).toBe(false);
    expect(proof.left.map(({ context }) => context['iam:AWSServiceName'])).toContain('mrk.kms.amazonaws.com');
  });

  it.each([
    ['a statement is gone', document({ ...ACQUIRE, Action: ['ec2:CopySnapshot'] })],
    ['a resource is narrower', document({ ...ACQUIRE, Resource: 'arn:aws:ec2:*::snapshot/*' })],
    ['less is allowed by a deny', document(ACQUIRE, { Effect: 'Deny', Action: 'ec2:Describe*', Resource: '*' })],
    ['all is gone', document({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' })],
  ])('fails where %s', (_, after) => {
    expect(prove(before, role(inline('acquire', after))).changed.length).toBeGreaterThan(0);
  });

  it("fails where another service's role can no longer be made", () => {
    const scaling = {
      Effect: 'Allow',
      Action: 'iam:CreateServiceLinkedRole',
      Resource: '*',
      Condition: { StringEquals: { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' } },
    };
    const was = role(inline('acquire', document(ONE_TIME, scaling)));
    expect(prove(was, role(inline('acquire', document(scaling))))).toMatchObject({ left: [], changed: [] });
    expect(prove(was, role()).changed.length).toBeGreaterThan(0);
  });
});

describe('an edit of whatever form', () => {
  const edited = cases.filter(({ text, becomes }) => becomes !== text);

  it.each(edited)('is proven: $name', ({ text }) => {
    const before = role(inline('acquire', text));
    const { verdict, edits } = planRetirement(before, OPTIONS);
    // What is left allows it all the same, or it never came to anything.
    if (verdict !== 'edit') return expect(['blocked', 'absent']).toContain(verdict);
    expect(prove(before, afterEdits(before, edits))).toMatchObject({ left: [], changed: [] });
  });

  it('is mostly one that can be proven', () => {
    const planned = edited.map(({ text }) => planRetirement(role(inline('acquire', text)), OPTIONS).verdict);
    expect(planned.filter((verdict) => verdict === 'edit').length).toBeGreaterThan(edited.length / 2);
  });
});
