import type { AttachVolumeCommandInput, DetachVolumeCommandInput } from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { notificationLagSeconds, notifyVolume } from './ebs-notification.ts';
import { answered, ec2Error, ownInstance, ownVolume, zoneOf } from './ec2-answer.ts';
import type { KmsRefusal } from './kms-decision.ts';
import { ebsContext, ebsGrant, forwardCreateGrant, withinRequest } from './kms-forwarding.ts';
import type { Attachment, Instance, Volume } from './state.ts';

/** How long the guest takes to let a volume go. */
const detachmentSeconds = 4;

/** Attaches a volume: EC2 asks KMS for a grant to the instance's infrastructure role. */
export const attachVolume = async (ground: Ground, call: Call<AttachVolumeCommandInput>) => {
  const volume = ownVolume(ground, call, call.input.VolumeId);
  const instance = ownInstance(ground, call, call.input.InstanceId);
  const device = freeDevice(ground, call, instance);
  checkAttachable(call, volume, instance);
  const attachment: Attachment = { instanceId: instance.instanceId, device, state: 'attaching' };
  volume.state = 'in-use';
  volume.attachment = attachment;
  const refusal = await attachmentRefusal(ground, call, volume, instance.instanceId);
  const late = refusal !== null && refusal.kind === 'state' && refusal.code === 'KMSInvalidStateException';
  if (refusal !== null && !late) {
    release(volume);
    throw revoked(call, volume);
  }
  ground.after(notificationLagSeconds, () => settleAttachment(ground, volume, attachment, refusal));
  return attachmentAnswer(call, volume, attachment);
};

/** Detaches a volume. Where the guest still uses it, AWS waits for the guest; here the guest lets go. */
export const detachVolume = async (ground: Ground, call: Call<DetachVolumeCommandInput>) => {
  const { InstanceId, Device } = call.input;
  const volume = ownVolume(ground, call, call.input.VolumeId);
  const { volumeId, attachment } = volume;
  if (attachment === null || attachment.state === 'detaching') {
    throw ec2Error(call, 'IncorrectState', `Volume '${volumeId}' is in the '${volume.state}' state.`);
  }
  const { instanceId, device } = attachment;
  if ((InstanceId ?? instanceId) !== instanceId || (Device ?? device) !== device) {
    const message = `The volume '${volumeId}' is not attached to instance '${InstanceId}' as device '${Device}'`;
    throw ec2Error(call, 'InvalidAttachment.NotFound', message);
  }
  const instance = ground.state.instances.get(instanceId);
  if (instance?.state === 'running' && instance.blockDevices[0]?.volumeId === volumeId) {
    const message = `Unable to detach root volume '${device}' from instance '${instanceId}'`;
    throw ec2Error(call, 'OperationNotPermitted', message);
  }
  attachment.state = 'detaching';
  ground.after(detachmentSeconds, () => {
    release(volume);
    const place = instance?.blockDevices.findIndex((mapping) => mapping.volumeId === volumeId) ?? -1;
    if (place >= 0) instance?.blockDevices.splice(place, 1);
  });
  return attachmentAnswer(call, volume, attachment);
};

/** What both calls answer: the attachment, on its way. */
const attachmentAnswer = (call: Call, { volumeId }: Volume, { instanceId, device, state }: Attachment) => ({
  output: {
    $metadata: answered(call),
    VolumeId: volumeId,
    InstanceId: instanceId,
    Device: device,
    State: state,
    DeleteOnTermination: false,
  },
  responseElements: { volumeId, instanceId, device, status: state, deleteOnTermination: false },
});

const freeDevice = (ground: Ground, call: Call<AttachVolumeCommandInput>, instance: Instance): string => {
  const { Device: device } = call.input;
  if (device === undefined) throw ec2Error(call, 'MissingParameter', 'The request must contain the parameter device');
  const taken = [
    ...instance.blockDevices.map((mapping) => mapping.device),
    ...[...ground.state.volumes.values()].flatMap(({ attachment }) =>
      attachment?.instanceId === instance.instanceId ? attachment.device : [],
    ),
  ];
  if (!taken.includes(device)) return device;
  const message = `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`;
  throw ec2Error(call, 'InvalidParameterValue', message);
};

const checkAttachable = (call: Call, volume: Volume, instance: Instance): void => {
  const { volumeId, state } = volume;
  const { instanceId } = instance;
  if (volume.attachment !== null) {
    throw ec2Error(call, 'VolumeInUse', `${volumeId} is already attached to an instance`);
  }
  if (state !== 'available') throw ec2Error(call, 'IncorrectState', `'${volumeId}' is not 'available'.`);
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    throw ec2Error(call, 'IncorrectState', `Instance '${instanceId}' is not 'running'.`);
  }
  if (zoneOf(volume) !== zoneOf(instance)) {
    const message = `The volume '${volumeId}' is not in the same availability zone as instance '${instanceId}'`;
    throw ec2Error(call, 'InvalidVolume.ZoneMismatch', message);
  }
};

const release = (volume: Volume): void => {
  volume.state = 'available';
  volume.attachment = null;
};

// The same words for a disabled key and for a refused CreateGrant: the error does not tell which.
const revoked = (call: Call, volume: Volume) =>
  ec2Error(
    call,
    'CustomerKeyHasBeenRevoked',
    `Volume ${volume.volumeId} cannot be attached. The encrypted volume was unable to access the KMS key.`,
  );

const attachmentRefusal = async (
  ground: Ground,
  call: Call,
  volume: Volume,
  instanceId: string,
): Promise<KmsRefusal | null> => {
  const key = volume.keyArn === null ? undefined : ground.state.keys.get(volume.keyArn);
  if (key === undefined) return null;
  const frontEnd = withinRequest(call);
  const by = { ...frontEnd, requestId: ground.uuid(), sourceIPAddress: frontEnd.invokedBy };
  return forwardCreateGrant(ground, by, key, infrastructureGrant(call, volume, instanceId));
};

const infrastructureGrant = (call: Call, volume: Volume, instanceId: string) => ({
  ...ebsGrant(call.region, { encryptionContextSubset: ebsContext(volume.volumeId) }),
  granteePrincipal: `arn:aws:sts::${volume.accountId}:assumed-role/aws:ec2-infrastructure/${instanceId}`,
});

/** A key that is pending deletion or import lets the attachment begin, and fails it afterwards. */
const settleAttachment = (ground: Ground, volume: Volume, attachment: Attachment, refusal: KmsRefusal | null): void => {
  if (attachment.state !== 'attaching') return;
  const { accountId, region, volumeId } = volume;
  const event = { accountId, region, volumeId, event: 'attachVolume', requestId: '' } as const;
  if (refusal === null) {
    attachment.state = 'attached';
    const instance = ground.state.instances.get(attachment.instanceId);
    instance?.blockDevices.push({ device: attachment.device, volumeId });
    notifyVolume(ground, { ...event, result: 'attached', cause: '', keyArn: null }, 0);
    return;
  }
  release(volume);
  notifyVolume(ground, { ...event, result: 'failed', cause: refusal.message, keyArn: volume.keyArn }, 0);
};
