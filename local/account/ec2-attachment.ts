import type { AttachVolumeCommandInput } from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { notificationLagSeconds, notifyVolume } from './ebs-notification.ts';
import { answered, callerPlace, ec2Error, isAt, ownVolume } from './ec2-answer.ts';
import type { KmsRefusal } from './kms-decision.ts';
import { ebsContext, ebsGrant, forwardCreateGrant, withinRequest } from './kms-forwarding.ts';
import type { Instance, Volume } from './state.ts';

/** Attaches a volume: EC2 asks KMS for a grant to the instance's infrastructure role. */
export const attachVolume = async (ground: Ground, call: Call<AttachVolumeCommandInput>) => {
  const { InstanceId, Device = '/dev/sdf' } = call.input;
  const volume = ownVolume(ground, call, call.input.VolumeId);
  const instance = ground.state.instances.get(InstanceId ?? '');
  if (instance === undefined || !isAt(instance, callerPlace(call))) {
    throw ec2Error(call, 'InvalidInstanceID.NotFound', `The instance ID '${InstanceId}' does not exist`);
  }
  if (volume.state !== 'available') {
    throw ec2Error(call, 'IncorrectState', `Volume '${volume.volumeId}' is in the '${volume.state}' state`);
  }
  const refusal = await attachmentRefusal(ground, call, volume, instance.instanceId);
  const late = refusal !== null && refusal.kind === 'state' && refusal.code === 'KMSInvalidStateException';
  if (refusal !== null && !late) throw revoked(call, volume);
  volume.state = 'in-use';
  volume.attachment = { instanceId: instance.instanceId, device: Device };
  ground.after(notificationLagSeconds, () => settleAttachment(ground, volume, instance, refusal));
  const attachment = { VolumeId: volume.volumeId, InstanceId, Device, State: 'attaching' as const };
  const output = { $metadata: answered(call), ...attachment, DeleteOnTermination: false };
  const responseElements = {
    volumeId: volume.volumeId,
    instanceId: InstanceId,
    device: Device,
    status: 'attaching',
    deleteOnTermination: false,
  };
  return { output, responseElements };
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
const settleAttachment = (ground: Ground, volume: Volume, instance: Instance, refusal: KmsRefusal | null): void => {
  const outcome = { accountId: volume.accountId, region: volume.region, volumeId: volume.volumeId } as const;
  const event = { ...outcome, event: 'attachVolume', requestId: '' } as const;
  if (refusal === null) {
    const device = volume.attachment?.device ?? '/dev/sdf';
    instance.blockDevices.push({ device, volumeId: volume.volumeId });
    notifyVolume(ground, { ...event, result: 'attached', cause: '', keyArn: null }, 0);
    return;
  }
  volume.state = 'available';
  volume.attachment = null;
  notifyVolume(ground, { ...event, result: 'failed', cause: refusal.message, keyArn: volume.keyArn }, 0);
};
