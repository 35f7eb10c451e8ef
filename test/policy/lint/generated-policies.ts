import fc from 'fast-check';
import { KEY_ACTIONS } from '#shared/policy/lint/action-patterns';
import {
  allow,
  type Conditions,
  deny,
  PLATFORM,
  ROLE,
  rootOf,
  SESSION,
  STRANGER,
  UNIQUE_ID,
  USER,
  type Written,
} from '../cases/case.ts';

/** Policies as people write them: overlapping, out of order, with globs. */

const GLOBS = [
  'kms:*',
  '*',
  'kms:Create*',
  'kms:Describe*',
  'kms:De*',
  'kms:Put*',
  'kms:Revoke*',
  'kms:ReEncrypt*',
  'kms:GenerateDataKey*',
  'KMS:decryp?',
  'kms:Synchronize*',
];
const CONDITIONS: readonly Conditions[] = [
  { StringEquals: { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' } },
  { StringEquals: { 'kms:ViaService': ['ec2.eu-west-3.amazonaws.com', 'ec2.us-east-1.amazonaws.com'] } },
  { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
  { Bool: { 'kms:GrantIsForAWSResource': true }, StringEquals: { 'kms:CallerAccount': PLATFORM } },
  { Null: { 'kms:ViaService': 'true' } },
];
const NAMED = [ROLE, SESSION, USER, PLATFORM, rootOf(PLATFORM), rootOf(STRANGER), UNIQUE_ID, '*'];

const actions = fc
  .array(
    fc.oneof(
      { weight: 1, arbitrary: fc.constant('kms:CreateGrant') },
      { weight: 5, arbitrary: fc.constantFrom(...KEY_ACTIONS, ...GLOBS, ...GLOBS, 'kms:CreateKey', 'kms:Decript') },
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((list) => (list.length === 1 ? (list[0] ?? list) : list));

const effect = fc.constantFrom(allow, allow, allow, deny);
const condition = fc.option(fc.constantFrom(...CONDITIONS), { nil: undefined });
const to = fc.subarray(NAMED, { minLength: 1, maxLength: 3 });

/** One of a key policy, now and then with its actions turned round, its principals too, or without a Resource. */
const ofKey = fc
  .record({ effect, actions, to, if: condition, odd: fc.nat(20) })
  .map(({ effect, actions, to, odd, if: condition }): Written => {
    const statement = effect(actions, { to, if: condition });
    const { Action, Principal, Resource, ...rest } = statement;
    if (odd === 0) return { ...rest, NotAction: Action, Principal, Resource };
    if (odd === 1) return { ...rest, Action, NotPrincipal: Principal, Resource };
    if (odd === 2) return { ...rest, Action, Principal };
    return statement;
  });

const ofRole = fc
  .record({ effect, actions, if: condition, on: fc.constantFrom('*', '*', 'arn:aws:kms:*:*:key/*') })
  .map(({ effect, actions, on, if: condition }): Written => effect(actions, { on, if: condition }));

/** Twice the same now and then, with Sids that differ. */
const several = (statement: fc.Arbitrary<Written>) =>
  fc
    .tuple(fc.array(statement, { minLength: 1, maxLength: 5 }), fc.nat(4))
    .map(([list, again]) => [...list, ...list.slice(0, again === 0 ? 1 : 0)])
    .map((list) => list.map((statement, index) => ({ Sid: `S${index}`, ...statement })));

export const keyPolicies = several(ofKey);
export const rolePolicies = several(ofRole);
