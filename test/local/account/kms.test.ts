import { describe, expect, it } from 'vitest';
import { kmsService } from '#local/account/kms';
import type { PolicyDocument } from '#local/account/state';
import {
  addKey,
  addRole,
  addSession,
  callOf,
  delegatedTo,
  platformAccount,
  region,
  targetAccount,
  virtualGround,
} from './ground.ts';

const throughEc2Only: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${platformAccount}:role/myCadoResponseRole` },
      Action: 'kms:*',
      Resource: '*',
      Condition: { StringEquals: { 'kms:ViaService': `ec2.${region}.amazonaws.com` } },
    },
  ],
};

const world = (policy: PolicyDocument = delegatedTo(platformAccount), owner = platformAccount) => {
  const ground = virtualGround();
  const key = addKey(ground, owner, policy);
  const session = addSession(ground, addRole(), null);
  const call = <Input>(input: Input) => callOf(ground, session, input);
  return { ground, key, kms: kmsService(ground), call, session };
};

describe('a key', () => {
  const spellings = [
    { name: 'its id', keyId: (keyId: string) => keyId },
    { name: 'its ARN', keyId: (keyId: string) => `arn:aws:kms:${region}:${platformAccount}:key/${keyId}` },
    { name: 'an alias', keyId: () => 'alias/evidence-a' },
    { name: 'an alias ARN', keyId: () => `arn:aws:kms:${region}:${platformAccount}:alias/evidence-a` },
  ];

  it.each(spellings)('is found by $name', async ({ keyId }) => {
    const { kms, key, call } = world();
    const { KeyMetadata } = await kms.DescribeKey(call({ KeyId: keyId(key.keyId) }));
    expect(KeyMetadata).toMatchObject({
      Arn: key.arn,
      KeyState: 'Enabled',
      KeyManager: 'CUSTOMER',
      MultiRegion: false,
    });
  });

  const missing = [
    { KeyId: 'alias/none', message: `Alias arn:aws:kms:${region}:${platformAccount}:alias/none is not found.` },
    { KeyId: 'none', message: `Key 'arn:aws:kms:${region}:${platformAccount}:key/none' does not exist` },
  ];

  it.each(missing)('that does not exist is not found: $KeyId', async ({ KeyId, message }) => {
    const { kms, call } = world();
    await expect(kms.DescribeKey(call({ KeyId }))).rejects.toMatchObject({ name: 'NotFoundException', message });
  });

  it('that is disabled can still be described', async () => {
    const { kms, key, call } = world();
    key.state = 'Disabled';
    const { KeyMetadata } = await kms.DescribeKey(call({ KeyId: key.arn }));
    expect(KeyMetadata).toMatchObject({ KeyState: 'Disabled', Enabled: false });
  });

  it('that admits a role through EC2 only refuses the role itself', async () => {
    const { kms, key, call, session, ground } = world(throughEc2Only);
    const message = `User: ${session.arn} is not authorized to perform: kms:DescribeKey on resource: ${key.arn} because no resource-based policy allows the kms:DescribeKey action`;
    await expect(kms.DescribeKey(call({ KeyId: key.arn }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message,
    });
    expect(ground.reported.map(({ detail }) => detail)).toMatchObject([
      {
        eventName: 'DescribeKey',
        errorCode: 'AccessDenied',
        errorMessage: message,
        requestParameters: null,
        readOnly: true,
      },
    ]);
  });

  it('gives its policy as text, to its own account only', async () => {
    const own = world();
    const { Policy } = await own.kms.GetKeyPolicy(own.call({ KeyId: own.key.arn }));
    expect(JSON.parse(Policy ?? '')).toEqual(own.key.policy);
    const foreign = world(delegatedTo(targetAccount, platformAccount), targetAccount);
    await expect(foreign.kms.GetKeyPolicy(foreign.call({ KeyId: foreign.key.arn }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  it('is listed by its aliases, for its own account', async () => {
    const { kms, key, call, ground } = world();
    addKey(ground, targetAccount, delegatedTo(targetAccount), 'c');
    const { Aliases } = await kms.ListAliases(call({}));
    expect(Aliases?.map(({ AliasName, TargetKeyId }) => [AliasName, TargetKeyId])).toEqual([
      ['alias/evidence-a', key.keyId],
    ]);
  });
});

describe('grants', () => {
  const grantee = { GranteePrincipal: `arn:aws:iam::${targetAccount}:role/evidence`, Operations: ['Decrypt' as const] };

  it('come in pages, in the order in which they were made', async () => {
    const { kms, key, call } = world();
    const made: (string | undefined)[] = [];
    for (let count = 0; count < 3; count += 1) {
      made.push((await kms.CreateGrant(call({ KeyId: key.arn, ...grantee }))).GrantId);
    }
    const first = await kms.ListGrants(call({ KeyId: key.arn, Limit: 2 }));
    const second = await kms.ListGrants(call({ KeyId: key.arn, Limit: 2, Marker: first.NextMarker }));
    expect([first.Truncated, second.Truncated]).toEqual([true, false]);
    const listed = [...(first.Grants ?? []), ...(second.Grants ?? [])];
    expect(listed.map(({ GrantId }) => GrantId)).toEqual(made);
  });

  it('are not made by a dry run', async () => {
    const { kms, key, call } = world();
    const dryRun = kms.CreateGrant(call({ KeyId: key.arn, ...grantee, DryRun: true }));
    await expect(dryRun).rejects.toMatchObject({ name: 'DryRunOperationException' });
    expect(key.grants).toEqual([]);
  });

  it('are retired by their retiring principal, whatever its policies say', async () => {
    const { kms, key, call, session } = world();
    const grant = { ...grantee, RetiringPrincipal: session.role.arn };
    const { GrantId } = await kms.CreateGrant(call({ KeyId: key.arn, ...grant }));
    await kms.RetireGrant(call({ KeyId: key.arn, GrantId }));
    expect(key.grants).toEqual([]);
  });

  it('are refused on a key that is pending deletion', async () => {
    const { kms, key, call } = world();
    key.state = 'PendingDeletion';
    await expect(kms.CreateGrant(call({ KeyId: key.arn, ...grantee }))).rejects.toMatchObject({
      name: 'KMSInvalidStateException',
      message: `${key.arn} is pending deletion.`,
    });
  });
});
