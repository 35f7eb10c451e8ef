import { describe, expect, it } from 'vitest';
import { authorize } from '#shared/policy/authorize';
import { LAYERS } from '#shared/policy/layer';
import {
  ALL_OF_KMS,
  allow,
  type Case,
  DELEGATION,
  DIRECTLY,
  deny,
  EVERYTHING,
  factsOf,
  type Ground,
  named,
  ROLE,
  requestOf,
  SESSION,
  silent,
  THROUGH_EC2,
} from './cases/case.ts';
import { endpointsAndStates } from './cases/endpoints-and-states.ts';
import { grants } from './cases/grants.ts';
import { organization } from './cases/organization.ts';
import { ADMINISTRATOR, POWER_USER, POWER_USER_POLICY, printedPolicies } from './cases/printed-policies.ts';
import { standing } from './cases/standing.ts';
import { unknownThings } from './cases/unknown.ts';

const decided = (one: Pick<Case, 'by' | 'asks' | 'of' | 'context' | 'given'>) =>
  authorize(requestOf(one), factsOf(one.given));

/** The decision in the words of a case. */
const inShort = ({ decision, layer, explicit, statement, missing }: ReturnType<typeof decided>) => ({
  decision,
  layer,
  explicit,
  missing,
  by: statement === null ? null : (statement.sid ?? `statement ${statement.index} of ${statement.policy}`),
});

describe.each([
  ['the policies that are printed', printedPolicies],
  ['who is named, and what limits that', standing],
  ['the organisation', organization],
  ['grants', grants],
  ['what is not known', unknownThings],
  ['endpoints, and the state of the key', endpointsAndStates],
] as const)('%s', (_, cases) => {
  it.each(cases)('$claim', (one) => {
    const decision = decided(one);
    expect(inShort(decision)).toEqual(one.expect);
    const said = Object.fromEntries(decision.trace.map(({ layer, said }) => [layer, said]));
    expect(said).toMatchObject(one.says ?? {});
    expect(decision.trace.map(({ layer }) => layer)).toEqual(LAYERS);
  });
});

describe('the long policy with its roles for administrators and power users', () => {
  const everyone = [ADMINISTRATOR, POWER_USER, ROLE, SESSION].map(named);
  const actions = [
    'kms:Decrypt',
    'kms:Encrypt',
    'kms:GenerateDataKeyWithoutPlaintext',
    'kms:ReEncryptFrom',
    'kms:DescribeKey',
    'kms:CreateGrant',
    'kms:ListGrants',
    'kms:RevokeGrant',
    'kms:PutKeyPolicy',
    'kms:ScheduleKeyDeletion',
    'kms:TagResource',
  ];
  const requests = everyone.flatMap((by) =>
    actions.flatMap((asks) => [{}, THROUGH_EC2, DIRECTLY].map((context) => ({ by, asks, context }))),
  );
  const answers = (given: Ground) => requests.map((asked) => decided({ ...asked, given }).decision);

  it('allows nothing but what its first statement does, where IAM allows all of KMS', () => {
    const long = answers({ key: POWER_USER_POLICY, identity: ALL_OF_KMS });
    expect(long).toEqual(answers({ key: [DELEGATION], identity: ALL_OF_KMS }));
    expect(new Set(long)).toEqual(new Set(['allowed']));
  });

  it('allows more than its first statement where IAM is silent', () => {
    expect(answers({ key: POWER_USER_POLICY })).not.toEqual(answers({ key: [DELEGATION] }));
  });
});

describe('of several that refuse the first is named', () => {
  const never = [deny('*', { sid: 'Never' })];
  const neverForAnyone = [deny('*', { sid: 'Never', to: '*' })];
  const denials: Ground = {
    scp: [never],
    rcp: [neverForAnyone],
    key: neverForAnyone,
    identity: never,
    boundary: never,
    session: never,
    endpoint: neverForAnyone,
    state: 'Disabled',
  };
  const silences: Ground = {
    scp: [[]],
    key: [],
    identity: [],
    boundary: [],
    session: [],
    endpoint: [],
    state: 'Disabled',
  };
  const plain: Ground = { key: [DELEGATION], identity: EVERYTHING };
  /** The layers that are named when those before them no longer refuse. */
  const namedIn = (refusals: Ground, asks = 'kms:Decrypt') => {
    const parts = Object.keys(refusals) as (keyof Ground)[];
    return parts.map((_, from) => {
      const left = Object.fromEntries(Object.entries(refusals).slice(from));
      const { layer, explicit } = decided({ asks, given: { ...plain, ...left } });
      return `${layer}${explicit ? ', explicitly' : ''}`;
    });
  };

  it('denials come before silences, in the order of the layers', () => {
    expect(namedIn(denials)).toEqual([
      'service-control-policy, explicitly',
      'resource-control-policy, explicitly',
      'key-policy, explicitly',
      'identity-policy, explicitly',
      'permissions-boundary, explicitly',
      'session-policy, explicitly',
      'vpc-endpoint-policy, explicitly',
      'key-state',
    ]);
  });

  it('silences come in the order of the layers', () => {
    expect(namedIn(silences)).toEqual([
      'service-control-policy',
      'key-policy',
      'identity-policy',
      'permissions-boundary',
      'session-policy',
      'vpc-endpoint-policy',
      'key-state',
    ]);
  });

  it('a denial in the last layer comes before a silence in the first', () => {
    const given: Ground = { ...silences, endpoint: neverForAnyone };
    expect(decided({ asks: 'kms:Decrypt', given })).toMatchObject({ layer: 'vpc-endpoint-policy', explicit: true });
  });

  it('across accounts the silence of IAM is named though the key policy names the role', () => {
    const of = `arn:aws:kms:eu-west-3:444455556666:key/${'0'.repeat(8)}`;
    const given: Ground = { key: [allow('kms:*', { to: ROLE })], boundary: [], session: [] };
    expect(inShort(decided({ asks: 'kms:Decrypt', of, given }))).toEqual(silent('identity-policy'));
  });
});

describe('the trace', () => {
  it('tells what each layer said, and by which statement', () => {
    const { trace } = decided({
      asks: 'kms:Decrypt',
      given: {
        scp: [EVERYTHING],
        rcp: [[deny('s3:*', { to: '*' })]],
        identity: [...ALL_OF_KMS, deny('kms:Decrypt', { sid: 'Never' })],
        boundary: EVERYTHING,
        session: [allow('s3:*')],
      },
    });
    const root = { policy: 'policy of level 0', sid: 'Everything', index: 0 };
    expect(trace).toEqual([
      { layer: 'service-control-policy', said: 'allows', statement: root },
      { layer: 'resource-control-policy', said: 'allows', statement: null },
      { layer: 'key-policy', said: 'delegates', statement: { policy: 'the key policy', sid: 'Delegation', index: 0 } },
      { layer: 'grant', said: 'silent', statement: null },
      { layer: 'identity-policy', said: 'denies', statement: { policy: 'own', sid: 'Never', index: 1 } },
      { layer: 'permissions-boundary', said: 'allows', statement: { policy: 'boundary', sid: 'Everything', index: 0 } },
      { layer: 'session-policy', said: 'silent', statement: null },
      { layer: 'vpc-endpoint-policy', said: 'not-asked', statement: null },
      { layer: 'key-state', said: 'allows', statement: null },
    ]);
  });

  const saidOfKey = (key: Ground['key'], rest: Ground = {}) =>
    decided({ asks: 'kms:Decrypt', given: { ...(key && { key }), ...rest } }).trace[2];
  const ref = (sid: string | null, index = 0) => ({ policy: 'the key policy', sid, index });
  const tagged = { StringEquals: { 'aws:PrincipalTag/team': 'forensics' } };

  it.each([
    {
      claim: 'a sure allow is told before a delegation',
      key: [DELEGATION, allow('kms:*', { sid: 'Role', to: ROLE })],
      says: { said: 'allows', statement: ref('Role', 1) },
    },
    {
      claim: 'a sure allow is told before an open one',
      key: [allow('kms:*', { to: SESSION, if: tagged }), allow('kms:*', { sid: 'Role', to: ROLE })],
      says: { said: 'allows', statement: ref('Role', 1) },
    },
    {
      claim: 'a sure delegation is told before an open allow',
      key: [allow('kms:*', { to: ROLE, if: tagged }), DELEGATION],
      says: { said: 'delegates', statement: ref('Delegation', 1) },
    },
    {
      claim: 'an open allow is told where nothing is sure',
      key: [allow('kms:*', { to: ROLE, if: tagged })],
      says: { said: 'unknown', statement: null },
    },
    {
      claim: 'an open delegation is told where nothing is sure',
      key: [allow('kms:*', { to: '111122223333', if: tagged })],
      says: { said: 'unknown', statement: null },
    },
    {
      claim: 'a denial is told before everything',
      key: [DELEGATION, deny('kms:*', { to: '*' })],
      says: { said: 'denies', statement: ref(null, 1) },
    },
    {
      claim: 'an open denial is told before a sure allow',
      key: [DELEGATION, deny('kms:*', { to: '*', if: tagged })],
      says: { said: 'unknown', statement: null },
    },
    { claim: 'no statement is told where none speaks', key: [], says: { said: 'silent', statement: null } },
  ])('of the key policy, $claim', ({ key, says }) => {
    expect(saidOfKey(key)).toEqual({ layer: 'key-policy', ...says });
  });
});
