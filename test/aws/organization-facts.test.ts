import {
  DescribeOrganizationCommand,
  ListParentsCommand,
  ListPoliciesForTargetCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import type { OrganizationPolicies, PolicyDocument } from '#local/account/state';
import { readOrganizationFacts } from '#shared/aws/organization-facts';
import { rehearse } from '../rehearsal.ts';
import { ACCOUNT, answer, awsError, lasting, ownSession, readAs, TARGET, told } from './reading.ts';

const deny = (Action: string): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action, Resource: '*' }],
});
const regions = { name: 'regions', document: deny('ec2:*') };
const keys = { name: 'keys', document: deny('kms:CreateGrant') };

const full = {
  name: 'full',
  document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
};

/** Root, unit, account; one policy stands on two levels, and the account's level is not described. */
const tree: OrganizationPolicies = {
  serviceControlPolicies: [
    { target: 'r-abcd', policies: [full, regions] },
    { target: 'ou-abcd-response', policies: [full, regions, keys] },
  ],
  resourceControlPolicies: [{ target: 'r-abcd', policies: [keys] }],
};

interface World {
  readonly faults?: readonly Fault[];
  readonly organization?: Readonly<Record<string, OrganizationPolicies>>;
  readonly delegated?: boolean;
  readonly managementAccount?: string;
  readonly callerAccount?: string;
  readonly keyAccount?: string;
}

const read = async ({
  faults = [],
  organization = { [ACCOUNT]: tree, [TARGET]: tree },
  delegated = true,
  managementAccount = '888899990000',
  callerAccount = ACCOUNT,
  keyAccount = TARGET,
}: World = {}) => {
  const rehearsal = await rehearse('boundary-denied', { faults });
  const { state } = rehearsal.account;
  for (const [accountId, policies] of Object.entries(organization)) state.organization.set(accountId, policies);
  state.organizationHead.managementAccount = managementAccount;
  if (delegated) state.organizationHead.delegatedAdministrators.add(ACCOUNT);
  const reading = await readAs(rehearsal, (session, custody) =>
    readOrganizationFacts(session, custody, { callerAccount, keyAccount }),
  );
  return { rehearsal, ...reading };
};

const BOTH = ['serviceControlPolicies', 'resourceControlPolicies'] as const;
const both = (said: string) => Object.fromEntries(BOTH.map((part) => [part, said]));

describe('the policies of an organisation', () => {
  it('are read from the root down to the account, each policy once', async () => {
    const { facts, rehearsal } = await read();
    const named = { known: true, value: expect.any(Array) };
    expect(facts).toEqual({ serviceControlPolicies: named, resourceControlPolicies: named });
    const levels = facts.serviceControlPolicies.known ? facts.serviceControlPolicies.value : [];
    expect(levels.map(({ target }) => target)).toEqual(['r-abcd', 'ou-abcd-response', ACCOUNT]);
    expect(levels.map(({ policies }) => policies.map(({ document }) => document))).toEqual([
      [full, regions].map(({ document }) => JSON.stringify(document)),
      [full, regions, keys].map(({ document }) => JSON.stringify(document)),
      [expect.stringContaining('"Action":"*"')],
    ]);
    expect(levels[0]?.policies[0]?.name).toMatch(
      /^arn:aws:organizations::888899990000:policy\/o-[a-z0-9]+\/service_control_policy\/p-[0-9a-f]+$/,
    );
    expect(levels[2]?.policies[0]?.name).toContain('p-FullAWSAccess');
    // full, regions, keys and AWS's own of one kind; keys and AWS's own of the other.
    expect(rehearsal.done('organizations:DescribePolicy')).toBe(6);
  });

  it('of the key are those of its own account', async () => {
    const { facts } = await read({
      organization: { [ACCOUNT]: { ...tree, resourceControlPolicies: [] }, [TARGET]: tree },
    });
    const levels = facts.resourceControlPolicies.known ? facts.resourceControlPolicies.value : [];
    expect(levels.map(({ target }) => target)).toEqual(['r-abcd', 'ou-abcd-response', TARGET]);
    expect(JSON.stringify(levels)).toContain('kms:CreateGrant');
  });

  it('are read to the last page', async () => {
    const many = Array.from({ length: 45 }, (_, at) => ({ name: `p${at}`, document: deny(`ec2:Run${at}`) }));
    const serviceControlPolicies = [{ target: 'r-abcd', policies: [full, ...many] }];
    const { facts } = await read({
      organization: { [ACCOUNT]: { ...tree, serviceControlPolicies } },
      keyAccount: ACCOUNT,
    });
    const levels = facts.serviceControlPolicies.known ? facts.serviceControlPolicies.value : [];
    expect(levels[0]?.policies.length).toBe(46);
  });

  it('too large for a durable step cost their own part alone', async () => {
    const policies = [full, { name: 'huge', document: deny('ec2:'.padEnd(100_000, 'x')) }];
    const organization = { [ACCOUNT]: { ...tree, serviceControlPolicies: [{ target: 'r-abcd', policies }] } };
    expect(told((await read({ organization, keyAccount: ACCOUNT })).facts)).toEqual({
      serviceControlPolicies: expect.stringContaining('too large'),
      resourceControlPolicies: 'known',
    });
  });
});

describe('who is not bound', () => {
  const none = { known: true, value: [] };

  it('an account in no organisation', async () => {
    const { facts, custody } = await read({ organization: {}, delegated: false, keyAccount: ACCOUNT });
    expect(facts).toEqual({ serviceControlPolicies: none, resourceControlPolicies: none });
    expect(custody).toMatchObject([
      { api: 'organizations:DescribeOrganization', result: 'AWSOrganizationsNotInUseException' },
    ]);
  });

  it('but that says nothing of another account', async () => {
    const { facts } = await read({ organization: {}, delegated: false });
    expect(facts.serviceControlPolicies).toEqual(none);
    expect(told(facts).resourceControlPolicies).toBe(
      `account ${ACCOUNT} is in no organisation, and cannot read that of account ${TARGET}`,
    );
  });

  it('the management account, while the others are read', async () => {
    const { facts } = await read({ delegated: false, managementAccount: ACCOUNT });
    expect(facts.serviceControlPolicies).toEqual(none);
    expect(facts.resourceControlPolicies).toMatchObject({ known: true, value: [{ target: 'r-abcd' }, {}, {}] });
  });

  it('anybody, by a kind of policy that is attached nowhere', async () => {
    const session = await ownSession();
    lasting(mockClient(OrganizationsClient))
      .on(DescribeOrganizationCommand)
      .resolves(answer({ Organization: { MasterAccountId: '888899990000' } }))
      .on(ListParentsCommand)
      .resolves(answer({ Parents: [{ Id: 'r-abcd', Type: 'ROOT' }] }))
      .on(ListPoliciesForTargetCommand)
      .resolves(answer({ Policies: [] }));
    const accounts = { callerAccount: ACCOUNT, keyAccount: ACCOUNT };
    expect(await readOrganizationFacts(session, [], accounts)).toEqual({
      serviceControlPolicies: none,
      resourceControlPolicies: none,
    });
  });
});

describe('what cannot be read', () => {
  it('from a member account without delegation is refused', async () => {
    const { facts } = await read({ delegated: false });
    expect(told(facts)).toEqual(both('organizations:ListParents was refused to Unlatch'));
  });

  it('an account of another organisation is not found', async () => {
    const { facts } = await read({ callerAccount: '777788889999' });
    expect(told(facts)).toEqual({
      serviceControlPolicies: 'organizations:ListParents found nothing',
      resourceControlPolicies: 'known',
    });
  });

  const apis = ['DescribeOrganization', 'ListParents', 'ListPoliciesForTarget', 'DescribePolicy'].map(
    (operation) => `organizations:${operation}`,
  );

  it.each(apis)('%s refused leaves both unknown', async (api) => {
    const { facts } = await read({ faults: [{ api, nth: 'every', what: 'refuse' }] });
    expect(told(facts)).toEqual(both(`${api} was refused to Unlatch`));
  });

  it.each(apis)('%s throttled leaves both unknown', async (api) => {
    const { facts } = await read({ faults: [{ api, nth: 'every', what: 'throttle' }] });
    expect(told(facts)).toEqual(both(`${api} was throttled`));
  });

  it.each([
    { Filter: 'SERVICE_CONTROL_POLICY', lost: 'serviceControlPolicies' },
    { Filter: 'RESOURCE_CONTROL_POLICY', lost: 'resourceControlPolicies' },
  ] as const)('$lost alone where only they are throttled', async ({ Filter, lost }) => {
    const session = await ownSession();
    lasting(mockClient(OrganizationsClient))
      .on(DescribeOrganizationCommand)
      .resolves(answer({ Organization: { MasterAccountId: '888899990000' } }))
      .on(ListParentsCommand)
      .resolves(answer({ Parents: [{ Id: 'r-abcd', Type: 'ROOT' }] }))
      .on(ListPoliciesForTargetCommand)
      .resolves(answer({ Policies: [] }))
      .on(ListPoliciesForTargetCommand, { Filter })
      .rejects(awsError('TooManyRequestsException'));
    const accounts = { callerAccount: ACCOUNT, keyAccount: ACCOUNT };
    expect(told(await readOrganizationFacts(session, [], accounts))).toEqual({
      ...both('known'),
      [lost]: 'organizations:ListPoliciesForTarget was throttled',
    });
  });
});
