import { describe, expect, it } from 'vitest';
import { type Context, type ContextRecord, contextOf } from '#shared/policy/context';
import { type Constraint, type Grant, grantAllows } from '#shared/policy/grant';
import { type Principal, principalOf } from '#shared/policy/principal';
import type { Truth } from '#shared/policy/truth';

const ACCOUNT = '111122223333';
const STRANGER = '777788889999';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/myCadoResponseRole`;
const PATHED = `arn:aws:iam::${ACCOUNT}:role/ir/myCadoResponseRole`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/myCadoResponseRole/acquire-web-1`;
const USER = `arn:aws:iam::${ACCOUNT}:user/ana`;
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const VOLUME = 'vol-0123456789abcdef0';

const principalIn = (text: string): Principal => {
  const principal = principalOf(text);
  if (principal === null) throw new Error(`\`${text}\` is no principal`);
  return principal;
};

const grant = (parts: Partial<Grant> = {}): Grant => ({
  grantId: 'g',
  grantee: ROLE,
  operations: ['Decrypt', 'DescribeKey'],
  constraint: null,
  ...parts,
});

const asked = (parts: Partial<Grant>, action: string, context: ContextRecord = {}, by: string = ROLE): Truth =>
  grantAllows(grant(parts), principalIn(by), action, contextOf(context));

/** https://docs.aws.amazon.com/kms/latest/developerguide/grants.html */
describe('a grant is for its operations', () => {
  it.each<{ action: string; is: Truth }>([
    { action: 'kms:Decrypt', is: 'yes' },
    { action: 'kms:DescribeKey', is: 'yes' },
    { action: 'kms:Encrypt', is: 'no' },
    { action: 'kms:CreateGrant', is: 'no' },
  ])('$action: $is', ({ action, is }) => {
    expect(asked({}, action)).toBe(is);
  });

  it('none is for what it does not hold, whoever the grantee and whatever the constraint', () => {
    expect(asked({ grantee: 'unheard of', constraint: { kind: 'other' } }, 'kms:Encrypt')).toBe('no');
  });
});

describe('a grant is for its grantee', () => {
  it.each<{ name: string; grantee: string; by: string; is: Truth }>([
    { name: 'a role', grantee: ROLE, by: ROLE, is: 'yes' },
    { name: 'a session of the role', grantee: ROLE, by: SESSION, is: 'yes' },
    { name: 'a session of a role with a path', grantee: PATHED, by: SESSION, is: 'yes' },
    { name: 'a role with another path', grantee: PATHED, by: ROLE, is: 'no' },
    { name: 'another role', grantee: ROLE.replace('my', 'your'), by: ROLE, is: 'no' },
    { name: 'the role of another account', grantee: ROLE.replace(ACCOUNT, STRANGER), by: ROLE, is: 'no' },
    { name: 'a user of the same name', grantee: `arn:aws:iam::${ACCOUNT}:user/myCadoResponseRole`, by: ROLE, is: 'no' },
    { name: 'the session', grantee: SESSION, by: SESSION, is: 'yes' },
    { name: 'another session', grantee: `${SESSION}2`, by: SESSION, is: 'no' },
    { name: 'a session of the role that asks', grantee: SESSION, by: ROLE, is: 'unknown' },
    { name: 'a user', grantee: USER, by: USER, is: 'yes' },
    { name: 'another user', grantee: `${USER}2`, by: USER, is: 'no' },
    { name: 'the account of the root, which asks', grantee: ROOT, by: ROOT, is: 'yes' },
    { name: 'the account of the role', grantee: ROOT, by: ROLE, is: 'unknown' },
    { name: 'another account', grantee: ROOT.replace(ACCOUNT, STRANGER), by: ROLE, is: 'no' },
    { name: 'a role, where the root asks', grantee: ROLE, by: ROOT, is: 'no' },
    { name: 'the service', grantee: 'rds.amazonaws.com', by: 'rds.amazonaws.com', is: 'yes' },
    { name: 'another service', grantee: 'rds.amazonaws.com', by: 'ec2.amazonaws.com', is: 'no' },
    { name: 'a service, where a role asks', grantee: 'rds.amazonaws.com', by: ROLE, is: 'no' },
    { name: 'a role, where a service asks', grantee: ROLE, by: 'rds.amazonaws.com', is: 'no' },
    { name: 'another account by its id', grantee: STRANGER, by: ROLE, is: 'no' },
    { name: 'the id of a role that may be this', grantee: 'AROAEXAMPLEROLE12345', by: ROLE, is: 'unknown' },
    { name: 'what cannot be read', grantee: '*', by: ROLE, is: 'unknown' },
    // https://docs.aws.amazon.com/kms/latest/developerguide/services-ebs.html
    {
      name: 'an instance to which a volume is attached',
      grantee: `arn:aws:sts::${ACCOUNT}:assumed-role/aws:ec2-infrastructure/i-0123456789abcdef0`,
      by: SESSION,
      is: 'no',
    },
    {
      name: 'a role of a like name',
      grantee: `arn:aws:sts::${ACCOUNT}:assumed-role/awsx/aws:y`,
      by: SESSION,
      is: 'no',
    },
  ])('$name: $is', ({ grantee, by, is }) => {
    expect(asked({ grantee }, 'kms:Decrypt', {}, by)).toBe(is);
  });
});

it.each([
  { uniqueId: 'AROAEXAMPLEROLE12345', is: 'unknown' },
  { uniqueId: 'AROAEXAMPLEROLE99999', is: 'no' },
])('a grant to an id may be for the one who has it, and is for nobody else: $uniqueId, $is', ({ uniqueId, is }) => {
  const principal = principalIn(ROLE);
  const known: Principal = principal.kind === 'role' ? { ...principal, uniqueId } : principal;
  expect(grantAllows(grant({ grantee: 'AROAEXAMPLEROLE12345' }), known, 'kms:Decrypt', contextOf({}))).toBe(is);
});

const equals = (pairs: Record<string, string>): Constraint => ({ kind: 'equals', pairs });
const subset = (pairs: Record<string, string>): Constraint => ({ kind: 'subset', pairs });
const ID = 'kms:EncryptionContext:aws:ebs:id';
const NAMES = 'kms:EncryptionContextKeys';

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html */
describe('a grant holds within its constraint', () => {
  it.each<{ name: string; constraint: Constraint; context: ContextRecord; is: Truth }>([
    {
      name: 'a subset that is there',
      constraint: subset({ 'aws:ebs:id': VOLUME }),
      context: { [ID]: VOLUME },
      is: 'yes',
    },
    {
      name: 'a subset that is there among others',
      constraint: subset({ 'aws:ebs:id': VOLUME }),
      context: { [ID]: VOLUME, [NAMES]: ['aws:ebs:id', 'more'] },
      is: 'yes',
    },
    { name: 'another value', constraint: subset({ 'aws:ebs:id': VOLUME }), context: { [ID]: 'vol-0' }, is: 'no' },
    {
      name: 'a value in another case',
      constraint: subset({ 'aws:ebs:id': VOLUME }),
      context: { [ID]: 'VOL-0123456789abcdef0' },
      is: 'no',
    },
    { name: 'no value', constraint: subset({ 'aws:ebs:id': VOLUME }), context: { [ID]: null }, is: 'no' },
    { name: 'a value that is not known', constraint: subset({ 'aws:ebs:id': VOLUME }), context: {}, is: 'unknown' },
    {
      name: 'one pair of two',
      constraint: subset({ 'aws:ebs:id': VOLUME, b: 'c' }),
      context: { [ID]: VOLUME, 'kms:EncryptionContext:b': 'x' },
      is: 'no',
    },
    {
      name: 'one pair of two and one unknown',
      constraint: subset({ 'aws:ebs:id': VOLUME, b: 'c' }),
      context: { [ID]: VOLUME },
      is: 'unknown',
    },
    {
      name: 'one wrong and one unknown',
      constraint: subset({ 'aws:ebs:id': VOLUME, b: 'c' }),
      context: { [ID]: 'vol-0' },
      is: 'no',
    },
    {
      name: 'exactly what is there',
      constraint: equals({ 'aws:ebs:id': VOLUME }),
      context: { [ID]: VOLUME, [NAMES]: ['aws:ebs:id'] },
      is: 'yes',
    },
    {
      name: 'less than what is there',
      constraint: equals({ 'aws:ebs:id': VOLUME }),
      context: { [ID]: VOLUME, [NAMES]: ['aws:ebs:id', 'more'] },
      is: 'no',
    },
    {
      name: 'not known to be all',
      constraint: equals({ 'aws:ebs:id': VOLUME }),
      context: { [ID]: VOLUME },
      is: 'unknown',
    },
    {
      name: 'not there, and no context',
      constraint: equals({ 'aws:ebs:id': VOLUME }),
      context: { [ID]: null, [NAMES]: null },
      is: 'no',
    },
    {
      name: 'unknown where there is no context',
      constraint: equals({ 'aws:ebs:id': VOLUME }),
      context: { [NAMES]: null },
      is: 'no',
    },
    // The developer guide compares names with regard to case, the API reference without.
    {
      name: 'a name in the case in which it was sent',
      constraint: subset({ Team: 'ir' }),
      context: { 'kms:EncryptionContext:Team': 'ir', [NAMES]: ['Team'] },
      is: 'yes',
    },
    {
      name: 'a name in another case than it was sent in',
      constraint: subset({ Team: 'ir' }),
      context: { 'kms:EncryptionContext:team': 'ir', [NAMES]: ['team'] },
      is: 'unknown',
    },
    {
      name: 'a name in lower case, sent in another',
      constraint: subset({ team: 'ir' }),
      context: { 'kms:EncryptionContext:Team': 'ir', [NAMES]: ['Team'] },
      is: 'unknown',
    },
    {
      name: 'a name with capitals, listed in the same spelling',
      constraint: subset({ Team: 'ir' }),
      context: { 'kms:EncryptionContext:Team': 'ir' },
      is: 'yes',
    },
    {
      name: 'a name that is listed in another spelling',
      constraint: subset({ team: 'ir' }),
      context: { 'kms:EncryptionContext:Team': 'ir' },
      is: 'unknown',
    },
    { name: 'a constraint of another kind', constraint: { kind: 'other' }, context: {}, is: 'unknown' },
  ])('$name: $is', ({ constraint, context, is }) => {
    expect(asked({ constraint }, 'kms:Decrypt', context)).toBe(is);
  });

  it.each<Constraint>([equals({ a: 'b' }), subset({ a: 'b' }), { kind: 'other' }])(
    'which does not bind DescribeKey and RetireGrant: $kind',
    (constraint) => {
      const parts = { constraint, operations: ['DescribeKey', 'RetireGrant'] };
      const context = { 'kms:EncryptionContext:a': null, [NAMES]: null };
      expect(['kms:DescribeKey', 'kms:RetireGrant'].map((action) => asked(parts, action, context))).toEqual([
        'yes',
        'yes',
      ]);
    },
  );

  it('and not beyond it for someone else', () => {
    expect(asked({ constraint: { kind: 'other' } }, 'kms:Decrypt', {}, USER)).toBe('no');
  });
});

/** https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html */
describe('a grant made under a grant', () => {
  const operations = ['CreateGrant', 'Decrypt', 'DescribeKey'];
  const wanted = 'kms:GrantOperations';

  it.each<{ name: string; parts: Partial<Grant>; context: ContextRecord; is: Truth }>([
    {
      name: 'may hold what the first holds',
      parts: { operations },
      context: { [wanted]: ['Decrypt', 'DescribeKey'] },
      is: 'yes',
    },
    { name: 'may hold one thing', parts: { operations }, context: { [wanted]: 'Decrypt' }, is: 'yes' },
    { name: 'may hold nothing', parts: { operations }, context: { [wanted]: null }, is: 'yes' },
    { name: 'may not hold more', parts: { operations }, context: { [wanted]: ['Decrypt', 'Encrypt'] }, is: 'no' },
    { name: 'may not be made if the first cannot make any', parts: {}, context: { [wanted]: ['Decrypt'] }, is: 'no' },
    { name: 'is unknown where its operations are', parts: { operations }, context: {}, is: 'unknown' },
    {
      name: 'is unknown where the first has a constraint, which binds the second',
      parts: { operations, constraint: equals({ a: 'b' }) },
      context: { [wanted]: ['Decrypt'], 'kms:EncryptionContext:a': 'b', [NAMES]: ['a'] },
      is: 'unknown',
    },
    {
      name: 'may not hold more under a constraint either',
      parts: { operations, constraint: subset({ a: 'b' }) },
      context: { [wanted]: ['Encrypt'] },
      is: 'no',
    },
  ])('$name: $is', ({ parts, context, is }) => {
    expect(asked(parts, 'kms:CreateGrant', context)).toBe(is);
  });

  it('is asked for its operations by CreateGrant alone', () => {
    expect(asked({ operations }, 'kms:Decrypt', { [wanted]: ['Encrypt'] })).toBe('yes');
  });
});

it('a key that could be in either of two states leaves the constraint unknown', () => {
  const context: Context = { get: (key) => (key === 'kms:encryptioncontext:a' ? [['b'], null] : undefined) };
  const constraint = subset({ a: 'b' });
  expect(grantAllows(grant({ constraint }), principalIn(ROLE), 'kms:Decrypt', context)).toBe('unknown');
});
