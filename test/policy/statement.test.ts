import { describe, expect, it } from 'vitest';
import { type ContextRecord, contextOf } from '#shared/policy/context';
import type { Statement } from '#shared/policy/policy';
import { principalOf } from '#shared/policy/principal';
import { readPolicy } from '#shared/policy/read-policy';
import type { Request } from '#shared/policy/request';
import { speaksOf, unknownKeys } from '#shared/policy/statement';
import type { Truth } from '#shared/policy/truth';

const KEY = 'arn:aws:kms:eu-west-3:444455556666:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';
const principal = principalOf('arn:aws:iam::111122223333:role/myCadoResponseRole');
if (principal === null) throw new Error('no principal was read');

const request = (action: string, context: ContextRecord = {}): Request => ({
  principal,
  action,
  resource: KEY,
  context: contextOf(context),
});

const statementWith = (elements: object, kind: 'attached' | 'resource' = 'attached'): Statement => {
  const document = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', ...elements } };
  const [statement] = readPolicy(document, kind, 'p').statements;
  if (statement === undefined) throw new Error('no statement was read');
  return statement;
};

const speaks = (elements: object, action = 'kms:CreateGrant', context: ContextRecord = {}): Truth =>
  speaksOf(statementWith({ Resource: '*', ...elements }), request(action, context));

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html */
describe('a statement speaks of an action', () => {
  it.each<{ elements: object; action: string; is: Truth }>([
    { elements: { Action: '*' }, action: 'kms:CreateGrant', is: 'yes' },
    { elements: { Action: 'kms:*' }, action: 'kms:CreateGrant', is: 'yes' },
    { elements: { Action: 'kms:CreateGrant' }, action: 'kms:CreateGrant', is: 'yes' },
    { elements: { Action: 'KMS:creategrant' }, action: 'kms:CreateGrant', is: 'yes' },
    { elements: { Action: 'kms:CreateGrant' }, action: 'kms:creategrant', is: 'yes' },
    { elements: { Action: 'kms:ReEncrypt*' }, action: 'kms:ReEncryptFrom', is: 'yes' },
    { elements: { Action: 'kms:*Grant' }, action: 'kms:RetireGrant', is: 'yes' },
    { elements: { Action: 'kms:ReEncrypt????' }, action: 'kms:ReEncryptFrom', is: 'yes' },
    { elements: { Action: 'kms:ReEncrypt' }, action: 'kms:ReEncryptFrom', is: 'no' },
    { elements: { Action: ['ec2:*', 'kms:Decrypt'] }, action: 'kms:Decrypt', is: 'yes' },
    { elements: { Action: ['ec2:*', 'kms:Decrypt'] }, action: 'kms:Encrypt', is: 'no' },
    { elements: { Action: undefined, NotAction: 'kms:*' }, action: 'ec2:CreateVolume', is: 'yes' },
    { elements: { Action: undefined, NotAction: 'KMS:*' }, action: 'kms:Decrypt', is: 'no' },
    { elements: { Action: undefined, NotAction: ['kms:Decrypt', 'iam:*'] }, action: 'kms:Encrypt', is: 'yes' },
    { elements: { Action: undefined, NotAction: ['iam:*', 'kms:Encrypt'] }, action: 'kms:Encrypt', is: 'no' },
  ])('$elements of $action: $is', ({ elements, action, is }) => {
    expect(speaks(elements, action)).toBe(is);
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html */
describe('a statement speaks of a resource', () => {
  const not = (...NotResource: readonly string[]) => ({ Resource: undefined, NotResource });
  const ELSEWHERE = 'arn:aws:kms:us-east-1:*:key/*';
  const CROSSING = 'arn:aws:kms:*:key/*';

  it.each<{ elements: object; is: Truth }>([
    { elements: { Resource: KEY }, is: 'yes' },
    { elements: { Resource: [ELSEWHERE, KEY] }, is: 'yes' },
    { elements: { Resource: [ELSEWHERE, 'arn:aws:s3:::evidence'] }, is: 'no' },
    { elements: { Resource: CROSSING }, is: 'unknown' },
    { elements: { Resource: [CROSSING, KEY] }, is: 'yes' },
    { elements: not(ELSEWHERE), is: 'yes' },
    { elements: not(KEY), is: 'no' },
    { elements: not(ELSEWHERE, KEY), is: 'no' },
    { elements: not(CROSSING), is: 'unknown' },
  ])('$elements: $is', ({ elements, is }) => {
    expect(speaks(elements)).toBe(is);
  });

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
  const context = {
    'aws:PrincipalTag/Key': '1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6',
    'aws:PrincipalTag/None': null,
    'aws:PrincipalAccount': '444455556666',
  };
  const byTag = (name: string) => `arn:aws:kms:*:*:key/\${aws:PrincipalTag/${name}}`;

  it.each<{ name: string; elements: object; is: Truth }>([
    { name: 'a variable that is the key', elements: { Resource: byTag('Key') }, is: 'yes' },
    { name: 'a variable that is another', elements: { Resource: byTag('Key').replace('kms', 's3') }, is: 'no' },
    { name: 'a variable that is missing takes in nothing', elements: { Resource: byTag('None') }, is: 'no' },
    { name: 'a missing variable beside the key', elements: { Resource: [byTag('None'), KEY] }, is: 'yes' },
    { name: 'a variable that is not known', elements: { Resource: byTag('Other') }, is: 'unknown' },
    { name: 'one that is not known, elsewhere', elements: { Resource: byTag('Other').replace('kms', 's3') }, is: 'no' },
    { name: 'all but a variable that is the key', elements: not(byTag('Key')), is: 'no' },
    { name: 'all but a variable that is missing', elements: not(byTag('None')), is: 'unknown' },
    { name: 'all but a missing variable and the key', elements: not(byTag('None'), KEY), is: 'no' },
    { name: 'all but a variable that is not known', elements: not(byTag('Other')), is: 'unknown' },
    { name: 'all but one that is not known, elsewhere', elements: not(byTag('Other').replace('kms', 's3')), is: 'yes' },
    // "You can't use a variable to replace parts of the ARN before the fifth colon"
    {
      name: 'a variable before the fifth colon',
      elements: { Resource: 'arn:aws:kms:eu-west-3:${aws:PrincipalAccount}:key/*' },
      is: 'unknown',
    },
    {
      name: 'a variable before the fifth colon, elsewhere',
      elements: { Resource: 'arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*' },
      is: 'no',
    },
    {
      name: 'a character that means something is no variable',
      elements: { Resource: 'arn:aws:kms:eu-west-3:44445555666${?}:key/*' },
      is: 'no',
    },
  ])('$name: $is', ({ elements, is }) => {
    expect(speaks(elements, 'kms:CreateGrant', context)).toBe(is);
  });

  // https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
  it('not at all where a key policy names none', () => {
    const statement = statementWith({ Principal: '*' }, 'resource');
    expect(speaksOf(statement, request('kms:CreateGrant'))).toBe('no');
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html */
describe('a statement speaks under all of its conditions', () => {
  const via = { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' };
  const Condition = {
    StringEquals: { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com', 'kms:CallerAccount': '111122223333' },
    Bool: { 'kms:GrantIsForAWSResource': true },
  };

  it.each<{ name: string; context: ContextRecord; elements?: object; is: Truth }>([
    {
      name: 'all hold',
      context: { ...via, 'kms:CallerAccount': '111122223333', 'kms:GrantIsForAWSResource': 'true' },
      is: 'yes',
    },
    {
      name: 'one of one operator does not',
      context: { ...via, 'kms:CallerAccount': '777788889999', 'kms:GrantIsForAWSResource': 'true' },
      is: 'no',
    },
    { name: 'one of another does not', context: { ...via, 'kms:GrantIsForAWSResource': 'false' }, is: 'no' },
    { name: 'one is not known', context: { ...via, 'kms:GrantIsForAWSResource': 'true' }, is: 'unknown' },
    { name: 'one is not known and one does not', context: { 'kms:ViaService': null }, is: 'no' },
    { name: 'nothing is known, of another key', context: {}, elements: { Resource: `${KEY}0` }, is: 'no' },
    {
      name: 'one does not, of what may be the key',
      context: { 'kms:ViaService': null },
      elements: { Resource: 'arn:*/*' },
      is: 'no',
    },
    {
      name: 'all hold, of what may be the key',
      context: { ...via, 'kms:CallerAccount': '111122223333', 'kms:GrantIsForAWSResource': 'true' },
      elements: { Resource: 'arn:aws:kms:*:key/*' },
      is: 'unknown',
    },
  ])('$name: $is', ({ context, elements = {}, is }) => {
    expect(speaks({ Condition, ...elements }, 'kms:CreateGrant', context)).toBe(is);
  });
});

describe('the keys that leave it open', () => {
  it.each<{ name: string; elements: object; context: ContextRecord; is: readonly string[] }>([
    { name: 'are none without conditions', elements: { Resource: KEY }, context: {}, is: [] },
    {
      name: 'are those of which nothing is known',
      elements: {
        Resource: '*',
        Condition: { StringEquals: { 'kms:ViaService': 'x', 'kms:KeySpec': 'y', 'aws:userid': 'z' } },
      },
      context: { 'KMS:viaservice': 'x', 'aws:userid': null },
      is: ['kms:KeySpec'],
    },
    {
      name: 'are those in resources alone',
      elements: { Resource: 'arn:aws:kms:*:*:key/${aws:PrincipalTag/Key}' },
      context: { 'aws:userid': 'a' },
      is: ['aws:principaltag/key'],
    },
    {
      name: 'are named once, in resources and in conditions',
      elements: {
        Resource: ['arn:aws:kms:*:*:key/${aws:userid}', '*'],
        Condition: { StringEquals: { 'aws:userid': '${aws:userid}-${aws:username}' }, Null: { 'kms:KeySpec': 'true' } },
      },
      context: { 'aws:username': 'ana' },
      is: ['aws:userid', 'kms:KeySpec'],
    },
  ])('$name', ({ elements, context, is }) => {
    expect(unknownKeys(statementWith(elements), request('kms:CreateGrant', context))).toEqual(is);
  });
});
