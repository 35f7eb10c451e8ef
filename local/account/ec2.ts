import type {
  CreateTagsCommandInput,
  CreateTagsCommandOutput,
  GetEbsEncryptionByDefaultCommandInput,
  GetEbsEncryptionByDefaultCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { answered, callerPlace, ec2Error, isAt } from './ec2-answer.ts';
import { ec2Instances } from './ec2-instances.ts';
import { ec2SnapshotHandover } from './ec2-snapshot-handover.ts';
import { ec2Snapshots } from './ec2-snapshots.ts';
import { ec2Volumes } from './ec2-volumes.ts';

/** EC2 as the embedded account plays it: one function an operation, named as the SDK's commands are. */
export const ec2Service = (ground: Ground) => ({
  ...ec2Instances(ground),
  ...ec2Snapshots(ground),
  ...ec2SnapshotHandover(ground),
  ...ec2Volumes(ground),

  GetEbsEncryptionByDefault: async (
    call: Call<GetEbsEncryptionByDefaultCommandInput>,
  ): Promise<GetEbsEncryptionByDefaultCommandOutput> => {
    const { accountId, region } = callerPlace(call);
    const on = ground.state.encryptionByDefault.has(`${accountId}/${region}`);
    return { $metadata: answered(call), EbsEncryptionByDefault: on };
  },

  CreateTags: async (call: Call<CreateTagsCommandInput>): Promise<CreateTagsCommandOutput> => {
    const { instances, snapshots, volumes } = ground.state;
    for (const id of call.input.Resources ?? []) {
      const resource = instances.get(id) ?? snapshots.get(id) ?? volumes.get(id);
      if (resource === undefined || !isAt(resource, callerPlace(call))) {
        throw ec2Error(call, 'InvalidID', `The ID '${id}' is not valid`);
      }
      for (const { Key = '', Value = '' } of call.input.Tags ?? []) resource.tags[Key] = Value;
    }
    return { $metadata: answered(call) };
  },
});
