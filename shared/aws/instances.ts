import {
  CreateSnapshotCommand,
  CreateSnapshotsCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  type Instance,
} from '@aws-sdk/client-ec2';
import * as z from 'zod';
import type { Freeze, FrozenSnapshot, Origin, Platform, Target } from '#shared/case/case';
import { AccountId, InstanceId, KeyArn, Region, SnapshotId, VolumeId } from '#shared/signal/identifiers';
import { type AwsSession, type Custody, errorName, recorded } from './session.ts';

/** The least of what DescribeInstances answers; the rest may be missing. */
const Described = z.object({
  InstanceId,
  State: z.object({ Name: z.string() }).optional(),
  StateReason: z.object({ Code: z.string(), Message: z.string() }).optional(),
  Platform: z.string().optional(),
  PlatformDetails: z.string().optional(),
  PrivateIpAddress: z.string().optional(),
  PublicIpAddress: z.string().optional(),
  Tags: z.array(z.object({ Key: z.string(), Value: z.string() })).default([]),
  BlockDeviceMappings: z
    .array(z.object({ DeviceName: z.string().optional(), Ebs: z.object({ VolumeId }).optional() }))
    .default([]),
});

/** `Platform` stands on Windows instances alone; `PlatformDetails` tells macOS. */
const platformOf = ({ Platform: windows, PlatformDetails = '' }: z.infer<typeof Described>): Platform => {
  if (windows?.toLowerCase() === 'windows') return 'windows';
  return /mac/i.test(PlatformDetails) ? 'macos' : 'linux';
};

export const targetOf = (session: Pick<AwsSession, 'accountId' | 'region'>, instance: Instance): Target => {
  const described = Described.parse(instance);
  const tags = Object.fromEntries(described.Tags.map(({ Key, Value }) => [Key, Value]));
  return {
    accountId: AccountId.parse(session.accountId),
    region: Region.parse(session.region),
    instanceId: described.InstanceId,
    volumes: described.BlockDeviceMappings.flatMap(({ DeviceName, Ebs }) =>
      Ebs === undefined ? [] : [{ volumeId: Ebs.VolumeId, device: DeviceName ?? null }],
    ),
    state: described.State?.Name ?? 'unknown',
    platform: platformOf(described),
    name: tags.Name ?? null,
    privateIp: described.PrivateIpAddress ?? null,
    publicIp: described.PublicIpAddress ?? null,
    tags,
  };
};

const absent = (pattern: RegExp) => (error: unknown) => {
  if (pattern.test(errorName(error))) return null;
  throw error;
};

/** The instance of an id, or the one a volume is attached to; `null` where there is none. Throttles throw. */
export const findInstance = async (
  session: AwsSession,
  custody: Custody,
  by: { readonly instanceId: InstanceId } | { readonly volumeId: VolumeId },
): Promise<Target | null> => {
  const command =
    'instanceId' in by
      ? new DescribeInstancesCommand({ InstanceIds: [by.instanceId] })
      : new DescribeInstancesCommand({ Filters: [{ Name: 'block-device-mapping.volume-id', Values: [by.volumeId] }] });
  const on = 'instanceId' in by ? by.instanceId : by.volumeId;
  const output = await recorded(custody, session, 'ec2:DescribeInstances', on, () => session.ec2.send(command)).catch(
    absent(/^InvalidInstanceID\.(NotFound|Malformed)$/),
  );
  const [instance] = (output?.Reservations ?? []).flatMap(({ Instances = [] }) => Instances);
  return instance === undefined ? null : targetOf(session, instance);
};

/** Why an instance is in its state, or `null`. */
export const stateReasonOf = async (session: AwsSession, custody: Custody, instanceId: InstanceId) => {
  const command = new DescribeInstancesCommand({ InstanceIds: [instanceId] });
  const output = await recorded(custody, session, 'ec2:DescribeInstances', instanceId, () =>
    session.ec2.send(command),
  ).catch(absent(/^InvalidInstanceID\.NotFound$/));
  const [instance] = (output?.Reservations ?? []).flatMap(({ Instances = [] }) => Instances);
  const reason = Described.safeParse(instance).data?.StateReason;
  return reason === undefined ? null : { code: reason.Code, message: reason.Message };
};

/** What a copy reports in place of its volume. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopySnapshot.html */
const NO_VOLUME = 'vol-ffffffff';

/** Owner and volume of a snapshot that this session may see; `null` where it sees none. */
export const findSnapshot = async (session: AwsSession, custody: Custody, snapshotId: SnapshotId) => {
  const command = new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] });
  const output = await recorded(custody, session, 'ec2:DescribeSnapshots', snapshotId, () =>
    session.ec2.send(command),
  ).catch(absent(/^InvalidSnapshot\.NotFound$/));
  const [snapshot] = output?.Snapshots ?? [];
  if (snapshot === undefined) return null;
  const volumeId = snapshot.VolumeId === NO_VOLUME ? null : (VolumeId.safeParse(snapshot.VolumeId).data ?? null);
  return { accountId: AccountId.parse(snapshot.OwnerId), volumeId };
};

/** The key of a snapshot, or of a volume as its snapshots tell it; `null` where none is to be seen. The session is the owner's. */
export const findSourceKey = async (
  session: AwsSession,
  custody: Custody,
  { snapshotId, volumeId }: Pick<Origin, 'snapshotId' | 'volumeId'>,
): Promise<KeyArn | null> => {
  if (snapshotId === null && volumeId === null) return null;
  const command = new DescribeSnapshotsCommand(
    snapshotId === null
      ? { OwnerIds: ['self'], Filters: [{ Name: 'volume-id', Values: [volumeId ?? ''] }] }
      : { SnapshotIds: [snapshotId] },
  );
  const output = await recorded(custody, session, 'ec2:DescribeSnapshots', snapshotId ?? volumeId ?? '', () =>
    session.ec2.send(command),
  ).catch(absent(/^InvalidSnapshot\.NotFound$/));
  const keys = (output?.Snapshots ?? []).flatMap(({ KmsKeyId }) => KeyArn.safeParse(KmsKeyId).data ?? []);
  return keys[0] ?? null;
};

const Snapshots = z.array(z.object({ SnapshotId, VolumeId: VolumeId.optional(), Encrypted: z.boolean().optional() }));

const frozenFrom = (snapshots: unknown): FrozenSnapshot[] =>
  Snapshots.parse(snapshots).map(({ SnapshotId: snapshotId, VolumeId: volumeId, Encrypted }) => ({
    snapshotId,
    volumeId: volumeId ?? null,
    encrypted: Encrypted ?? false,
  }));

/** Tags that tell whose a resource is, given when it is made: a tag added later can be lost to a crash. */
const caseTags = (caseId: string) => [
  { Key: 'unlatch:case', Value: caseId },
  { Key: 'Name', Value: `Unlatch evidence ${caseId}` },
];

/** The snapshots that a case has frozen already: looked up before freezing again. */
export const findFrozen = async (session: AwsSession, custody: Custody, caseId: string): Promise<FrozenSnapshot[]> => {
  const Filters = [{ Name: 'tag:unlatch:case', Values: [caseId] }];
  const found: FrozenSnapshot[] = [];
  let NextToken: string | undefined;
  do {
    const command = new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters, NextToken });
    const output = await recorded(custody, session, 'ec2:DescribeSnapshots', caseId, () => session.ec2.send(command));
    found.push(...frozenFrom(output.Snapshots ?? []));
    NextToken = output.NextToken;
  } while (NextToken !== undefined);
  return found;
};

/**
 * Snapshots of all volumes of the target at one instant. It needs no KMS permission, not even for encrypted volumes, so
 * it works whatever else KMS refuses; the snapshots stay under the volumes' own keys.
 */
export const freeze = async (
  session: AwsSession,
  custody: Custody,
  target: Target,
  caseId: string,
): Promise<Freeze> => {
  const at = new Date().toISOString();
  const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags: caseTags(caseId) }];
  const Description = `Unlatch ${caseId}`;
  const [volume] = target.volumes;
  if (target.instanceId !== null) {
    const command = new CreateSnapshotsCommand({
      InstanceSpecification: { InstanceId: target.instanceId },
      Description,
      TagSpecifications,
    });
    const output = await recorded(custody, session, 'ec2:CreateSnapshots', target.instanceId, () =>
      session.ec2.send(command),
    );
    return { frozen: true, snapshots: frozenFrom(output.Snapshots ?? []), at };
  }
  if (volume === undefined) return { frozen: false, because: 'the target has no volume' };
  const command = new CreateSnapshotCommand({ VolumeId: volume.volumeId, Description, TagSpecifications });
  const output = await recorded(custody, session, 'ec2:CreateSnapshot', volume.volumeId, () =>
    session.ec2.send(command),
  );
  return { frozen: true, snapshots: frozenFrom([output]), at };
};
