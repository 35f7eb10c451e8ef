import {
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
  GetEbsEncryptionByDefaultCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { z } from 'zod';
import type { SnapshotId } from '#shared/signal/identifiers';
import { type AwsSession, type Custody, errorName, recorded } from './session.ts';

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
