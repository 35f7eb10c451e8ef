import { STSClient } from '@aws-sdk/client-sts';
import { describe, inject } from 'vitest';
import { type AwsSession, type Custody, sessionsOf } from '#shared/aws/session';

export const ACCOUNT = '111122223333';
export const TARGET = '444455556666';
export const REGION = 'eu-west-3';

/** A group of tests that need moto. */
export const withMoto = describe.skipIf(inject('moto') === null);

const settings = { PARTITION: 'aws', ACCOUNT_ID: ACCOUNT, MEMBER_ROLE: 'UnlatchMember', EXTERNAL_ID: 'external' };

/** A session as the functions have it: in Unlatch's own account, or by the member role in another. */
export const sessionIn = (accountId = ACCOUNT, region = REGION): Promise<AwsSession> =>
  sessionsOf(settings, new STSClient({})).at(accountId, region);

/** What a custody log says was done, and how it came out. */
export const doneIn = (custody: Custody): string[] => custody.map(({ api, result }) => `${api} ${result}`);
