import { describe, expect, it } from 'vitest';
import { kmsService } from '#local/account/kms';
import { replicaSeconds } from '#local/account/kms-lifecycle';
import { multiRegionRoleArn } from '#local/account/linked-roles';
import type { PolicyDocument } from '#local/account/state';
import { taggingService } from '#local/account/tagging';
import { addRole, addSession, allowAll, callOf, platformAccount, region, virtualGround } from './ground.ts';

const DAY = 86_400;
const otherRegion = 'eu-central-1';

const allow = (...statements: readonly Record<string, unknown>[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements.map((statement) => ({ Effect: 'Allow', Resource: '*', ...statement })),
});

const world = (policy: PolicyDocument = allowAll) => {
  const ground = virtualGround();
  const session = addSession(ground, addRole({ identityPolicies: [{ name: 'all', document: policy }] }), null);
  const call = <Input>(input: Input) => callOf(ground, session, input);
  const kms = kmsService(ground);
  const create = async (input = {}) => (await kms.CreateKey(call(input))).KeyMetadata?.Arn ?? '';
  const stateOf = async (KeyId: string, at = region) =>
    (await kms.DescribeKey({ ...call({ KeyId }), region: at })).KeyMetadata?.KeyState;
  return { ground, session, call, kms, create, stateOf, tagging: taggingService(ground) };
};

const named = (principal: string, ...actions: readonly string[]) => ({
  Effect: 'Allow',
  Principal: { AWS: principal },
  Action: actions,
  Resource: '*',
});
const keyPolicy = (...Statement: readonly unknown[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const root = `arn:aws:iam::${platformAccount}:root`;

describe('a key that is made', () => {
  it('is enabled, and found by its tags', async () => {
    const { create, stateOf, tagging, call } = world();
    const arn = await create({ Tags: [{ TagKey: 'case', TagValue: 'a' }] });
    await create({ Tags: [{ TagKey: 'case', TagValue: 'b' }] });
    expect(await stateOf(arn)).toBe('Enabled');
    const filters = { TagFilters: [{ Key: 'case', Values: ['a'] }], ResourceTypeFilters: ['kms:key'] };
    const { ResourceTagMappingList } = await tagging.GetResources(call(filters));
    expect(ResourceTagMappingList?.map(({ ResourceARN }) => ResourceARN)).toEqual([arn]);
  });

  const refused = [
    {
      name: 'its policy would let nobody of the account change it',
      Policy: keyPolicy(named(root, 'kms:ScheduleKeyDeletion')),
      says: 'will not allow you to update the key policy',
    },
    {
      name: 'its policy names a role that does not exist',
      Policy: keyPolicy(named(root, 'kms:*'), named(`arn:aws:iam::${platformAccount}:role/nobody`, 'kms:Decrypt')),
      says: 'invalid principals',
    },
  ];

  it.each(refused)('is refused where $name', async ({ Policy, says }) => {
    await expect(world().create({ Policy })).rejects.toThrow(says);
  });

  it('is refused where it is to be tagged, and the caller may not tag', async () => {
    const { create } = world(allow({ Action: 'kms:CreateKey' }));
    await expect(create({ Tags: [{ TagKey: 'case', TagValue: 'a' }] })).rejects.toThrow('kms:TagResource');
  });
});

describe('the first multi-Region key of an account', () => {
  it('makes the role that is linked to KMS', async () => {
    const { ground, create } = world();
    expect(await create({ MultiRegion: true })).toContain(':key/mrk-');
    expect([...ground.state.linkedRoles]).toEqual([multiRegionRoleArn(platformAccount)]);
  });

  const mayNot = allow({ Action: 'kms:*' });

  it('is refused without leave to make it', async () => {
    await expect(world(mayNot).create({ MultiRegion: true })).rejects.toThrow('iam:CreateServiceLinkedRole');
  });

  it('needs no leave once the role is there', async () => {
    const { ground, create } = world(mayNot);
    ground.state.linkedRoles.add(multiRegionRoleArn(platformAccount));
    expect(await create({ MultiRegion: true })).toContain(':key/mrk-');
  });
});

describe('a replica', () => {
  it('cannot be used before its material has come', async () => {
    const { ground, kms, call, create, stateOf } = world();
    const arn = await create({ MultiRegion: true });
    const replica = arn.replace(region, otherRegion);
    await kms.ReplicateKey(call({ KeyId: arn, ReplicaRegion: otherRegion }));
    expect(await stateOf(replica, otherRegion)).toBe('Creating');
    await ground.pass(replicaSeconds);
    expect(await stateOf(replica, otherRegion)).toBe('Enabled');
  });

  it('goes before its primary, whose waiting period begins when it is gone', async () => {
    const { ground, kms, call, create, stateOf } = world();
    const arn = await create({ MultiRegion: true });
    const replica = arn.replace(region, otherRegion);
    await kms.ReplicateKey(call({ KeyId: arn, ReplicaRegion: otherRegion }));
    const window = { PendingWindowInDays: 7 };
    expect(await kms.ScheduleKeyDeletion(call({ KeyId: arn, ...window }))).toMatchObject({
      KeyState: 'PendingReplicaDeletion',
    });
    await kms.ScheduleKeyDeletion({ ...call({ KeyId: replica, ...window }), region: otherRegion });
    await ground.pass(8 * DAY);
    expect(await stateOf(arn)).toBe('PendingDeletion');
    await ground.pass(8 * DAY);
    await expect(stateOf(arn)).rejects.toThrow('does not exist');
  });
});

describe('a deletion', () => {
  it('can be cancelled, and leaves the key disabled', async () => {
    const { kms, call, create, stateOf } = world();
    const KeyId = await create();
    await kms.ScheduleKeyDeletion(call({ KeyId, PendingWindowInDays: 7 }));
    expect(await stateOf(KeyId)).toBe('PendingDeletion');
    await kms.CancelKeyDeletion(call({ KeyId }));
    expect(await stateOf(KeyId)).toBe('Disabled');
  });

  it('is never sooner than in seven days', async () => {
    const { kms, call, create } = world();
    const KeyId = await create();
    await expect(kms.ScheduleKeyDeletion(call({ KeyId, PendingWindowInDays: 6 }))).rejects.toThrow('between 7 and 30');
  });
});

describe('a role that may end only keys of an alias', () => {
  const aliases = ['alias/CadoResponse-KMS-Alias*'];
  const policy = allow(
    { Action: ['kms:CreateKey', 'kms:CreateAlias'] },
    {
      Action: ['kms:DeleteAlias', 'kms:ScheduleKeyDeletion'],
      Condition: {
        'ForAllValues:StringLike': { 'kms:ResourceAliases': aliases },
        'ForAnyValue:StringLike': { 'kms:ResourceAliases': aliases },
      },
    },
  );
  const made = async () => {
    const place = world(policy);
    const KeyId = await place.create();
    const AliasName = 'alias/CadoResponse-KMS-Alias-1';
    await place.kms.CreateAlias(place.call({ AliasName, TargetKeyId: KeyId }));
    return { ...place, KeyId, AliasName };
  };
  const ending = { PendingWindowInDays: 7 };

  it('ends the key while its alias is there', async () => {
    const { kms, call, KeyId } = await made();
    await expect(kms.ScheduleKeyDeletion(call({ KeyId, ...ending }))).resolves.toMatchObject({
      KeyState: 'PendingDeletion',
    });
  });

  it('has no leave any more once the alias is deleted', async () => {
    const { ground, kms, call, KeyId } = await made();
    // Deleted by somebody who may.
    ground.state.keys.get(KeyId)?.aliases.splice(0);
    await expect(kms.ScheduleKeyDeletion(call({ KeyId, ...ending }))).rejects.toThrow('not authorized');
  });
});

it('an alias is of one key', async () => {
  const { kms, call, create } = world();
  const [one, other] = [await create(), await create()];
  await kms.CreateAlias(call({ AliasName: 'alias/a', TargetKeyId: one }));
  await expect(kms.CreateAlias(call({ AliasName: 'alias/a', TargetKeyId: other }))).rejects.toThrow('already exists');
  await kms.DeleteAlias(call({ AliasName: 'alias/a' }));
  await kms.CreateAlias(call({ AliasName: 'alias/a', TargetKeyId: other }));
  await expect(kms.DeleteAlias(call({ AliasName: 'alias/b' }))).rejects.toThrow('is not found');
});
