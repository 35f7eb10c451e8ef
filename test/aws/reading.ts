import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { onTestFinished } from 'vitest';
import { running } from '#local/account/lambda';
import { type AwsSession, type Custody, type Sessions, sessionsOf } from '#shared/aws/session';
import type { Rehearsal } from '../rehearsal.ts';

export const ACCOUNT = '111122223333';
export const TARGET = '444455556666';

const settings = { PARTITION: 'aws', ACCOUNT_ID: ACCOUNT, MEMBER_ROLE: 'UnlatchMember', EXTERNAL_ID: '' };

/** Reads as the remediate function does, with its permissions, in an account's session. */
export const readAs = async <T>(
  { account }: Rehearsal,
  read: (session: AwsSession, custody: Custody) => Promise<T>,
  accountId = ACCOUNT,
): Promise<{ facts: T; custody: Custody }> => {
  const invocation = {
    functionId: 'RemediateFunction',
    session: account.sessionOf('RemediateFunction'),
    run: 0,
    execution: null,
    kill: () => {},
    isDead: () => false,
  };
  const custody: Custody = [];
  const facts = await running.run(invocation, async () => {
    const sessions: Sessions = sessionsOf(settings, new STSClient({}));
    return read(await sessions.at(accountId, 'eu-west-3'), custody);
  });
  return { facts, custody };
};

/** A session of Unlatch's own account, for clients that the test mocks itself. */
export const ownSession = (): Promise<AwsSession> => {
  const sts = mockClient(STSClient);
  onTestFinished(() => sts.restore());
  sts.on(GetCallerIdentityCommand).resolves({ Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/unlatch-remediate/unlatch` });
  return sessionsOf(settings, new STSClient({})).at(ACCOUNT, 'eu-west-3');
};

/** A mock that lasts as long as the test. */
export const lasting = <Stub extends { restore(): void }>(stub: Stub): Stub => {
  onTestFinished(() => stub.restore());
  return stub;
};

/** What a mocked service answers, as the SDK gives it. */
export const answer = <Output extends object>(output: Output) => ({ $metadata: {}, ...output });

/** An error as an AWS service answers it. */
export const awsError = (name: string): Error => Object.assign(new Error('a long message of AWS'), { name });

/** What the parts of a record say: `known`, or why not. */
export const told = (record: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(record).flatMap(([part, value]) =>
      typeof value === 'object' && value !== null && 'known' in value
        ? [[part, value.known ? 'known' : String(value.because)]]
        : [],
    ),
  );
