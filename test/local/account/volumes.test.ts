import { describe, expect, it } from 'vitest';
import { disks } from './disks.ts';
import { addInstance, addSnapshot, addVolume, platformAccount, region, targetAccount } from './ground.ts';

const zone = { AvailabilityZone: `${region}a` };

const world = () => {
  const made = disks();
  const { ec2, call, ground } = made;
  return {
    ...made,
    described: async (VolumeId: string | undefined) =>
      (await ec2.DescribeVolumes(call({ VolumeIds: [VolumeId ?? ''] }))).Volumes?.[0],
    notices: () =>
      ground.reported
        .filter((event) => event['detail-type'] === 'EBS Volume Notification')
        .map(({ detail }) => `${detail.event} ${detail.result}`),
    records: () =>
      ground.reported.filter(({ source }) => source === 'aws.ec2').flatMap(({ detail }) => detail.eventName ?? []),
  };
};

describe('a volume that is created', () => {
  it('of nothing is empty, and available some seconds later', async () => {
    const { ec2, call, ground, described, notices } = world();
    const Tags = [{ Key: 'unlatch:case', Value: 'case-1' }];
    const { VolumeId, State } = await ec2.CreateVolume(
      call({
        AvailabilityZone: `${region}b`,
        Size: 3,
        VolumeType: 'gp3' as const,
        TagSpecifications: [{ ResourceType: 'volume' as const, Tags }],
      }),
    );
    expect([State, (await described(VolumeId))?.State]).toEqual(['creating', 'creating']);
    await ground.pass(10);
    expect(await described(VolumeId)).toMatchObject({
      State: 'available',
      AvailabilityZone: `${region}b`,
      Size: 3,
      VolumeType: 'gp3',
      Encrypted: false,
      Tags,
      Attachments: [],
    });
    expect([ground.state.volumes.get(VolumeId ?? '')?.blocks.size, notices()]).toEqual([0, ['createVolume available']]);
  });

  it('is encrypted where encryption is the default, even if it is not to be', async () => {
    const { ec2, call, ground, encryptByDefault } = world();
    encryptByDefault();
    const { KmsKeyId = '', Encrypted } = await ec2.CreateVolume(call({ ...zone, Size: 1, Encrypted: false }));
    expect([Encrypted, ground.state.keys.get(KmsKeyId)?.manager]).toEqual([true, 'AWS']);
  });

  it('is under the key that is named', async () => {
    const { ec2, call, key, ground, described } = world();
    const input = { ...zone, Size: 1, Encrypted: true, KmsKeyId: key.arn };
    const { VolumeId } = await ec2.CreateVolume(call(input));
    await ground.pass(10);
    expect(await described(VolumeId)).toMatchObject({ State: 'available', Encrypted: true, KmsKeyId: key.arn });
  });

  it('is one for one token, and not another', async () => {
    const { ec2, call, ground } = world();
    const input = { ...zone, Size: 1, ClientToken: 'once' };
    const first = await ec2.CreateVolume(call(input));
    const again = await ec2.CreateVolume(call(input));
    expect([again.VolumeId, ground.state.volumes.size]).toEqual([first.VolumeId, 1]);
    await expect(ec2.CreateVolume(call({ ...input, Size: 2 }))).rejects.toMatchObject({
      name: 'IdempotentParameterMismatch',
    });
  });

  const refused = [
    { name: 'in no zone', input: { Size: 1 }, code: 'MissingParameter' },
    { name: 'in a zone elsewhere', input: { Size: 1, AvailabilityZone: 'us-east-1a' }, code: 'InvalidZone.NotFound' },
    { name: 'of no size', input: zone, code: 'MissingParameter' },
    { name: 'too large', input: { ...zone, Size: 20_000 }, code: 'InvalidParameterValue' },
    { name: 'too small', input: { ...zone, Size: 1, VolumeType: 'st1' as const }, code: 'InvalidParameterValue' },
    { name: 'under a key unencrypted', input: { ...zone, Size: 1, KmsKeyId: 'a' }, code: 'InvalidParameterDependency' },
    { name: 'of no snapshot', input: { ...zone, SnapshotId: 'snap-0f' }, code: 'InvalidSnapshot.NotFound' },
  ];

  it.each(refused)('$name is refused: $code', async ({ input, code }) => {
    const { ec2, call, ground } = world();
    await expect(ec2.CreateVolume(call(input))).rejects.toMatchObject({ name: code });
    expect(ground.state.volumes.size).toBe(0);
  });

  it('is not smaller than its snapshot, and not of one that is pending', async () => {
    const { ec2, call, ground, start } = world();
    const snapshot = addSnapshot(ground, platformAccount, null);
    ground.state.snapshots.set(snapshot.snapshotId, { ...snapshot, sizeGiB: 4 });
    const of = (SnapshotId: string) => ec2.CreateVolume(call({ ...zone, SnapshotId, Size: 3 }));
    await expect(of(snapshot.snapshotId)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(of(await start())).rejects.toMatchObject({ name: 'IncorrectState' });
  });
});

describe('a volume and an instance', () => {
  const attached = async (state: 'running' | 'stopped' = 'running') => {
    const made = world();
    const { ec2, call, ground } = made;
    const root = addVolume(ground, platformAccount, null);
    const InstanceId = addInstance(ground, platformAccount, [root], state);
    const rootVolume = ground.state.volumes.get(root);
    if (rootVolume !== undefined) {
      rootVolume.state = 'in-use';
      rootVolume.attachment = { instanceId: InstanceId, device: '/dev/xvda' };
    }
    const VolumeId = addVolume(ground, platformAccount, null);
    const attach = (more: object = {}) => ec2.AttachVolume(call({ VolumeId, InstanceId, Device: '/dev/sdf', ...more }));
    return { ...made, root, VolumeId, InstanceId, attach };
  };

  it('come together and part again, each in two steps', async () => {
    const { ec2, call, ground, VolumeId, InstanceId, attach, described, notices, records } = await attached();
    const seen = async () => {
      const volume = await described(VolumeId);
      return [volume?.State, volume?.Attachments?.[0]?.State];
    };
    const devices = () => ground.state.instances.get(InstanceId)?.blockDevices.map(({ device }) => device);
    expect(await attach()).toMatchObject({ State: 'attaching', Device: '/dev/sdf' });
    expect([await seen(), devices()]).toEqual([['in-use', 'attaching'], ['/dev/xvda']]);
    await ground.pass(10);
    expect([await seen(), devices()]).toEqual([
      ['in-use', 'attached'],
      ['/dev/xvda', '/dev/sdf'],
    ]);
    expect(await ec2.DetachVolume(call({ VolumeId, InstanceId }))).toMatchObject({ State: 'detaching' });
    expect(await seen()).toEqual(['in-use', 'detaching']);
    await ground.pass(10);
    expect([await seen(), devices()]).toEqual([['available', undefined], ['/dev/xvda']]);
    expect(notices()).toEqual(['attachVolume attached']);
    expect(records()).toEqual(['AttachVolume', 'DetachVolume']);
  });

  const wrong = [
    { name: 'no device', more: { Device: undefined }, code: 'MissingParameter' },
    { name: 'a device in use', more: { Device: '/dev/xvda' }, code: 'InvalidParameterValue' },
    { name: 'no instance', more: { InstanceId: 'i-0f' }, code: 'InvalidInstanceID.NotFound' },
    { name: 'no volume', more: { VolumeId: 'vol-0f' }, code: 'InvalidVolume.NotFound' },
  ];

  it.each(wrong)('do not come together with $name', async ({ more, code }) => {
    const { attach, described, VolumeId } = await attached();
    await expect(attach(more)).rejects.toMatchObject({ name: code });
    expect((await described(VolumeId))?.State).toBe('available');
  });

  it('are in one zone, or do not come together', async () => {
    const { ec2, call, ground, attach } = await attached();
    const { VolumeId } = await ec2.CreateVolume(call({ AvailabilityZone: `${region}b`, Size: 1 }));
    await ground.pass(10);
    await expect(attach({ VolumeId })).rejects.toMatchObject({ name: 'InvalidVolume.ZoneMismatch' });
  });

  it('come together once', async () => {
    const { attach, described, VolumeId } = await attached();
    const both = await Promise.allSettled([attach(), attach({ Device: '/dev/sdg' })]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(attach({ Device: '/dev/sdg' })).rejects.toMatchObject({ name: 'VolumeInUse' });
    expect((await described(VolumeId))?.Attachments).toMatchObject([{ Device: '/dev/sdf' }]);
  });

  it('do not part from the root while they run', async () => {
    const running = await attached();
    const stopped = await attached('stopped');
    const part = ({ ec2, call, root }: typeof running) => ec2.DetachVolume(call({ VolumeId: root }));
    await expect(part(running)).rejects.toMatchObject({ name: 'OperationNotPermitted' });
    await expect(part(stopped)).resolves.toMatchObject({ State: 'detaching' });
  });

  it('do not part where they were never together, nor twice', async () => {
    const { ec2, call, ground, VolumeId, InstanceId, attach } = await attached();
    const part = (more: object) => ec2.DetachVolume(call({ VolumeId, ...more }));
    await expect(part({})).rejects.toMatchObject({ name: 'IncorrectState' });
    await attach();
    await ground.pass(10);
    await expect(part({ InstanceId: 'i-0f' })).rejects.toMatchObject({ name: 'InvalidAttachment.NotFound' });
    await part({ InstanceId });
    await expect(part({})).rejects.toMatchObject({ name: 'IncorrectState' });
  });

  it('are found by each other', async () => {
    const { ec2, call, ground, VolumeId, InstanceId, root, attach } = await attached();
    const found = async (Name: string, ...Values: string[]) =>
      (await ec2.DescribeVolumes(call({ Filters: [{ Name, Values }] }))).Volumes?.map((volume) => volume.VolumeId);
    await attach();
    expect(await found('attachment.status', 'attaching')).toEqual([VolumeId]);
    await ground.pass(10);
    expect(await found('attachment.instance-id', InstanceId)).toEqual([root, VolumeId]);
    expect(await found('attachment.device', '/dev/sdf')).toEqual([VolumeId]);
    expect(await found('status', 'available')).toEqual([]);
    expect(await found('tag:Name', 'evid*')).toEqual([root, VolumeId]);
    const { Reservations } = await ec2.DescribeInstances(call({ InstanceIds: [InstanceId] }));
    expect(Reservations?.[0]?.Instances?.[0]?.Placement).toEqual({ AvailabilityZone: `${region}a` });
  });

  it('part before the volume is deleted', async () => {
    const { ec2, call, ground, VolumeId, attach, described, notices } = await attached();
    const remove = () => ec2.DeleteVolume(call({ VolumeId }));
    await attach();
    await expect(remove()).rejects.toMatchObject({ name: 'VolumeInUse' });
    await ground.pass(10);
    await ec2.DetachVolume(call({ VolumeId }));
    await expect(remove()).rejects.toMatchObject({ name: 'VolumeInUse' });
    await ground.pass(10);
    await remove();
    expect((await described(VolumeId))?.State).toBe('deleting');
    await expect(remove()).rejects.toMatchObject({ name: 'IncorrectState' });
    await ground.pass(10);
    await expect(described(VolumeId)).rejects.toMatchObject({ name: 'InvalidVolume.NotFound' });
    expect(notices()).toEqual(['attachVolume attached', 'deleteVolume deleted']);
  });

  it("of others are nobody's business", async () => {
    const { ec2, call, ground } = await attached();
    const VolumeId = addVolume(ground, targetAccount, null);
    await expect(ec2.DeleteVolume(call({ VolumeId }))).rejects.toMatchObject({ name: 'InvalidVolume.NotFound' });
    await expect(ec2.DetachVolume(call({ VolumeId }))).rejects.toMatchObject({ name: 'InvalidVolume.NotFound' });
  });
});
