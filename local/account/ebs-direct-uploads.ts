import type { Ground } from './call.ts';
import { notifySnapshot } from './ebs-notification.ts';
import type { Snapshot } from './state.ts';

/** How long EBS takes to complete what is sealed. */
export const completionSeconds = 10;

/**
 * Gives up a snapshot into which nothing has been written for its timeout, and which nobody has completed. To be asked
 * wherever a snapshot's state is read: no time has to pass on its account alone.
 * https://docs.aws.amazon.com/ebs/latest/APIReference/API_StartSnapshot.html
 */
export const giveUpIdle = (ground: Ground, snapshot: Snapshot): void => {
  const { upload, state } = snapshot;
  if (state !== 'pending' || upload === undefined || upload === null) return;
  const idleMs = ground.now().getTime() - upload.lastActivity.getTime();
  if (idleMs < upload.timeoutMs) return;
  snapshot.upload = null;
  snapshot.state = 'error';
};

/** Takes no more blocks, and completes the snapshot unless it is gone or has failed by then. */
export const seal = (ground: Ground, snapshot: Snapshot): void => {
  snapshot.upload = null;
  ground.after(completionSeconds, () => {
    if (ground.state.snapshots.get(snapshot.snapshotId)?.state !== 'pending') return;
    snapshot.state = 'completed';
    const { accountId, region, snapshotId, startTime } = snapshot;
    // No volume stands behind it, so the notification names the snapshot as its own source.
    const source = { region, snapshotId };
    notifySnapshot(ground, { accountId, region, snapshotId, event: 'createSnapshot', source, startTime });
  });
};
