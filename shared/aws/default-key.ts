import { GetEbsDefaultKmsKeyIdCommand } from '@aws-sdk/client-ec2';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { type Known, known } from '#shared/policy/known';
import { KeyArn } from '#shared/signal/identifiers';
import { askingIn, followed, mapped } from './answers.ts';
import type { AwsSession, Custody } from './session.ts';

const Default = z.object({ KmsKeyId: z.string().min(1) });
const Description = z.object({ KeyMetadata: z.object({ Arn: KeyArn }) });

/**
 * The key under which EBS encrypts in an account and Region where no key is named: an ARN, or `alias/aws/ebs` as long as
 * nobody has chosen another, which KMS is asked for.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetEbsDefaultKmsKeyId.html
 */
export const ebsDefaultKey = async (session: AwsSession, custody: Custody): Promise<Known<KeyArn>> => {
  const ask = askingIn(session, custody);
  const named = await ask('ec2:GetEbsDefaultKmsKeyId', session.accountId, Default, () =>
    session.ec2.send(new GetEbsDefaultKmsKeyIdCommand({})),
  );
  return followed(named, async ({ KmsKeyId: KeyId }) => {
    const arn = KeyArn.safeParse(KeyId).data;
    if (arn !== undefined) return known(arn);
    const described = await ask('kms:DescribeKey', KeyId, Description, () =>
      session.kms.send(new DescribeKeyCommand({ KeyId })),
    );
    return mapped(described, ({ KeyMetadata }) => KeyMetadata.Arn);
  });
};
