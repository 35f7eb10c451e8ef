import { DescribeInstancesCommand, DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { instancePage } from '#shared/aws/fleet';
import { answer, lasting, ownSession } from './reading.ts';

const KEY = 'arn:aws:kms:eu-west-3:111122223333:key/5f0e9d8c-7b6a-4958-8473-625140fedcba';

describe('a page of instances', () => {
  it('has a volume with Multi-Attach at each machine that it hangs on', async () => {
    const ids = ['i-0aaaaaaaaaaaaaaa1', 'i-0aaaaaaaaaaaaaaa2'];
    const ec2 = lasting(mockClient(EC2Client));
    lasting(mockClient(SSMClient))
      .on(DescribeInstanceInformationCommand)
      .resolves(answer({ InstanceInformationList: [] }));
    ec2.on(DescribeInstancesCommand).resolves(
      answer({
        Reservations: [
          {
            Instances: ids.map((InstanceId) => ({
              InstanceId,
              State: { Name: 'running' as const },
              Placement: { AvailabilityZone: 'eu-west-3a' },
            })),
          },
        ],
      }),
    );
    ec2.on(DescribeVolumesCommand).resolves(
      answer({
        Volumes: [
          {
            VolumeId: 'vol-0bbbbbbbbbbbbbbb1',
            Encrypted: true,
            KmsKeyId: KEY,
            Attachments: ids.map((InstanceId, at) => ({ InstanceId, Device: `/dev/sd${'fg'[at]}` })),
          },
        ],
      }),
    );
    const { items } = await instancePage(await ownSession(), [], null);
    expect(items.map(({ target, volumes }) => [target.instanceId, volumes.map(({ device }) => device)])).toEqual([
      [ids[0], ['/dev/sdf']],
      [ids[1], ['/dev/sdg']],
    ]);
  });
});
