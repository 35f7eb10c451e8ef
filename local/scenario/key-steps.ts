import type { EmbeddedAccount } from '#local/account/embedded-account';
import type { Key } from '#local/account/state';
import { BadInputError } from './loading.ts';
import type { PlatformStep } from './scenario.ts';

type Call = <Input>(
  step: PlatformStep,
  region: string,
  input: Input,
) => {
  readonly input: Input;
  readonly session: ReturnType<EmbeddedAccount['openSession']>;
  readonly region: string;
  readonly requestId: string;
};

/** The account administers its key, and lets other accounts use it for what EBS asks of it. */
const keyPolicy = (accountId: string, usableBy: readonly string[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AccountAdministers',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
      ...usableBy.map((other) => ({
        Sid: `UsedBy${other}`,
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${other}:root` },
        Action: ['kms:DescribeKey', 'kms:CreateGrant', 'kms:GenerateDataKey*', 'kms:ReEncrypt*', 'kms:Decrypt'],
        Resource: '*',
      })),
    ],
  });

/** What a platform does with a temporary key: makes it, names it, ends it. */
export const keySteps = ({ services, state }: EmbeddedAccount, region: string, keys: Map<string, Key>, call: Call) => {
  const keyOf = (name: string): Key => {
    const key = keys.get(name);
    if (key === undefined) throw new BadInputError(`the key \`${name}\` was never made`);
    return key;
  };

  return {
    CreateKey: async (step: Extract<PlatformStep, { do: 'CreateKey' }>): Promise<string> => {
      const Policy = keyPolicy(step.by.accountId, step.usableBy);
      const { KeyMetadata } = await services.kms.CreateKey(
        call(step, region, { MultiRegion: step.multiRegion, Policy }),
      );
      const key = state.keys.get(KeyMetadata?.Arn ?? '');
      if (key === undefined) throw new Error('CreateKey made no key');
      keys.set(step.as, key);
      return key.arn;
    },
    CreateAlias: async (step: Extract<PlatformStep, { do: 'CreateAlias' }>): Promise<string> => {
      await services.kms.CreateAlias(call(step, region, { AliasName: step.alias, TargetKeyId: keyOf(step.key).keyId }));
      return step.alias;
    },
    ScheduleKeyDeletion: async (step: Extract<PlatformStep, { do: 'ScheduleKeyDeletion' }>): Promise<string> => {
      const { KeyState } = await services.kms.ScheduleKeyDeletion(
        call(step, region, { KeyId: keyOf(step.key).arn, PendingWindowInDays: 7 }),
      );
      return `${KeyState}`;
    },
  };
};
