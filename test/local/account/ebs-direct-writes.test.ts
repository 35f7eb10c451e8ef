import { describe, expect, it } from 'vitest';
import { blockAt, differingBlocks } from '#local/account/blocks';
import { block, disks, putInput, sha256 } from './disks.ts';
import { addSnapshot, platformAccount, region } from './ground.ts';

const invalid = (Reason: string) => ({ name: 'ValidationException', Reason });
const zeros = block(0);

describe('a snapshot that is started', () => {
  it('is the same for the same token, and keeps its tags', async () => {
    const { ebs, call, ground, snapshotOf } = disks();
    const input = { VolumeSize: 1, Tags: [{ Key: 'unlatch:case', Value: 'case-1' }], ClientToken: 'once' };
    const { SnapshotId, Tags } = await ebs.StartSnapshot(call(input));
    const again = await ebs.StartSnapshot(call({ ClientToken: 'once', Tags: input.Tags, VolumeSize: 1 }));
    expect([again.SnapshotId, ground.state.snapshots.size]).toEqual([SnapshotId, 1]);
    expect([Tags, snapshotOf(SnapshotId).tags]).toEqual([input.Tags, { 'unlatch:case': 'case-1' }]);
    const other = await ebs.StartSnapshot(call({ ...input, ClientToken: 'twice' }));
    expect(other.SnapshotId).not.toBe(SnapshotId);
  });

  it('is refused where its token was used for something else', async () => {
    const { ebs, call } = disks();
    await ebs.StartSnapshot(call({ VolumeSize: 1, ClientToken: 'once' }));
    await expect(ebs.StartSnapshot(call({ VolumeSize: 2, ClientToken: 'once' }))).rejects.toMatchObject({
      name: 'ConflictException',
      $metadata: { httpStatusCode: 409 },
    });
  });

  const wrong = [
    { name: 'of no size', input: { VolumeSize: 0 }, reason: 'INVALID_VOLUME_SIZE' },
    { name: 'of more than 64 TiB', input: { VolumeSize: 65_537 }, reason: 'INVALID_VOLUME_SIZE' },
    { name: 'with a timeout too short', input: { Timeout: 9 }, reason: 'INVALID_PARAMETER_VALUE' },
    { name: 'with a timeout too long', input: { Timeout: 4_321 }, reason: 'INVALID_PARAMETER_VALUE' },
    { name: 'with a key and no encryption', input: { KmsKeyArn: 'own' }, reason: 'INVALID_PARAMETER_VALUE' },
    { name: 'with a tag of AWS', input: { Tags: [{ Key: 'aws:x', Value: '' }] }, reason: 'INVALID_TAG' },
  ];

  it.each(wrong)('$name is refused', async ({ input, reason }) => {
    const { ebs, call, key, ground } = disks();
    const KmsKeyArn = 'KmsKeyArn' in input ? { KmsKeyArn: key.arn } : {};
    const asked = ebs.StartSnapshot(call({ VolumeSize: 1, ...input, ...KmsKeyArn }));
    await expect(asked).rejects.toMatchObject(invalid(reason));
    expect(ground.state.snapshots.size).toBe(0);
  });

  it('cannot be unencrypted where encryption is the default, and has the default key then', async () => {
    const { ebs, call, ground, encryptByDefault } = disks();
    encryptByDefault();
    await expect(ebs.StartSnapshot(call({ VolumeSize: 1, Encrypted: false }))).rejects.toMatchObject(
      invalid('INVALID_PARAMETER_VALUE'),
    );
    const { KmsKeyArn = '' } = await ebs.StartSnapshot(call({ VolumeSize: 1 }));
    expect(ground.state.keys.get(KmsKeyArn)?.manager).toBe('AWS');
  });

  it('of a parent has its blocks and its encryption, and may not ask for another', async () => {
    const { ebs, call, ground, key, snapshotOf, encryptByDefault } = disks();
    const parent = addSnapshot(ground, platformAccount, key);
    const plain = addSnapshot(ground, platformAccount, null);
    const start = (input: object) => ebs.StartSnapshot(call({ VolumeSize: 1, ...input }));
    const { SnapshotId, KmsKeyArn } = await start({ ParentSnapshotId: parent.snapshotId });
    expect([KmsKeyArn, snapshotOf(SnapshotId).blocks]).toEqual([key.arn, parent.blocks]);
    for (const more of [{ Encrypted: true }, { KmsKeyArn: key.arn }]) {
      await expect(start({ ParentSnapshotId: plain.snapshotId, ...more })).rejects.toMatchObject(
        invalid('INVALID_PARAMETER_VALUE'),
      );
    }
    encryptByDefault();
    await expect(start({ ParentSnapshotId: plain.snapshotId })).rejects.toMatchObject(
      invalid('INVALID_PARAMETER_VALUE'),
    );
  });

  it('is one of at most a hundred that are pending', async () => {
    const { start, ec2, call } = disks();
    const ids = await Promise.all(Array.from({ length: 100 }, () => start()));
    await expect(start()).rejects.toMatchObject({ name: 'ConcurrentLimitExceededException' });
    await ec2.DeleteSnapshot(call({ SnapshotId: ids[0] }));
    await expect(start()).resolves.toMatch(/^snap-/);
  });

  it('is given up after its timeout without a block', async () => {
    const { ec2, call, ground, start, put } = disks();
    const id = await start();
    const longer = await start({ Timeout: 120 });
    const state = async (SnapshotId: string) =>
      (await ec2.DescribeSnapshots(call({ SnapshotIds: [SnapshotId] }))).Snapshots?.[0]?.State;
    await ground.pass(59 * 60);
    await put(id, 0, zeros);
    await ground.pass(59 * 60);
    expect(await state(id)).toBe('pending');
    await ground.pass(60);
    expect([await state(id), await state(longer)]).toEqual(['error', 'pending']);
    await expect(put(id, 1, zeros)).rejects.toMatchObject(invalid('INVALID_SNAPSHOT_ID'));
  });

  it('is gone when it is deleted, and takes no more blocks', async () => {
    const { ec2, call, start, put } = disks();
    const id = await start();
    await put(id, 0, zeros);
    await ec2.DeleteSnapshot(call({ SnapshotId: id }));
    await expect(put(id, 1, zeros)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      Reason: 'SNAPSHOT_NOT_FOUND',
      message: `The snapshot '${id}' does not exist.`,
    });
  });
});

describe('a block that is written', () => {
  const wrong = [
    { name: 'too short', change: { DataLength: 512, BlockData: block(1).subarray(512) } },
    { name: 'of another length than it says', change: { DataLength: 512 } },
    { name: 'with the checksum of another', change: { Checksum: sha256(block(2)).toString('base64') } },
    { name: 'outside the volume', change: { BlockIndex: 2_048 } },
    { name: 'before the volume', change: { BlockIndex: -1 } },
    { name: 'with another algorithm', change: { ChecksumAlgorithm: undefined } },
  ];

  it.each(wrong)('$name is refused, and nothing is written', async ({ change }) => {
    const { ebs, call, start, put, snapshotOf } = disks();
    const id = await start();
    await put(id, 5, block(2));
    const asked = ebs.PutSnapshotBlock(call({ ...putInput(id, 0, block(1)), ...change }));
    await expect(asked).rejects.toMatchObject({ name: 'ValidationException' });
    expect([...snapshotOf(id).blocks.keys()]).toEqual([5]);
  });

  it('is kept as it was, whatever becomes of the memory it came from', async () => {
    const { start, put, snapshotOf } = disks();
    const id = await start();
    const data = block(1);
    await put(id, 0, data);
    data.fill(2);
    await put(id, 1, data);
    expect([0, 1].map((index) => blockAt(snapshotOf(id), index)[0])).toEqual([1, 2]);
  });

  it('may be written again: the last one counts, and counts once', async () => {
    const { start, put, complete, snapshotOf } = disks();
    const id = await start();
    for (const fill of [1, 1, 3]) await put(id, 0, block(fill));
    await complete(id, 1);
    expect(snapshotOf(id)).toMatchObject({ state: 'completed' });
    expect(blockAt(snapshotOf(id), 0)).toEqual(block(3));
  });

  it('of the same contents is kept once', async () => {
    const { start, put, snapshotOf } = disks();
    const id = await start();
    for (const index of [0, 1, 2]) await put(id, index, block(4));
    expect(new Set(snapshotOf(id).blocks.values()).size).toBe(1);
  });
});

describe('a completion', () => {
  const linear = (...digests: Buffer[]) => ({
    Checksum: sha256(...digests).toString('base64'),
    ChecksumAlgorithm: 'SHA256' as const,
    ChecksumAggregationMethod: 'LINEAR' as const,
  });
  const two = async () => {
    const world = disks();
    const id = await world.start();
    await world.put(id, 5, block(5));
    await world.put(id, 2, block(2));
    const digests = [sha256(block(2)), sha256(block(5))] as const;
    return { ...world, id, right: { SnapshotId: id, ChangedBlocksCount: 2, ...linear(...digests) }, digests };
  };

  it('adds the digests up in the order of the blocks, and takes some seconds', async () => {
    const { ebs, ec2, call, ground, id, right } = await two();
    const state = async () => (await ec2.DescribeSnapshots(call({ SnapshotIds: [id] }))).Snapshots?.[0]?.State;
    expect(await ebs.CompleteSnapshot(call(right))).toMatchObject({ Status: 'pending' });
    expect(await state()).toBe('pending');
    await ground.pass(30);
    expect(await state()).toBe('completed');
  });

  it('is refused for a wrong count, a wrong sum, or a sum of unknown kind; the snapshot stays open', async () => {
    const { ebs, call, put, id, right, digests } = await two();
    const wrong = [
      { ...right, ChangedBlocksCount: 1 },
      { ...right, ...linear(digests[1], digests[0]) },
      { ...right, ChecksumAggregationMethod: undefined },
    ];
    for (const input of wrong) {
      await expect(ebs.CompleteSnapshot(call(input))).rejects.toMatchObject(invalid('INVALID_PARAMETER_VALUE'));
    }
    await expect(put(id, 5, block(5))).resolves.toMatchObject({ Checksum: digests[1].toString('base64') });
    await expect(ebs.CompleteSnapshot(call(right))).resolves.toBeDefined();
  });

  it('happens once, and ends the writing', async () => {
    const { ebs, call, put, id, right } = await two();
    await ebs.CompleteSnapshot(call(right));
    await expect(ebs.CompleteSnapshot(call(right))).rejects.toMatchObject(invalid('INVALID_SNAPSHOT_ID'));
    await expect(put(id, 0, zeros)).rejects.toMatchObject(invalid('INVALID_SNAPSHOT_ID'));
  });

  it('leaves records of the start and the end of a snapshot, none of its blocks', async () => {
    const { ground, id, complete, list } = await two();
    await complete(id, 2);
    await list(id);
    const records = ground.reported.filter(({ source }) => source === 'aws.ebs').map(({ detail }) => detail);
    expect(records).toMatchObject([
      { eventName: 'StartSnapshot', responseElements: { snapshotId: id } },
      { eventName: 'CompleteSnapshot', requestParameters: { snapshotId: id } },
    ]);
  });
});

describe('a hole that a writer leaves', () => {
  const written = async (encrypted: boolean) => {
    const world = disks();
    const id = await world.start(encrypted ? { Encrypted: true, KmsKeyArn: world.key.arn } : {});
    await world.put(id, 0, block(7));
    await world.complete(id, 1);
    return { ...world, id };
  };

  it.each([
    { name: 'zero without encryption', encrypted: false, differing: 0 },
    { name: 'noise under encryption', encrypted: true, differing: 2_047 },
  ])('reads as $name, also on a volume and in the snapshots after it', async ({ encrypted, differing }) => {
    const { ec2, call, ground, id, snapshotOf } = await written(encrypted);
    const source = { blocks: new Map([[0, block(7)]]) };
    expect(differingBlocks(source, snapshotOf(id), 1)).toHaveLength(differing);
    const { VolumeId = '' } = await ec2.CreateVolume(call({ SnapshotId: id, AvailabilityZone: `${region}a` }));
    await ground.pass(10);
    const { SnapshotId } = await ec2.CreateSnapshot(call({ VolumeId }));
    await ground.pass(60);
    const copy = await ec2.CopySnapshot(call({ SourceSnapshotId: SnapshotId, SourceRegion: region }));
    expect(differingBlocks(source, snapshotOf(copy.SnapshotId), 1)).toHaveLength(differing);
    expect(blockAt(snapshotOf(copy.SnapshotId), 9).equals(zeros)).toBe(!encrypted);
  });

  it('is none where zeros are written out', async () => {
    const { start, ebs, call, complete, key, snapshotOf } = disks();
    const id = await start({ Encrypted: true, KmsKeyArn: key.arn });
    const input = putInput(id, 0, zeros);
    for (let BlockIndex = 0; BlockIndex < 2_048; BlockIndex += 1) {
      await ebs.PutSnapshotBlock(call({ ...input, BlockIndex }));
    }
    await complete(id, 2_048);
    expect(differingBlocks({ blocks: new Map() }, snapshotOf(id), 1)).toEqual([]);
  });
});
