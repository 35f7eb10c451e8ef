import { describe, expect, it } from 'vitest';
import type { KeyRecord } from '#shared/diagnosis/facts-record';
import { forecast } from '#shared/diagnosis/forecast';
import { known, unknown } from '#shared/policy/known';

const KEY = 'arn:aws:kms:eu-west-3:444455556666:key/5b1f0c9e-2a74-4d38-9e61-c07f3a8d1b42';
const CALLER = 'arn:aws:sts::444455556666:assumed-role/UnlatchMember/unlatch';

const allowing = (principal: string, condition = {}) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'kms:*', Resource: '*', ...condition }],
});

const keyWith = (policy: object, rest: Partial<KeyRecord> = {}): KeyRecord => ({
  state: known('Enabled'),
  manager: known('CUSTOMER'),
  policy: known(policy),
  grants: known([]),
  aliases: known([]),
  ...rest,
});

const via = (region: string) => ({ Condition: { StringEquals: { 'kms:ViaService': `ec2.${region}.amazonaws.com` } } });

describe('what the key alone tells of a reading by Unlatch', () => {
  it.each([
    { name: 'a policy that names somebody else', policy: allowing('arn:aws:iam::444455556666:role/PaymentsKeyAdmin') },
    {
      name: 'a policy for EC2 of another Region',
      policy: allowing('arn:aws:iam::444455556666:root', via('us-east-1')),
    },
    {
      name: 'a key that is disabled',
      policy: allowing('arn:aws:iam::444455556666:root'),
      rest: { state: known('Disabled') },
    },
  ])('denied for certain: $name', ({ policy, rest }) => {
    expect(forecast(CALLER, 'kms:Decrypt', KEY, keyWith(policy, rest))).toBe('denied');
  });

  it.each([
    { name: 'a policy that leaves it to the account', policy: allowing('arn:aws:iam::444455556666:root') },
    { name: 'a policy that names the role', policy: allowing('arn:aws:iam::444455556666:role/UnlatchMember') },
    { name: 'a policy for EC2 of this Region', policy: allowing('arn:aws:iam::444455556666:root', via('eu-west-3')) },
    { name: 'a policy that could not be read', policy: {}, rest: { policy: unknown('throttled') } },
    {
      name: 'grants that could not be read',
      policy: allowing('arn:aws:iam::777788889999:root'),
      rest: { grants: unknown('throttled') },
    },
  ])('not certain, for the rest is not read: $name', ({ policy, rest }) => {
    expect(forecast(CALLER, 'kms:Decrypt', KEY, keyWith(policy, rest))).toBe('undetermined');
  });

  it('not certain of a caller whose name is not known', () => {
    expect(forecast('unknown', 'kms:Decrypt', KEY, keyWith(allowing('arn:aws:iam::777788889999:root')))).toBe(
      'undetermined',
    );
  });
});
