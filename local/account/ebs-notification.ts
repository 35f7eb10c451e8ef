import type { Ground } from './call.ts';
import { seconds } from './cloudtrail.ts';

/** EBS reports within seconds, long before CloudTrail does. */
export const notificationLagSeconds = 2;

const later = (ground: Ground, afterSeconds: number): string =>
  seconds(new Date(ground.now().getTime() + afterSeconds * 1000));

/** Where a resource lives and whose it is. */
export interface Place {
  readonly accountId: string;
  readonly region: string;
}

const emitNotification = (
  ground: Ground,
  place: Place,
  detailType: string,
  resources: readonly string[],
  detail: Readonly<Record<string, unknown>>,
  afterSeconds: number,
): void => {
  const event = {
    version: '0',
    id: ground.uuid(),
    'detail-type': detailType,
    source: 'aws.ec2',
    account: place.accountId,
    time: later(ground, afterSeconds),
    region: place.region,
    resources,
    detail,
  } as const;
  ground.emit(event, afterSeconds);
};

export const volumeArn = (place: Place, volumeId: string): string =>
  `arn:aws:ec2:${place.region}:${place.accountId}:volume/${volumeId}`;

// Snapshot and volume ARNs in snapshot notifications hold the Region in the account's place.
// "Amazon EventBridge events for Amazon EBS", Amazon EBS User Guide
const notedSnapshot = (region: string, id: string): string => `arn:aws:ec2::${region}:snapshot/${id}`;
const notedVolume = (region: string, id: string): string => `arn:aws:ec2::${region}:volume/${id}`;

export interface VolumeOutcome extends Place {
  readonly volumeId: string;
  readonly event: 'createVolume' | 'deleteVolume' | 'attachVolume';
  readonly result: 'available' | 'failed' | 'deleted' | 'attached';
  readonly cause: string;
  /** Empty for attachVolume. */
  readonly requestId: string;
  /** The key that a failure names: the volume's own, even where the snapshot's key refused. */
  readonly keyArn: string | null;
}

/** `EBS Volume Notification` */
export const notifyVolume = (ground: Ground, outcome: VolumeOutcome, afterSeconds = notificationLagSeconds): void => {
  const volume = volumeArn(outcome, outcome.volumeId);
  emitNotification(
    ground,
    outcome,
    'EBS Volume Notification',
    outcome.keyArn === null ? [volume] : [volume, outcome.keyArn],
    { result: outcome.result, cause: outcome.cause, event: outcome.event, 'request-id': outcome.requestId },
    afterSeconds,
  );
};

export interface SnapshotOutcome extends Place {
  readonly snapshotId: string;
  readonly event: 'createSnapshot' | 'copySnapshot';
  readonly source:
    | { readonly region: string; readonly volumeId: string }
    | { readonly region: string; readonly snapshotId: string };
  readonly startTime: Date;
  /** Absent: `succeeded`. */
  readonly result?: 'succeeded' | 'failed';
}

/** `EBS Snapshot Notification` of a snapshot or a copy that has come to its end. */
export const notifySnapshot = (
  ground: Ground,
  outcome: SnapshotOutcome,
  afterSeconds = notificationLagSeconds,
): void => {
  const snapshot = notedSnapshot(outcome.region, outcome.snapshotId);
  const { source } = outcome;
  const detail = {
    event: outcome.event,
    result: outcome.result ?? 'succeeded',
    cause: '',
    'request-id': '',
    startTime: outcome.startTime.toISOString(),
    endTime: ground.now().toISOString(),
    snapshot_id: snapshot,
    source:
      'volumeId' in source
        ? notedVolume(source.region, source.volumeId)
        : notedSnapshot(source.region, source.snapshotId),
    ...(outcome.event === 'copySnapshot' ? { incremental: 'true', transferType: 'standard' } : {}),
  };
  emitNotification(ground, outcome, 'EBS Snapshot Notification', [snapshot], detail, afterSeconds);
};

export interface ShareOutcome {
  readonly region: string;
  readonly snapshotId: string;
  readonly owner: string;
  readonly receiver: string;
  readonly requestId: string;
}

/** `EBS Snapshot Notification` in the account that a snapshot is now shared with. */
export const notifyShare = (ground: Ground, outcome: ShareOutcome): void => {
  const snapshot = notedSnapshot(outcome.region, outcome.snapshotId);
  const detail = {
    event: 'shareSnapshot',
    result: 'succeeded',
    cause: '',
    'request-id': outcome.requestId,
    snapshot_id: snapshot,
    source: outcome.owner,
  };
  const place = { accountId: outcome.receiver, region: outcome.region };
  emitNotification(ground, place, 'EBS Snapshot Notification', [snapshot], detail, notificationLagSeconds);
};

export interface SnapshotSetOutcome extends Place {
  readonly snapshots: readonly { readonly snapshotId: string; readonly volumeId: string }[];
  readonly startTime: Date;
}

/** `EBS Multi-Volume Snapshots Completion Status` */
export const notifySnapshotSet = (ground: Ground, outcome: SnapshotSetOutcome): void => {
  const members = outcome.snapshots.map(({ snapshotId, volumeId }) => ({
    snapshot_id: notedSnapshot(outcome.region, snapshotId),
    source: notedVolume(outcome.region, volumeId),
    status: 'completed',
  }));
  const detail = {
    event: 'createSnapshots',
    result: 'succeeded',
    cause: '',
    'request-id': '',
    startTime: outcome.startTime.toISOString(),
    endTime: ground.now().toISOString(),
    snapshots: members,
  };
  const resources = members.map(({ snapshot_id }) => snapshot_id);
  emitNotification(
    ground,
    outcome,
    'EBS Multi-Volume Snapshots Completion Status',
    resources,
    detail,
    notificationLagSeconds,
  );
};

/** `EC2 Instance State-change Notification` */
export const notifyInstance = (ground: Ground, place: Place, instanceId: string, state: string): void => {
  const arn = `arn:aws:ec2:${place.region}:${place.accountId}:instance/${instanceId}`;
  emitNotification(
    ground,
    place,
    'EC2 Instance State-change Notification',
    [arn],
    { 'instance-id': instanceId, state },
    1,
  );
};
