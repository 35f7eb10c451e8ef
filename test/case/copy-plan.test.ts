import { describe, expect, it } from 'vitest';
import type { Scenario } from '#local/scenario/scenario';
import { rehearse } from '../rehearsal.ts';

const request = { instanceId: 'i-0b1c2d3e4f5a69788', accountId: '444455556666', region: 'eu-west-3', dryRun: true };

/** The policy of the refused key: it shows itself to everybody in the account, and lets one role decrypt. */
const shut = (scenario: Scenario): Scenario => ({
  ...scenario,
  keys: scenario.keys.map((key) =>
    key.name !== 'payments-key'
      ? key
      : {
          ...key,
          policy: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: 'arn:aws:iam::444455556666:root' },
                Action: ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListGrants', 'kms:PutKeyPolicy'],
                Resource: '*',
              },
            ],
          },
        },
  ),
});

const withoutAgent = (scenario: Scenario): Scenario => ({
  ...scenario,
  instances: scenario.instances.map((instance) => ({ ...instance, agent: null })),
});

const plain = (scenario: Scenario): Scenario => ({
  ...scenario,
  instances: scenario.instances.map((instance) => ({
    ...instance,
    volumes: instance.volumes.map((volume) => ({ ...volume, key: null })),
  })),
});

const planned = async (alter: (scenario: Scenario) => Scenario) => {
  const rehearsal = await rehearse('unencrypted-copy', { alter });
  const { account } = rehearsal;
  const session = account.sessionOf('RemediateFunction');
  const call = { input: {}, session, region: account.region, requestId: account.ground.uuid() };
  const answer = await account.lambda.invoke(call, 'remediate', request);
  const changes = account.calls.filter(({ api }) => !/:(Describe|Get|List|Assume)/.test(api));
  expect(changes).toEqual([]);
  return answer;
};

describe('a dry run foresees of the copy', () => {
  it.each([
    { name: 'nothing to say of disks that are not encrypted', alter: plain, open: true, because: null },
    {
      name: 'that a try will tell, where the rest depends on policies of its own',
      alter: (scenario: Scenario) => scenario,
      open: true,
      because: /^whether KMS decrypts vol-\w+, vol-\w+ for Unlatch, a try will tell$/,
    },
    {
      name: 'that the key shuts Unlatch out, and the machine is the way',
      alter: shut,
      open: true,
      because: /^KMS will not decrypt vol-\w+, vol-\w+ for Unlatch either: to be copied from within the machine$/,
    },
    {
      name: 'that there is no way, with the remedy',
      alter: (scenario: Scenario) => withoutAgent(shut(scenario)),
      open: false,
      because: /and not from within: no Systems Manager agent has registered$/,
    },
  ])('$name', async ({ alter, open, because }) => {
    expect(await planned(alter)).toMatchObject({
      plan: [
        {},
        {},
        { route: 'unencrypted-copy', open, because: because === null ? null : expect.stringMatching(because) },
        {},
      ],
    });
  });
});
