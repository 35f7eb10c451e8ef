import { describe, expect, it } from 'vitest';
import { loadScenario } from '#local/scenario/loading';
import type { Scenario } from '#local/scenario/scenario';
import { type Rehearsal, rehearse } from '../rehearsal.ts';
import { askReadiness, type Report } from './readiness.ts';

const scenario = loadScenario('readiness');
const verdictsIn = ({ rows }: Report) => Object.fromEntries(rows.map(({ name, verdict }) => [name, verdict]));
const readCalls = ({ account }: Rehearsal) => account.calls.filter(({ api }) => !api.startsWith('s3:'));

describe('a run over the whole scope', () => {
  it('looks at every account and Region that is configured, and changes nothing', async () => {
    const rehearsal = await rehearse('readiness');
    const { report } = await askReadiness(rehearsal);
    expect(report.rows).toHaveLength(scenario.instances.length);
    expect(report.machines).toEqual({ ready: 12, refused: 17, undetermined: 1 });
    expect(report.unread).toEqual([]);
    const changing = rehearsal.account.calls.filter(
      ({ api }) =>
        !/:(Describe|List|Get)/.test(api) && !/^(s3:PutObject|sts:AssumeRole|sns:Publish|events:PutEvents)$/.test(api),
    );
    expect(changing).toEqual([]);
    const written = [...rehearsal.account.store.latest().keys()];
    expect(written.every((key) => key.startsWith(`${rehearsal.account.bucket}/readiness/`))).toBe(true);
  });

  it('reads each key and each role once', async () => {
    const rehearsal = await rehearse('readiness');
    await askReadiness(rehearsal);
    const asked = (api: string, field: string) =>
      rehearsal.account.calls
        .filter((call) => call.api === api)
        .map(({ input }) => (typeof input === 'object' && input !== null ? Reflect.get(input, field) : null));
    for (const [api, field] of [
      ['kms:GetKeyPolicy', 'KeyId'],
      ['kms:ListGrants', 'KeyId'],
      ['iam:ListAttachedRolePolicies', 'RoleName'],
    ] as const) {
      const all = asked(api, field);
      expect(all.length).toBeGreaterThan(0);
      const places = rehearsal.account.calls.filter((call) => call.api === api).map(({ account }) => account);
      expect(new Set(all.map((name, at) => `${places[at]} ${name}`)).size).toBe(all.length);
    }
  });

  it('tells people what it came to, with the cause of most refusals first', async () => {
    const rehearsal = await rehearse('readiness');
    await askReadiness(rehearsal);
    const [told] = rehearsal.account.published;
    expect(told?.Subject).toBe('Unlatch: readiness, 12 of 30 machines ready, 17 refused, 1 undetermined');
    expect(told?.Message).toMatch(/Refused for: key-policy-silent \(2 machines\), /);
    expect(rehearsal.account.put?.map(({ DetailType }) => DetailType)).toEqual(['Readiness Assessed']);
  });

  it('says which routes are open meanwhile', async () => {
    const { report } = await askReadiness(await rehearse('readiness'));
    const triage = (name: string) => report.rows.find((row) => row.name === name)?.triage;
    expect(triage('payments-web-1')).toMatchObject({ open: true });
    expect(triage('endpoint-2')).toMatchObject({ open: false, because: expect.stringContaining('ConnectionLost') });
    expect(triage('default-1')).toMatchObject({ open: false, because: expect.stringContaining('lacks the tag') });
    expect(triage('search-2')).toMatchObject({ open: false, because: expect.stringContaining('stopped') });
    expect(report.outlooks.every(({ copy }) => !copy.open && copy.because?.includes('not allowed'))).toBe(true);
  });

  it('lists volumes that hang on nothing, too', async () => {
    const rehearsal = await rehearse('readiness');
    const [volume] = [...rehearsal.account.state.volumes.values()].filter(({ keyArn }) => keyArn !== null);
    if (volume === undefined) throw new Error('the scenario has no encrypted volume');
    rehearsal.account.state.volumes.set('vol-0aaaaaaaaaaaaaaaa', {
      ...volume,
      volumeId: 'vol-0aaaaaaaaaaaaaaaa',
      state: 'available',
      attachment: null,
    });
    const { report } = await askReadiness(rehearsal);
    expect(report.rows.filter(({ instanceId }) => instanceId === null)).toMatchObject([
      { state: 'available', triage: { open: false }, volumes: [{ volumeId: 'vol-0aaaaaaaaaaaaaaaa' }] },
    ]);
  });
});

describe('what cannot be read', () => {
  const without = (accountId: string) => (full: Scenario) => ({
    ...full,
    members: full.members.filter((member) => member !== accountId),
  });

  it('costs its account, and no other', async () => {
    const rehearsal = await rehearse('readiness', { alter: without('777788889999') });
    const { report } = await askReadiness(rehearsal);
    expect(report.unread).toEqual([
      'account 777788889999, eu-west-3: there is no session in account 777788889999',
      'account 777788889999, eu-central-1: there is no session in account 777788889999',
    ]);
    expect(report.rows.some(({ accountId }) => accountId === '777788889999')).toBe(false);
    expect(verdictsIn(report)).toMatchObject({ 'web-1': 'ready', 'payments-web-1': 'refused' });
  });

  it('is never taken for allowed: without the organisation’s policies no machine is ready that asks KMS for anything', async () => {
    const alter = (full: Scenario) => ({ ...full, delegatedAdministrators: [] });
    const { report } = await askReadiness(await rehearse('readiness', { alter }));
    const asking = report.rows.filter(({ verdict }) => verdict === 'ready');
    expect(asking).toEqual([]);
    expect(verdictsIn(report)).toMatchObject({ 'web-1': 'undetermined', 'payments-web-1': 'refused' });
    expect(report.outlooks.flatMap(({ missing }) => missing).join()).toContain('organizations:');
  });

  it('is told of in the place of a platform without a role', async () => {
    const alter = (full: Scenario) => ({
      ...full,
      parameters: { ...full.parameters, ResponseRolePattern: '*Nobody*' },
    });
    const { report } = await askReadiness(await rehearse('readiness', { alter }));
    expect(report.machines.ready).toBe(0);
    expect(report.health).toContainEqual(
      expect.objectContaining({ check: 'response role', result: 'bad', found: expect.stringContaining('*Nobody*') }),
    );
  });
});

describe('a machine', () => {
  it('of which EC2 names no volume is not ready, and says so', async () => {
    const rehearsal = await rehearse('readiness');
    const { instances, volumes } = rehearsal.account.state;
    const web = [...instances.values()].find(({ tags }) => tags.Name === 'web-1');
    for (const { volumeId } of web?.blockDevices ?? []) volumes.delete(volumeId);
    const { report } = await askReadiness(rehearsal);
    expect(verdictsIn(report)).toMatchObject({ 'web-1': 'undetermined', 'search-2': 'ready' });
    const csv = [...rehearsal.account.store.latest()].find(([name]) => name.endsWith('/readiness.csv'))?.[1].toString();
    expect(csv).toMatch(/,web-1,running,,,,,undetermined,.*EC2 names no volume of it/);
  });
});

const TARGET = '444455556666';
/** The account may see the key, and nobody may use it. */
const onlyRead = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${TARGET}:root` },
      Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:PutKeyPolicy'],
      Resource: '*',
    },
  ],
};

describe('a grant to Unlatch', () => {
  it.each([
    { claim: 'opens a copy by Unlatch, though it concerns no response role', granted: true },
    { claim: 'that there is not leaves it closed', granted: false },
  ])('$claim', async ({ granted }) => {
    const rehearsal = await rehearse('custom-key-denied', {
      alter: (full) => ({
        ...full,
        parameters: { ...full.parameters, AllowUnencryptedCopy: 'true' },
        keys: full.keys.map((key) => ({ ...key, policy: key.accountId === TARGET ? onlyRead : key.policy })),
      }),
    });
    const { keys, roles } = rehearsal.account.state;
    const key = [...keys.values()].find(({ accountId }) => accountId === TARGET);
    const own = [...roles.keys()].find((arn) => /:444455556666:role\/[Uu]nlatch/.test(arn));
    if (key === undefined || own === undefined) throw new Error('the scenario has no such key, or no role of Unlatch');
    if (granted)
      key.grants.push({
        grantId: 'a1b2c3',
        granteePrincipal: own,
        retiringPrincipal: null,
        operations: ['Decrypt', 'CreateGrant', 'DescribeKey'],
        encryptionContextSubset: null,
        encryptionContextEquals: null,
      });
    const { report } = await askReadiness(rehearsal, { instanceId: 'i-0b1c2d3e4f5a69788', accountId: TARGET });
    expect(report.outlooks.map(({ copy }) => copy.open)).toEqual([granted]);
  });
});

describe('by hand', () => {
  it('one instance is answered at once, with the fix', async () => {
    const rehearsal = await rehearse('custom-key-denied');
    const { summary } = await askReadiness(rehearsal, {
      instanceId: 'i-0b1c2d3e4f5a69788',
      accountId: '444455556666',
    });
    expect(summary).toMatchObject({
      machines: { ready: 0, refused: 1, undetermined: 0 },
      answers: [{ verdict: 'refused', refusals: [{ cause: 'key-policy-silent', fixes: [{ layer: 'key-policy' }] }] }],
    });
  });

  it('one key is answered without listing any machine', async () => {
    const rehearsal = await rehearse('readiness');
    const key = [...rehearsal.account.state.keys.values()].find(({ aliases }) => aliases.includes('alias/vault'));
    const { summary, report } = await askReadiness(rehearsal, { keyArn: key?.arn });
    expect(summary).toMatchObject({ answers: [{ verdict: 'refused', refusals: [{ cause: 'key-policy-deny' }] }] });
    expect(report.rows).toEqual([]);
    expect(rehearsal.done('ec2:DescribeInstances')).toBe(0);
  });

  it('an instance that is not there is told of, and nothing is ready', async () => {
    const { report } = await askReadiness(await rehearse('custom-key-denied'), { instanceId: 'i-0ffffffffffffffff' });
    expect(report.machines).toEqual({ ready: 0, refused: 0, undetermined: 0 });
    expect(report.unread.join()).toContain('there is no instance of i-0ffffffffffffffff');
  });

  it.each([
    { event: { instanceId: 'i-xyz' }, says: '`instanceId`' },
    { event: { keyArn: 'alias/web' }, says: '`keyArn`: expected the ARN of a KMS key' },
    {
      event: { instanceId: 'i-0b1c2d3e4f5a69788', keyArn: 'arn:aws:kms:eu-west-3:111122223333:key/x' },
      says: 'expected one of',
    },
    { event: { responseRoles: ['myCadoResponseRole'] }, says: '`responseRoles.0`: expected the ARN of an IAM role' },
    { event: { sessionPolicies: ['{}'] }, says: '`sessionPolicies.0`: expected a policy' },
    { event: { accountId: '444455556666' }, says: 'expected `instanceId` beside `accountId` or `region`' },
    { event: { vpcEndpointPolicy: 'none' }, says: '`vpcEndpointPolicy`: expected a policy' },
    {
      event: {
        accounts: Array.from({ length: 51 }, (_, at) => String(100_000_000_000 + at)),
        regions: Array.from({ length: 20 }, (_, at) => `eu-west-${at}`),
      },
      says: 'the scope is 1020 pairs of account and Region; expected at most 750',
    },
    { event: { everything: true }, says: 'everything' },
    { event: [], says: '`event`' },
  ])('bad input is one clear line: $says', async ({ event, says }) => {
    const rehearsal = await rehearse('custom-key-denied');
    const failed = await askReadiness(rehearsal, event).catch((error: Error) => error.message);
    expect(failed).toContain(says);
    expect(readCalls(rehearsal)).toEqual([]);
  });

  it('a schedule of EventBridge is the whole scope', async () => {
    const { report } = await askReadiness(await rehearse('custom-key-denied'), {
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      detail: {},
    });
    expect(report.scope).toContain('1 account');
  });
});
