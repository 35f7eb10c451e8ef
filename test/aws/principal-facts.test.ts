import {
  GetGroupPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAttachedGroupPoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListGroupsForUserCommand,
  ListUserPoliciesCommand,
} from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import type { NamedPolicy, PolicyDocument } from '#local/account/state';
import { readPrincipalFacts } from '#shared/aws/principal-facts';
import { rehearse } from '../rehearsal.ts';
import { ACCOUNT, answer, awsError, lasting, ownSession, readAs, TARGET, told } from './reading.ts';

const allow = (Action: string): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource: "arn:aws:kms:*:*:key/it's (100%) * this" }],
});

const MANAGED = `arn:aws:iam::${ACCOUNT}:policy/team/snapshots`;
const OF_AWS = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const BOUNDARY = `arn:aws:iam::${ACCOUNT}:policy/myCadoResponseRole-boundary`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/myCadoResponseRole`;

const policies: readonly NamedPolicy[] = [
  { name: 'acquire', document: allow('ec2:*') },
  { name: MANAGED, document: allow('ec2:CreateSnapshot') },
  { name: OF_AWS, document: allow('kms:Describe*') },
];

interface World {
  readonly faults?: readonly Fault[];
  readonly identityPolicies?: readonly NamedPolicy[];
  readonly permissionsBoundary?: PolicyDocument | null;
  readonly accountId?: string;
  readonly name?: string;
  readonly principal?: string;
}

const read = async ({
  faults = [],
  identityPolicies = policies,
  permissionsBoundary = allow('kms:*'),
  accountId = ACCOUNT,
  name = 'myCadoResponseRole',
  principal = `arn:aws:iam::${accountId}:role/${name}`,
}: World = {}) => {
  const rehearsal = await rehearse('boundary-denied', { faults });
  if (accountId !== ACCOUNT) rehearsal.account.addMember(accountId);
  const role = rehearsal.account.addRole({
    accountId,
    name,
    identityPolicies: [...identityPolicies],
    permissionsBoundary,
  });
  const reading = await readAs(
    rehearsal,
    (session, custody) => readPrincipalFacts(session, custody, principal),
    accountId,
  );
  return { rehearsal, role, ...reading };
};

const text = (document: PolicyDocument): string => JSON.stringify(document);

describe('the facts of a role', () => {
  it.each([ROLE, `arn:aws:sts::${ACCOUNT}:assumed-role/myCadoResponseRole/acquire`])(
    'are its policies, decoded, its boundary and its names: %s',
    async (principal) => {
      const { facts, role } = await read({ principal });
      expect(facts).toEqual({
        arn: ROLE,
        uniqueId: role.uniqueId,
        identityPolicies: {
          known: true,
          value: policies.map(({ name, document }) => ({ name, document: text(document) })),
        },
        permissionsBoundary: { known: true, value: { name: BOUNDARY, document: text(allow('kms:*')) } },
        sessionPolicies: { known: false, because: 'session policies cannot be read back' },
      });
    },
  );

  it('say that there is no boundary where there is none', async () => {
    expect((await read({ permissionsBoundary: null })).facts.permissionsBoundary).toEqual({ known: true, value: null });
  });

  it('of another account are read with the member role there', async () => {
    const identityPolicies = policies.filter(({ name }) => name !== MANAGED);
    const { facts, custody } = await read({ accountId: TARGET, identityPolicies });
    expect(told(facts)).toMatchObject({ identityPolicies: 'known', permissionsBoundary: 'known' });
    expect(facts.arn).toBe(`arn:aws:iam::${TARGET}:role/myCadoResponseRole`);
    expect(new Set(custody.map(({ caller }) => caller))).toEqual(
      new Set([`arn:aws:sts::${TARGET}:assumed-role/UnlatchMember/unlatch`]),
    );
  });

  it('are read to the last page', async () => {
    const identityPolicies = Array.from({ length: 230 }, (_, at) => ({ name: `p${at}`, document: allow('ec2:*') }));
    const { facts, rehearsal } = await read({ identityPolicies });
    expect(facts.identityPolicies.known && facts.identityPolicies.value.length).toBe(230);
    expect(rehearsal.done('iam:ListRolePolicies')).toBe(3);
  });

  it('too large for a durable step cost their own part alone', async () => {
    const identityPolicies = [{ name: 'acquire', document: allow('ec2:*'.padEnd(100_000, 'x')) }];
    const { facts } = await read({ identityPolicies });
    expect(told(facts)).toMatchObject({
      identityPolicies: expect.stringContaining('too large'),
      permissionsBoundary: 'known',
    });
  });
});

describe('a call that fails', () => {
  const cases = [
    { api: 'iam:GetRole', lost: ['permissionsBoundary'] },
    { api: 'iam:ListRolePolicies', lost: ['identityPolicies'] },
    { api: 'iam:GetRolePolicy', lost: ['identityPolicies'] },
    { api: 'iam:ListAttachedRolePolicies', lost: ['identityPolicies'] },
    { api: 'iam:GetPolicy', lost: ['identityPolicies', 'permissionsBoundary'] },
    { api: 'iam:GetPolicyVersion', lost: ['identityPolicies', 'permissionsBoundary'] },
  ] as const;
  const partsWithout = (lost: readonly string[], because: string) =>
    Object.fromEntries(
      ['identityPolicies', 'permissionsBoundary'].map((part) => [part, lost.includes(part) ? because : 'known']),
    );

  it.each(cases)('$api refused costs $lost alone', async ({ api, lost }) => {
    const { facts } = await read({ faults: [{ api, nth: 'every', what: 'refuse' }] });
    expect(told(facts)).toMatchObject(partsWithout(lost, `${api} was refused to Unlatch`));
    expect(facts.arn).toBe(api === 'iam:GetRole' ? null : ROLE);
  });

  it.each(cases)('$api throttled costs $lost alone', async ({ api, lost }) => {
    const { facts } = await read({ faults: [{ api, nth: 'every', what: 'throttle' }] });
    expect(told(facts)).toMatchObject(partsWithout(lost, `${api} was throttled`));
  });

  it('a role that is gone is told as one that is not found', async () => {
    const { facts } = await read({ principal: `arn:aws:iam::${ACCOUNT}:role/oldCadoResponseRole` });
    expect(told(facts)).toMatchObject({ permissionsBoundary: 'iam:GetRole found nothing' });
  });

  it('a role that is no response role is not read: the template does not allow it', async () => {
    const { facts } = await read({ name: 'Administrator' });
    expect(told(facts)).toMatchObject({ permissionsBoundary: 'iam:GetRole was refused to Unlatch' });
  });
});

describe('what is no role is not read as one', () => {
  it.each([
    { principal: 'ec2.amazonaws.com', because: 'ec2.amazonaws.com is a service: it has no policies of its own' },
    { principal: `arn:aws:iam::${ACCOUNT}:root`, because: `it is the root user of account ${ACCOUNT}` },
    { principal: 'AROAEXAMPLE', because: 'it is no principal whose policies can be read' },
    // A role of the same name here would be another one.
    {
      principal: `arn:aws:iam::${TARGET}:role/myCadoResponseRole`,
      because: `there is no session in account ${TARGET}`,
    },
  ])('$principal', async ({ principal, because }) => {
    const { facts, custody } = await read({ principal });
    expect(facts).toMatchObject({ arn: null, uniqueId: null });
    expect(new Set(Object.values(told(facts)))).toEqual(new Set([because]));
    expect(custody).toEqual([]);
  });
});

describe('the facts of a user', () => {
  const USER = `arn:aws:iam::${ACCOUNT}:user/myCadoResponseUser`;
  const PolicyDocument = encodeURIComponent(text(allow('ec2:*')));
  const iamOfUser = () => {
    const iam = lasting(mockClient(IAMClient));
    iam
      .on(GetUserCommand)
      .resolves(
        answer({
          User: {
            Arn: USER,
            UserId: 'AIDAEXAMPLE',
            Path: '/',
            UserName: 'myCadoResponseUser',
            CreateDate: new Date(0),
          },
        }),
      )
      .on(ListUserPoliciesCommand)
      .resolves(answer({ PolicyNames: ['own'] }))
      .on(GetUserPolicyCommand)
      .resolves(answer({ PolicyDocument }))
      .on(ListAttachedUserPoliciesCommand)
      .resolves(answer({ AttachedPolicies: [{ PolicyArn: OF_AWS }] }))
      .on(ListGroupsForUserCommand, { Marker: undefined })
      .resolves(
        answer({
          Groups: [{ GroupName: 'responders', Path: '/', GroupId: 'g', Arn: 'a', CreateDate: new Date(0) }],
          IsTruncated: true,
          Marker: 'next',
        }),
      )
      .on(ListGroupsForUserCommand, { Marker: 'next' })
      .resolves(
        answer({ Groups: [{ GroupName: 'night', Path: '/', GroupId: 'h', Arn: 'b', CreateDate: new Date(0) }] }),
      )
      .on(ListGroupPoliciesCommand)
      .resolves(answer({ PolicyNames: ['of-group'] }))
      .on(GetGroupPolicyCommand)
      .resolves(answer({ PolicyDocument }))
      .on(ListAttachedGroupPoliciesCommand)
      .resolves(answer({ AttachedPolicies: [{ PolicyArn: OF_AWS }] }))
      .on(GetPolicyCommand)
      .resolves(answer({ Policy: { DefaultVersionId: 'v3' } }))
      .on(GetPolicyVersionCommand, { VersionId: 'v3' })
      .resolves(answer({ PolicyVersion: { Document: PolicyDocument } }));
    return iam;
  };

  type Iam = ReturnType<typeof iamOfUser>;

  it('are its own policies and those of its groups, each under a name of its own, a managed one once', async () => {
    const session = await ownSession();
    const iam = iamOfUser();
    const facts = await readPrincipalFacts(session, [], USER);
    expect(facts).toMatchObject({ arn: USER, uniqueId: 'AIDAEXAMPLE', permissionsBoundary: { value: null } });
    expect(facts.identityPolicies.known && facts.identityPolicies.value.map(({ name }) => name)).toEqual([
      'own',
      OF_AWS,
      'responders/of-group',
      'night/of-group',
    ]);
    expect(iam.commandCalls(GetPolicyVersionCommand)).toHaveLength(1);
  });

  it.each([
    {
      api: 'iam:ListGroupsForUser',
      refuse: (iam: Iam) => iam.on(ListGroupsForUserCommand, { Marker: undefined }).rejects(awsError('AccessDenied')),
    },
    {
      api: 'iam:GetGroupPolicy',
      refuse: (iam: Iam) => iam.on(GetGroupPolicyCommand).rejects(awsError('AccessDenied')),
    },
    {
      api: 'iam:ListAttachedUserPolicies',
      refuse: (iam: Iam) => iam.on(ListAttachedUserPoliciesCommand).rejects(awsError('AccessDenied')),
    },
  ])('are not known without $api', async ({ refuse, api }) => {
    const session = await ownSession();
    refuse(iamOfUser());
    expect(told(await readPrincipalFacts(session, [], USER))).toMatchObject({
      identityPolicies: `${api} was refused to Unlatch`,
      permissionsBoundary: 'known',
    });
  });
});
