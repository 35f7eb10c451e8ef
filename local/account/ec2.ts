import type {
  CreateTagsCommandInput,
  CreateTagsCommandOutput,
  DescribeVpcEndpointsCommandInput,
  DescribeVpcEndpointsCommandOutput,
  GetEbsDefaultKmsKeyIdCommandInput,
  GetEbsDefaultKmsKeyIdCommandOutput,
  GetEbsEncryptionByDefaultCommandInput,
  GetEbsEncryptionByDefaultCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { answered, callerPlace, ec2Error, isAt } from './ec2-answer.ts';
import { ec2Instances } from './ec2-instances.ts';
import { ec2SnapshotHandover } from './ec2-snapshot-handover.ts';
import { ec2Snapshots } from './ec2-snapshots.ts';
import { ec2Volumes } from './ec2-volumes.ts';
import { defaultKeyAlias } from './kms-keys.ts';

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

  GetEbsDefaultKmsKeyId: async (
    call: Call<GetEbsDefaultKmsKeyIdCommandInput>,
  ): Promise<GetEbsDefaultKmsKeyIdCommandOutput> => ({
    $metadata: answered(call),
    KmsKeyId: defaultKeyAlias,
  }),

  DescribeVpcEndpoints: async (
    call: Call<DescribeVpcEndpointsCommandInput>,
  ): Promise<DescribeVpcEndpointsCommandOutput> => {
    const { VpcEndpointIds } = call.input;
    const own = [...ground.state.vpcEndpoints.values()].filter((endpoint) => isAt(endpoint, callerPlace(call)));
    const missing = VpcEndpointIds?.find((id) => !own.some(({ vpcEndpointId }) => vpcEndpointId === id));
    if (missing !== undefined) {
      throw ec2Error(call, 'InvalidVpcEndpointId.NotFound', `The Vpc Endpoint Id '${missing}' does not exist`);
    }
    const VpcEndpoints = own
      .filter(({ vpcEndpointId }) => VpcEndpointIds?.includes(vpcEndpointId) ?? true)
      .map(({ vpcEndpointId, accountId, region, service, policy }) => ({
        VpcEndpointId: vpcEndpointId,
        OwnerId: accountId,
        ServiceName: `com.amazonaws.${region}.${service}`,
        PolicyDocument: JSON.stringify(policy),
      }));
    return { $metadata: answered(call), VpcEndpoints };
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
