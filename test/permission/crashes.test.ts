import { expect, it } from 'vitest';
import { expectWhole, start } from './faults.ts';

/** The writes of a retirement. The slow proof does the same to every call. */
const WRITES = [
  'iam:PutRolePolicy',
  'iam:DeleteRolePolicy',
  'iam:CreatePolicyVersion',
  'iam:TagRole',
  's3:PutObject',
  'dynamodb:PutItem',
] as const;

it.each(WRITES)('%s dies before or after AWS has done it: the role is whole', async (api) => {
  for (const what of ['crash-before', 'crash-after'] as const) {
    const { world } = await start([{ api, nth: 1, what }]);
    expect(world.account.calls.filter(({ fault }) => fault === what)).toHaveLength(1);
    expectWhole(world);
    await world.end();
  }
});
