import { conditionHolds } from '../condition.ts';
import type { Context, ContextRecord, Possible } from '../context.ts';
import { contextOf } from '../context.ts';
import type { Linted } from './subject.ts';

/** Whether a statement's conditions keep somebody out for sure: one of them does not hold for whoever comes so. */
const keepsOut = ({ statement }: Linted, context: Context): boolean =>
  statement.conditions.some((condition) => conditionHolds(condition, context) === 'no');

const ACCOUNT = '000000000000';

/** A stranger: somebody of another account and another organisation. */
const STRANGER: ContextRecord = {
  'kms:CallerAccount': ACCOUNT,
  'aws:PrincipalAccount': ACCOUNT,
  'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/stranger`,
  'aws:PrincipalOrgID': 'o-stranger00',
  'aws:PrincipalOrgPaths': ['o-stranger00/r-none/ou-none-none0000/'],
  'aws:SourceAccount': null,
  'aws:SourceArn': null,
  'aws:SourceOrgID': null,
};
const stranger = contextOf(STRANGER);

export const keepsStrangersOut = (linted: Linted): boolean => keepsOut(linted, stranger);

/** Who calls KMS itself makes a grant for whatever it likes; whether the key then says `false` or nothing is not documented. */
const BY_THE_CALLER: ReadonlyMap<string, Possible> = new Map([
  ['kms:viaservice', [null]],
  ['kms:grantisforawsresource', [['false'], null]],
]);

export const keepsCallersOut = (linted: Linted): boolean => keepsOut(linted, { get: (key) => BY_THE_CALLER.get(key) });
