import type {
  Instance as AwsInstance,
  BlockDeviceMapping,
  DescribeInstancesCommandInput,
  DescribeInstancesCommandOutput,
  InstanceStateChange,
  RunInstancesCommandInput,
  RunInstancesCommandOutput,
  StartInstancesCommandInput,
  StartInstancesCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { notifyInstance } from './ebs-notification.ts';
import {
  answered,
  callerPlace,
  isAt,
  meetsFilters,
  ownInstance,
  pageOf,
  recordedCall,
  recordedTags,
  specifiedTags,
  tagList,
  visibleSnapshot,
  zoneOf,
} from './ec2-answer.ts';
import { newVolume, volumeProblem, wantedEncryption } from './ec2-volume-encryption.ts';
import { ebsContext, ebsGrant, forwardCreateGrant, withinRequest } from './kms-forwarding.ts';
import type { Instance, InstanceState } from './state.ts';

/** How long an instance takes to boot, and to begin and end its termination when KMS refuses its volume. */
const launchSeconds = 10;
const terminationSeconds = 20;

/** Instances: what KMS refuses shows in how they end, not in the answer of the call. */
export const ec2Instances = (ground: Ground) => ({
  DescribeInstances: async (call: Call<DescribeInstancesCommandInput>): Promise<DescribeInstancesCommandOutput> => {
    const { InstanceIds, Filters, MaxResults, NextToken } = call.input;
    const named = InstanceIds?.map((id) => ownInstance(ground, call, id));
    const candidates =
      named ?? [...ground.state.instances.values()].filter((instance) => isAt(instance, callerPlace(call)));
    const found = candidates.filter((instance) =>
      meetsFilters(call, Filters, filterProperties(instance), instance.tags),
    );
    const { page, nextToken } = pageOf(found, MaxResults, NextToken);
    const reservations = page.map((instance) => ({
      ReservationId: instance.instanceId.replace(/^i-/, 'r-'),
      OwnerId: instance.accountId,
      Instances: [describedInstance(instance)],
    }));
    return { $metadata: answered(call), Reservations: reservations, NextToken: nextToken };
  },

  RunInstances: (call: Call<RunInstancesCommandInput>): Promise<RunInstancesCommandOutput> =>
    recordedCall(ground, call, { eventName: 'RunInstances', requestParameters: launchParameters(call.input) }, () =>
      runInstances(ground, call),
    ),

  StartInstances: (call: Call<StartInstancesCommandInput>): Promise<StartInstancesCommandOutput> => {
    const items = (call.input.InstanceIds ?? []).map((instanceId) => ({ instanceId }));
    return recordedCall(
      ground,
      call,
      { eventName: 'StartInstances', requestParameters: { instancesSet: { items } } },
      () => startInstances(ground, call),
    );
  },
});

const launchParameters = (input: RunInstancesCommandInput) => ({
  instancesSet: { items: [{ imageId: input.ImageId, minCount: input.MinCount, maxCount: input.MaxCount }] },
  instanceType: input.InstanceType,
  blockDeviceMapping: {
    items: (input.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs }) => ({
      deviceName: DeviceName,
      ebs: {
        snapshotId: Ebs?.SnapshotId,
        volumeSize: Ebs?.VolumeSize,
        encrypted: Ebs?.Encrypted,
        kmsKeyId: Ebs?.KmsKeyId,
      },
    })),
  },
  tagSpecificationSet: recordedTags(input.TagSpecifications),
});

const runInstances = async (ground: Ground, call: Call<RunInstancesCommandInput>) => {
  const instances: Instance[] = [];
  for (let launched = 0; launched < (call.input.MaxCount ?? 1); launched += 1) {
    instances.push(await launchInstance(ground, call));
  }
  const described = instances.map(describedInstance);
  const items = instances.map(({ instanceId }) => ({
    instanceId,
    imageId: call.input.ImageId,
    instanceState: { code: stateCodes.pending, name: 'pending' },
  }));
  return {
    output: { $metadata: answered(call), Instances: described, OwnerId: call.session.role.accountId },
    responseElements: { ownerId: call.session.role.accountId, instancesSet: { items } },
  };
};

const launchInstance = async (ground: Ground, call: Call<RunInstancesCommandInput>): Promise<Instance> => {
  const instance: Instance = {
    instanceId: ground.resourceId('i'),
    ...callerPlace(call),
    zone: call.input.Placement?.AvailabilityZone,
    platform: 'linux',
    tags: specifiedTags(call.input.TagSpecifications, 'instance'),
    blockDevices: [],
    privateIp: null,
    agent: null,
    files: {},
    state: 'pending',
    stateReason: null,
  };
  ground.state.instances.set(instance.instanceId, instance);
  notifyInstance(ground, instance, instance.instanceId, 'pending');
  let refused = false;
  for (const mapping of call.input.BlockDeviceMappings ?? [{ DeviceName: '/dev/xvda', Ebs: {} }]) {
    refused = (await launchVolume(ground, call, instance, mapping)) || refused;
  }
  if (refused) failLaunch(ground, instance);
  else ground.after(launchSeconds, () => enter(ground, instance, 'running'));
  return instance;
};

/** Makes one volume of a launch; whether KMS refused it. */
const launchVolume = async (
  ground: Ground,
  call: Call<RunInstancesCommandInput>,
  instance: Instance,
  { DeviceName = '/dev/xvda', Ebs = {} }: BlockDeviceMapping,
): Promise<boolean> => {
  const snapshot = Ebs.SnapshotId === undefined ? null : visibleSnapshot(ground, call, Ebs.SnapshotId);
  const wanted = wantedEncryption(ground, call, Ebs, snapshot);
  const sizeGiB = Ebs.VolumeSize ?? snapshot?.sizeGiB ?? 8;
  const volume = newVolume(ground, call, snapshot, wanted, { sizeGiB, tags: {}, zone: instance.zone });
  volume.state = 'in-use';
  volume.attachment = { instanceId: instance.instanceId, device: DeviceName };
  instance.blockDevices.push({ device: DeviceName, volumeId: volume.volumeId });
  return (await volumeProblem(ground, withinRequest(call), volume, wanted, snapshot)) !== null;
};

// The text speaks of the key's state even where the key is enabled and a permission is missing.
const invalidKey = {
  code: 'Client.InvalidKMSKey.InvalidState',
  message: 'Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state',
} as const;

const launchError = { code: 'Client.InternalError', message: 'Client.InternalError: Client error on launch' } as const;

const failLaunch = (ground: Ground, instance: Instance): void => {
  ground.after(launchSeconds, () => {
    instance.stateReason = invalidKey;
    enter(ground, instance, 'shutting-down');
  });
  ground.after(terminationSeconds, () => {
    for (const { volumeId } of instance.blockDevices) ground.state.volumes.delete(volumeId);
    instance.blockDevices.length = 0;
    enter(ground, instance, 'terminated');
  });
};

const enter = (ground: Ground, instance: Instance, state: InstanceState): void => {
  instance.state = state;
  notifyInstance(ground, instance, instance.instanceId, state);
};

const startInstances = async (ground: Ground, call: Call<StartInstancesCommandInput>) => {
  const changes: InstanceStateChange[] = [];
  for (const instanceId of call.input.InstanceIds ?? []) {
    const instance = ownInstance(ground, call, instanceId);
    const previous = instance.state;
    if (previous === 'stopped') await startInstance(ground, call, instance);
    changes.push({
      InstanceId: instanceId,
      PreviousState: describedState(previous),
      CurrentState: describedState(instance.state),
    });
  }
  const items = changes.map(({ InstanceId, PreviousState, CurrentState }) => ({
    instanceId: InstanceId,
    currentState: { code: CurrentState?.Code, name: CurrentState?.Name },
    previousState: { code: PreviousState?.Code, name: PreviousState?.Name },
  }));
  return {
    output: { $metadata: answered(call), StartingInstances: changes },
    responseElements: { instancesSet: { items } },
  };
};

/** A start needs a grant on the key of every encrypted volume; without it the instance stops again. */
const startInstance = async (ground: Ground, call: Call, instance: Instance): Promise<void> => {
  instance.stateReason = null;
  enter(ground, instance, 'pending');
  let refused = false;
  for (const { volumeId } of instance.blockDevices) {
    const keyArn = ground.state.volumes.get(volumeId)?.keyArn ?? null;
    const key = keyArn === null ? undefined : ground.state.keys.get(keyArn);
    if (key === undefined) continue;
    const terms = {
      ...ebsGrant(call.region, { encryptionContextSubset: ebsContext(volumeId) }),
      granteePrincipal: `arn:aws:sts::${instance.accountId}:assumed-role/aws:ec2-infrastructure/${instance.instanceId}`,
    };
    refused = (await forwardCreateGrant(ground, withinRequest(call), key, terms)) !== null || refused;
  }
  ground.after(launchSeconds, () => {
    if (refused) instance.stateReason = launchError;
    enter(ground, instance, refused ? 'stopped' : 'running');
  });
};

const stateCodes = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
} as const satisfies Record<InstanceState, number>;

const describedState = (state: InstanceState) => ({ Code: stateCodes[state], Name: state });

const filterProperties = (instance: Instance) => ({
  'instance-id': [instance.instanceId],
  'instance-state-name': [instance.state],
  'availability-zone': [zoneOf(instance)],
  'block-device-mapping.volume-id': instance.blockDevices.map(({ volumeId }) => volumeId),
});

const describedInstance = (instance: Instance): AwsInstance => ({
  InstanceId: instance.instanceId,
  State: describedState(instance.state),
  StateReason:
    instance.stateReason === null
      ? undefined
      : { Code: instance.stateReason.code, Message: instance.stateReason.message },
  StateTransitionReason: instance.stateReason === null ? '' : launchError.code,
  PrivateIpAddress: instance.privateIp ?? undefined,
  Platform: instance.platform === 'windows' ? 'Windows' : undefined,
  PlatformDetails: instance.platform === 'windows' ? 'Windows' : 'Linux/UNIX',
  Placement: { AvailabilityZone: zoneOf(instance) },
  RootDeviceName: instance.blockDevices[0]?.device,
  BlockDeviceMappings: instance.blockDevices.map(({ device, volumeId }) => ({
    DeviceName: device,
    Ebs: { VolumeId: volumeId, Status: 'attached', DeleteOnTermination: true },
  })),
  Tags: tagList(instance.tags),
});
