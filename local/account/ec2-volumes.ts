import type {
  AttachVolumeCommandInput,
  AttachVolumeCommandOutput,
  Volume as AwsVolume,
  CreateVolumeCommandInput,
  CreateVolumeCommandOutput,
  DescribeVolumesCommandInput,
  DescribeVolumesCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { notificationLagSeconds, notifyVolume } from './ebs-notification.ts';
import {
  answered,
  callerPlace,
  ec2Error,
  isAt,
  meetsFilters,
  ownVolume,
  pageOf,
  recordedCall,
  recordedTags,
  specifiedTags,
  tagList,
  visibleSnapshot,
} from './ec2-answer.ts';
import { attachVolume } from './ec2-attachment.ts';
import { newVolume, type VolumeProblem, volumeProblem, wantedEncryption } from './ec2-volume-encryption.ts';
import { withinRequest } from './kms-forwarding.ts';
import type { Volume } from './state.ts';

/** The volumes of EC2: created asynchronously, so a refusal by KMS shows only in what follows. */
export const ec2Volumes = (ground: Ground) => ({
  CreateVolume: (call: Call<CreateVolumeCommandInput>): Promise<CreateVolumeCommandOutput> =>
    recordedCall(ground, call, { eventName: 'CreateVolume', requestParameters: volumeParameters(call.input) }, () =>
      createVolume(ground, call),
    ),

  AttachVolume: (call: Call<AttachVolumeCommandInput>): Promise<AttachVolumeCommandOutput> => {
    const { VolumeId, InstanceId, Device } = call.input;
    const requestParameters = {
      volumeId: VolumeId,
      instanceId: InstanceId,
      device: Device,
      deleteOnTermination: false,
    };
    return recordedCall(ground, call, { eventName: 'AttachVolume', requestParameters }, () =>
      attachVolume(ground, call),
    );
  },

  DescribeVolumes: async (call: Call<DescribeVolumesCommandInput>): Promise<DescribeVolumesCommandOutput> => {
    const { VolumeIds, Filters, MaxResults, NextToken } = call.input;
    const named = VolumeIds?.map((id) => ownVolume(ground, call, id));
    const candidates = named ?? [...ground.state.volumes.values()].filter((volume) => isAt(volume, callerPlace(call)));
    const found = candidates.filter((volume) => meetsFilters(call, Filters, filterProperties(volume), volume.tags));
    const { page, nextToken } = pageOf(found, MaxResults, NextToken);
    return { $metadata: answered(call), Volumes: page.map(describedVolume), NextToken: nextToken };
  },
});

const volumeParameters = (input: CreateVolumeCommandInput) => ({
  size: input.Size === undefined ? undefined : String(input.Size),
  snapshotId: input.SnapshotId,
  zone: input.AvailabilityZone,
  volumeType: input.VolumeType,
  encrypted: input.Encrypted,
  masterEncryptionKeyId: input.KmsKeyId,
  tagSpecificationSet: recordedTags(input.TagSpecifications),
});

const createVolume = async (ground: Ground, call: Call<CreateVolumeCommandInput>) => {
  const { input } = call;
  const snapshot = input.SnapshotId === undefined ? null : visibleSnapshot(ground, call, input.SnapshotId);
  if (snapshot !== null && snapshot.state !== 'completed') {
    throw ec2Error(call, 'IncorrectState', `Snapshot is in invalid state - ${snapshot.state}`);
  }
  const wanted = wantedEncryption(ground, call, input, snapshot);
  const volume = newVolume(ground, call, snapshot, wanted, {
    sizeGiB: input.Size ?? snapshot?.sizeGiB ?? 1,
    tags: specifiedTags(input.TagSpecifications, 'volume'),
  });
  const problem = await volumeProblem(ground, withinRequest(call), volume, wanted, snapshot);
  ground.after(notificationLagSeconds, () => settleVolume(ground, volume, problem, call.requestId));
  const output = { $metadata: answered(call), ...describedVolume(volume), State: 'creating' as const };
  return { output, responseElements: createdVolume(volume, call) };
};

const createdVolume = (volume: Volume, call: Call<CreateVolumeCommandInput>) => ({
  volumeId: volume.volumeId,
  size: String(volume.sizeGiB),
  snapshotId: volume.snapshotId ?? undefined,
  zone: zoneOf(call.input.AvailabilityZone, volume.region),
  status: 'creating',
  volumeType: call.input.VolumeType ?? 'gp2',
  encrypted: volume.keyArn !== null,
  masterEncryptionKeyId: volume.keyArn ?? undefined,
});

const zoneOf = (zone: string | undefined, region: string): string => zone ?? `${region}a`;

const settleVolume = (ground: Ground, volume: Volume, problem: VolumeProblem | null, requestId: string): void => {
  const outcome = { accountId: volume.accountId, region: volume.region, volumeId: volume.volumeId, requestId };
  if (problem === null) {
    volume.state = 'available';
    notifyVolume(ground, { ...outcome, event: 'createVolume', result: 'available', cause: '', keyArn: null }, 0);
    return;
  }
  ground.state.volumes.delete(volume.volumeId);
  notifyVolume(ground, { ...outcome, event: 'createVolume', result: 'failed', ...problem }, 0);
  notifyVolume(ground, { ...outcome, event: 'deleteVolume', result: 'deleted', cause: '', keyArn: null }, 1);
};

const filterProperties = (volume: Volume) => ({
  'volume-id': [volume.volumeId],
  status: [volume.state],
  'snapshot-id': [volume.snapshotId ?? undefined],
  encrypted: [String(volume.keyArn !== null)],
  'attachment.instance-id': [volume.attachment?.instanceId],
});

const describedVolume = (volume: Volume): AwsVolume => ({
  VolumeId: volume.volumeId,
  Size: volume.sizeGiB,
  SnapshotId: volume.snapshotId ?? '',
  AvailabilityZone: `${volume.region}a`,
  State: volume.state,
  VolumeType: 'gp3',
  Encrypted: volume.keyArn !== null,
  KmsKeyId: volume.keyArn ?? undefined,
  Tags: tagList(volume.tags),
  Attachments:
    volume.attachment === null
      ? []
      : [
          {
            VolumeId: volume.volumeId,
            InstanceId: volume.attachment.instanceId,
            Device: volume.attachment.device,
            State: 'attached',
          },
        ],
});
