import type {
  AttachVolumeCommandInput,
  AttachVolumeCommandOutput,
  DeleteVolumeCommandInput,
  DeleteVolumeCommandOutput,
  DescribeVolumesCommandInput,
  DescribeVolumesCommandOutput,
  DetachVolumeCommandInput,
  DetachVolumeCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { notificationLagSeconds, notifyVolume } from './ebs-notification.ts';
import { answered, callerPlace, ec2Error, isAt, meetsFilters, ownVolume, pageOf, recordedCall } from './ec2-answer.ts';
import { attachVolume, detachVolume } from './ec2-attachment.ts';
import { volumeCreation } from './ec2-volume-creation.ts';
import { describedVolume, volumeFilters } from './ec2-volume-description.ts';

/** The volumes of EC2: made, attached, detached and deleted a while after the call. */
export const ec2Volumes = (ground: Ground) => ({
  CreateVolume: volumeCreation(ground),

  AttachVolume: (call: Call<AttachVolumeCommandInput>): Promise<AttachVolumeCommandOutput> => {
    const { VolumeId, InstanceId, Device } = call.input;
    const requestParameters = {
      volumeId: VolumeId,
      instanceId: InstanceId,
      device: Device,
      deleteOnTermination: false,
    };
    return recordedCall(ground, call, { eventName: 'AttachVolume', requestParameters }, () =>
      attachVolume(ground, call),
    );
  },

  DetachVolume: (call: Call<DetachVolumeCommandInput>): Promise<DetachVolumeCommandOutput> => {
    const { VolumeId, InstanceId, Device, Force = false } = call.input;
    const requestParameters = { volumeId: VolumeId, instanceId: InstanceId, device: Device, force: Force };
    return recordedCall(ground, call, { eventName: 'DetachVolume', requestParameters }, () =>
      detachVolume(ground, call),
    );
  },

  DeleteVolume: (call: Call<DeleteVolumeCommandInput>): Promise<DeleteVolumeCommandOutput> => {
    const requestParameters = { volumeId: call.input.VolumeId };
    return recordedCall(ground, call, { eventName: 'DeleteVolume', requestParameters }, () =>
      deleteVolume(ground, call),
    );
  },

  DescribeVolumes: async (call: Call<DescribeVolumesCommandInput>): Promise<DescribeVolumesCommandOutput> => {
    const { VolumeIds, Filters, MaxResults, NextToken } = call.input;
    const named = VolumeIds?.map((id) => ownVolume(ground, call, id));
    const candidates = named ?? [...ground.state.volumes.values()].filter((volume) => isAt(volume, callerPlace(call)));
    const found = candidates.filter((volume) => meetsFilters(call, Filters, volumeFilters(volume), volume.tags));
    const { page, nextToken } = pageOf(found, MaxResults, NextToken);
    return { $metadata: answered(call), Volumes: page.map(describedVolume), NextToken: nextToken };
  },
});

/** Only a volume that hangs on nothing can be deleted; it is gone a moment later. */
const deleteVolume = async (ground: Ground, call: Call<DeleteVolumeCommandInput>) => {
  const volume = ownVolume(ground, call, call.input.VolumeId);
  const { volumeId, attachment } = volume;
  if (attachment !== null) {
    throw ec2Error(call, 'VolumeInUse', `Volume ${volumeId} is currently attached to ${attachment.instanceId}`);
  }
  if (volume.state !== 'available') {
    throw ec2Error(call, 'IncorrectState', `The volume '${volumeId}' is in the '${volume.state}' state`);
  }
  volume.state = 'deleting';
  ground.after(notificationLagSeconds, () => {
    ground.state.volumes.delete(volumeId);
    const { accountId, region } = volume;
    const outcome = { accountId, region, volumeId, requestId: call.requestId, cause: '', keyArn: null };
    notifyVolume(ground, { ...outcome, event: 'deleteVolume', result: 'deleted' }, 0);
  });
  return { output: { $metadata: answered(call) }, responseElements: { _return: true } };
};
