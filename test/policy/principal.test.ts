import { describe, expect, it } from 'vitest';
import type { NamedPrincipal } from '#shared/policy/policy';
import { accountOf, arnOf, names, type Principal, principalOf } from '#shared/policy/principal';
import type { Truth } from '#shared/policy/truth';

const accountId = '111122223333';
const STRANGER = '777788889999';
const ROLE = `arn:aws:iam::${accountId}:role/myCadoResponseRole`;
const PATHED = `arn:aws:iam::${accountId}:role/ir/eu/myCadoResponseRole`;
const SESSION = `arn:aws:sts::${accountId}:assumed-role/myCadoResponseRole/acquire-web-1`;
const USER = `arn:aws:iam::${accountId}:user/ir/ana`;
const ROOT = `arn:aws:iam::${accountId}:root`;

const role = { kind: 'role', accountId, name: 'myCadoResponseRole', uniqueId: null } as const;
const byRole: Principal = { ...role, roleArn: ROLE, sessionArn: null };
const bySession: Principal = { ...role, roleArn: null, sessionArn: SESSION };
const byBoth: Principal = { ...role, roleArn: ROLE, sessionArn: SESSION, uniqueId: 'AROAEXAMPLEROLE12345' };
const user: Principal = { kind: 'user', accountId, name: 'ana', arn: USER, uniqueId: null };
const root: Principal = { kind: 'root', accountId, arn: ROOT };
const service: Principal = { kind: 'service', name: 'ec2.amazonaws.com' };

describe('who asks', () => {
  it.each<{ name: string; text: string; is: Principal }>([
    { name: 'a role', text: ROLE, is: byRole },
    { name: 'a role with a path', text: PATHED, is: { ...byRole, roleArn: PATHED } },
    { name: 'a session of a role', text: SESSION, is: bySession },
    { name: 'a user with a path', text: USER, is: user },
    { name: 'the root of an account', text: ROOT, is: root },
    { name: 'a service', text: 'ec2.amazonaws.com', is: service },
    { name: 'a service in China', text: 'ec2.amazonaws.com.cn', is: { kind: 'service', name: 'ec2.amazonaws.com.cn' } },
    {
      name: 'a service in a Region',
      text: 'ec2.eu-west-3.amazonaws.com',
      is: { kind: 'service', name: 'ec2.eu-west-3.amazonaws.com' },
    },
    {
      name: 'a role of another partition, with every character that a name may have',
      text: `arn:aws-us-gov:iam::${accountId}:role/a_B+c=d,e.f@g-h`,
      is: { ...byRole, name: 'a_B+c=d,e.f@g-h', roleArn: `arn:aws-us-gov:iam::${accountId}:role/a_B+c=d,e.f@g-h` },
    },
  ])('may be $name', ({ text, is }) => {
    expect(principalOf(text)).toEqual(is);
  });

  it.each([
    '',
    '*',
    accountId,
    'myCadoResponseRole',
    ` ${ROLE}`,
    `${ROLE}\n`,
    `x${ROLE}`,
    `${ROLE}/`,
    ROLE.replace('/myCadoResponseRole', ''),
    ROLE.replace('/myCadoResponseRole', '/'),
    ROLE.replace('aws', 'gcp'),
    ROLE.replace('iam', 'kms'),
    ROLE.replace('::', ':eu-west-3:'),
    ROLE.replace(accountId, '11112222333'),
    ROLE.replace('role', 'group'),
    `${ROLE}*`,
    `${ROOT}/x`,
    SESSION.replace('/acquire-web-1', ''),
    `${SESSION}/more`,
    `${SESSION}/`,
    `arn:aws:iam::${accountId}:role/${'x'.repeat(601)}`,
    'amazonaws.com',
    '.amazonaws.com.',
    'EC2.amazonaws.com',
    'ec2.amazonaws.com.evil',
    'ec2 .amazonaws.com',
    'ec2.amazonaws.org',
    'ec2xamazonaws.com',
  ])('is not %j', (text) => {
    expect(principalOf(text)).toBeNull();
  });
});

describe('the ARN by which policies name it', () => {
  it.each<{ name: string; principal: Principal; is: string }>([
    { name: 'a role has its own', principal: { ...byRole, roleArn: PATHED }, is: PATHED },
    { name: 'a session has the one of its role', principal: byBoth, is: ROLE },
    { name: 'a session alone has the one of a role without a path', principal: bySession, is: ROLE },
    {
      name: 'a session of another partition stays in it',
      principal: { ...bySession, sessionArn: SESSION.replace('aws', 'aws-cn') },
      is: ROLE.replace('aws', 'aws-cn'),
    },
    {
      name: 'a role of which nothing is known is in the first partition',
      principal: { ...byRole, roleArn: null },
      is: ROLE,
    },
    { name: 'a user has its own', principal: user, is: USER },
    { name: 'a root has its own', principal: root, is: ROOT },
    { name: 'a service has its name', principal: service, is: 'ec2.amazonaws.com' },
  ])('$name', ({ principal, is }) => {
    expect(arnOf(principal)).toBe(is);
  });

  it('has an account, except a service', () => {
    expect([byRole, user, root, service].map(accountOf)).toEqual([accountId, accountId, accountId, null]);
  });
});

const roleNamed = (arn: string, account = accountId): NamedPrincipal => ({
  kind: 'role',
  arn,
  accountId: account,
  name: 'myCadoResponseRole',
});
const userNamed = (arn: string): NamedPrincipal => ({ kind: 'user', arn, accountId, name: 'ana' });
const uniqueId = (id: string): NamedPrincipal => ({ kind: 'unique-id', id });
const session = (arn: string): NamedPrincipal => ({ kind: 'session', arn });

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
describe('a principal that a policy names', () => {
  it.each<{ name: string; named: NamedPrincipal; principal: Principal; is: Truth }>([
    { name: 'everyone is whoever asks', named: { kind: 'everyone' }, principal: service, is: 'yes' },
    { name: 'an account takes in its roles', named: { kind: 'account', accountId }, principal: bySession, is: 'yes' },
    { name: 'an account takes in its root', named: { kind: 'account', accountId }, principal: root, is: 'yes' },
    {
      name: 'an account takes in no other',
      named: { kind: 'account', accountId: STRANGER },
      principal: user,
      is: 'no',
    },
    { name: 'an account takes in no service', named: { kind: 'account', accountId }, principal: service, is: 'no' },

    { name: 'a role is itself', named: roleNamed(ROLE), principal: byRole, is: 'yes' },
    { name: 'a role is its sessions', named: roleNamed(ROLE), principal: byBoth, is: 'yes' },
    { name: 'a role is its sessions, by its name', named: roleNamed(PATHED), principal: bySession, is: 'yes' },
    { name: 'a role is not one with another path', named: roleNamed(PATHED), principal: byRole, is: 'no' },
    { name: 'a role is not its namesake elsewhere', named: roleNamed(ROLE, STRANGER), principal: bySession, is: 'no' },
    {
      name: 'a role is not its namesake',
      named: { kind: 'role', arn: ROLE, accountId, name: 'x' },
      principal: bySession,
      is: 'no',
    },
    {
      name: 'a role is no user',
      named: { kind: 'role', arn: USER, accountId, name: 'ana' },
      principal: user,
      is: 'no',
    },
    { name: 'a role is not the root', named: roleNamed(ROLE), principal: root, is: 'no' },
    { name: 'a role is no service', named: roleNamed(ROLE), principal: service, is: 'no' },
    { name: 'a user is itself', named: userNamed(USER), principal: user, is: 'yes' },
    {
      name: 'a user is not one with another path',
      named: userNamed(USER.replace('ir/', '')),
      principal: user,
      is: 'no',
    },

    { name: 'a session is itself', named: session(SESSION), principal: bySession, is: 'yes' },
    { name: 'a session is no other', named: session(`${SESSION}2`), principal: byBoth, is: 'no' },
    { name: 'a session may be the one of a role', named: session(SESSION), principal: byRole, is: 'unknown' },
    {
      name: 'a session is not of another role',
      named: session(SESSION.replace('my', 'your')),
      principal: byRole,
      is: 'no',
    },
    {
      name: 'a session is not of a role that begins so',
      named: session(SESSION.replace('Role/', 'Role2/')),
      principal: byRole,
      is: 'no',
    },
    {
      name: 'a session is not of another account',
      named: session(SESSION.replace(accountId, STRANGER)),
      principal: byRole,
      is: 'no',
    },
    { name: 'a session is no user', named: session(SESSION), principal: user, is: 'no' },

    // An id stands where a role was deleted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    { name: 'an id is the one who has it', named: uniqueId('AROAEXAMPLEROLE12345'), principal: byBoth, is: 'yes' },
    { name: 'an id is nobody else', named: uniqueId('AROAEXAMPLEROLE99999'), principal: byBoth, is: 'no' },
    {
      name: 'an id may be anyone whose id is not known',
      named: uniqueId('AROAEXAMPLEROLE12345'),
      principal: byRole,
      is: 'unknown',
    },
    { name: 'an id may be a user', named: uniqueId('AIDAEXAMPLEUSER12345'), principal: user, is: 'unknown' },
    { name: 'an id is not the root', named: uniqueId('AIDAEXAMPLEUSER12345'), principal: root, is: 'no' },
    { name: 'an id is no service', named: uniqueId('AIDAEXAMPLEUSER12345'), principal: service, is: 'no' },

    {
      name: 'a service is itself',
      named: { kind: 'service', name: 'ec2.amazonaws.com' },
      principal: service,
      is: 'yes',
    },
    {
      name: 'a service is no other',
      named: { kind: 'service', name: 'ssm.amazonaws.com' },
      principal: service,
      is: 'no',
    },
    { name: 'any service is each', named: { kind: 'service', name: '*' }, principal: service, is: 'yes' },
    { name: 'any service is no role', named: { kind: 'service', name: '*' }, principal: byRole, is: 'no' },
    { name: 'a federated user is nobody here', named: { kind: 'elsewhere' }, principal: byRole, is: 'no' },
  ])('$name: $is', ({ named, principal, is }) => {
    expect(names(named, principal)).toBe(is);
  });
});
