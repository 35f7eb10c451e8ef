import { describe, expect, it } from 'vitest';
import { withFix, withKeyEnabled, withoutStatement } from '#shared/diagnosis/apply-fix';
import { type FactsRecord, readFacts } from '#shared/diagnosis/facts-record';
import type { Facts } from '#shared/policy/facts';
import { known, unknown } from '#shared/policy/known';
import type { Layer } from '#shared/policy/layer';
import type { Policy } from '#shared/policy/policy';
import { allow, delegating, deny, factsWith, named, OWN_KEY, PLATFORM, ROLE } from './facts.ts';

const fix = (layer: Layer, target: string, statement: Readonly<Record<string, unknown>> | null) => ({
  layer,
  target,
  statement,
});
const byRole = { Principal: { AWS: ROLE } };

/** The statements of a policy, by their places in it. */
const places = (policy: Policy | null) => policy?.statements.map(({ sid, index }) => [index, sid]) ?? null;
const keyPolicyOf = ({ key: { policy } }: Facts) => (policy.known ? places(policy.value) : policy.because);

describe('a statement that is added', () => {
  it('is the last of the key policy', () => {
    const facts = readFacts(factsWith({ keyPolicy: [delegating(PLATFORM), allow('kms:List*', byRole)] }));
    const once = withFix(facts, fix('key-policy', OWN_KEY, allow('kms:Decrypt', { Sid: 'A', ...byRole })));
    const twice = withFix(once, fix('key-policy', OWN_KEY, allow('kms:Encrypt', { Sid: 'B', ...byRole })));
    expect(keyPolicyOf(twice)).toEqual([
      [0, null],
      [1, null],
      [2, 'A'],
      [3, 'B'],
    ]);
  });

  it('is the first of a key policy that is empty', () => {
    const facts = readFacts(factsWith({ keyPolicy: known({ Version: '2012-10-17', Statement: [] }) }));
    const fixed = withFix(facts, fix('key-policy', OWN_KEY, allow('kms:Decrypt', { Sid: 'A', ...byRole })));
    expect(keyPolicyOf(fixed)).toEqual([[0, 'A']]);
  });

  it('takes no place that another has, also where one before is gone', () => {
    const facts = readFacts(
      factsWith({ keyPolicy: [deny('kms:Decrypt', byRole), delegating(PLATFORM), allow('kms:List*', byRole)] }),
    );
    const without = withoutStatement(facts, 'key-policy', { policy: 'the key policy', sid: null, index: 0 });
    const fixed = withFix(without, fix('key-policy', OWN_KEY, allow('kms:Decrypt', { Sid: 'A', ...byRole })));
    expect(keyPolicyOf(fixed)).toEqual([
      [1, null],
      [2, null],
      [3, 'A'],
    ]);
  });

  it('leaves the rest of the boundary, and of the endpoint policy, in force', () => {
    const facts = readFacts(
      factsWith({ boundary: [allow('ec2:*')], endpoint: [allow('kms:List*', { Principal: '*' })] }),
    );
    const bounded = withFix(facts, fix('permissions-boundary', 'Boundary', allow('kms:Decrypt', { Sid: 'A' })));
    const both = withFix(bounded, fix('vpc-endpoint-policy', 'vpce', allow('kms:Decrypt', { Sid: 'B', ...byRole })));
    const { principal, vpcEndpointPolicy } = both;
    expect(principal.permissionsBoundary.known && places(principal.permissionsBoundary.value)).toEqual([
      [0, null],
      [1, 'A'],
    ]);
    expect(vpcEndpointPolicy.known && places(vpcEndpointPolicy.value)).toEqual([
      [0, null],
      [1, 'B'],
    ]);
  });

  it('makes no boundary, and no endpoint policy, where there is none', () => {
    const facts = readFacts(factsWith());
    expect(withFix(facts, fix('permissions-boundary', ROLE, allow('kms:Decrypt')))).toEqual(facts);
    expect(withFix(facts, fix('vpc-endpoint-policy', 'vpce', allow('kms:Decrypt', byRole)))).toEqual(facts);
  });

  it('at one level of the organisation leaves the other levels as they are', () => {
    const level = (target: string) => ({ target, policies: [named('Narrow', allow('ec2:*'))] });
    const facts = readFacts(factsWith({ scp: known(['r-abcd', 'ou-abcd-11112222', PLATFORM].map(level)) }));
    const fixed = withFix(facts, fix('service-control-policy', 'ou-abcd-11112222', allow('kms:*')));
    const { serviceControlPolicies: levels } = fixed.organization;
    expect(levels.known && levels.value.map(({ target, policies }) => [target, policies.length])).toEqual([
      ['r-abcd', 1],
      ['ou-abcd-11112222', 2],
      [PLATFORM, 1],
    ]);
  });

  it('to a policy that is not known leaves it unknown', () => {
    const facts = readFacts(factsWith({ keyPolicy: unknown('not read') }));
    expect(withFix(facts, fix('key-policy', OWN_KEY, allow('kms:Decrypt', byRole)))).toEqual(facts);
  });

  it.each([
    { name: 'a command', what: fix('key-state', OWN_KEY, null) },
    { name: 'an exception that somebody else decides', what: fix('key-policy', OWN_KEY, null) },
    { name: 'a statement for a layer that has no policies', what: fix('grant', OWN_KEY, allow('kms:Decrypt')) },
  ])('is none where the fix is $name', ({ what }) => {
    const facts = readFacts(factsWith());
    expect(withFix(facts, what)).toEqual(facts);
  });
});

describe('a statement that is taken away', () => {
  const guard = { sid: 'Guard', index: 0 };
  const identityOf = (record: FactsRecord, policy: string) => {
    const { identityPolicies } = withoutStatement(readFacts(record), 'identity-policy', { policy, ...guard }).principal;
    return identityPolicies.known && identityPolicies.value.map(({ name, statements }) => [name, statements.length]);
  };

  it('is that of the policy which is named, and of no other', () => {
    const record = factsWith({
      identityPolicies: known([named('guards', deny('kms:Decrypt', { Sid: 'Guard' })), named('acquire', allow('*'))]),
    });
    expect(identityOf(record, 'guards')).toEqual([
      ['guards', 0],
      ['acquire', 1],
    ]);
  });

  it('is none of a layer that has no policies', () => {
    const facts = readFacts(factsWith());
    for (const layer of ['grant', 'key-state'] as const)
      expect(withoutStatement(facts, layer, { policy: 'the key policy', ...guard })).toEqual(facts);
  });
});

it('a key that is enabled is otherwise what it was; one whose state is not known stays so', () => {
  const facts = readFacts(factsWith({ state: known('Disabled') }));
  expect(withKeyEnabled(facts)).toEqual({ ...facts, key: { ...facts.key, state: known('Enabled') } });
  const open = readFacts(factsWith({ state: unknown('not read') }));
  expect(withKeyEnabled(open)).toEqual(open);
});
