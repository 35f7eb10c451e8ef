import {
  DescribeOrganizationCommand,
  DescribePolicyCommand,
  ListParentsCommand,
  ListPoliciesForTargetCommand,
  OrganizationsClient,
  type PolicyType,
} from '@aws-sdk/client-organizations';
import type { ClientConfig } from './session.ts';

/** A whole tree is asked for at once, and Organizations throttles sooner than other services do. */
const MAX_ATTEMPTS = 6;

/** What Unlatch reads of AWS Organizations. A global service: the SDK finds its endpoint and signing Region by the partition. */
export const organizationsOf = (config: ClientConfig) => {
  const organizations = new OrganizationsClient({ ...config, maxAttempts: MAX_ATTEMPTS });
  return {
    organization: () => organizations.send(new DescribeOrganizationCommand({})),
    parents: (ChildId: string) => organizations.send(new ListParentsCommand({ ChildId })),
    policiesOf: (TargetId: string, Filter: PolicyType, NextToken?: string) =>
      organizations.send(new ListPoliciesForTargetCommand({ TargetId, Filter, NextToken })),
    policy: (PolicyId: string) => organizations.send(new DescribePolicyCommand({ PolicyId })),
  };
};

export type Organizations = ReturnType<typeof organizationsOf>;
