import { createHash } from 'node:crypto';
import type { Call } from '#local/account/call';
import { blockToken } from '#local/account/ebs-direct-tokens';
import type { Snapshot } from '#local/account/state';
import type { World } from './acquisition-world.ts';
import { addVolume, callOf, platformAccount, region, targetAccount } from './ground.ts';

/** What one call is known by afterwards. */
export interface Made {
  readonly volumeId?: string | undefined;
  readonly snapshotId?: string | undefined;
  readonly instanceId?: string | undefined;
  readonly status: number | undefined;
}

export interface PathSteps {
  /** The owner of the source key where there is only one account. */
  readonly sourceOwner?: string;
  /** Uses the key once, for a warm session. */
  readonly warmUp?: (world: World) => Promise<unknown>;
  readonly before?: (world: World) => Promise<string | undefined>;
  readonly call: (
    world: World,
    call: <Input>(input: Input) => Call<Input>,
    before: string | undefined,
  ) => Promise<Made>;
}

const encrypted = ({ target }: World) => ({ Encrypted: true, KmsKeyId: target.arn });

const madeVolume = ({ VolumeId, $metadata }: { VolumeId?: string | undefined; $metadata: Metadata }): Made => ({
  volumeId: VolumeId,
  status: $metadata.httpStatusCode,
});

const madeSnapshot = ({ SnapshotId, $metadata }: { SnapshotId?: string | undefined; $metadata: Metadata }): Made => ({
  snapshotId: SnapshotId,
  status: $metadata.httpStatusCode,
});

interface Metadata {
  readonly httpStatusCode?: number | undefined;
}

const answered = ({ $metadata }: { readonly $metadata: Metadata }): Made => ({ status: $metadata.httpStatusCode });

const block = Buffer.alloc(524_288, 9);
const checksum = createHash('sha256').update(block).digest('base64');
const putInput = (SnapshotId: string) => ({
  SnapshotId,
  BlockIndex: 3,
  BlockData: block,
  DataLength: block.length,
  Checksum: checksum,
  ChecksumAlgorithm: 'SHA256' as const,
});

const startOwn = async ({ ebs, source, session, ground }: World): Promise<string> => {
  const input = { VolumeSize: 1, Encrypted: true, KmsKeyArn: source.arn };
  return (await ebs.StartSnapshot(callOf(ground, session, input))).SnapshotId ?? '';
};

const readOwn = async ({ ebs, own, session, ground }: World): Promise<string> => {
  const token = tokenOf(own, ground.now());
  await ebs.GetSnapshotBlock(callOf(ground, session, { SnapshotId: own.snapshotId, BlockIndex: 0, BlockToken: token }));
  return token;
};

// Without a listing, which would use the key already.
const tokenOf = ({ snapshotId }: Snapshot, issuedAt: Date): string => blockToken(snapshotId, 0, issuedAt);

/** The acquiring calls. */
export const paths = {
  'CreateVolume of a shared snapshot': {
    call: async (world, call) =>
      madeVolume(
        await world.ec2.CreateVolume(
          call({ SnapshotId: world.shared.snapshotId, AvailabilityZone: `${region}a`, ...encrypted(world) }),
        ),
      ),
  },
  CreateSnapshot: {
    sourceOwner: platformAccount,
    call: async ({ ec2, volumeId }, call) => madeSnapshot(await ec2.CreateSnapshot(call({ VolumeId: volumeId }))),
  },
  'CreateSnapshot of a stopped root': {
    sourceOwner: platformAccount,
    call: async ({ ec2, ground, volumeId, instanceId }, call) => {
      const instance = ground.state.instances.get(instanceId);
      if (instance !== undefined) instance.state = 'stopped';
      return madeSnapshot(await ec2.CreateSnapshot(call({ VolumeId: volumeId })));
    },
  },
  'CreateSnapshots of an instance': {
    sourceOwner: platformAccount,
    call: async ({ ec2, instanceId }, call) => {
      const output = await ec2.CreateSnapshots(call({ InstanceSpecification: { InstanceId: instanceId } }));
      return madeSnapshot({ SnapshotId: output.Snapshots?.[0]?.SnapshotId, $metadata: output.$metadata });
    },
  },
  'CreateSnapshot twice in a second': {
    sourceOwner: platformAccount,
    before: async ({ ec2, ground, session, volumeId }) => {
      await ec2.CreateSnapshot(callOf(ground, session, { VolumeId: volumeId }));
      await ground.pass(0.5);
      return undefined;
    },
    call: async ({ ec2, volumeId }, call) => madeSnapshot(await ec2.CreateSnapshot(call({ VolumeId: volumeId }))),
  },
  'CopySnapshot of a shared snapshot': {
    call: async (world, call) =>
      madeSnapshot(
        await world.ec2.CopySnapshot(
          call({ SourceSnapshotId: world.shared.snapshotId, SourceRegion: region, ...encrypted(world) }),
        ),
      ),
  },
  'CopySnapshot to a missing alias': {
    call: async (world, call) => {
      const source = { SourceSnapshotId: world.shared.snapshotId, SourceRegion: region };
      return madeSnapshot(
        await world.ec2.CopySnapshot(call({ ...source, Encrypted: true, KmsKeyId: 'alias/no-such-key' })),
      );
    },
  },
  'RunInstances with an encrypted root': {
    call: async (world, call) => {
      const output = await world.ec2.RunInstances(
        call({
          ImageId: 'ami-0123456789abcdef0',
          MinCount: 1,
          MaxCount: 1,
          BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 1, ...encrypted(world) } }],
        }),
      );
      return { instanceId: output.Instances?.[0]?.InstanceId, status: output.$metadata.httpStatusCode };
    },
  },
  AttachVolume: {
    call: async ({ ec2, looseVolumeId, instanceId }, call) =>
      madeVolume(await ec2.AttachVolume(call({ VolumeId: looseVolumeId, InstanceId: instanceId, Device: '/dev/sdf' }))),
  },
  'ModifySnapshotAttribute under aws/ebs': {
    call: async ({ ec2, ground, session }, call) => {
      const VolumeId = addVolume(ground, platformAccount, null);
      const plain = await ec2.CreateSnapshot(callOf(ground, session, { VolumeId }));
      await ground.pass(60);
      const copy = await ec2.CopySnapshot(
        callOf(ground, session, { SourceSnapshotId: plain.SnapshotId, SourceRegion: region, Encrypted: true }),
      );
      await ground.pass(60);
      const permission = { CreateVolumePermission: { Add: [{ UserId: targetAccount }] } };
      return answered(await ec2.ModifySnapshotAttribute(call({ SnapshotId: copy.SnapshotId, ...permission })));
    },
  },
  StartSnapshot: {
    sourceOwner: platformAccount,
    warmUp: startOwn,
    call: async ({ ebs, source }, call) =>
      answered(await ebs.StartSnapshot(call({ VolumeSize: 1, Encrypted: true, KmsKeyArn: source.arn }))),
  },
  'StartSnapshot of a child': {
    sourceOwner: platformAccount,
    warmUp: readOwn,
    call: async ({ ebs, own }, call) =>
      answered(await ebs.StartSnapshot(call({ VolumeSize: 1, ParentSnapshotId: own.snapshotId }))),
  },
  ListSnapshotBlocks: {
    sourceOwner: platformAccount,
    warmUp: readOwn,
    call: async ({ ebs, own }, call) => answered(await ebs.ListSnapshotBlocks(call({ SnapshotId: own.snapshotId }))),
  },
  GetSnapshotBlock: {
    sourceOwner: platformAccount,
    warmUp: readOwn,
    call: async ({ ebs, own, ground }, call) => {
      const BlockToken = tokenOf(own, ground.now());
      return answered(await ebs.GetSnapshotBlock(call({ SnapshotId: own.snapshotId, BlockIndex: 0, BlockToken })));
    },
  },
  PutSnapshotBlock: {
    sourceOwner: platformAccount,
    before: startOwn,
    call: async ({ ebs }, call, started = '') => answered(await ebs.PutSnapshotBlock(call(putInput(started)))),
  },
  CompleteSnapshot: {
    sourceOwner: platformAccount,
    before: async (world) => {
      const started = await startOwn(world);
      await world.ebs.PutSnapshotBlock(callOf(world.ground, world.session, putInput(started)));
      return started;
    },
    call: async ({ ebs }, call, started = '') => {
      const output = await ebs.CompleteSnapshot(call({ SnapshotId: started, ChangedBlocksCount: 1 }));
      return { snapshotId: started, status: output.$metadata.httpStatusCode };
    },
  },
} as const satisfies Record<string, PathSteps>;
