import {
  CopySnapshotCommand,
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
  GetEbsEncryptionByDefaultCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { SnapshotId } from '#shared/signal/identifiers';
import { type AwsSession, type Custody, errorName, recorded } from './session.ts';
import type { Tags } from './volumes.ts';

const Described = z.object({
  /** `pending`, `completed`, `error`, `recoverable`, `recovering`. */
  State: z.string(),
  StateMessage: z.string().optional(),
  VolumeSize: z.int().min(1),
  KmsKeyId: z.string().optional(),
});

export interface SnapshotState {
  readonly state: string;
  readonly message: string | null;
  readonly sizeGiB: number;
  readonly keyArn: string | null;
}

/** How a snapshot stands; `null` where there is none, or not yet. */
export const snapshotState = async (
  session: AwsSession,
  custody: Custody,
  snapshotId: SnapshotId,
): Promise<SnapshotState | null> => {
  const command = new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] });
  try {
    const { Snapshots = [] } = await recorded(custody, session, 'ec2:DescribeSnapshots', snapshotId, () =>
      session.ec2.send(command),
    );
    if (Snapshots.length === 0) return null;
    const { State, StateMessage = null, VolumeSize, KmsKeyId = null } = Described.parse(Snapshots[0]);
    return { state: State, message: StateMessage, sizeGiB: VolumeSize, keyArn: KmsKeyId };
  } catch (error) {
    if (errorName(error) === 'InvalidSnapshot.NotFound') return null;
    throw error;
  }
};

/** Whether whatever is made here is encrypted, asked for or not. Of one account and Region. */
export const encryptsByDefault = async (session: AwsSession, custody: Custody): Promise<boolean> => {
  const command = new GetEbsEncryptionByDefaultCommand({});
  const { EbsEncryptionByDefault } = await recorded(
    custody,
    session,
    'ec2:GetEbsEncryptionByDefault',
    `${session.accountId} ${session.region}`,
    () => session.ec2.send(command),
  );
  // No answer is no permission to make something unencrypted.
  return EbsEncryptionByDefault !== false;
};

/** Lets another account make volumes of a snapshot. Done again, it changes nothing. */
export const shareSnapshot = async (
  session: AwsSession,
  custody: Custody,
  snapshotId: SnapshotId,
  accountId: string,
): Promise<void> => {
  const command = new ModifySnapshotAttributeCommand({
    SnapshotId: snapshotId,
    Attribute: 'createVolumePermission',
    OperationType: 'add',
    UserIds: [accountId],
  });
  await recorded(custody, session, 'ec2:ModifySnapshotAttribute', `${snapshotId} for ${accountId}`, () =>
    session.ec2.send(command),
  );
};

/** Deletes a snapshot; one that is gone already is as good. */
export const deleteSnapshot = async (session: AwsSession, custody: Custody, snapshotId: SnapshotId): Promise<void> => {
  const command = new DeleteSnapshotCommand({ SnapshotId: snapshotId });
  await recorded(custody, session, 'ec2:DeleteSnapshot', snapshotId, () => session.ec2.send(command)).catch(
    (error: unknown) => {
      if (errorName(error) !== 'InvalidSnapshot.NotFound') throw error;
    },
  );
};

/** A copy that is to be made in the session's account and Region. */
export interface NewCopy {
  readonly source: { readonly snapshotId: SnapshotId; readonly region: string };
  /** ARN or alias. */
  readonly keyId: string;
  readonly description: string;
  readonly tags: Tags;
}

/** Copies a snapshot under a key. EBS takes no token: done twice, it makes two. */
export const copySnapshot = async (
  session: AwsSession,
  custody: Custody,
  { source, keyId, description, tags }: NewCopy,
): Promise<SnapshotId> => {
  const command = new CopySnapshotCommand({
    SourceSnapshotId: source.snapshotId,
    SourceRegion: source.region,
    Description: description,
    Encrypted: true,
    KmsKeyId: keyId,
    TagSpecifications: [
      { ResourceType: 'snapshot', Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
    ],
  });
  const made = await recorded(custody, session, 'ec2:CopySnapshot', `${source.snapshotId} under ${keyId}`, () =>
    session.ec2.send(command),
  );
  return SnapshotId.parse(made.SnapshotId);
};

/**
 * A copy of one's own with this description and all of these tags, or `null`. Tags can be written by whoever may, on any
 * snapshot; a description stands from the snapshot's first moment and cannot be changed.
 */
export const findCopy = async (
  session: AwsSession,
  custody: Custody,
  { description, tags }: Pick<NewCopy, 'description' | 'tags'>,
): Promise<SnapshotId | null> => {
  const command = new DescribeSnapshotsCommand({
    OwnerIds: ['self'],
    Filters: [
      { Name: 'description', Values: [description] },
      ...Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
    ],
  });
  const found = await recorded(custody, session, 'ec2:DescribeSnapshots', description, () => session.ec2.send(command));
  const [first] = found.Snapshots ?? [];
  return first === undefined ? null : SnapshotId.parse(first.SnapshotId);
};
