import { describe, expect, it } from 'vitest';
import { isMeant, STANDINGS, type Standing, standsAs } from '#shared/policy/naming';
import type { Statement } from '#shared/policy/policy';
import { type Principal, principalOf } from '#shared/policy/principal';
import { readPolicy } from '#shared/policy/read-policy';
import type { Truth } from '#shared/policy/truth';

const ACCOUNT = '111122223333';
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/myCadoResponseRole`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/myCadoResponseRole/acquire-web-1`;
const USER = `arn:aws:iam::${ACCOUNT}:user/ana`;
const SERVICE = 'ec2.amazonaws.com';
const STRANGER = '777788889999';

const principalIn = (text: string): Principal => {
  const principal = principalOf(text);
  if (principal === null) throw new Error(`\`${text}\` is no principal`);
  return principal;
};

const [role, session, user, root, service] = [ROLE, SESSION, USER, ROOT, SERVICE].map(principalIn);
if (!role || !session || !user || !root || !service || role.kind !== 'role') throw new Error('a principal is missing');
/** As it asks: in a session, with its role known. */
const caller: Principal = { ...role, sessionArn: SESSION, uniqueId: 'AROAEXAMPLEROLE12345' };

const statementWith = (elements: object): Statement => {
  const policy = readPolicy({ Statement: { Action: '*', ...elements } }, 'resource', 'p');
  const [statement] = policy.statements;
  if (statement === undefined) throw new Error('no statement was read');
  return statement;
};

const attached = (Effect: 'Allow' | 'Deny'): Statement => {
  const policy = readPolicy({ Statement: { Effect, Action: '*', Resource: '*' } }, 'attached', 'p');
  const [statement] = policy.statements;
  if (statement === undefined) throw new Error('no statement was read');
  return statement;
};

const standingsOf = (statement: Statement, principal: Principal): Partial<Record<Standing, Truth>> =>
  Object.fromEntries(
    STANDINGS.map((standing) => [standing, standsAs(standing, statement, principal)]).filter(([, is]) => is !== 'no'),
  );

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html */
describe('how a statement that allows names the one who asks', () => {
  const ON_ARN = { ArnEquals: { 'aws:PrincipalArn': ROLE } };

  it.each<{
    name: string;
    Principal: unknown;
    Condition?: object;
    principal: Principal;
    is: Partial<Record<Standing, Truth>>;
  }>([
    { name: 'by its session', Principal: { AWS: SESSION }, principal: caller, is: { itself: 'yes' } },
    { name: 'by its role', Principal: { AWS: ROLE }, principal: caller, is: { role: 'yes' } },
    {
      name: 'by the id of its role',
      Principal: { AWS: 'AROAEXAMPLEROLE12345' },
      principal: caller,
      is: { role: 'yes' },
    },
    { name: 'perhaps by its id', Principal: { AWS: 'AROAEXAMPLEROLE12345' }, principal: role, is: { role: 'unknown' } },
    { name: 'perhaps by its session', Principal: { AWS: SESSION }, principal: role, is: { itself: 'unknown' } },
    { name: 'as a user', Principal: { AWS: USER }, principal: user, is: { itself: 'yes' } },
    { name: 'as a service', Principal: { Service: SERVICE }, principal: service, is: { itself: 'yes' } },
    { name: 'by its account', Principal: { AWS: ROOT }, principal: caller, is: { account: 'yes' } },
    { name: 'as everyone', Principal: '*', principal: caller, is: { everyone: 'yes' } },
    {
      name: 'as everyone whose ARN is its',
      Principal: '*',
      Condition: ON_ARN,
      principal: caller,
      is: { itself: 'yes' },
    },
    {
      name: 'as everyone whose ARN is its, in any case of the key',
      Principal: { AWS: '*' },
      Condition: { StringLike: { 'AWS:principalarn': ROLE } },
      principal: caller,
      is: { itself: 'yes' },
    },
    {
      name: 'as everyone whose ARN is none of others',
      Principal: '*',
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': USER } },
      principal: caller,
      is: { everyone: 'yes' },
    },
    {
      name: 'as everyone who has an ARN',
      Principal: '*',
      Condition: { Null: { 'aws:PrincipalArn': 'false' } },
      principal: caller,
      is: { everyone: 'yes' },
    },
    {
      name: 'as everyone in its account',
      Principal: '*',
      Condition: { StringEquals: { 'kms:CallerAccount': ACCOUNT } },
      principal: caller,
      is: { everyone: 'yes' },
    },
    {
      name: 'by its account, whose ARN is its',
      Principal: { AWS: ROOT },
      Condition: ON_ARN,
      principal: caller,
      is: { account: 'yes' },
    },
    {
      name: 'in several ways',
      Principal: { AWS: [SESSION, ROLE, ROOT, '*'] },
      principal: caller,
      is: { itself: 'yes', role: 'yes', account: 'yes', everyone: 'yes' },
    },
    { name: 'beside others', Principal: { AWS: [USER, ROLE] }, principal: caller, is: { role: 'yes' } },
    { name: 'not at all', Principal: { AWS: [USER, STRANGER], Federated: 'x' }, principal: caller, is: {} },
  ])('$name', ({ Principal, Condition = {}, principal, is }) => {
    expect(standingsOf(statementWith({ Effect: 'Allow', Principal, Condition }), principal)).toEqual(is);
  });

  it('is not documented for NotPrincipal', () => {
    const statement = statementWith({ Effect: 'Allow', NotPrincipal: { AWS: USER } });
    expect(standingsOf(statement, caller)).toEqual({ everyone: 'unknown' });
  });

  it('is no matter of a policy that is attached', () => {
    expect(standingsOf(attached('Allow'), caller)).toEqual({});
  });
});

describe('whether a statement that denies means the one who asks', () => {
  it.each<{ name: string; Principal: unknown; principal: Principal; is: Truth }>([
    { name: 'it does by any of its names', Principal: { AWS: [USER, ROOT] }, principal: caller, is: 'yes' },
    { name: 'it does as everyone', Principal: '*', principal: root, is: 'yes' },
    { name: 'it does not by the names of others', Principal: { AWS: [USER, STRANGER] }, principal: caller, is: 'no' },
    { name: 'it may by a session of its role', Principal: { AWS: [USER, SESSION] }, principal: role, is: 'unknown' },
  ])('$name: $is', ({ Principal, principal, is }) => {
    const statement = statementWith({ Effect: 'Deny', Principal });
    for (const boundary of ['yes', 'no', 'unknown'] as const) expect(isMeant(statement, principal, boundary)).toBe(is);
  });

  it('it does in a policy that is attached', () => {
    expect(isMeant(attached('Deny'), caller, 'no')).toBe('yes');
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html */
describe('a NotPrincipal that denies', () => {
  it.each<{ name: string; listed: unknown; principal: Principal; is: Truth }>([
    { name: 'means whom it does not list', listed: { AWS: USER }, principal: caller, is: 'yes' },
    {
      name: 'leaves out a session with its role and account',
      listed: { AWS: [SESSION, ROLE, ROOT] },
      principal: caller,
      is: 'no',
    },
    {
      name: 'may mean a session without its account',
      listed: { AWS: [SESSION, ROLE] },
      principal: caller,
      is: 'unknown',
    },
    { name: 'may mean a session without its role', listed: { AWS: [SESSION, ROOT] }, principal: caller, is: 'unknown' },
    {
      name: 'may mean a role and account without session',
      listed: { AWS: [ROLE, ROOT] },
      principal: caller,
      is: 'unknown',
    },
    {
      name: 'may mean a session of which only the role is known',
      listed: { AWS: [SESSION, ROLE, ROOT] },
      principal: role,
      is: 'unknown',
    },
    { name: 'may mean who is listed by the account alone', listed: { AWS: ROOT }, principal: caller, is: 'unknown' },
    { name: 'leaves out a user with the account', listed: { AWS: [USER, ACCOUNT] }, principal: user, is: 'no' },
    { name: 'may mean a user without the account', listed: { AWS: USER }, principal: user, is: 'unknown' },
    { name: 'leaves out a root with the account', listed: { AWS: ROOT }, principal: root, is: 'no' },
    { name: 'leaves out a service', listed: { Service: SERVICE }, principal: service, is: 'no' },
    { name: 'means another service', listed: { Service: 'ssm.amazonaws.com' }, principal: service, is: 'yes' },
    {
      name: 'leaves out who is listed among others',
      listed: { AWS: [USER, SESSION, ROLE, ROOT, STRANGER] },
      principal: caller,
      is: 'no',
    },
    { name: 'may mean a root where it lists everyone', listed: '*', principal: root, is: 'unknown' },
    { name: 'may mean a service where it lists everyone', listed: '*', principal: service, is: 'unknown' },
    { name: 'may mean someone where it lists everyone', listed: '*', principal: caller, is: 'unknown' },
  ])('$name: $is', ({ listed, principal, is }) => {
    expect(isMeant(statementWith({ Effect: 'Deny', NotPrincipal: listed }), principal, 'no')).toBe(is);
  });

  it.each<{ boundary: Truth; is: Truth }>([
    { boundary: 'yes', is: 'yes' },
    { boundary: 'unknown', is: 'unknown' },
    { boundary: 'no', is: 'no' },
  ])('means one who has a boundary, listed or not: $boundary is $is', ({ boundary, is }) => {
    const statement = statementWith({ Effect: 'Deny', NotPrincipal: { AWS: [SESSION, ROLE, ROOT] } });
    expect(isMeant(statement, caller, boundary)).toBe(is);
  });
});
