import { expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import { readEndpointFacts } from '#shared/aws/endpoint-facts';
import { rehearse } from '../rehearsal.ts';
import { ACCOUNT, readAs } from './reading.ts';

const ID = 'vpce-0a1b2c3d4e5f60718';
const policy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }],
};

const read = async (
  vpcEndpointId: string | null,
  faults: readonly Fault[] = [],
  document = policy,
  service = 'kms',
) => {
  const rehearsal = await rehearse('boundary-denied', { faults });
  const endpoint = { vpcEndpointId: ID, accountId: ACCOUNT, region: 'eu-west-3', service, policy: document };
  rehearsal.account.state.vpcEndpoints.set(ID, endpoint);
  return readAs(rehearsal, (session, custody) => readEndpointFacts(session, custody, vpcEndpointId));
};

it('the policy of an endpoint is read as it stands', async () => {
  const { facts, custody } = await read(ID);
  expect(facts).toEqual({ known: true, value: { name: ID, document: JSON.stringify(policy) } });
  expect(custody).toMatchObject([{ api: 'ec2:DescribeVpcEndpoints', on: ID, result: 'ok' }]);
});

it.each([
  { service: 'ec2', expected: { known: false, because: `${ID} is no endpoint of KMS` } },
  { service: 'kms-fips', expected: { known: true } },
])('an endpoint of $service has a say in KMS, or none', async ({ service, expected }) => {
  expect((await read(ID, [], policy, service)).facts).toMatchObject(expected);
});

it('a request through no endpoint meets no policy, and nothing is asked', async () => {
  expect(await read(null)).toEqual({ facts: { known: true, value: null }, custody: [] });
});

it('what is no id is not asked for, and not taken for no endpoint', async () => {
  expect(await read('AWS Internal')).toEqual({
    facts: { known: false, because: 'it is no id of a VPC endpoint' },
    custody: [],
  });
});

it.each([
  { name: 'refused', id: ID, what: 'refuse', because: 'ec2:DescribeVpcEndpoints was refused to Unlatch' },
  { name: 'throttled', id: ID, what: 'throttle', because: 'ec2:DescribeVpcEndpoints was throttled' },
  { name: 'gone', id: 'vpce-0ffffffffffffffff', what: null, because: 'ec2:DescribeVpcEndpoints found nothing' },
] as const)('an endpoint that is $name has a policy that is not known', async ({ id, what, because }) => {
  const faults = what === null ? [] : [{ api: 'ec2:DescribeVpcEndpoints', nth: 'every', what } as const];
  expect((await read(id, faults)).facts).toEqual({ known: false, because });
});

it('a policy too large for a durable step is not known', async () => {
  const Statement = policy.Statement.map((statement) => ({ ...statement, Sid: 'x'.repeat(100_000) }));
  const { facts } = await read(ID, [], { ...policy, Statement });
  expect(facts).toEqual({ known: false, because: expect.stringContaining('too large') });
});
