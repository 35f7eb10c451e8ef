import { describe, expect, it } from 'vitest';
import { ROLE_NAME } from './generated.ts';
import { retiring, writesOf } from './retiring.ts';
import { ACQUIRE, document, ONE_TIME, ONE_TIME_MRK } from './roles.ts';

const MANAGED = 'arn:aws:iam::111122223333:policy/MyCadoResponsePolicy';
const both = document(ACQUIRE, ONE_TIME_MRK);
const without = document(ACQUIRE);
const byHand = { roleName: ROLE_NAME };

describe('a retirement by hand', () => {
  it('takes the statement from every policy, proves it, and says when and why on the role', async () => {
    const world = await retiring({
      policies: [
        { name: 'acquire', text: both },
        { name: 'once', text: document(ONE_TIME) },
        { name: MANAGED, text: both },
      ],
    });
    const report = await world.start(byHand);
    expect(report).toMatchObject({ verdict: 'retired', todo: [], proof: { left: 0, changed: 0, alone: true } });
    expect(report.proof?.simulated).toMatchObject({ agrees: true });
    expect(world.texts()).toEqual({ acquire: without, [MANAGED]: without });
    expect(world.role.tags?.['unlatch:one-time-permission']).toBe(`retired ${report.closedAt}`);
    expect(world.role.tags?.['unlatch:permission-case']).toBe(report.caseId);
    expect(world.account.published).toHaveLength(1);
    expect(world.account.published[0]?.Message).toContain('-        "iam:CreateServiceLinkedRole"');
  });

  it('and its undoing leaves the documents to the letter as they were', async () => {
    const pretty = JSON.stringify(JSON.parse(both), null, 4);
    const world = await retiring({
      policies: [
        { name: 'acquire', text: pretty },
        { name: 'once', text: document(ONE_TIME) },
        { name: MANAGED, text: both },
      ],
    });
    const before = world.texts();
    await world.start(byHand);
    expect(await world.start({ action: 'restore', ...byHand })).toMatchObject({ verdict: 'restored', todo: [] });
    expect(world.texts()).toEqual(before);
    expect(world.role.tags?.['unlatch:one-time-permission']).toMatch(/^restored /);
  });

  it('attaches a detached policy again', async () => {
    const world = await retiring({
      policies: [
        { name: 'acquire', text: without },
        { name: MANAGED, text: document(ONE_TIME_MRK) },
      ],
    });
    await world.start(byHand);
    expect(Object.keys(world.texts())).toEqual(['acquire']);
    await world.start({ action: 'restore', ...byHand });
    expect(Object.keys(world.texts())).toEqual(['acquire', MANAGED]);
  });

  it('keeps the document of the version that makes room', async () => {
    const world = await retiring({ policies: [{ name: MANAGED, text: both }] });
    const { iam } = world.account.services;
    const call = <Input>(input: Input) => ({
      input,
      session: world.account.openSession(world.role, 'admin'),
      region: 'us-east-1',
      requestId: 'r',
    });
    for (let version = 2; version <= 5; version += 1) {
      const PolicyDocument = version === 5 ? both : without.replace('"Acquire"', `"Acquire${version}"`);
      await iam.CreatePolicyVersion(call({ PolicyArn: MANAGED, PolicyDocument, SetAsDefault: version === 5 }));
    }
    await world.account.ground.settle(60);
    const report = await world.start(byHand);
    expect(report).toMatchObject({ verdict: 'retired', edits: [{ dropVersion: 'v1' }] });
    const kept = world.account.store
      .latest()
      .get(`${world.account.bucket}/cases/${report.caseId}/permission/MyCadoResponsePolicy-v1.json`);
    expect(kept?.toString()).toBe(both);
    expect(world.account.state.iam.managed.get(MANAGED)?.versions).toHaveLength(5);
  });

  it('changes nothing in a dry run, and shows what it would do', async () => {
    const world = await retiring({ policies: [{ name: 'acquire', text: both }] });
    const report = await world.start({ ...byHand, dryRun: true });
    expect(report).toMatchObject({ verdict: 'planned', edits: [{ act: 'put-inline' }] });
    expect(report.edits[0]?.diff).toContain('-      "Action": "iam:CreateServiceLinkedRole"');
    expect(writesOf(world)).toEqual([]);
    expect(world.account.published).toEqual([]);
    expect(world.texts()).toEqual({ acquire: both });
  });
});

const MRK = ONE_TIME_MRK.Resource;
const ACTION = 'iam:CreateServiceLinkedRole';

describe('a statement that means the permission is retired, however it is written', () => {
  const allow = (Resource: unknown, Condition?: unknown, Action: unknown = ACTION) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
  it.each([
    { form: 'limited by the role alone', statement: allow(MRK) },
    {
      form: 'limited by the service alone',
      statement: allow('*', { StringEquals: { 'iam:AWSServiceName': 'mrk.kms.amazonaws.com' } }),
    },
    {
      form: 'with a wildcard before the service',
      statement: allow('*', { StringLike: { 'iam:AWSServiceName': '*kms.amazonaws.com' } }),
    },
    {
      form: 'with a wildcard for the path',
      statement: allow('arn:aws:iam::*:role/aws-service-role/*/AWSServiceRoleForKeyManagementServiceMultiRegionKeys'),
    },
    {
      form: 'with a wildcard behind the service',
      statement: allow('arn:aws:iam::*:role/aws-service-role/mrk.kms.amazonaws.com*'),
    },
    {
      form: 'with the key in lower case',
      statement: allow(MRK, { StringLike: { 'iam:awsservicename': 'mrk.kms.amazonaws.com' } }),
    },
    {
      form: 'for both services of KMS',
      statement: allow('*', { StringLike: { 'iam:AWSServiceName': ['kms.amazonaws.com', 'mrk.kms.amazonaws.com'] } }),
    },
    {
      form: 'with another condition',
      statement: allow(MRK, { ...ONE_TIME_MRK.Condition, Bool: { 'aws:SecureTransport': 'true' } }),
    },
    { form: 'beside another action', statement: allow(MRK, ONE_TIME_MRK.Condition, [ACTION, 'iam:GetRole']) },
  ])('$form', async ({ statement }) => {
    const world = await retiring({ policies: [{ name: 'acquire', text: document(ACQUIRE, statement) }] });
    const report = await world.start({ ...byHand, force: true });
    expect(report).toMatchObject({ verdict: 'retired', proof: { simulated: { agrees: true } } });
    expect(world.texts().acquire).not.toContain(ACTION);
  });
});

const refusals = [
  {
    name: "the service's role is not there yet",
    world: { policies: [{ name: 'acquire', text: both }], linkedRole: false },
    event: {},
    verdict: 'not-yet',
  },
  {
    name: 'no import has been seen to succeed, and the statement is not about that role',
    world: { policies: [{ name: 'acquire', text: document(ACQUIRE, ONE_TIME) }] },
    event: {},
    verdict: 'not-yet',
  },
  {
    name: 'the permission is not there',
    world: { policies: [{ name: 'acquire', text: without }] },
    event: {},
    verdict: 'absent',
  },
  {
    name: 'a wildcard allows it all the same',
    world: {
      policies: [
        { name: 'acquire', text: document(ONE_TIME_MRK, { Effect: 'Allow', Action: 'iam:*', Resource: '*' }) },
      ],
    },
    event: { force: true },
    verdict: 'reported',
  },
  {
    name: "another service's role is all that it may make",
    world: {
      policies: [
        {
          name: 'acquire',
          text: document({
            ...ONE_TIME_MRK,
            Resource: '*',
            Condition: { StringEquals: { 'iam:AWSServiceName': 'spot.amazonaws.com' } },
          }),
        },
      ],
    },
    event: { force: true },
    verdict: 'absent',
  },
  {
    name: 'there is no such role',
    world: {},
    event: { roleName: 'noSuchCadoResponseRole', force: true },
    verdict: 'reported',
  },
  {
    name: 'IAM does not let itself be read',
    world: {
      policies: [{ name: 'acquire', text: both }],
      faults: [{ api: 'iam:ListRolePolicies', nth: 'every', what: 'refuse' }],
    },
    event: { force: true },
    verdict: 'reported',
  },
] as const;

describe('nothing is written where', () => {
  it.each(refusals)('$name: $verdict', async ({ world: of, event, verdict }) => {
    const world = await retiring(of);
    const before = world.texts();
    expect(await world.start({ ...byHand, ...event })).toMatchObject({ verdict });
    expect(writesOf(world)).toEqual([]);
    expect(world.texts()).toEqual(before);
  });
});

describe('what cannot be done to its end is undone', () => {
  it.each(['iam:CreatePolicyVersion', 'iam:PutRolePolicy'] as const)('%s is refused', async (api) => {
    const world = await retiring({
      policies: [
        { name: 'acquire', text: both },
        { name: MANAGED, text: both },
      ],
      faults: [{ api, nth: 1, what: 'refuse' }],
    });
    const before = world.texts();
    const report = await world.start({ ...byHand, force: true });
    expect(report.verdict).toBe('undone');
    expect(world.texts()).toEqual(before);
  });

  it('where the simulator may not be asked, the authorizer stands, and the report says so', async () => {
    const world = await retiring({
      policies: [{ name: 'acquire', text: both }],
      faults: [{ api: 'iam:SimulatePrincipalPolicy', nth: 'every', what: 'refuse' }],
    });
    expect(await world.start(byHand)).toMatchObject({
      verdict: 'retired',
      proof: { left: 0, simulated: { because: expect.stringContaining('AccessDenied') } },
    });
  });

  it('where CloudTrail may not be asked, a person is told to compare', async () => {
    const world = await retiring({
      policies: [{ name: 'acquire', text: both }],
      faults: [{ api: 'cloudtrail:LookupEvents', nth: 'every', what: 'refuse' }],
    });
    expect(await world.start(byHand)).toMatchObject({
      verdict: 'retired',
      proof: { alone: null },
      todo: [expect.stringContaining('CloudTrail did not tell')],
    });
  });
});

describe('a permission that comes back', () => {
  const back = async (parameters: Readonly<Record<string, string>>) => {
    const world = await retiring({ policies: [{ name: 'acquire', text: both }], parameters });
    await world.start(byHand);
    world.role.identityPolicies.splice(0, 1, { name: 'acquire', text: both, document: JSON.parse(both) });
    world.role.tags = { ...world.role.tags, 'aws:cloudformation:stack-name': 'platform' };
    return world;
  };

  it('is reported, with the template that put it back', async () => {
    const world = await back({});
    const report = await world.start(byHand);
    expect(report.verdict).toBe('reported');
    expect(report.because).toMatch(/is back after it was retired on .*CloudFormation, stack `platform`/);
    expect(world.texts()).toEqual({ acquire: both });
  });

  it('is taken again with `RetireAgain`', async () => {
    const world = await back({ RetireAgain: 'true' });
    expect((await world.start(byHand)).verdict).toBe('retired');
    expect(world.texts()).toEqual({ acquire: without });
  });

  it('stays where a person has put it back', async () => {
    const world = await retiring({ policies: [{ name: 'acquire', text: both }] });
    await world.start(byHand);
    await world.start({ action: 'restore', ...byHand });
    expect(await world.start(byHand)).toMatchObject({
      verdict: 'reported',
      because: expect.stringContaining('a person'),
    });
    expect(world.texts()).toEqual({ acquire: both });
  });

  it('is not put over what somebody has changed since', async () => {
    const world = await retiring({ policies: [{ name: 'acquire', text: both }] });
    await world.start(byHand);
    const newer = document({ ...ACQUIRE, Sid: 'Newer' });
    world.role.identityPolicies.splice(0, 1, { name: 'acquire', text: newer, document: JSON.parse(newer) });
    expect(await world.start({ action: 'restore', ...byHand })).toMatchObject({ verdict: 'left' });
    expect(world.texts()).toEqual({ acquire: newer });
  });

  it('cannot be put back where nothing was retired', async () => {
    const world = await retiring();
    expect(await world.start({ action: 'restore', ...byHand })).toMatchObject({ verdict: 'reported' });
    expect(writesOf(world)).toEqual([]);
  });
});
