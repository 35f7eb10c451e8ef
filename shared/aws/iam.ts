import {
  GetGroupPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListGroupsForUserCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListUserPoliciesCommand,
} from '@aws-sdk/client-iam';
import type { ClientConfig } from './session.ts';

/** What Unlatch reads of IAM. A global service: the SDK finds its endpoint and signing Region by the partition. */
export const iamOf = (config: ClientConfig) => {
  const iam = new IAMClient(config);
  return {
    roles: (Marker?: string) => iam.send(new ListRolesCommand({ MaxItems: 1_000, Marker })),
    role: (RoleName: string) => iam.send(new GetRoleCommand({ RoleName })),
    user: (UserName: string) => iam.send(new GetUserCommand({ UserName })),
    groupsOf: (UserName: string, Marker?: string) => iam.send(new ListGroupsForUserCommand({ UserName, Marker })),
    policy: (PolicyArn: string) => iam.send(new GetPolicyCommand({ PolicyArn })),
    policyVersion: (PolicyArn: string, VersionId: string) =>
      iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId })),
    /** Of each kind of holder: the names of its inline policies, one of them, and the ARNs of those attached to it. */
    Role: {
      inline: (RoleName: string, Marker?: string) => iam.send(new ListRolePoliciesCommand({ RoleName, Marker })),
      document: (RoleName: string, PolicyName: string) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })),
      attached: (RoleName: string, Marker?: string) =>
        iam.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker })),
    },
    User: {
      inline: (UserName: string, Marker?: string) => iam.send(new ListUserPoliciesCommand({ UserName, Marker })),
      document: (UserName: string, PolicyName: string) => iam.send(new GetUserPolicyCommand({ UserName, PolicyName })),
      attached: (UserName: string, Marker?: string) =>
        iam.send(new ListAttachedUserPoliciesCommand({ UserName, Marker })),
    },
    Group: {
      inline: (GroupName: string, Marker?: string) => iam.send(new ListGroupPoliciesCommand({ GroupName, Marker })),
      document: (GroupName: string, PolicyName: string) =>
        iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName })),
      attached: (GroupName: string, Marker?: string) =>
        iam.send(new ListAttachedGroupPoliciesCommand({ GroupName, Marker })),
    },
  };
};

export type Iam = ReturnType<typeof iamOf>;
