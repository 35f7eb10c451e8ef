import { describe, expect, it } from 'vitest';
import { type FactsRecord, type GrantRecord, readFacts } from '#shared/diagnosis/facts-record';
import { KEY_STATES } from '#shared/policy/key-state';
import { known, unknown } from '#shared/policy/known';

const KEY_POLICY = {
  Version: '2012-10-17',
  Statement: { Sid: 'Root', Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' },
};
const OWN = { Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] };
const BROKEN = { Statement: [{ Effect: 'allow', Action: 'kms:*', Resource: '*' }] };
const named = (name: string, document: unknown = OWN) => ({ name, document });

const RECORD: FactsRecord = {
  key: {
    state: known('Enabled'),
    manager: known('CUSTOMER'),
    policy: known(KEY_POLICY),
    grants: known([]),
    aliases: known(['alias/evidence']),
  },
  principal: {
    arn: null,
    uniqueId: null,
    identityPolicies: known([named('first'), named('second')]),
    permissionsBoundary: known(named('limit')),
    sessionPolicies: known([named('narrow')]),
  },
  organization: {
    serviceControlPolicies: known([{ target: 'r-abcd', policies: [named('FullAWSAccess')] }]),
    resourceControlPolicies: known([{ target: 'r-abcd', policies: [named('Perimeter', KEY_POLICY)] }]),
  },
  vpcEndpointPolicy: known(named('vpce-1', KEY_POLICY)),
};
const withKey = (key: Partial<FactsRecord['key']>) => readFacts({ ...RECORD, key: { ...RECORD.key, ...key } }).key;

const REFUSED = unknown('iam:GetRolePolicy was refused');
const statement = (sid: string | null) => expect.objectContaining({ sid, effect: 'Allow' });
const policy = (name: string, sid: string | null = null) =>
  expect.objectContaining({ name, statements: [statement(sid)] });

describe('facts, read', () => {
  it('each part is read under its name', () => {
    expect(readFacts(RECORD)).toEqual({
      key: {
        state: known('Enabled'),
        manager: known('CUSTOMER'),
        policy: known(policy('the key policy', 'Root')),
        grants: known([]),
      },
      principal: {
        identityPolicies: known([policy('first'), policy('second')]),
        permissionsBoundary: known(policy('limit')),
        sessionPolicies: known([policy('narrow')]),
      },
      organization: {
        serviceControlPolicies: known([{ target: 'r-abcd', policies: [policy('FullAWSAccess')] }]),
        resourceControlPolicies: known([{ target: 'r-abcd', policies: [policy('Perimeter', 'Root')] }]),
      },
      vpcEndpointPolicy: known(policy('vpce-1', 'Root')),
    });
  });

  it('what is not there is known to be not there', () => {
    const { principal, vpcEndpointPolicy } = readFacts({
      ...RECORD,
      principal: { ...RECORD.principal, permissionsBoundary: known(null) },
      vpcEndpointPolicy: known(null),
    });
    expect(principal.permissionsBoundary).toEqual(known(null));
    expect(vpcEndpointPolicy).toEqual(known(null));
  });

  it('what was not known stays so, and says why', () => {
    const facts = readFacts({
      key: { state: REFUSED, manager: REFUSED, policy: REFUSED, grants: REFUSED, aliases: REFUSED },
      principal: {
        arn: null,
        uniqueId: null,
        identityPolicies: REFUSED,
        permissionsBoundary: REFUSED,
        sessionPolicies: REFUSED,
      },
      organization: { serviceControlPolicies: REFUSED, resourceControlPolicies: REFUSED },
      vpcEndpointPolicy: REFUSED,
    });
    const parts = [facts.key, facts.principal, facts.organization].flatMap((part) => Object.values(part));
    expect([...parts, facts.vpcEndpointPolicy]).toEqual(Array(10).fill(REFUSED));
  });

  it('a policy that cannot be read leaves its part unknown, and says where', () => {
    const broken = readFacts({
      key: { ...RECORD.key, policy: known('{"Statement":') },
      principal: {
        arn: null,
        uniqueId: null,
        identityPolicies: known([named('first'), named('second', BROKEN)]),
        permissionsBoundary: known(named('limit', BROKEN)),
        sessionPolicies: known([named('narrow', KEY_POLICY)]),
      },
      organization: {
        serviceControlPolicies: known([{ target: 'r-abcd', policies: [named('Guardrail', KEY_POLICY)] }]),
        resourceControlPolicies: known([{ target: 'r-abcd', policies: [named('Perimeter', OWN)] }]),
      },
      vpcEndpointPolicy: known(named('vpce-1', OWN)),
    });
    const whyNot = (policyName: string, place: RegExp) => ({
      known: false,
      because: expect.stringMatching(new RegExp(`^policy \`${policyName}\`.*${place.source}`)),
    });
    expect(broken).toEqual({
      key: {
        state: known('Enabled'),
        manager: known('CUSTOMER'),
        policy: whyNot('the key policy', /expected JSON/),
        grants: known([]),
      },
      principal: {
        identityPolicies: whyNot('second', /Statement\[0\]\.Effect: expected `Allow` or `Deny`/),
        permissionsBoundary: whyNot('limit', /Statement\[0\]\.Effect/),
        sessionPolicies: whyNot('narrow', /Principal: a policy of this kind names no principal/),
      },
      organization: {
        serviceControlPolicies: whyNot('Guardrail', /names no principal/),
        resourceControlPolicies: whyNot('Perimeter', /expected either Principal or NotPrincipal/),
      },
      vpcEndpointPolicy: whyNot('vpce-1', /expected either Principal or NotPrincipal/),
    });
  });

  it('an error that is not about a policy is not swallowed', () => {
    const hostile = {
      get document(): unknown {
        throw new TypeError('no such thing');
      },
      name: 'first',
    };
    const record = { ...RECORD, principal: { ...RECORD.principal, identityPolicies: known([hostile]) } };
    expect(() => readFacts(record)).toThrow(new TypeError('no such thing'));
  });

  it.each(KEY_STATES)('the state %s is known', (state) => {
    expect(withKey({ state: known(state) }).state).toEqual(known(state));
  });

  it('a state that AWS has added since is not known, and says which it is', () => {
    const { state } = withKey({ state: known('Hibernating') });
    expect(state).toEqual(unknown('`Hibernating` is no state that is known here'));
  });

  const GRANT = { GrantId: 'g-1', GranteePrincipal: 'arn:aws:iam::111122223333:role/r', Operations: ['Decrypt'] };
  const pairs = { 'aws:ebs:id': 'vol-0a1b2c3d4e5f60718' };
  const constraints: readonly { name: string; Constraints: GrantRecord['Constraints']; constraint: unknown }[] = [
    { name: 'no constraint', Constraints: undefined, constraint: null },
    { name: 'an empty constraint', Constraints: {}, constraint: null },
    {
      name: 'an equals constraint',
      Constraints: { EncryptionContextEquals: pairs },
      constraint: { kind: 'equals', pairs },
    },
    {
      name: 'a subset constraint',
      Constraints: { EncryptionContextSubset: pairs },
      constraint: { kind: 'subset', pairs },
    },
    { name: 'another constraint', Constraints: { Other: true }, constraint: { kind: 'other' } },
    {
      name: 'another constraint beside one of the context, which may bind more',
      Constraints: { EncryptionContextSubset: pairs, Other: true },
      constraint: { kind: 'other' },
    },
  ];
  it.each(constraints)('a grant with $name', ({ Constraints, constraint }) => {
    const { grants } = withKey({ grants: known([{ ...GRANT, Constraints }]) });
    const { GrantId: grantId, GranteePrincipal: grantee, Operations: operations } = GRANT;
    expect(grants).toEqual(known([{ grantId, grantee, operations, constraint }]));
  });
});
