import type {
  Snapshot as AwsSnapshot,
  CreateSnapshotCommandInput,
  CreateSnapshotCommandOutput,
  CreateSnapshotsCommandInput,
  CreateSnapshotsCommandOutput,
  DeleteSnapshotCommandInput,
  DeleteSnapshotCommandOutput,
  DescribeSnapshotsCommandInput,
  DescribeSnapshotsCommandOutput,
  SnapshotInfo,
} from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { giveUpIdle } from './ebs-direct-uploads.ts';
import { notifySnapshot, notifySnapshotSet } from './ebs-notification.ts';
import {
  answered,
  callerPlace,
  ec2Error,
  isVisible,
  meetsFilters,
  ownInstance,
  ownSnapshot,
  ownVolume,
  pageOf,
  recordedCall,
  recordedTags,
  specifiedTags,
  tagList,
  visibleSnapshot,
} from './ec2-answer.ts';
import type { Snapshot, Tags, Volume } from './state.ts';

/** How long a snapshot is `pending`. */
export const snapshotSeconds = 30;

// A second CreateSnapshot of one volume is refused when it comes this soon after the first.
const perVolumeIntervalMs = 1000;

/** Snapshots made of volumes: EBS needs no KMS permission of the caller to make them. */
export const ec2Snapshots = (ground: Ground) => ({
  CreateSnapshot: (call: Call<CreateSnapshotCommandInput>): Promise<CreateSnapshotCommandOutput> => {
    const { VolumeId, Description, TagSpecifications } = call.input;
    const tagSpecificationSet = recordedTags(TagSpecifications);
    const requestParameters = { volumeId: VolumeId, description: Description, tagSpecificationSet };
    return recordedCall(ground, call, { eventName: 'CreateSnapshot', requestParameters }, () =>
      createSnapshot(ground, call),
    );
  },

  CreateSnapshots: (call: Call<CreateSnapshotsCommandInput>): Promise<CreateSnapshotsCommandOutput> =>
    recordedCall(
      ground,
      call,
      {
        eventName: 'CreateSnapshots',
        requestParameters: { CreateSnapshotsRequest: snapshotSetParameters(call.input) },
      },
      () => createSnapshots(ground, call),
    ),

  DescribeSnapshots: async (call: Call<DescribeSnapshotsCommandInput>): Promise<DescribeSnapshotsCommandOutput> => {
    const { SnapshotIds, OwnerIds, Filters, MaxResults, NextToken } = call.input;
    const place = callerPlace(call);
    for (const snapshot of ground.state.snapshots.values()) giveUpIdle(ground, snapshot);
    const named = SnapshotIds?.map((id) => visibleSnapshot(ground, call, id));
    const candidates = named ?? [...ground.state.snapshots.values()].filter((snapshot) => isVisible(snapshot, place));
    const owners = OwnerIds?.map((owner) => (owner === 'self' ? place.accountId : owner));
    const found = candidates.filter(
      (snapshot) =>
        (owners?.includes(snapshot.accountId) ?? true) &&
        meetsFilters(call, Filters, filterProperties(snapshot), tagsSeenBy(snapshot, place.accountId)),
    );
    const { page, nextToken } = pageOf(found, MaxResults, NextToken);
    const described = page.map((snapshot) => describedSnapshot(snapshot, place.accountId));
    return { $metadata: answered(call), Snapshots: described, NextToken: nextToken };
  },

  DeleteSnapshot: (call: Call<DeleteSnapshotCommandInput>): Promise<DeleteSnapshotCommandOutput> => {
    const requestParameters = { snapshotId: call.input.SnapshotId };
    return recordedCall(ground, call, { eventName: 'DeleteSnapshot', requestParameters }, async () => {
      const snapshot = ownSnapshot(ground, call, call.input.SnapshotId);
      ground.state.snapshots.delete(snapshot.snapshotId);
      return { output: { $metadata: answered(call) }, responseElements: { _return: true } };
    });
  },
});

const createSnapshot = async (ground: Ground, call: Call<CreateSnapshotCommandInput>) => {
  const volume = ownVolume(ground, call, call.input.VolumeId);
  if (volume.state !== 'available' && volume.state !== 'in-use') {
    throw ec2Error(call, 'IncorrectState', `Volume '${volume.volumeId}' is in the '${volume.state}' state`);
  }
  const age = (snapshot: Snapshot) => ground.now().getTime() - snapshot.startTime.getTime();
  const recent = [...ground.state.snapshots.values()].some(
    (snapshot) => snapshot.volumeId === volume.volumeId && age(snapshot) <= perVolumeIntervalMs,
  );
  if (recent) {
    throw ec2Error(
      call,
      'SnapshotCreationPerVolumeRateExceeded',
      'The maximum per volume CreateSnapshot request rate has been exceeded. Use an increasing or variable sleep interval between requests.',
    );
  }
  const tags = specifiedTags(call.input.TagSpecifications, 'snapshot');
  const snapshot = snapshotOf(ground, volume, call.input.Description, tags);
  ground.after(snapshotSeconds, () => completeSnapshot(ground, snapshot));
  const output = { $metadata: answered(call), ...describedSnapshot(snapshot, snapshot.accountId) };
  return { output, responseElements: createdSnapshot(snapshot) };
};

const createSnapshots = async (ground: Ground, call: Call<CreateSnapshotsCommandInput>) => {
  const { InstanceSpecification, CopyTagsFromSource, Description, TagSpecifications } = call.input;
  const instance = ownInstance(ground, call, InstanceSpecification?.InstanceId);
  const excluded = new Set(InstanceSpecification?.ExcludeDataVolumeIds ?? []);
  const devices = instance.blockDevices
    .slice(InstanceSpecification?.ExcludeBootVolume === true ? 1 : 0)
    .filter(({ volumeId }) => !excluded.has(volumeId));
  const tags = specifiedTags(TagSpecifications, 'snapshot');
  const snapshots = devices.map(({ volumeId }) => {
    const volume = ownVolume(ground, call, volumeId);
    return snapshotOf(
      ground,
      volume,
      Description,
      CopyTagsFromSource === 'volume' ? { ...volume.tags, ...tags } : tags,
    );
  });
  const startTime = ground.now();
  ground.after(snapshotSeconds, () => {
    for (const snapshot of snapshots) completeSnapshot(ground, snapshot);
    notifySnapshotSet(ground, { ...callerPlace(call), snapshots, startTime });
  });
  const items = snapshots.map(createdSnapshot);
  return {
    output: { $metadata: answered(call), Snapshots: snapshots.map(snapshotInfo) },
    responseElements: { CreateSnapshotsResponse: { requestId: call.requestId, snapshotSet: { items } } },
  };
};

// The instance's snapshots in the spelling of CloudTrail, which keeps the request's XML names here.
const snapshotSetParameters = (input: CreateSnapshotsCommandInput) => ({
  InstanceSpecification: {
    InstanceId: input.InstanceSpecification?.InstanceId,
    ExcludeBootVolume: input.InstanceSpecification?.ExcludeBootVolume ?? false,
  },
  ...(input.Description === undefined ? {} : { Description: input.Description }),
  ...(input.CopyTagsFromSource === undefined ? {} : { CopyTagsFromSource: input.CopyTagsFromSource }),
  ...(input.TagSpecifications === undefined
    ? {}
    : {
        TagSpecification: input.TagSpecifications.map(({ ResourceType, Tags: tags }, index) => ({
          tag: index + 1,
          ResourceType,
          Tag: tags,
        })),
      }),
});

const snapshotOf = (ground: Ground, volume: Volume, description: string | undefined, tags: Tags): Snapshot => {
  const snapshot: Snapshot = {
    snapshotId: ground.resourceId('snap'),
    accountId: volume.accountId,
    region: volume.region,
    volumeId: volume.volumeId,
    sizeGiB: volume.sizeGiB,
    keyArn: volume.keyArn,
    description: description ?? '',
    startTime: ground.now(),
    sharedWith: new Set(),
    tags,
    blocks: new Map(volume.blocks),
    holes: volume.holes,
    state: 'pending',
    stateMessage: null,
  };
  ground.state.snapshots.set(snapshot.snapshotId, snapshot);
  return snapshot;
};

const completeSnapshot = (ground: Ground, snapshot: Snapshot): void => {
  if (ground.state.snapshots.get(snapshot.snapshotId)?.state !== 'pending') return;
  snapshot.state = 'completed';
  notifySnapshot(ground, {
    accountId: snapshot.accountId,
    region: snapshot.region,
    snapshotId: snapshot.snapshotId,
    event: 'createSnapshot',
    source: { region: snapshot.region, volumeId: snapshot.volumeId },
    startTime: snapshot.startTime,
  });
};

const createdSnapshot = (snapshot: Snapshot) => ({
  snapshotId: snapshot.snapshotId,
  volumeId: snapshot.volumeId,
  status: 'pending',
  startTime: snapshot.startTime.getTime(),
  progress: '',
  ownerId: snapshot.accountId,
  volumeSize: String(snapshot.sizeGiB),
  description: snapshot.description,
  encrypted: snapshot.keyArn !== null,
});

const progressOf = (snapshot: Snapshot): string => (snapshot.state === 'completed' ? '100%' : '0%');

const snapshotInfo = (snapshot: Snapshot): SnapshotInfo => ({
  SnapshotId: snapshot.snapshotId,
  VolumeId: snapshot.volumeId,
  VolumeSize: snapshot.sizeGiB,
  State: snapshot.state,
  StartTime: snapshot.startTime,
  Progress: '',
  OwnerId: snapshot.accountId,
  Description: snapshot.description,
  Encrypted: snapshot.keyArn !== null,
  Tags: tagList(snapshot.tags),
});

const filterProperties = (snapshot: Snapshot) => ({
  'snapshot-id': [snapshot.snapshotId],
  'volume-id': [snapshot.volumeId],
  'owner-id': [snapshot.accountId],
  status: [snapshot.state],
  description: [snapshot.description],
  encrypted: [String(snapshot.keyArn !== null)],
});

// "Share an Amazon EBS snapshot": its tags are not shared with it.
const tagsSeenBy = (snapshot: Snapshot, accountId: string): Tags =>
  snapshot.accountId === accountId ? snapshot.tags : {};

const describedSnapshot = (snapshot: Snapshot, accountId: string): AwsSnapshot => ({
  SnapshotId: snapshot.snapshotId,
  VolumeId: snapshot.volumeId,
  VolumeSize: snapshot.sizeGiB,
  State: snapshot.state,
  StateMessage: snapshot.stateMessage ?? undefined,
  StartTime: snapshot.startTime,
  Progress: progressOf(snapshot),
  OwnerId: snapshot.accountId,
  Description: snapshot.description,
  Encrypted: snapshot.keyArn !== null,
  KmsKeyId: snapshot.keyArn ?? undefined,
  Tags: tagList(tagsSeenBy(snapshot, accountId)),
  StorageTier: 'standard',
});
