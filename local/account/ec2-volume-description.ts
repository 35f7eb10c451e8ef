import type { Volume as AwsVolume, VolumeAttachment } from '@aws-sdk/client-ec2';
import { tagList, zoneOf } from './ec2-answer.ts';
import type { Volume } from './state.ts';

/** A volume as DescribeVolumes shows it. */
export const describedVolume = (volume: Volume): AwsVolume => ({
  VolumeId: volume.volumeId,
  Size: volume.sizeGiB,
  SnapshotId: volume.snapshotId ?? '',
  AvailabilityZone: zoneOf(volume),
  State: volume.state,
  VolumeType: volumeTypeOf(volume),
  Encrypted: volume.keyArn !== null,
  KmsKeyId: volume.keyArn ?? undefined,
  Tags: tagList(volume.tags),
  Attachments: attachments(volume),
  MultiAttachEnabled: false,
});

const attachments = ({ volumeId, attachment }: Volume): VolumeAttachment[] =>
  attachment === null
    ? []
    : [
        {
          VolumeId: volumeId,
          InstanceId: attachment.instanceId,
          Device: attachment.device,
          State: attachment.state ?? 'attached',
          DeleteOnTermination: false,
        },
      ];

/** What the filters of DescribeVolumes compare. */
export const volumeFilters = (volume: Volume) => ({
  'volume-id': [volume.volumeId],
  status: [volume.state],
  size: [String(volume.sizeGiB)],
  'volume-type': [volumeTypeOf(volume)],
  'availability-zone': [zoneOf(volume)],
  'snapshot-id': [volume.snapshotId ?? undefined],
  encrypted: [String(volume.keyArn !== null)],
  'attachment.instance-id': [volume.attachment?.instanceId],
  'attachment.device': [volume.attachment?.device],
  'attachment.status': [volume.attachment === null ? undefined : (volume.attachment.state ?? 'attached')],
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html */
const VOLUME_TYPES = {
  gp3: { least: 1, most: 65_536 },
  gp2: { least: 1, most: 16_384 },
  io1: { least: 4, most: 16_384 },
  io2: { least: 4, most: 65_536 },
  st1: { least: 125, most: 16_384 },
  sc1: { least: 125, most: 16_384 },
  standard: { least: 1, most: 1_024 },
} as const;

export type VolumeType = keyof typeof VOLUME_TYPES;

export const isVolumeType = (name: string): name is VolumeType => Object.hasOwn(VOLUME_TYPES, name);

/** Sizes in GiB that a type of volume can have. */
export const sizesOf = (type: VolumeType) => VOLUME_TYPES[type];

const volumeTypeOf = ({ volumeType = 'gp3' }: Volume): VolumeType => (isVolumeType(volumeType) ? volumeType : 'gp3');
