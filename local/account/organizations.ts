import { createHash } from 'node:crypto';
import {
  AccessDeniedException,
  AWSOrganizationsNotInUseException,
  ChildNotFoundException,
  type DescribeOrganizationCommandInput,
  type DescribeOrganizationCommandOutput,
  type DescribePolicyCommandInput,
  type DescribePolicyCommandOutput,
  type ListParentsCommandInput,
  type ListParentsCommandOutput,
  type ListPoliciesForTargetCommandInput,
  type ListPoliciesForTargetCommandOutput,
  PolicyNotFoundException,
  TargetNotFoundException,
} from '@aws-sdk/client-organizations';
import type { Call, Ground } from './call.ts';
import { pageOf } from './ec2-answer.ts';
import type { NamedPolicy, OrganizationPolicies, PolicyDocument } from './state.ts';

/** The root of accounts of which a scenario names no level. */
const defaultRoot = 'r-root';
const organizationId = 'o-unlatch0000';
/** "MaxResults … at most 20", AWS Organizations API Reference, ListPoliciesForTarget. */
const pageSize = 20;

type Kind = 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY';

interface AttachedPolicy {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly kind: Kind;
  readonly document: PolicyDocument;
}

/**
 * What AWS Organizations shows of the policies, as the embedded account plays it: to the management account and to
 * delegated administrators alone. A level that a scenario does not describe has AWS's own full-access policy, as each has
 * until somebody replaces it.
 */
export const organizationsService = (ground: Ground) => {
  const { organizationHead } = ground.state;

  const member = (call: Call): void => {
    if (lineOf(ground, call.session.role.accountId) !== undefined) return;
    throw new AWSOrganizationsNotInUseException({
      message: 'Your account is not a member of an organization.',
      $metadata: answered(call, 400),
    });
  };

  const administrator = (call: Call): void => {
    member(call);
    const { accountId } = call.session.role;
    const { managementAccount, delegatedAdministrators } = organizationHead;
    if (accountId === managementAccount || delegatedAdministrators.has(accountId)) return;
    const message = "You don't have permissions to access this resource.";
    throw new AccessDeniedException({ message, $metadata: answered(call, 400) });
  };

  return {
    DescribeOrganization: async (
      call: Call<DescribeOrganizationCommandInput>,
    ): Promise<DescribeOrganizationCommandOutput> => {
      member(call);
      const { managementAccount } = organizationHead;
      const Organization = { Id: organizationId, FeatureSet: 'ALL' as const, MasterAccountId: managementAccount };
      return { $metadata: answered(call), Organization };
    },

    ListParents: async (call: Call<ListParentsCommandInput>): Promise<ListParentsCommandOutput> => {
      administrator(call);
      const { ChildId = '' } = call.input;
      const line = linesOf(ground).find((targets) => targets.indexOf(ChildId) > 0);
      const at = line?.indexOf(ChildId) ?? 0;
      const Id = line?.[at - 1];
      if (Id === undefined) {
        const message = `You specified a child that doesn't exist: ${ChildId}`;
        throw new ChildNotFoundException({ message, $metadata: answered(call, 400) });
      }
      return { $metadata: answered(call), Parents: [{ Id, Type: at === 1 ? 'ROOT' : 'ORGANIZATIONAL_UNIT' }] };
    },

    ListPoliciesForTarget: async (
      call: Call<ListPoliciesForTargetCommandInput>,
    ): Promise<ListPoliciesForTargetCommandOutput> => {
      administrator(call);
      const { TargetId = '', Filter, NextToken, MaxResults = pageSize } = call.input;
      if (!linesOf(ground).some((line) => line.includes(TargetId))) {
        const message = "You specified a target that doesn't exist.";
        throw new TargetNotFoundException({ message, $metadata: answered(call, 400) });
      }
      const found = policiesOf(ground)
        .filter(({ target, policy }) => target === TargetId && policy.kind === Filter)
        .map(({ policy }) => policy);
      const unique = [...new Map(found.map((policy) => [policy.id, policy])).values()];
      const { page, nextToken } = pageOf(unique, MaxResults, NextToken);
      const Policies = page.map(({ id, arn, name, kind }) => ({ Id: id, Arn: arn, Name: name, Type: kind }));
      return { $metadata: answered(call), Policies, NextToken: nextToken };
    },

    DescribePolicy: async (call: Call<DescribePolicyCommandInput>): Promise<DescribePolicyCommandOutput> => {
      administrator(call);
      const found = policiesOf(ground).find(({ policy }) => policy.id === call.input.PolicyId)?.policy;
      if (found === undefined) {
        const message = "You specified a policy that doesn't exist.";
        throw new PolicyNotFoundException({ message, $metadata: answered(call, 400) });
      }
      const { id, arn, name, kind, document } = found;
      const PolicySummary = { Id: id, Arn: arn, Name: name, Type: kind };
      return { $metadata: answered(call), Policy: { PolicySummary, Content: JSON.stringify(document) } };
    },
  };
};

const answered = (call: Call, httpStatusCode = 200) => ({ httpStatusCode, requestId: call.requestId });

const lineFrom = (accountId: string, policies: OrganizationPolicies | undefined): readonly string[] => {
  const levels = [...(policies?.serviceControlPolicies ?? []), ...(policies?.resourceControlPolicies ?? [])];
  const above = new Set(levels.map(({ target }) => target).filter((target) => target !== accountId));
  return [...(above.size === 0 ? [defaultRoot] : above), accountId];
};

/** From the root down to the account; `undefined` where it is in no organisation. */
const lineOf = ({ state }: Ground, accountId: string): readonly string[] | undefined => {
  const { organization, organizationHead } = state;
  const { managementAccount, delegatedAdministrators } = organizationHead;
  const policies = organization.get(accountId);
  const isHead = accountId === managementAccount || delegatedAdministrators.has(accountId);
  return policies === undefined && !isHead ? undefined : lineFrom(accountId, policies);
};

const linesOf = (ground: Ground): readonly (readonly string[])[] => {
  const { organization, organizationHead } = ground.state;
  const { managementAccount, delegatedAdministrators } = organizationHead;
  const accounts = new Set([...organization.keys(), managementAccount, ...delegatedAdministrators]);
  return [...accounts].flatMap((accountId) => [lineOf(ground, accountId) ?? []]);
};

const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

const fullAccess: Readonly<Record<Kind, AttachedPolicy>> = {
  SERVICE_CONTROL_POLICY: {
    id: 'p-FullAWSAccess',
    arn: 'arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess',
    name: 'FullAWSAccess',
    kind: 'SERVICE_CONTROL_POLICY',
    document: everything,
  },
  RESOURCE_CONTROL_POLICY: {
    id: 'p-RCPFullAWSAccess',
    arn: 'arn:aws:organizations::aws:policy/resource_control_policy/p-RCPFullAWSAccess',
    name: 'RCPFullAWSAccess',
    kind: 'RESOURCE_CONTROL_POLICY',
    document: { ...everything, Statement: everything.Statement.map((one) => ({ ...one, Principal: '*' })) },
  },
};

/** The same policy attached in two places is one policy. */
const attachedPolicy = ({ state }: Ground, kind: Kind, { name, document }: NamedPolicy): AttachedPolicy => {
  const digest = createHash('sha256')
    .update(JSON.stringify([kind, name, document]))
    .digest('hex');
  const id = `p-${digest.slice(0, 10)}`;
  const owner = `arn:aws:organizations::${state.organizationHead.managementAccount}`;
  return { id, arn: `${owner}:policy/${organizationId}/${kind.toLowerCase()}/${id}`, name, kind, document };
};

/** Every attachment of a policy. */
const policiesOf = (ground: Ground): readonly { readonly target: string; readonly policy: AttachedPolicy }[] => {
  const described = [...ground.state.organization.values()].flatMap((policies) => [
    ...policies.serviceControlPolicies.map((level) => ({ ...level, kind: 'SERVICE_CONTROL_POLICY' as const })),
    ...policies.resourceControlPolicies.map((level) => ({ ...level, kind: 'RESOURCE_CONTROL_POLICY' as const })),
  ]);
  const replaced = new Set(
    described.filter(({ kind }) => kind === 'SERVICE_CONTROL_POLICY').map(({ target }) => target),
  );
  const targets = [...new Set(linesOf(ground).flat())];
  return [
    // "Resource control policies": RCPFullAWSAccess cannot be detached.
    ...targets.map((target) => ({ target, policy: fullAccess.RESOURCE_CONTROL_POLICY })),
    ...targets
      .filter((target) => !replaced.has(target))
      .map((target) => ({ target, policy: fullAccess.SERVICE_CONTROL_POLICY })),
    ...described.flatMap(({ target, policies, kind }) =>
      policies.map((policy) => ({ target, policy: attachedPolicy(ground, kind, policy) })),
    ),
  ];
};

/** The ARN of a root, a unit or an account of the organisation. */
export const organizationArn = ({ state }: Ground, target: string): string => {
  const kind = target.startsWith('r-') ? 'root' : /^\d{12}$/.test(target) ? 'account' : 'ou';
  return `arn:aws:organizations::${state.organizationHead.managementAccount}:${kind}/${organizationId}/${target}`;
};

/** The ARN of a policy; one that does not exist is taken for a service control policy. */
export const policyArn = (ground: Ground, policyId: string): string =>
  policiesOf(ground).find(({ policy }) => policy.id === policyId)?.policy.arn ??
  `arn:aws:organizations::${ground.state.organizationHead.managementAccount}:policy/${organizationId}/service_control_policy/${policyId}`;
