import type { CreateVolumeCommandInput, CreateVolumeCommandOutput } from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { notificationLagSeconds, notifyVolume } from './ebs-notification.ts';
import {
  type Answer,
  answered,
  callerPlace,
  ec2Error,
  recordedCall,
  recordedTags,
  specifiedTags,
  visibleSnapshot,
  zoneOf,
} from './ec2-answer.ts';
import { describedVolume, isVolumeType, sizesOf, type VolumeType } from './ec2-volume-description.ts';
import { newVolume, type VolumeProblem, volumeProblem, wantedEncryption } from './ec2-volume-encryption.ts';
import { withinRequest } from './kms-forwarding.ts';
import type { Snapshot, Volume } from './state.ts';

type CreateCall = Call<CreateVolumeCommandInput>;
type Created = Answer<CreateVolumeCommandOutput>;

/** CreateVolume: answered before KMS is asked, so its refusal shows only in what follows. */
export const volumeCreation = (ground: Ground) => {
  const byToken = new Map<string, { readonly request: string; readonly created: Created }>();

  /** "Ensuring idempotency in Amazon EC2 API requests", Amazon EC2 Developer Guide */
  const createOnce = async (call: CreateCall): Promise<Created> => {
    const { ClientToken, ...parameters } = call.input;
    if (ClientToken === undefined) return createVolume(ground, call);
    const { accountId, region } = callerPlace(call);
    const token = `${accountId}/${region}/${ClientToken}`;
    const request = JSON.stringify(Object.entries(parameters).sort());
    const before = byToken.get(token);
    if (before === undefined) {
      const created = await createVolume(ground, call);
      byToken.set(token, { request, created });
      return created;
    }
    if (before.request !== request) {
      const message = 'The request uses the same client token as a previous, but non-identical request.';
      throw ec2Error(call, 'IdempotentParameterMismatch', message);
    }
    return { ...before.created, output: { ...before.created.output, $metadata: answered(call) } };
  };

  return (call: CreateCall): Promise<CreateVolumeCommandOutput> =>
    recordedCall(ground, call, { eventName: 'CreateVolume', requestParameters: volumeParameters(call.input) }, () =>
      createOnce(call),
    );
};

const volumeParameters = (input: CreateVolumeCommandInput) => ({
  size: input.Size === undefined ? undefined : String(input.Size),
  snapshotId: input.SnapshotId,
  zone: input.AvailabilityZone,
  volumeType: input.VolumeType,
  encrypted: input.Encrypted,
  masterEncryptionKeyId: input.KmsKeyId,
  clientToken: input.ClientToken,
  tagSpecificationSet: recordedTags(input.TagSpecifications),
});

const createVolume = async (ground: Ground, call: CreateCall): Promise<Created> => {
  const { input } = call;
  const zone = wantedZone(call);
  const snapshot = input.SnapshotId === undefined ? null : visibleSnapshot(ground, call, input.SnapshotId);
  if (snapshot !== null && snapshot.state !== 'completed') {
    throw ec2Error(call, 'IncorrectState', `Snapshot is in invalid state - ${snapshot.state}`);
  }
  const volumeType = wantedType(call);
  const sizeGiB = wantedSize(call, volumeType, snapshot);
  checkEncryption(ground, call, snapshot);
  const wanted = wantedEncryption(ground, call, input, snapshot);
  const tags = specifiedTags(input.TagSpecifications, 'volume');
  const volume = newVolume(ground, call, snapshot, wanted, { sizeGiB, tags, zone, volumeType });
  const problem = await volumeProblem(ground, withinRequest(call), volume, wanted, snapshot);
  ground.after(notificationLagSeconds, () => settleVolume(ground, volume, problem, call.requestId));
  return { output: { $metadata: answered(call), ...describedVolume(volume) }, responseElements: createdVolume(volume) };
};

const wantedZone = (call: CreateCall): string => {
  const { AvailabilityZone: zone } = call.input;
  if (zone === undefined) {
    throw ec2Error(call, 'MissingParameter', 'The request must contain the parameter AvailabilityZone');
  }
  if (!/^[a-f]$/.test(zone.replace(call.region, ''))) {
    throw ec2Error(call, 'InvalidZone.NotFound', `The zone '${zone}' does not exist.`);
  }
  return zone;
};

/** Of CreateVolume the default type is gp2, whatever the console's is. */
const wantedType = (call: CreateCall): VolumeType => {
  const { VolumeType = 'gp2' } = call.input;
  if (isVolumeType(VolumeType)) return VolumeType;
  throw ec2Error(call, 'InvalidParameterValue', `Value (${VolumeType}) for parameter volumeType is invalid.`);
};

const wantedSize = (call: CreateCall, type: VolumeType, snapshot: Snapshot | null): number => {
  const size = call.input.Size ?? snapshot?.sizeGiB;
  if (size === undefined) {
    throw ec2Error(call, 'MissingParameter', 'The request must contain the parameter size/snapshot');
  }
  if (snapshot !== null && size < snapshot.sizeGiB) {
    const expected = `smaller than snapshot '${snapshot.snapshotId}', expect size >= ${snapshot.sizeGiB}GiB`;
    throw ec2Error(call, 'InvalidParameterValue', `Volume of ${size}GiB is ${expected}`);
  }
  const { least, most } = sizesOf(type);
  if (size < least || size > most) {
    const message = `Volume of ${size}GiB is not between ${least}GiB and ${most}GiB, as volume type ${type} has to be`;
    throw ec2Error(call, 'InvalidParameterValue', message);
  }
  return size;
};

/** "If you specify KmsKeyId, the encrypted state must be true", which it is where encryption is the default, too. */
const checkEncryption = (ground: Ground, call: CreateCall, snapshot: Snapshot | null): void => {
  const { accountId, region } = callerPlace(call);
  const byDefault = ground.state.encryptionByDefault.has(`${accountId}/${region}`);
  const isEncrypted = call.input.Encrypted === true || byDefault || (snapshot?.keyArn ?? null) !== null;
  if (call.input.KmsKeyId === undefined || isEncrypted) return;
  const message = 'The parameter KmsKeyId requires the parameter Encrypted to be set.';
  throw ec2Error(call, 'InvalidParameterDependency', message);
};

const createdVolume = (volume: Volume) => ({
  volumeId: volume.volumeId,
  size: String(volume.sizeGiB),
  snapshotId: volume.snapshotId ?? undefined,
  zone: zoneOf(volume),
  status: 'creating',
  volumeType: volume.volumeType,
  encrypted: volume.keyArn !== null,
  masterEncryptionKeyId: volume.keyArn ?? undefined,
});

const settleVolume = (ground: Ground, volume: Volume, problem: VolumeProblem | null, requestId: string): void => {
  const outcome = { accountId: volume.accountId, region: volume.region, volumeId: volume.volumeId, requestId };
  if (problem === null) {
    volume.state = 'available';
    notifyVolume(ground, { ...outcome, event: 'createVolume', result: 'available', cause: '', keyArn: null }, 0);
    return;
  }
  ground.state.volumes.delete(volume.volumeId);
  notifyVolume(ground, { ...outcome, event: 'createVolume', result: 'failed', ...problem }, 0);
  notifyVolume(ground, { ...outcome, event: 'deleteVolume', result: 'deleted', cause: '', keyArn: null }, 1);
};
