import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { InstanceId, KeyArn, SnapshotId, VolumeId } from '#shared/signal/identifiers';
import { type AwsSession, type Custody, errorName, recorded } from './session.ts';

export type Tags = Readonly<Record<string, string>>;

const tagsOf = (tags: Tags): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** A volume that is to be made: empty, or from a snapshot. */
export interface NewVolume {
  readonly availabilityZone: string;
  readonly from: { readonly sizeGiB: number } | { readonly snapshotId: SnapshotId };
  /** `null`: not encrypted, or as its snapshot is. */
  readonly keyArn: string | null;
  readonly tags: Tags;
  /** The same token gives the same volume. At most 64 characters. */
  readonly token: string;
}

export const createVolume = async (session: AwsSession, custody: Custody, volume: NewVolume): Promise<VolumeId> => {
  const { availabilityZone, from, keyArn, tags, token } = volume;
  const command = new CreateVolumeCommand({
    AvailabilityZone: availabilityZone,
    VolumeType: 'gp3',
    ...('sizeGiB' in from ? { Size: from.sizeGiB } : { SnapshotId: from.snapshotId }),
    ...(keyArn === null ? {} : { Encrypted: true, KmsKeyId: keyArn }),
    TagSpecifications: [{ ResourceType: 'volume', Tags: tagsOf(tags) }],
    ClientToken: token,
  });
  const on = 'sizeGiB' in from ? `${from.sizeGiB} GiB in ${availabilityZone}` : `from ${from.snapshotId}`;
  const made = await recorded(custody, session, 'ec2:CreateVolume', on, () => session.ec2.send(command));
  return VolumeId.parse(made.VolumeId);
};

const Described = z.object({
  /** `creating`, `available`, `in-use`, `deleting`, `deleted`, `error`. */
  State: z.string(),
  Size: z.int().min(1),
  AvailabilityZone: z.string().min(1),
  Encrypted: z.boolean(),
  KmsKeyId: KeyArn.optional(),
  Attachments: z.array(z.object({ InstanceId: InstanceId.optional(), State: z.string().optional() })).default([]),
});

export interface VolumeState {
  readonly state: string;
  readonly sizeGiB: number;
  readonly availabilityZone: string;
  readonly encrypted: boolean;
  readonly keyArn: KeyArn | null;
  readonly attachments: readonly { readonly instanceId: InstanceId | null; readonly state: string }[];
}

/** How a volume stands; `null` where there is none, or not yet. */
export const volumeState = async (
  session: AwsSession,
  custody: Custody,
  volumeId: VolumeId,
): Promise<VolumeState | null> => {
  const command = new DescribeVolumesCommand({ VolumeIds: [volumeId] });
  try {
    const { Volumes = [] } = await recorded(custody, session, 'ec2:DescribeVolumes', volumeId, () =>
      session.ec2.send(command),
    );
    if (Volumes.length === 0) return null;
    const { State, Size, AvailabilityZone, Encrypted, KmsKeyId = null, Attachments } = Described.parse(Volumes[0]);
    return {
      state: State,
      sizeGiB: Size,
      availabilityZone: AvailabilityZone,
      encrypted: Encrypted,
      keyArn: KmsKeyId,
      attachments: Attachments.map(({ InstanceId: instanceId = null, State: state = 'unknown' }) => ({
        instanceId,
        state,
      })),
    };
  } catch (error) {
    if (errorName(error) === 'InvalidVolume.NotFound') return null;
    throw error;
  }
};

export const attachVolume = async (
  session: AwsSession,
  custody: Custody,
  { volumeId, instanceId, device }: { volumeId: VolumeId; instanceId: InstanceId; device: string },
): Promise<void> => {
  const command = new AttachVolumeCommand({ VolumeId: volumeId, InstanceId: instanceId, Device: device });
  await recorded(custody, session, 'ec2:AttachVolume', `${volumeId} to ${instanceId} as ${device}`, () =>
    session.ec2.send(command),
  );
};

const gone = (pattern: RegExp) => (error: unknown) => {
  if (!pattern.test(errorName(error))) throw error;
};

/** Takes a volume off its instance; one that is off already is as good. */
export const detachVolume = async (session: AwsSession, custody: Custody, volumeId: VolumeId): Promise<void> => {
  const command = new DetachVolumeCommand({ VolumeId: volumeId });
  await recorded(custody, session, 'ec2:DetachVolume', volumeId, () => session.ec2.send(command)).catch(
    gone(/^(IncorrectState|InvalidVolume\.NotFound)$/),
  );
};

/** Deletes a volume; one that is gone already is as good. */
export const deleteVolume = async (session: AwsSession, custody: Custody, volumeId: VolumeId): Promise<void> => {
  const command = new DeleteVolumeCommand({ VolumeId: volumeId });
  await recorded(custody, session, 'ec2:DeleteVolume', volumeId, () => session.ec2.send(command)).catch(
    gone(/^InvalidVolume\.NotFound$/),
  );
};

/** A snapshot of one volume. */
export const snapshotVolume = async (
  session: AwsSession,
  custody: Custody,
  { volumeId, description, tags }: { volumeId: VolumeId; description: string; tags: Tags },
): Promise<SnapshotId> => {
  const command = new CreateSnapshotCommand({
    VolumeId: volumeId,
    Description: description,
    TagSpecifications: [{ ResourceType: 'snapshot', Tags: tagsOf(tags) }],
  });
  const made = await recorded(custody, session, 'ec2:CreateSnapshot', volumeId, () => session.ec2.send(command));
  return SnapshotId.parse(made.SnapshotId);
};

/** The snapshot of a volume that was made already, or `null`. The volume is a case's own: it has no other. */
export const findSnapshotOf = async (
  session: AwsSession,
  custody: Custody,
  volumeId: VolumeId,
): Promise<SnapshotId | null> => {
  const command = new DescribeSnapshotsCommand({
    OwnerIds: ['self'],
    Filters: [{ Name: 'volume-id', Values: [volumeId] }],
  });
  const found = await recorded(custody, session, 'ec2:DescribeSnapshots', volumeId, () => session.ec2.send(command));
  const [first] = found.Snapshots ?? [];
  return first === undefined ? null : SnapshotId.parse(first.SnapshotId);
};
