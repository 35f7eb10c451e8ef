import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import type { KeyReading } from '#shared/case/case';
import { type AwsSession, type Custody, errorName, recorded } from './session.ts';

/** What DescribeKey says of a key. A refusal or a missing key is an answer; a throttle throws, to be tried again. */
export const readKey = async (session: AwsSession, custody: Custody, keyArn: string): Promise<KeyReading> => {
  const command = new DescribeKeyCommand({ KeyId: keyArn });
  try {
    const { KeyMetadata } = await recorded(custody, session, 'kms:DescribeKey', keyArn, () =>
      session.kms.send(command),
    );
    return { known: true, state: KeyMetadata?.KeyState ?? 'unknown' };
  } catch (error) {
    const name = errorName(error);
    if (name === 'NotFoundException') return { known: true, state: 'NotFound' };
    if (name === 'AccessDeniedException')
      return { known: false, because: 'kms:DescribeKey was refused to Unlatch too' };
    throw error;
  }
};
