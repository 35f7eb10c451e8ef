import { describe, expect, it, onTestFinished } from 'vitest';
import type { Call } from '#local/account/call';
import { eventHistory } from '#local/account/event-history';
import { virtualGround } from '#local/account/ground';
import { iamService } from '#local/account/iam';
import { multiRegionRoleArn } from '#local/account/linked-roles';
import type { Role } from '#local/account/state';

const ACCOUNT = '111122223333';
const TEXT =
  '{\n  "Version": "2012-10-17",\n  "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]\n}';
const OTHER = TEXT.replace('s3:GetObject', 's3:PutObject');
const MANAGED = `arn:aws:iam::${ACCOUNT}:policy/team`;

const world = () => {
  const ground = virtualGround(new Date('2026-03-02T03:00:00Z'), async () => {});
  onTestFinished(() => ground.uninstall());
  const role: Role = {
    accountId: ACCOUNT,
    name: 'platform',
    arn: `arn:aws:iam::${ACCOUNT}:role/platform`,
    uniqueId: 'AROAPLATFORM',
    identityPolicies: [{ name: MANAGED, document: JSON.parse(TEXT) }],
    permissionsBoundary: null,
    trustedArns: [],
  };
  ground.state.roles.set(role.arn, role);
  const session = {
    role,
    sessionName: 'admin',
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/platform/admin`,
    accessKeyId: 'ASIA',
    sessionPolicy: null,
    startedAt: ground.now(),
  };
  const call = <Input>(input: Input, region = 'us-east-1'): Call<Input> => ({ input, session, region, requestId: 'r' });
  const iam = iamService(ground);
  const read = async (): Promise<string> => {
    const { PolicyDocument = '' } = await iam.GetRolePolicy(call({ RoleName: 'platform', PolicyName: 'own' }));
    return decodeURIComponent(PolicyDocument);
  };
  const put = (text: string) =>
    iam.PutRolePolicy(call({ RoleName: 'platform', PolicyName: 'own', PolicyDocument: text }));
  return { ground, role, iam, call, read, put };
};

describe('IAM of the embedded account', () => {
  it('gives a document back to the letter, URL-encoded', async () => {
    const { ground, iam, call, put } = world();
    await put(TEXT);
    await ground.settle(10);
    const { PolicyDocument = '' } = await iam.GetRolePolicy(call({ RoleName: 'platform', PolicyName: 'own' }));
    expect(PolicyDocument).toMatch(/^%7B%0A/);
    expect(decodeURIComponent(PolicyDocument)).toBe(TEXT);
  });

  it('shows for a while what was, and now and then what is', async () => {
    const { ground, read, put } = world();
    await put(TEXT);
    await ground.settle(10);
    await put(OTHER);
    const seen = [await read(), await read(), await read()];
    expect(new Set(seen)).toEqual(new Set([TEXT, OTHER]));
    await ground.settle(3);
    expect([await read(), await read(), await read()]).toEqual([OTHER, OTHER, OTHER]);
  });

  it('what a role may do follows a version at once', async () => {
    const { role, iam, call } = world();
    await iam.CreatePolicyVersion(call({ PolicyArn: MANAGED, PolicyDocument: OTHER, SetAsDefault: true }));
    expect(role.identityPolicies[0]?.document).toEqual(JSON.parse(OTHER));
    await iam.SetDefaultPolicyVersion(call({ PolicyArn: MANAGED, VersionId: 'v1' }));
    expect(role.identityPolicies[0]?.document).toEqual(JSON.parse(TEXT));
  });

  it('keeps five versions, never the default away, and gives no id twice', async () => {
    const { iam, call } = world();
    const make = () =>
      iam.CreatePolicyVersion(call({ PolicyArn: MANAGED, PolicyDocument: OTHER, SetAsDefault: false }));
    for (let made = 2; made <= 5; made += 1) await make();
    await expect(make()).rejects.toMatchObject({ name: 'LimitExceededException' });
    await expect(iam.DeletePolicyVersion(call({ PolicyArn: MANAGED, VersionId: 'v1' }))).rejects.toMatchObject({
      name: 'DeleteConflictException',
    });
    await iam.DeletePolicyVersion(call({ PolicyArn: MANAGED, VersionId: 'v5' }));
    expect(await make()).toMatchObject({ PolicyVersion: { VersionId: 'v6' } });
  });

  it.each([
    ['no statement', '{"Version":"2012-10-17","Statement":[]}'],
    ['no JSON', '{'],
    ['an unknown element', TEXT.replace('"Effect"', '"Affect"')],
  ])('refuses a document of %s', async (_, text) => {
    await expect(world().put(text)).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' });
  });

  it('counts a document without its white space', async () => {
    const { put } = world();
    await put(TEXT + ' '.repeat(20_000));
    await expect(put(TEXT.replace('"*"', `"${'x'.repeat(10_240)}"`))).rejects.toMatchObject({
      name: 'LimitExceededException',
    });
  });

  it("changes none of AWS's own policies", async () => {
    const { role, iam, call } = world();
    const arn = 'arn:aws:iam::aws:policy/ReadOnly';
    role.identityPolicies.push({ name: arn, document: JSON.parse(TEXT) });
    await expect(
      iam.CreatePolicyVersion(call({ PolicyArn: arn, PolicyDocument: OTHER, SetAsDefault: true })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('names everybody who has a policy', async () => {
    const { ground, role, iam, call } = world();
    ground.state.roles.set('b', { ...role, name: 'other', arn: 'b' });
    const { PolicyRoles = [] } = await iam.ListEntitiesForPolicy(call({ PolicyArn: MANAGED }));
    expect(PolicyRoles.map(({ RoleName }) => RoleName)).toEqual(['platform', 'other']);
  });

  it("finds a service's role once it is there", async () => {
    const { ground, iam, call } = world();
    const RoleName = 'AWSServiceRoleForKeyManagementServiceMultiRegionKeys';
    await expect(iam.GetRole(call({ RoleName }))).rejects.toMatchObject({ name: 'NoSuchEntityException' });
    ground.state.linkedRoles.add(multiRegionRoleArn(ACCOUNT));
    expect(await iam.GetRole(call({ RoleName }))).toMatchObject({
      Role: { Path: '/aws-service-role/mrk.kms.amazonaws.com/' },
    });
  });

  it('keeps a history of changes, in us-east-1 alone, minutes later', async () => {
    const { ground, call, put } = world();
    const look = async (region: string) => {
      const LookupAttributes = [{ AttributeKey: 'ResourceName' as const, AttributeValue: 'platform' }];
      const { Events = [] } = await eventHistory(ground).LookupEvents(call({ LookupAttributes }, region));
      return Events.map(({ EventName }) => EventName);
    };
    await put(TEXT);
    expect(await look('us-east-1')).toEqual([]);
    await ground.settle(600);
    expect(await look('us-east-1')).toEqual(['PutRolePolicy']);
    expect(await look('eu-west-3')).toEqual([]);
  });

  it('simulates what a role may do', async () => {
    const { iam, call, role } = world();
    const { EvaluationResults = [] } = await iam.SimulatePrincipalPolicy(
      call({
        PolicySourceArn: role.arn,
        ActionNames: ['s3:GetObject', 's3:PutObject'],
        ResourceArns: ['arn:aws:s3:::bucket/key'],
      }),
    );
    expect(EvaluationResults.map(({ EvalDecision }) => EvalDecision)).toEqual(['allowed', 'implicitDeny']);
  });
});
