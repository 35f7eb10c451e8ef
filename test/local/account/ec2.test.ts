import { describe, expect, it } from 'vitest';
import { ec2Service } from '#local/account/ec2';
import {
  addInstance,
  addKey,
  addRole,
  addSession,
  addSnapshot,
  addVolume,
  callOf,
  delegatedTo,
  platformAccount,
  region,
  targetAccount,
  virtualGround,
} from './ground.ts';

const world = () => {
  const ground = virtualGround();
  const key = addKey(ground, platformAccount, delegatedTo(platformAccount));
  const session = addSession(ground, addRole(), null);
  const call = <Input>(input: Input) => callOf(ground, session, input);
  return { ground, key, call, ec2: ec2Service(ground) };
};

describe('snapshots', () => {
  it('of others are seen when shared, and without their tags', async () => {
    const { ground, ec2, call } = world();
    const shared = addSnapshot(ground, targetAccount, null, [platformAccount]);
    addSnapshot(ground, targetAccount, null);
    shared.tags.owner = 'them';
    const { Snapshots } = await ec2.DescribeSnapshots(call({}));
    expect(Snapshots).toMatchObject([{ SnapshotId: shared.snapshotId, OwnerId: targetAccount, Tags: [] }]);
    const own = await ec2.DescribeSnapshots(call({ OwnerIds: ['self'] }));
    expect(own.Snapshots).toEqual([]);
  });

  it('of others that are not shared do not exist', async () => {
    const { ground, ec2, call } = world();
    const hidden = addSnapshot(ground, targetAccount, null);
    const asked = ec2.DescribeSnapshots(call({ SnapshotIds: [hidden.snapshotId] }));
    await expect(asked).rejects.toMatchObject({ name: 'InvalidSnapshot.NotFound' });
    await expect(ec2.DeleteSnapshot(call({ SnapshotId: hidden.snapshotId }))).rejects.toMatchObject({
      name: 'InvalidSnapshot.NotFound',
    });
  });

  it('are found by their tags', async () => {
    const { ground, ec2, call } = world();
    const VolumeId = addVolume(ground, platformAccount, null);
    const Tags = [{ Key: 'unlatch:case', Value: 'case-1' }];
    await ec2.CreateSnapshot(call({ VolumeId, TagSpecifications: [{ ResourceType: 'snapshot', Tags }] }));
    const found = async (...Values: string[]) =>
      (await ec2.DescribeSnapshots(call({ Filters: [{ Name: 'tag:unlatch:case', Values }] }))).Snapshots?.length;
    expect([await found('case-1'), await found('case-2'), await found('case-*')]).toEqual([1, 0, 1]);
  });

  it('of a set copy the tags of their volumes', async () => {
    const { ground, ec2, call } = world();
    const volumes = [addVolume(ground, platformAccount, null), addVolume(ground, platformAccount, null)];
    const InstanceId = addInstance(ground, platformAccount, volumes, 'running');
    const set = {
      InstanceSpecification: { InstanceId, ExcludeBootVolume: true },
      CopyTagsFromSource: 'volume' as const,
    };
    const { Snapshots } = await ec2.CreateSnapshots(call(set));
    expect(Snapshots).toMatchObject([{ VolumeId: volumes[1], Tags: [{ Key: 'Name', Value: 'evidence' }] }]);
  });

  it('are described page by page', async () => {
    const { ground, ec2, call } = world();
    for (let count = 0; count < 3; count += 1) addSnapshot(ground, platformAccount, null);
    const first = await ec2.DescribeSnapshots(call({ MaxResults: 2 }));
    const second = await ec2.DescribeSnapshots(call({ MaxResults: 2, NextToken: first.NextToken }));
    expect([first.Snapshots?.length, second.Snapshots?.length, second.NextToken]).toEqual([2, 1, undefined]);
  });

  it('under a key that is gone cannot be copied', async () => {
    const { ground, ec2, call, key } = world();
    const snapshot = addSnapshot(ground, platformAccount, { ...key, arn: `${key.arn}-gone` });
    const source = { SourceSnapshotId: snapshot.snapshotId, SourceRegion: region, KmsKeyId: key.arn };
    const { SnapshotId } = await ec2.CopySnapshot(call(source));
    await ground.pass(60);
    expect(ground.state.snapshots.get(SnapshotId ?? '')?.state).toBe('error');
  });
});

describe('volumes and instances', () => {
  it('a volume has the blocks of its snapshot, under the default key where encryption is the default', async () => {
    const { ground, ec2, call } = world();
    ground.state.encryptionByDefault.add(`${platformAccount}/${region}`);
    const snapshot = addSnapshot(ground, platformAccount, null);
    const zone = { AvailabilityZone: `${region}a` };
    const { VolumeId = '' } = await ec2.CreateVolume(call({ SnapshotId: snapshot.snapshotId, ...zone }));
    await ground.pass(10);
    const volume = ground.state.volumes.get(VolumeId);
    expect(volume?.state).toBe('available');
    expect(volume?.blocks).toEqual(snapshot.blocks);
    expect(ground.state.keys.get(volume?.keyArn ?? '')).toMatchObject({ manager: 'AWS', aliases: ['alias/aws/ebs'] });
    expect(await ec2.GetEbsEncryptionByDefault(call({}))).toMatchObject({ EbsEncryptionByDefault: true });
  });

  it('a volume of a snapshot whose key is gone vanishes', async () => {
    const { ground, ec2, call, key } = world();
    const { snapshotId } = addSnapshot(ground, platformAccount, { ...key, arn: `${key.arn}-gone` });
    const zone = { AvailabilityZone: `${region}a` };
    const own = await ec2.CreateVolume(call({ SnapshotId: snapshotId, ...zone }));
    const other = await ec2.CreateVolume(call({ SnapshotId: snapshotId, KmsKeyId: key.arn, ...zone }));
    await ground.pass(10);
    expect([own, other].map(({ VolumeId = '' }) => ground.state.volumes.has(VolumeId))).toEqual([false, false]);
  });

  it('an instance is found by a volume of its own, also after an attachment', async () => {
    const { ground, ec2, call, key } = world();
    const InstanceId = addInstance(ground, platformAccount, [], 'running');
    const VolumeId = addVolume(ground, platformAccount, key);
    const Filters = [{ Name: 'block-device-mapping.volume-id', Values: [VolumeId] }];
    const holders = async () =>
      (await ec2.DescribeInstances(call({ Filters }))).Reservations?.map(({ Instances }) => Instances?.[0]?.InstanceId);
    expect(await holders()).toEqual([]);
    await ec2.AttachVolume(call({ VolumeId, InstanceId, Device: '/dev/sdf' }));
    await ground.pass(10);
    expect(await holders()).toEqual([InstanceId]);
    expect(key.grants.map(({ granteePrincipal }) => granteePrincipal)).toEqual([
      `arn:aws:sts::${platformAccount}:assumed-role/aws:ec2-infrastructure/${InstanceId}`,
    ]);
  });

  const starts = [
    { state: 'Enabled', end: 'running', reason: undefined },
    { state: 'Disabled', end: 'stopped', reason: 'Client.InternalError: Client error on launch' },
  ] as const;

  it.each(starts)('a start with the key $state ends $end', async ({ state, end, reason }) => {
    const { ground, ec2, call, key } = world();
    const InstanceId = addInstance(ground, platformAccount, [addVolume(ground, platformAccount, key)], 'stopped');
    key.state = state;
    await ec2.StartInstances(call({ InstanceIds: [InstanceId] }));
    await ground.pass(60);
    const { Reservations } = await ec2.DescribeInstances(call({ InstanceIds: [InstanceId] }));
    const instance = Reservations?.[0]?.Instances?.[0];
    expect([instance?.State?.Name, instance?.StateReason?.Message]).toEqual([end, reason]);
  });

  it('tags can be added to what is ours only', async () => {
    const { ground, ec2, call } = world();
    const ours = addSnapshot(ground, platformAccount, null);
    const theirs = addSnapshot(ground, targetAccount, null, [platformAccount]);
    const Tags = [{ Key: 'unlatch:case', Value: 'case-1' }];
    await ec2.CreateTags(call({ Resources: [ours.snapshotId], Tags }));
    expect(ours.tags).toEqual({ 'unlatch:case': 'case-1' });
    await expect(ec2.CreateTags(call({ Resources: [theirs.snapshotId], Tags }))).rejects.toMatchObject({
      name: 'InvalidID',
    });
  });
});
