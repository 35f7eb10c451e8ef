import fc from 'fast-check';
import type { ContextRecord } from '#shared/policy/context';
import type { Principal } from '#shared/policy/principal';
import {
  allow,
  type Case,
  type Conditions,
  deny,
  type Ground,
  KEY,
  KEY_OF_TARGET,
  named,
  PLATFORM,
  RESPONSE_ROLE,
  ROLE,
  rootOf,
  SESSION,
  TARGET,
  UNIQUE_ID,
  UNREAD,
  USER,
  type Written,
} from './cases/case.ts';

/** Worlds in which everything is known, and ways to know less of them. */
export type World = Pick<Case, 'by' | 'asks' | 'of' | 'context' | 'given'>;

const ACTIONS = ['kms:Decrypt', 'kms:CreateGrant', 'kms:DescribeKey'];
const PATTERNS = ['kms:*', 'kms:De*', 'kms:CreateGrant', '*', 'kms:Encrypt'];
const NAMED = [ROLE, SESSION, '*', PLATFORM, rootOf(TARGET), USER, UNIQUE_ID];
const CONDITIONS: readonly Conditions[] = [
  { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
  { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
  { StringEquals: { 'aws:PrincipalTag/team': ['forensics', 'web'] } },
  { StringNotEquals: { 'aws:PrincipalTag/team': 'web' } },
  { StringLike: { 'kms:ViaService': 'ec2.eu-*' } },
  { StringNotLike: { 'kms:ViaService': 'ec2.eu-*' } },
  { Bool: { 'kms:GrantIsForAWSResource': true } },
  { ArnLike: { 'aws:PrincipalArn': ROLE } },
  { 'ForAllValues:StringLike': { 'kms:ResourceAliases': 'alias/app-*' } },
  { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/app-*' } },
  { StringEquals: { 'kms:EncryptionContext:purpose': 'backup' } },
  { Null: { 'aws:PrincipalTag/team': 'true' } },
];

const someOf = (values: readonly string[]) => fc.subarray([...values], { minLength: 1, maxLength: 3 });
const condition = fc.option(fc.constantFrom(...CONDITIONS), { nil: undefined, freq: 2 });
const resource = fc.constantFrom('*', '*', KEY, `${KEY}0`);
/** Now and then a denial: one is enough to settle a request. */
const isDenial = fc.nat(5).map((n) => n === 0);

const spoken = fc.record({
  denies: isDenial,
  actions: someOf(PATTERNS),
  to: someOf(NAMED),
  butFor: fc.nat(2).map((n) => n === 0),
  on: resource,
  if: condition,
});
let serial = 0;
const sid = () => `S${serial++}`;

const ofPrincipals = spoken.map(
  ({ denies, actions, on, if: condition }): Written =>
    (denies ? deny : allow)(actions, { sid: sid(), on, if: condition }),
);
const ofResources = spoken.map(({ denies, actions, to, butFor, if: condition }): Written => {
  const rest = { sid: sid(), if: condition };
  return (denies ? deny : allow)(actions, denies && butFor ? { ...rest, toAllBut: to } : { ...rest, to });
});
export const denialForPrincipals = ofPrincipals.map((statement): Written => ({ ...statement, Effect: 'Deny' }));
export const denialForResources = ofResources.map((statement): Written => ({ ...statement, Effect: 'Deny' }));

const documentOf = (statement: fc.Arbitrary<Written>, base: readonly Written[]) =>
  fc
    .tuple(fc.boolean(), fc.array(statement, { maxLength: 2 }))
    .map(([wide, more]) => (wide ? [...base, ...more] : more));
const WIDE = allow('*', { sid: 'Wide' });
const attached = documentOf(ofPrincipals, [WIDE]);
const keyPolicy = documentOf(ofResources, [allow('kms:*', { sid: 'ToIam', to: [PLATFORM, TARGET] })]);
const levels = fc.array(
  fc.array(ofPrincipals, { maxLength: 1 }).map((more) => [WIDE, ...more]),
  { maxLength: 2 },
);

const grant = fc
  .record({
    to: fc.constantFrom(ROLE, ROLE, SESSION, USER, rootOf(PLATFORM)),
    operations: someOf(['Decrypt', 'CreateGrant', 'DescribeKey']),
    constraints: fc.constantFrom(
      {},
      {},
      { EncryptionContextSubset: { purpose: 'backup' } },
      { EncryptionContextEquals: {} },
    ),
  })
  .map(({ to, operations, constraints }) => ({
    GrantId: `g${serial++}`,
    GranteePrincipal: to,
    Operations: operations,
    Constraints: constraints,
  }));

const given: fc.Arbitrary<Ground> = fc.record(
  {
    key: keyPolicy,
    identity: attached,
    grants: fc.array(grant, { maxLength: 1 }),
    state: fc.constantFrom('Enabled', 'Enabled', 'Enabled', 'Disabled'),
    manager: fc.constantFrom('CUSTOMER', 'CUSTOMER', 'AWS'),
    boundary: attached,
    session: attached,
    scp: levels,
    rcp: fc.array(fc.array(denialForResources, { maxLength: 1 }), { maxLength: 1 }),
    endpoint: documentOf(ofResources, [allow('*', { sid: 'Wide', to: '*' })]),
  },
  { requiredKeys: ['key', 'identity', 'grants', 'boundary'] },
);

/** Requests of which every key is known that a condition asks for. */
const context: fc.Arbitrary<ContextRecord> = fc
  .record({
    'kms:ViaService': fc.constantFrom(null, 'ec2.eu-west-3.amazonaws.com', 'ec2.us-east-1.amazonaws.com'),
    'aws:MultiFactorAuthPresent': fc.constantFrom(null, 'true', 'false'),
    'aws:PrincipalTag/team': fc.constantFrom(null, 'web', 'forensics'),
    'kms:ResourceAliases': fc.constantFrom(null, ['alias/app-1'], ['alias/app-1', 'alias/payroll']),
    purpose: fc.constantFrom(null, 'backup', 'test'),
  })
  .map(({ purpose, ...rest }) => ({
    ...rest,
    'kms:EncryptionContextKeys': purpose === null ? null : ['purpose'],
    'kms:EncryptionContext:purpose': purpose,
    'kms:GrantOperations': ['Decrypt'],
  }));

const principal: fc.Arbitrary<Principal> = fc.constantFrom(
  RESPONSE_ROLE,
  RESPONSE_ROLE,
  named(USER),
  named(rootOf(PLATFORM)),
);

export const world: fc.Arbitrary<World> = fc
  .record({
    by: principal,
    asks: fc.constantFrom(...ACTIONS),
    of: fc.constantFrom(KEY, KEY, KEY, KEY_OF_TARGET, '*'),
    context,
    given,
  })
  .map((asked) => {
    const { asks, context } = asked;
    if (asks !== 'kms:DescribeKey') return asked;
    const { 'kms:EncryptionContextKeys': _, 'kms:EncryptionContext:purpose': __, ...rest } = context;
    return { ...asked, context: rest };
  });

/** What is no longer known of a world. */
export interface Ignorance {
  readonly parts: readonly (keyof Ground)[];
  readonly keys: readonly string[];
  readonly session: boolean;
  readonly uniqueId: boolean;
}

const PARTS_OF_GROUND = [
  'key',
  'grants',
  'state',
  'manager',
  'identity',
  'boundary',
  'session',
  'scp',
  'rcp',
  'endpoint',
] as const satisfies readonly (keyof Ground)[];

const KEYS_OF_CONTEXT = [
  'kms:ViaService',
  'aws:MultiFactorAuthPresent',
  'aws:PrincipalTag/team',
  'kms:ResourceAliases',
  'kms:EncryptionContextKeys',
  'kms:EncryptionContext:purpose',
  'kms:GrantOperations',
];

export const ignorance: fc.Arbitrary<Ignorance> = fc.record({
  parts: fc.subarray([...PARTS_OF_GROUND], { maxLength: 4 }),
  keys: fc.subarray(KEYS_OF_CONTEXT),
  session: fc.boolean(),
  uniqueId: fc.boolean(),
});

const without = (by: Principal, { session, uniqueId }: Ignorance): Principal =>
  by.kind === 'role'
    ? { ...by, sessionArn: session ? null : by.sessionArn, uniqueId: uniqueId ? null : by.uniqueId }
    : by;

export const knowingLess = (world: World, ignorance: Ignorance): World => ({
  ...world,
  by: without(world.by ?? RESPONSE_ROLE, ignorance),
  context: Object.fromEntries(Object.entries(world.context ?? {}).filter(([key]) => !ignorance.keys.includes(key))),
  given: { ...world.given, ...Object.fromEntries(ignorance.parts.map((part) => [part, UNREAD])) },
});
