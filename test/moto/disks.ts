import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { beforeAll, expect, it } from 'vitest';
import { findFrozen, findInstance, findSnapshot, freeze } from '#shared/aws/instances';
import { createKey } from '#shared/aws/keys';
import type { AwsSession } from '#shared/aws/session';
import {
  copySnapshot,
  deleteSnapshot,
  encryptsByDefault,
  findCopy,
  shareSnapshot,
  snapshotState,
} from '#shared/aws/snapshots';
import { listSnapshots, listVolumes } from '#shared/aws/tagged';
import {
  attachVolume,
  createVolume,
  deleteVolume,
  findSnapshotOf,
  snapshotVolume,
  volumeState,
} from '#shared/aws/volumes';
import { InstanceId, SnapshotId, VolumeId } from '#shared/signal/identifiers';
import { ACCOUNT, doneIn, REGION, sessionIn, TARGET, withMoto } from './account.ts';

const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }],
});

const source = { 'unlatch:case': 'case-source' };

withMoto('disks', () => {
  let session: AwsSession;
  beforeAll(async () => {
    session = await sessionIn();
  });

  const instance = async (): Promise<InstanceId> => {
    const run = new RunInstancesCommand({ ImageId: 'ami-12c6146b', MinCount: 1, MaxCount: 1 });
    const { Instances: [launched] = [] } = await session.ec2.send(run);
    return InstanceId.parse(launched?.InstanceId);
  };
  const emptyVolume = (tags: Readonly<Record<string, string>>, keyArn: string | null = null) =>
    createVolume(session, [], {
      availabilityZone: `${REGION}a`,
      from: { sizeGiB: 1 },
      keyArn,
      tags,
      token: `token-${Math.random()}`,
    });

  it('an instance is found by its id, and frozen with the tags of its case', async () => {
    const instanceId = await instance();
    const target = await findInstance(session, [], { instanceId });
    if (target === null) throw new Error('the instance was not found');
    expect(target).toMatchObject({ accountId: ACCOUNT, region: REGION, instanceId, state: 'running' });
    const [volume] = target.volumes;
    if (volume === undefined) throw new Error('the instance has no volume');

    const frozen = await freeze(session, [], target, 'case-frozen');
    if (!frozen.frozen) throw new Error(frozen.because);
    expect(frozen.snapshots.map(({ volumeId }) => volumeId)).toEqual([volume.volumeId]);
    expect(await findFrozen(session, [], 'case-frozen')).toEqual(frozen.snapshots);
    const [snapshot] = frozen.snapshots;
    if (snapshot === undefined) throw new Error('nothing was frozen');
    expect(await findSnapshot(session, [], snapshot.snapshotId)).toEqual({
      accountId: ACCOUNT,
      volumeId: volume.volumeId,
    });
  });

  it('what does not exist is none, by EC2’s own words for it', async () => {
    expect(await findInstance(session, [], { instanceId: InstanceId.parse('i-0123456789abcdef0') })).toBeNull();
    expect(await snapshotState(session, [], SnapshotId.parse('snap-0123456789abcdef0'))).toBeNull();
    expect(await volumeState(session, [], VolumeId.parse('vol-0123456789abcdef0'))).toBeNull();
    await deleteSnapshot(session, [], SnapshotId.parse('snap-0123456789abcdef0'));
    await deleteVolume(session, [], VolumeId.parse('vol-0123456789abcdef0'));
  });

  it('a volume is made, snapshotted and deleted, and gone twice without complaint', async () => {
    const tags = { 'unlatch:case': 'case-volume', 'unlatch:volume': 'vol-0a9e4c7b2d1f58360' };
    const volumeId = await emptyVolume(tags);
    expect(await volumeState(session, [], volumeId)).toEqual({
      state: 'available',
      sizeGiB: 1,
      availabilityZone: `${REGION}a`,
      encrypted: false,
      keyArn: null,
      attachments: [],
    });
    expect(await findSnapshotOf(session, [], volumeId)).toBeNull();
    const snapshotId = await snapshotVolume(session, [], { volumeId, description: 'a copy', tags });
    expect(await findSnapshotOf(session, [], volumeId)).toBe(snapshotId);
    expect(await findCopy(session, [], { description: 'a copy', tags })).toBe(snapshotId);
    expect(
      await findCopy(session, [], { description: 'a copy', tags: { ...tags, 'unlatch:case': 'another' } }),
    ).toBeNull();
    expect(await findCopy(session, [], { description: 'a frozen disk', tags })).toBeNull();
    const filters = [{ Name: 'tag:unlatch:case', Values: ['case-volume'] }];
    expect(await listSnapshots(session, [], filters)).toMatchObject([{ SnapshotId: snapshotId, Tags: tags }]);
    expect(await listVolumes(session, [], filters)).toMatchObject([{ VolumeId: volumeId, Tags: tags }]);

    const custody: Parameters<typeof deleteVolume>[1] = [];
    await deleteVolume(session, custody, volumeId);
    await deleteVolume(session, custody, volumeId);
    await deleteSnapshot(session, custody, snapshotId);
    await deleteSnapshot(session, custody, snapshotId);
    expect(doneIn(custody)).toEqual([
      'ec2:DeleteVolume ok',
      'ec2:DeleteVolume InvalidVolume.NotFound',
      'ec2:DeleteSnapshot ok',
      'ec2:DeleteSnapshot InvalidSnapshot.NotFound',
    ]);
  });

  it('a volume hangs on the instance that it was attached to', async () => {
    const [instanceId, volumeId] = [await instance(), await emptyVolume({ 'unlatch:case': 'case-attached' })];
    await attachVolume(session, [], { volumeId, instanceId, device: '/dev/sdf' });
    expect(await volumeState(session, [], volumeId)).toMatchObject({ state: 'in-use', attachments: [{ instanceId }] });
  });

  it('an encrypted volume tells its key', async () => {
    const keyArn = await createKey(session, [], { description: 'disks', policy, tags: source, multiRegion: false });
    const volumeId = await emptyVolume(source, keyArn);
    expect(await volumeState(session, [], volumeId)).toMatchObject({ encrypted: true, keyArn });
  });

  it('a snapshot is copied with its tags under another key, and shared', async () => {
    const keyArn = await createKey(session, [], { description: 'copies', policy, tags: source, multiRegion: false });
    const snapshotId = await snapshotVolume(session, [], {
      volumeId: await emptyVolume(source),
      description: 'source',
      tags: source,
    });
    const tags = { 'unlatch:case': 'case-copy' };
    const copy = await copySnapshot(session, [], {
      source: { snapshotId, region: REGION },
      keyId: keyArn,
      description: 'copy',
      tags,
    });
    expect(copy).not.toBe(snapshotId);
    expect(await findCopy(session, [], { description: 'copy', tags })).toBe(copy);
    await shareSnapshot(session, [], copy, TARGET);
    await shareSnapshot(session, [], copy, TARGET);
    const theirs = await sessionIn(TARGET);
    expect((await findSnapshot(theirs, [], copy))?.accountId).toBe(ACCOUNT);
  });

  it('whether disks are encrypted by default is asked of the account', async () => {
    expect(await encryptsByDefault(session, [])).toBe(false);
  });
});
