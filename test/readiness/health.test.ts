import { describe, expect, it } from 'vitest';
import type { Scenario } from '#local/scenario/scenario';
import type { HealthCheck } from '#shared/readiness/report';
import { type Rehearsal, rehearse } from '../rehearsal.ts';
import { askReadiness } from './readiness.ts';

const PLATFORM = '111122223333';
const REGION = 'eu-west-3';

/** What a look at the platform finds. One instance is asked about: the platform is looked at all the same. */
const lookedAt = async (
  alter: (scenario: Scenario) => Scenario,
  prepare: (rehearsal: Rehearsal) => void = () => {},
): Promise<readonly HealthCheck[]> => {
  const rehearsal = await rehearse('custom-key-denied', { alter });
  prepare(rehearsal);
  const { report } = await askReadiness(rehearsal, { instanceId: 'i-0b1c2d3e4f5a69788', accountId: '444455556666' });
  return report.health;
};

const same = (scenario: Scenario): Scenario => scenario;
const of = (checks: readonly HealthCheck[], check: string) => checks.filter((one) => one.check === check);
const results = (checks: readonly HealthCheck[], check: string) => of(checks, check).map(({ result }) => result);

const trail = (more: Partial<Scenario['trails'][number]> = {}): Scenario['trails'][number] => ({
  accountId: PLATFORM,
  region: REGION,
  name: 'management',
  isLogging: true,
  readWriteType: 'All',
  excluded: [],
  ...more,
});

describe('trails', () => {
  it.each([
    { claim: 'one that takes in everything is good', trails: [trail()], is: ['good'] },
    { claim: 'none at all is bad', trails: [], is: ['bad'], says: 'No trail is logging' },
    { claim: 'one that is stopped is none', trails: [trail({ isLogging: false })], is: ['bad'], says: 'No trail' },
    {
      claim: 'one that leaves KMS out is bad',
      trails: [trail({ excluded: ['kms.amazonaws.com'] })],
      is: ['bad'],
      says: 'takes in what KMS does',
    },
    {
      claim: 'one that leaves reads out misses Decrypt and ReEncrypt',
      trails: [trail({ readWriteType: 'WriteOnly' })],
      is: ['good', 'bad'],
      says: 'takes in reads of KMS',
    },
    {
      claim: 'two that complete each other are good',
      trails: [trail({ excluded: ['kms.amazonaws.com'] }), trail({ name: 'kms' })],
      is: ['good'],
    },
    { claim: 'one of another Region does not help', trails: [trail({ region: 'us-east-1' })], is: ['bad'] },
  ])('$claim', async ({ trails, is, says = '' }) => {
    const health = await lookedAt((scenario) => ({ ...scenario, trails }));
    expect(results(health, 'trails')).toEqual(is);
    expect(
      of(health, 'trails')
        .map(({ found }) => found)
        .join(),
    ).toContain(says);
  });
});

describe('rules', () => {
  it('in the state that the template gives them are good', async () => {
    expect(results(await lookedAt(same), 'rules')).toEqual(['good']);
  });

  it.each([
    { rule: 'ObserveFunctionKmsRefused', state: 'ENABLED', says: 'never reach it' },
    { rule: 'ObserveFunctionKmsRefused', state: 'DISABLED', says: 'never reach it' },
    { rule: 'ObserveFunctionEbsFailed', state: 'DISABLED', says: 'is disabled' },
  ])('$rule that is $state is bad', async ({ rule, state, says }) => {
    const health = await lookedAt(same, ({ account }) => void account.state.ruleStates.set(rule, state));
    expect(of(health, 'rules')).toMatchObject([{ result: 'bad', found: expect.stringContaining(says) }]);
  });
});

describe('temporary keys', () => {
  const left = (createdAt: Date | undefined, state: 'Enabled' | 'Disabled' | 'PendingDeletion' = 'Enabled') =>
    lookedAt(same, ({ account }) => {
      const keyId = '0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6';
      const arn = `arn:aws:kms:${REGION}:${PLATFORM}:key/${keyId}`;
      const policy = account.state.keys.values().next().value?.policy ?? { Statement: [] };
      account.state.keys.set(arn, {
        accountId: PLATFORM,
        region: REGION,
        keyId,
        arn,
        manager: 'CUSTOMER',
        policy,
        aliases: ['alias/CadoResponse-KMS-Alias-7f3c'],
        grants: [],
        createdAt,
        state,
      });
    });

  it('that are left behind are told of, with the order in which they go', async () => {
    expect(of(await left(undefined), 'temporary keys')).toMatchObject([
      { result: 'bad', remedy: expect.stringContaining('before you delete its alias') },
    ]);
  });

  it.each([
    { age: 'younger than an acquisition may take', createdAt: '2026-03-02T01:00:00Z', is: 'good' },
    { age: 'older', createdAt: '2026-01-05T00:00:00Z', is: 'bad' },
  ])('that are $age: $is', async ({ createdAt, is }) => {
    expect(results(await left(new Date(createdAt)), 'temporary keys')).toEqual([is]);
  });

  it('that somebody has disabled are left behind all the same', async () => {
    expect(results(await left(undefined, 'Disabled'), 'temporary keys')).toEqual(['bad']);
  });

  it('that wait for their deletion are on their way', async () => {
    expect(results(await left(undefined, 'PendingDeletion'), 'temporary keys')).toEqual(['good']);
  });
});

describe('the response role', () => {
  it('is held to the catalogue: what the fleet shows to be in use and has no statement is told', async () => {
    const found = of(await lookedAt(same), 'response role').map(({ found: text }) => text);
    expect(found.join('\n')).toContain('has no published statement for work in other accounts');
    expect(found.join('\n')).not.toContain('serves what is not in use');
  });

  it('is told what may go only where somebody has said what is in use', async () => {
    const FeaturesInUse = 'disks,cross-account,triage';
    const alter = (scenario: Scenario) => ({
      ...scenario,
      parameters: { ...scenario.parameters, FeaturesInUse },
      roles: scenario.roles.map((role) => ({
        ...role,
        identityPolicies: role.identityPolicies.map((policy) => ({
          ...policy,
          document: {
            ...policy.document,
            Statement: [
              ...policy.document.Statement,
              { Sid: 'RequiredForLambdaImport', Effect: 'Allow', Action: 'lambda:GetFunction', Resource: '*' },
            ],
          },
        })),
      })),
    });
    const found = of(await lookedAt(alter), 'response role').map(({ found: text }) => text);
    expect(found.join('\n')).toContain('RequiredForLambdaImport of acquire');
  });
});

const withIdentity =
  (Statement: readonly unknown[]) =>
  (scenario: Scenario): Scenario => ({
    ...scenario,
    roles: scenario.roles.map((role) => ({
      ...role,
      identityPolicies: [
        ...role.identityPolicies,
        { name: 'more', document: { Version: '2012-10-17' as const, Statement: [...Statement] } },
      ],
    })),
  });

describe('the one-time permission', () => {
  const seen = async (...Statement: readonly unknown[]) =>
    of(await lookedAt(withIdentity(Statement)), 'one-time permission').map(({ result, found }) => ({ result, found }));

  it('that a wildcard gives is not told to be missing', async () => {
    expect(await seen({ Sid: 'Wide', Effect: 'Allow', Action: 'iam:Create*', Resource: '*' })).toMatchObject([
      { result: 'note', found: expect.stringContaining('more, Wide allows `iam:CreateServiceLinkedRole`') },
    ]);
  });

  it('is not told to be missing of a role that nobody can read', async () => {
    const rehearsal = await rehearse('custom-key-denied', {
      alter: (scenario) => ({
        ...scenario,
        parameters: { ...scenario.parameters, PlatformAccountId: '999988887777' },
      }),
    });
    const { report } = await askReadiness(rehearsal, {
      instanceId: 'i-0b1c2d3e4f5a69788',
      accountId: '444455556666',
      responseRoles: ['arn:aws:iam::999988887777:role/myCadoResponseRole'],
    });
    expect(results(report.health, 'one-time permission')).toEqual(['unknown']);
  });

  it('is not told to be missing where a policy cannot be read', async () => {
    const rehearsal = await rehearse('custom-key-denied', {
      alter: withIdentity([{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }]),
    });
    for (const { identityPolicies } of rehearsal.account.state.roles.values())
      for (const [at, policy] of identityPolicies.entries())
        if (policy.name === 'more') identityPolicies[at] = { ...policy, text: '{"Statement": [{"Effect": "Allow"' };
    const { report } = await askReadiness(rehearsal, { instanceId: 'i-0b1c2d3e4f5a69788', accountId: '444455556666' });
    expect(results(report.health, 'one-time permission')).toEqual(['unknown']);
  });
});

describe('key policies', () => {
  it('that cannot be read are told to be unknown, and are not among those in which nothing was found', async () => {
    const rehearsal = await rehearse('custom-key-denied', {
      faults: [{ api: 'kms:GetKeyPolicy', nth: 'every', what: 'refuse' }],
    });
    const { report } = await askReadiness(rehearsal, { instanceId: 'i-0b1c2d3e4f5a69788', accountId: '444455556666' });
    expect(of(report.health, 'key policies')).toMatchObject([
      { result: 'unknown', found: 'This could not be read: the policies of 1 key are not known.' },
    ]);
  });
});

describe('the evidence key', () => {
  it.each([
    { claim: 'that is enabled is good', state: 'Enabled', is: 'good' },
    { claim: 'that is disabled is bad', state: 'Disabled', is: 'bad' },
  ] as const)('$claim', async ({ state, is }) => {
    const keyId = '6b8f0d2c-41a7-4e93-a5d0-3c9e71f2b864';
    const alter = (scenario: Scenario): Scenario => ({
      ...scenario,
      parameters: { ...scenario.parameters, EvidenceKeyArn: `arn:aws:kms:${REGION}:${PLATFORM}:key/${keyId}` },
      keys: scenario.keys.map((key) => (key.name === 'platform-key' ? { ...key, keyId, state } : key)),
    });
    expect(results(await lookedAt(alter), 'evidence key')).toEqual([is]);
  });
});
