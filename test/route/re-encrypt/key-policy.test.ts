import { describe, expect, it } from 'vitest';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { questionAsked } from '#shared/diagnosis/question';
import { simulate } from '#shared/diagnosis/simulation';
import { known } from '#shared/policy/known';
import { type Principal, principalOf } from '#shared/policy/principal';
import { temporaryKeyPolicy } from '#shared/route/re-encrypt/key-policy';

const OWN = '111122223333';
const KEY = `arn:aws:kms:eu-west-3:${OWN}:key/6d5c4b3a-2918-4706-b5e4-d3c2b1a09f8e`;
const MEMBER = 'arn:aws:iam::444455556666:role/UnlatchMember';
const SELF = `arn:aws:iam::${OWN}:role/unlatch-RemediateFunctionRole`;
const OTHER = `arn:aws:iam::${OWN}:role/Administrator`;
const READER = 'arn:aws:iam::777788889999:role/myCadoResponseRole';
const STRANGER = 'arn:aws:iam::777788889999:role/Application';

const policy = (isRead: boolean): string =>
  temporaryKeyPolicy({
    partition: 'aws',
    accountId: OWN,
    users: [MEMBER, SELF],
    region: 'eu-west-3',
    readers: isRead ? { accountId: '777788889999', roles: '*CadoResponse*' } : null,
  });

/** Whoever asks may do everything by IAM: the key policy alone decides. */
const facts = (isRead: boolean): FactsRecord => ({
  key: {
    state: known('Enabled'),
    manager: known('CUSTOMER'),
    policy: known(policy(isRead)),
    grants: known([]),
    aliases: known([]),
  },
  principal: {
    arn: null,
    uniqueId: null,
    identityPolicies: known([
      {
        name: 'all',
        document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
      },
    ]),
    permissionsBoundary: known(null),
    sessionPolicies: known([]),
  },
  organization: { serviceControlPolicies: known([]), resourceControlPolicies: known([]) },
  vpcEndpointPolicy: known(null),
});

const EC2 = { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' };
const DIRECTLY = { 'kms:ViaService': null };

const named = (arn: string): Principal => {
  const principal = principalOf(arn);
  if (principal === null) throw new Error(`${arn} is nobody`);
  return principal;
};

const rows: readonly {
  readonly name: string;
  readonly who: string;
  readonly action: string;
  readonly context: Readonly<Record<string, string | null>>;
  readonly isRead?: boolean;
  readonly decision: 'allowed' | 'denied';
}[] = [
  {
    name: 'the role in the target account copies through EC2',
    who: MEMBER,
    action: 'kms:GenerateDataKeyWithoutPlaintext',
    context: EC2,
    decision: 'allowed',
  },
  {
    name: 'it lets EBS use the key',
    who: MEMBER,
    action: 'kms:CreateGrant',
    context: { ...EC2, 'kms:GrantIsForAWSResource': 'true' },
    decision: 'allowed',
  },
  {
    name: 'it lets nobody else use it',
    who: MEMBER,
    action: 'kms:CreateGrant',
    context: { ...EC2, 'kms:GrantIsForAWSResource': 'false' },
    decision: 'denied',
  },
  {
    name: 'it decrypts nothing by itself',
    who: MEMBER,
    action: 'kms:Decrypt',
    context: DIRECTLY,
    decision: 'denied',
  },
  {
    name: 'it does nothing through another Region',
    who: MEMBER,
    action: 'kms:Decrypt',
    context: { 'kms:ViaService': 'ec2.eu-central-1.amazonaws.com' },
    decision: 'denied',
  },
  {
    name: 'it cannot end the key',
    who: MEMBER,
    action: 'kms:ScheduleKeyDeletion',
    context: DIRECTLY,
    decision: 'denied',
  },
  { name: "Unlatch's own role reads through EC2", who: SELF, action: 'kms:Decrypt', context: EC2, decision: 'allowed' },
  {
    name: "a role of Unlatch's account ends the key where IAM lets it",
    who: OTHER,
    action: 'kms:ScheduleKeyDeletion',
    context: DIRECTLY,
    decision: 'allowed',
  },
  {
    name: 'and reads nothing, whatever IAM says',
    who: OTHER,
    action: 'kms:Decrypt',
    context: EC2,
    decision: 'denied',
  },
  {
    name: 'the platform reads a copy that stays under the key',
    who: READER,
    action: 'kms:Decrypt',
    context: EC2,
    isRead: true,
    decision: 'allowed',
  },
  {
    name: 'the platform makes nothing new under it',
    who: READER,
    action: 'kms:GenerateDataKeyWithoutPlaintext',
    context: EC2,
    isRead: true,
    decision: 'denied',
  },
  {
    name: "other roles of the platform's account do not read it",
    who: STRANGER,
    action: 'kms:Decrypt',
    context: EC2,
    isRead: true,
    decision: 'denied',
  },
  {
    name: 'the platform has no say where no copy stays',
    who: READER,
    action: 'kms:Decrypt',
    context: EC2,
    decision: 'denied',
  },
];

describe('the policy of a temporary key', () => {
  it.each(rows)('$name', ({ who, action, context, isRead = false, decision }) => {
    const question = questionAsked({ principal: named(who), action, resource: KEY, context });
    expect(simulate(question, facts(isRead))?.decision.decision).toBe(decision);
  });

  it('lets the account change it later, as KMS asks of every policy', () => {
    const { Statement } = JSON.parse(policy(false));
    expect(Statement[0]).toMatchObject({
      Principal: { AWS: `arn:aws:iam::${OWN}:root` },
      Action: expect.arrayContaining(['kms:PutKeyPolicy']),
    });
  });
});
