import type { Call, Ground } from './call.ts';
import { dependencyInvalid, invalid, keyNotFound, readError, snapshotNotFound } from './ebs-direct-errors.ts';
import { giveUpIdle } from './ebs-direct-uploads.ts';
import type { WarmKeys } from './ebs-direct-warm-keys.ts';
import { callerPlace, isAt, isVisible } from './ec2-answer.ts';
import { ebsContext, ebsDirect, forward, forwardStateCheck } from './kms-forwarding.ts';
import type { Key, Snapshot, Upload } from './state.ts';

/** Which snapshot a call of the EBS direct APIs means, and what KMS says to it. */

export const knownSnapshot = (ground: Ground, call: Call, snapshotId: string | undefined): Snapshot => {
  const snapshot = ground.state.snapshots.get(snapshotId ?? '');
  if (snapshot === undefined || !isVisible(snapshot, callerPlace(call))) throw snapshotNotFound(call, snapshotId);
  giveUpIdle(ground, snapshot);
  return snapshot;
};

export const completedSnapshot = (ground: Ground, call: Call, snapshotId: string | undefined): Snapshot => {
  const snapshot = knownSnapshot(ground, call, snapshotId);
  if (snapshot.state === 'completed') return snapshot;
  throw invalid(call, 'INVALID_SNAPSHOT_ID', `The snapshot '${snapshotId}' is not completed.`);
};

/**
 * The caller's own snapshot, still open. Completing it once more is no exception: no idempotency is documented for
 * CompleteSnapshot, and nothing more can be written.
 */
export const openSnapshot = (
  ground: Ground,
  call: Call,
  snapshotId: string | undefined,
): { readonly snapshot: Snapshot; readonly upload: Upload } => {
  const snapshot = knownSnapshot(ground, call, snapshotId);
  const { upload, state } = snapshot;
  const isOpen = state === 'pending' && isAt(snapshot, callerPlace(call));
  if (isOpen && upload !== undefined && upload !== null) return { snapshot, upload };
  throw invalid(call, 'INVALID_SNAPSHOT_ID', `The snapshot '${snapshotId}' is not pending.`);
};

export const snapshotKey = (ground: Ground, call: Call, snapshot: Snapshot): Key | null => {
  if (snapshot.keyArn === null) return null;
  const key = ground.state.keys.get(snapshot.keyArn);
  if (key === undefined) throw keyNotFound(call);
  return key;
};

/** Listing needs a look at the key. */
export const mustDescribe = async (ground: Ground, call: Call, snapshot: Snapshot): Promise<void> => {
  const key = snapshotKey(ground, call, snapshot);
  if (key === null) return;
  const by = ebsDirect(ground, call);
  const refusal = await forward(ground, by, 'DescribeKey', key);
  if (refusal !== null) throw readError(call, by, refusal);
};

/** Reading needs the key itself, now and then. */
export const mustDecrypt = async (ground: Ground, call: Call, warm: WarmKeys, snapshot: Snapshot): Promise<void> => {
  const key = snapshotKey(ground, call, snapshot);
  if (key === null || warm.has(call, `read ${snapshot.snapshotId}`)) return;
  await mustDescribe(ground, call, snapshot);
  const by = ebsDirect(ground, call);
  const refusal = await forward(ground, by, 'Decrypt', key, ebsContext(snapshot.snapshotId));
  if (refusal !== null) throw readError(call, by, refusal);
  warm.use(call, `read ${snapshot.snapshotId}`);
};

/** Writing needs a key in working order. */
export const mustEncrypt = (ground: Ground, call: Call, snapshot: Snapshot): void => {
  const key = snapshotKey(ground, call, snapshot);
  if (key === null) return;
  const by = ebsDirect(ground, call);
  const refusal = forwardStateCheck(ground, by, key, ebsContext(snapshot.snapshotId));
  if (refusal !== null) throw dependencyInvalid(call, by, refusal);
};
