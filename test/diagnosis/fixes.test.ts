import { describe, expect, it } from 'vitest';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { Fix } from '#shared/diagnosis/diagnosis';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { questionAsked } from '#shared/diagnosis/question';
import type { ContextRecord } from '#shared/policy/context';
import { known, unknown } from '#shared/policy/known';
import {
  allow,
  delegating,
  deny,
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

const ask = (resource: string, action: string | null = null, context: ContextRecord = { 'kms:ViaService': VIA }) =>
  questionAsked({ principal: principal(ROLE), action, resource, context });

const fixesFor = (record: FactsRecord, resource = OWN_KEY, action?: string | null, context?: ContextRecord) =>
  diagnose(null, ask(resource, action, context), record).fixes;

const short = ({ layer, target, statement, verified }: Fix) => ({ layer, target, statement, verified });

const only = (Action: string | readonly string[], Resource: string, more: object = {}) => ({
  Effect: 'Allow',
  ...more,
  Action,
  Resource,
  Condition: { StringEquals: { 'kms:ViaService': VIA } },
});
const grants = (Resource: string, more: object = {}) => ({
  Sid: 'AllowGrantsForAWSResources',
  Effect: 'Allow',
  ...more,
  Action: 'kms:CreateGrant',
  Resource,
  Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' }, StringEquals: { 'kms:ViaService': VIA } },
});
/** For a policy that binds others too. */
const forRole = (statement: { readonly Condition: object }) => ({
  ...statement,
  Condition: { ...statement.Condition, ArnEquals: { 'aws:PrincipalArn': ROLE } },
});
const byRole = { Principal: { AWS: ROLE } };
const USE = { Sid: 'AllowUseForAcquisition' };
const OWN_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

describe('the smallest change', () => {
  it('in a silent key policy is the pair: use without CreateGrant, and CreateGrant for AWS resources', () => {
    const fixes = fixesFor(factsWith({ keyPolicy: [delegating(TARGET)] }));
    expect(fixes.map(short)).toEqual([
      {
        layer: 'key-policy',
        target: OWN_KEY,
        statement: { ...USE, ...only(OWN_ACTIONS, '*', byRole) },
        verified: true,
      },
      { layer: 'key-policy', target: OWN_KEY, statement: grants('*', byRole), verified: true },
    ]);
  });

  it('for a key of another account is told for both sides, each what it is silent on', () => {
    const record = factsWith({
      keyPolicy: [delegating(TARGET)],
      identity: [allow('kms:ReEncrypt*')],
    });
    expect(fixesFor(record, FOREIGN_KEY).map(short)).toEqual([
      {
        layer: 'key-policy',
        target: FOREIGN_KEY,
        statement: { ...USE, ...only(OWN_ACTIONS, '*', byRole) },
        verified: true,
      },
      { layer: 'key-policy', target: FOREIGN_KEY, statement: grants('*', byRole), verified: true },
      {
        layer: 'identity-policy',
        target: ROLE,
        statement: {
          ...USE,
          ...only(['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext'], FOREIGN_KEY),
        },
        verified: true,
      },
      { layer: 'identity-policy', target: ROLE, statement: grants(FOREIGN_KEY), verified: true },
    ]);
  });

  it('in IAM names the one key, and only the actions that are missing', () => {
    const fixes = fixesFor(factsWith({ identity: [allow(['kms:CreateGrant', 'kms:D*', 'kms:ReEncrypt*'])] }));
    expect(fixes.map(short)).toEqual([
      {
        layer: 'identity-policy',
        target: ROLE,
        statement: { ...USE, ...only('kms:GenerateDataKeyWithoutPlaintext', OWN_KEY) },
        verified: true,
      },
    ]);
  });

  it('in a boundary, a session policy and an endpoint policy is added there', () => {
    const most = allow(['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey*', 'kms:ReEncrypt*']);
    const arn = 'arn:aws:iam::111122223333:policy/Boundary';
    expect(fixesFor(factsWith({ boundary: [most] })).map(short)).toEqual([
      { layer: 'permissions-boundary', target: arn, statement: forRole(grants(OWN_KEY)), verified: true },
    ]);
    expect(fixesFor(factsWith({ session: known([named('session', most)]) })).map(short)).toEqual([
      { layer: 'session-policy', target: ROLE, statement: grants(OWN_KEY), verified: true },
    ]);
    const endpoint = { ...most, Principal: '*' };
    expect(fixesFor(factsWith({ endpoint: [endpoint] })).map(short)).toEqual([
      {
        layer: 'vpc-endpoint-policy',
        target: 'vpce-0a1b2c3d4e5f60718',
        statement: grants(OWN_KEY, byRole),
        verified: true,
      },
    ]);
  });

  it('in the organisation is told for each level that is silent, with who decides', () => {
    const full = { target: 'r-abcd', policies: [named('FullAWSAccess', allow('*'))] };
    const narrow = {
      target: 'ou-abcd-11112222',
      policies: [named('NoGrants', { Effect: 'Allow', NotAction: 'kms:CreateGrant', Resource: '*' })],
    };
    const fixes = fixesFor(factsWith({ scp: known([full, narrow, { ...narrow, target: PLATFORM }]) }));
    expect(fixes.map(short)).toEqual(
      ['ou-abcd-11112222', PLATFORM].map((target) => ({
        layer: 'service-control-policy',
        target,
        statement: forRole(grants(OWN_KEY)),
        verified: true,
      })),
    );
    for (const { note } of fixes) expect(note).toContain('Whoever administers the organisation decides');
  });

  it('is scoped to the service that asked, in the Region in which it asked', () => {
    const record = factsWith({
      keyPolicy: [
        delegating(TARGET),
        allow('kms:*', {
          Principal: '*',
          Condition: { StringEquals: { 'kms:ViaService': 'ec2.eu-west-1.amazonaws.com' } },
        }),
      ],
    });
    const [use] = fixesFor(record);
    expect(use?.statement).toMatchObject({ Condition: { StringEquals: { 'kms:ViaService': VIA } } });
    expect(use?.verified).toBe(true);
  });

  it('for a call that the role makes itself is that one action, and no grant is taken for AWS resources', () => {
    const record = factsWith({ identity: [] });
    expect(fixesFor(record, OWN_KEY, 'kms:CreateGrant', { 'kms:ViaService': null }).map(short)).toEqual([
      {
        layer: 'identity-policy',
        target: ROLE,
        statement: { Sid: 'AllowGrantsForAWSResources', Effect: 'Allow', Action: 'kms:CreateGrant', Resource: OWN_KEY },
        verified: true,
      },
    ]);
  });

  it('for the first multi-Region key is the one-time statement', () => {
    const resource = `arn:aws:iam::${PLATFORM}:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys`;
    const context = { 'iam:AWSServiceName': 'mrk.kms.amazonaws.com' };
    const diagnosis = diagnose(null, ask(resource, 'iam:CreateServiceLinkedRole', context), factsWith());
    expect(diagnosis).toMatchObject({ cause: 'service-linked-role-not-allowed', layer: 'identity-policy' });
    expect(diagnosis.fixes.map(short)).toEqual([
      {
        layer: 'identity-policy',
        target: ROLE,
        statement: {
          Sid: 'RequiredForTheFirstMultiRegionKey',
          Effect: 'Allow',
          Action: 'iam:CreateServiceLinkedRole',
          Resource: resource,
          Condition: { StringEquals: { 'iam:AWSServiceName': 'mrk.kms.amazonaws.com' } },
        },
        verified: true,
      },
    ]);
  });
});

describe('a statement that is pasted', () => {
  it('is scoped to EC2 also where the request does not say through which service it came', () => {
    const fixes = fixesFor(factsWith({ keyPolicy: [delegating(TARGET)] }), OWN_KEY, 'kms:CreateGrant', {});
    expect(fixes.map(short)).toEqual([
      {
        layer: 'key-policy',
        target: OWN_KEY,
        statement: { ...USE, ...only(OWN_ACTIONS, '*', byRole) },
        verified: true,
      },
      { layer: 'key-policy', target: OWN_KEY, statement: grants('*', byRole), verified: true },
    ]);
  });

  it('bears a Sid that is free', () => {
    const taken = ['AllowUseForAcquisition', 'AllowUseForAcquisition2'].map((Sid) =>
      allow('kms:ListGrants', { Sid, Principal: { AWS: ROLE } }),
    );
    const fixes = fixesFor(factsWith({ keyPolicy: [delegating(TARGET), ...taken] }));
    expect(fixes.map(({ statement }) => statement?.Sid)).toEqual([
      'AllowUseForAcquisition3',
      'AllowGrantsForAWSResources',
    ]);
  });

  it('for one action is that action: what no acquisition asks is not asked besides', () => {
    const fixes = fixesFor(factsWith({ identity: [] }), OWN_KEY, 'kms:ScheduleKeyDeletion', { 'kms:ViaService': null });
    expect(fixes.map(({ statement }) => statement?.Action)).toEqual(['kms:ScheduleKeyDeletion']);
  });

  it('names a service as a service, and of a root user the root user alone', () => {
    const ofPrincipal = (text: string) => {
      const asked = {
        principal: principal(text),
        action: 'kms:CreateGrant',
        resource: OWN_KEY,
        context: { 'kms:ViaService': null },
      };
      return diagnose(null, questionAsked(asked), factsWith({ keyPolicy: [delegating(TARGET)] })).fixes;
    };
    expect(ofPrincipal('ec2.amazonaws.com').map(({ statement }) => statement?.Principal)).toEqual([
      { Service: 'ec2.amazonaws.com' },
    ]);
    const root = `arn:aws:iam::${PLATFORM}:root`;
    expect(ofPrincipal(root).map(({ statement }) => [statement?.Principal, statement?.Condition])).toEqual([
      [{ AWS: root }, { ArnEquals: { 'aws:PrincipalArn': root } }],
    ]);
  });

  it('is not verified where nobody knows who manages the key', () => {
    const record = factsWith({ keyPolicy: [delegating(TARGET)] });
    const fixes = fixesFor({ ...record, key: { ...record.key, manager: unknown('not given') } });
    expect(fixes.some(({ verified }) => verified)).toBe(false);
    expect(fixes[0]?.note).toContain('It is not known who manages the key');
  });

  it('behind a deny of the same policy is proposed once', () => {
    const guard = deny('kms:CreateGrant', { Sid: 'Guard', Principal: { AWS: ROLE } });
    const fixes = fixesFor(factsWith({ keyPolicy: [guard, delegating(TARGET)] }));
    expect(fixes.map(({ statement }) => statement?.Sid ?? null)).toEqual([
      null,
      'AllowUseForAcquisition',
      'AllowGrantsForAWSResources',
    ]);
  });
});

describe('what no statement mends', () => {
  it.each([
    { state: 'Disabled', says: `aws kms enable-key --key-id ${OWN_KEY} --region eu-west-3`, verified: true },
    {
      state: 'PendingDeletion',
      says: `aws kms cancel-key-deletion --key-id ${OWN_KEY} --region eu-west-3`,
      verified: true,
    },
    { state: 'PendingReplicaDeletion', says: 'aws kms cancel-key-deletion', verified: true },
    { state: 'PendingImport', says: 'aws kms get-parameters-for-import', verified: true },
    { state: 'Unavailable', says: 'connect the custom key store', verified: true },
    { state: 'Creating', says: 'try again', verified: false },
    { state: 'NotFound', says: 'there is no such key', verified: false },
  ])('a key that is $state has a command or a reason, and verified is $verified', ({ state, says, verified }) => {
    const fixes = fixesFor(factsWith({ state: known(state) }), OWN_KEY, 'kms:ReEncryptTo');
    expect(fixes.map(short)).toEqual([{ layer: 'key-state', target: OWN_KEY, statement: null, verified }]);
    expect(fixes[0]?.note).toContain(says);
  });

  it('the policy of a key that AWS manages', () => {
    const fixes = fixesFor(factsWith({ manager: 'AWS', keyPolicy: [delegating(TARGET)] }));
    expect(fixes.map(short)).toEqual([{ layer: 'key-policy', target: OWN_KEY, statement: null, verified: false }]);
    expect(fixes[0]?.note).toContain('nobody can edit its policy');
  });

  const denies: readonly { name: string; parts: Parts; layer: string; target: string; decides: string }[] = [
    {
      name: 'a service control policy',
      parts: { scp: known([{ target: 'r-abcd', policies: [named('p-guard', allow('*'), deny('kms:CreateGrant'))] }]) },
      layer: 'service-control-policy',
      target: 'p-guard',
      decides: 'whoever administers the organisation',
    },
    {
      name: 'a resource control policy',
      parts: {
        rcp: known([{ target: 'r-abcd', policies: [named('p-rcp', deny('kms:CreateGrant', { Principal: '*' }))] }]),
      },
      layer: 'resource-control-policy',
      target: 'p-rcp',
      decides: 'whoever administers the organisation',
    },
    {
      name: 'the key policy',
      parts: { keyPolicy: [delegating(PLATFORM), deny('kms:CreateGrant', { Principal: '*' })] },
      layer: 'key-policy',
      target: OWN_KEY,
      decides: 'an administrator of the key',
    },
    {
      name: 'an IAM policy',
      parts: { identity: [allow('kms:*'), deny('kms:CreateGrant')] },
      layer: 'identity-policy',
      target: 'acquire',
      decides: 'whoever administers the role',
    },
    {
      name: 'the boundary',
      parts: { boundary: [allow('*'), deny('kms:CreateGrant')] },
      layer: 'permissions-boundary',
      target: 'arn:aws:iam::111122223333:policy/Boundary',
      decides: 'whoever owns the boundary',
    },
    {
      name: 'a session policy',
      parts: { session: known([named('narrow', allow('*'), deny('kms:CreateGrant'))]) },
      layer: 'session-policy',
      target: 'narrow',
      decides: 'whoever runs the platform',
    },
    {
      name: 'an endpoint policy',
      parts: { endpoint: [allow('*', { Principal: '*' }), deny('kms:CreateGrant', { Principal: '*' })] },
      layer: 'vpc-endpoint-policy',
      target: 'vpce-0a1b2c3d4e5f60718',
      decides: 'whoever owns the VPC endpoint',
    },
  ];
  it.each(denies)('INVARIANT: an explicit deny in $name is named with who decides, and nothing is widened', (c) => {
    const fixes = fixesFor(factsWith(c.parts));
    expect(fixes.map(short)).toEqual([{ layer: c.layer, target: c.target, statement: null, verified: false }]);
    expect(fixes[0]?.note).toContain(c.decides);
    expect(fixes[0]?.note).toContain('without what denies, all that the acquisition asks of this key would be allowed');
  });

  it('a deny with something missing behind it tells both, and verifies neither', () => {
    const scp = known([{ target: 'r-abcd', policies: [named('p-guard', allow('*'), deny('kms:CreateGrant'))] }]);
    const fixes = fixesFor(factsWith({ scp, identity: [allow(['kms:D*', 'kms:G*', 'kms:ReEncrypt*'])] }));
    expect(fixes.map(({ layer, statement, verified }) => [layer, statement === null, verified])).toEqual([
      ['service-control-policy', true, false],
      ['identity-policy', false, false],
    ]);
  });
});

describe('what is not known', () => {
  it('keeps a fix from being verified, and is named', () => {
    const fixes = fixesFor(factsWith({ identity: [], session: unknown('session policies cannot be read back') }));
    expect(fixes.every(({ verified }) => !verified)).toBe(true);
    expect(fixes[0]?.note).toContain(
      'cannot be told without the session policies: session policies cannot be read back',
    );
  });

  it('proposes nothing where nothing is surely refused', () => {
    expect(fixesFor(factsWith({ keyPolicy: unknown('kms:GetKeyPolicy was refused to Unlatch') }))).toEqual([]);
  });

  it('proposes nothing where everything is allowed', () => {
    expect(fixesFor(factsWith())).toEqual([]);
  });
});
