import { describe, expect, it } from 'vitest';
import { readPrincipals } from '#shared/policy/named-principal';
import type { NamedPrincipal } from '#shared/policy/policy';
import { PolicyError } from '#shared/policy/policy-error';

const ACCOUNT = '111122223333';
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/myCadoResponseRole`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/myCadoResponseRole/acquire-web-1`;

const place = { policy: 'p', path: 'Statement[0]' };
const read = (value: unknown) => readPrincipals('Principal', value, place);

const account: NamedPrincipal = { kind: 'account', accountId: ACCOUNT };
const role: NamedPrincipal = { kind: 'role', arn: ROLE, accountId: ACCOUNT, name: 'myCadoResponseRole' };
const everyone: NamedPrincipal = { kind: 'everyone' };

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
describe('a Principal', () => {
  it.each<{ name: string; value: unknown; is: readonly NamedPrincipal[] }>([
    { name: 'may be everyone', value: '*', is: [everyone] },
    { name: 'may be everyone in AWS', value: { AWS: '*' }, is: [everyone] },
    { name: 'may be everyone in a list', value: { AWS: ['*'] }, is: [everyone] },
    { name: 'may be an account by its root', value: { AWS: ROOT }, is: [account] },
    { name: 'may be an account by its id', value: { AWS: ACCOUNT }, is: [account] },
    { name: 'may be a role', value: { AWS: ROLE }, is: [role] },
    {
      name: 'may be a role with a path',
      value: { AWS: `arn:aws-cn:iam::${ACCOUNT}:role/ir/eu/a` },
      is: [{ kind: 'role', arn: `arn:aws-cn:iam::${ACCOUNT}:role/ir/eu/a`, accountId: ACCOUNT, name: 'a' }],
    },
    {
      name: 'may be a user',
      value: { AWS: `arn:aws:iam::${ACCOUNT}:user/ana` },
      is: [{ kind: 'user', arn: `arn:aws:iam::${ACCOUNT}:user/ana`, accountId: ACCOUNT, name: 'ana' }],
    },
    { name: 'may be a session of a role', value: { AWS: SESSION }, is: [{ kind: 'session', arn: SESSION }] },
    {
      name: 'may be a session of a federated user',
      value: { AWS: `arn:aws:sts::${ACCOUNT}:federated-user/ana` },
      is: [{ kind: 'session', arn: `arn:aws:sts::${ACCOUNT}:federated-user/ana` }],
    },
    {
      name: 'may be the id of what was deleted',
      value: { AWS: 'AROAEXAMPLEROLE12345' },
      is: [{ kind: 'unique-id', id: 'AROAEXAMPLEROLE12345' }],
    },
    {
      name: 'may be a service',
      value: { Service: 'ec2.amazonaws.com' },
      is: [{ kind: 'service', name: 'ec2.amazonaws.com' }],
    },
    { name: 'may be any service', value: { Service: '*' }, is: [{ kind: 'service', name: '*' }] },
    {
      name: 'may be federated',
      value: { Federated: 'cognito-identity.amazonaws.com' },
      is: [{ kind: 'elsewhere' }],
    },
    {
      name: 'may be canonical',
      value: { CanonicalUser: '79a59df900b949e55d96a1e698fbaced' },
      is: [{ kind: 'elsewhere' }],
    },
    { name: 'may be several', value: { AWS: [ROOT, ROLE] }, is: [account, role] },
    {
      name: 'may be of several kinds',
      value: { AWS: ACCOUNT, Service: ['a.amazonaws.com', 'b.amazonaws.com'] },
      is: [account, { kind: 'service', name: 'a.amazonaws.com' }, { kind: 'service', name: 'b.amazonaws.com' }],
    },
  ])('$name', ({ value, is }) => {
    expect(read(value)).toEqual({ negated: false, named: is });
  });

  it('is negated as NotPrincipal', () => {
    expect(readPrincipals('NotPrincipal', { AWS: ROLE }, place)).toEqual({ negated: true, named: [role] });
  });
});

const OBJECT = 'expected `"*"` or an object such as `{"AWS": "…"}`, found ';
const AWS = 'expected `*`, an account, or the ARN of a role, user or session without wildcards, found ';

describe('what is no Principal is refused at its place', () => {
  it.each<{ value: unknown; place: string; says: string }>([
    { value: null, place: '', says: `${OBJECT}\`null\`` },
    { value: ROLE, place: '', says: `${OBJECT}\`"${ROLE}"\`` },
    { value: ['*'], place: '', says: `${OBJECT}an array` },
    { value: 7, place: '', says: `${OBJECT}\`7\`` },
    { value: {}, place: '', says: 'expected at least one principal' },
    { value: { AWS: [] }, place: '.AWS', says: 'expected at least one principal' },
    { value: { AWS: null }, place: '.AWS', says: 'expected text, found `null`' },
    { value: { AWS: [ROLE, 7] }, place: '.AWS[1]', says: 'expected text, found `7`' },
    { value: { Service: { a: 'b' } }, place: '.Service', says: 'expected text, found an object' },
    { value: { Aws: ROLE }, place: '.Aws', says: 'expected one of `AWS`, `Service`, `Federated`, `CanonicalUser`' },
    {
      value: { toString: ROLE },
      place: '.toString',
      says: 'expected one of `AWS`, `Service`, `Federated`, `CanonicalUser`',
    },
    {
      value: JSON.parse('{"__proto__": "*"}'),
      place: '["__proto__"]',
      says: 'expected one of `AWS`, `Service`, `Federated`, `CanonicalUser`',
    },
    { value: { AWS: [ROLE, `${ROLE}*`] }, place: '.AWS[1]', says: `${AWS}\`"${ROLE}*"\`` },
  ])('$value', ({ value, place: below, says }) => {
    expect(() => read(value)).toThrow(new PolicyError('p', `Statement[0].Principal${below}`, says));
  });

  it.each([
    '',
    '**',
    'ana',
    `${ACCOUNT}0`,
    ACCOUNT.slice(1),
    `x${ACCOUNT}`,
    'AROA*',
    'AR1AEXAMPLEROLE12345',
    'AROAEXAMPLE',
    'aroaexamplerole12345',
    'xAROAEXAMPLEROLE12345',
    'AROAEXAMPLEROLE12345x',
    ` ${ROLE}`,
    `${ROLE}?`,
    ROLE.replace('my', '*'),
    ROLE.replace('/myCadoResponseRole', ''),
    ROLE.replace('/myCadoResponseRole', '/'),
    ROLE.replace('iam', 'sts'),
    ROLE.replace('role', 'group'),
    ROLE.replace(ACCOUNT, '*'),
    ROLE.replace(ACCOUNT, 'x'),
    ROLE.replace('arn:aws', 'arn:gcp'),
    `${ROLE}\nx`,
    `${ROOT}/x`,
    ROOT.replace('iam', 'sts'),
    SESSION.replace('sts', 'iam'),
    SESSION.replace('acquire', '*'),
    `arn:aws:iam::${ACCOUNT}:federated-user/ana`,
    `arn:aws:sts::${ACCOUNT}:user/ana`,
    'ec2.amazonaws.com',
  ])('%j', (text) => {
    expect(() => read({ AWS: text })).toThrow(PolicyError);
  });
});
