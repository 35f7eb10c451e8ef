import {
  AttachRolePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyVersionCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListPolicyVersionsCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  SetDefaultPolicyVersionCommand,
  SimulatePrincipalPolicyCommand,
  TagRoleCommand,
} from '@aws-sdk/client-iam';
import type { ClientConfig } from './session.ts';

/** What Unlatch asks of IAM to change a role's policies. A global service: the SDK finds its endpoint by the partition. */
export const rolePoliciesOf = (config: ClientConfig) => {
  // A write that the SDK sent again by itself would be a second one.
  const once = new IAMClient({ ...config, maxAttempts: 1 });
  const iam = new IAMClient(config);
  return {
    role: (RoleName: string) => iam.send(new GetRoleCommand({ RoleName })),
    inlineNames: (RoleName: string, Marker?: string) => iam.send(new ListRolePoliciesCommand({ RoleName, Marker })),
    inline: (RoleName: string, PolicyName: string) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })),
    attached: (RoleName: string, Marker?: string) =>
      iam.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker })),
    policy: (PolicyArn: string) => iam.send(new GetPolicyCommand({ PolicyArn })),
    version: (PolicyArn: string, VersionId: string) => iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId })),
    versions: (PolicyArn: string, Marker?: string) => iam.send(new ListPolicyVersionsCommand({ PolicyArn, Marker })),
    entities: (PolicyArn: string, Marker?: string) => iam.send(new ListEntitiesForPolicyCommand({ PolicyArn, Marker })),
    simulate: (
      PolicySourceArn: string,
      ActionNames: string[],
      resource: string,
      context: Readonly<Record<string, string>>,
    ) =>
      iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn,
          ActionNames,
          ResourceArns: [resource],
          ContextEntries: Object.entries(context).map(([ContextKeyName, value]) => ({
            ContextKeyName,
            ContextKeyValues: [value],
            ContextKeyType: 'string',
          })),
        }),
      ),

    putInline: (RoleName: string, PolicyName: string, PolicyDocument: string) =>
      once.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument })),
    deleteInline: (RoleName: string, PolicyName: string) =>
      once.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })),
    createVersion: (PolicyArn: string, PolicyDocument: string) =>
      once.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true })),
    deleteVersion: (PolicyArn: string, VersionId: string) =>
      once.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId })),
    setDefault: (PolicyArn: string, VersionId: string) =>
      once.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId })),
    detach: (RoleName: string, PolicyArn: string) => once.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })),
    attach: (RoleName: string, PolicyArn: string) => once.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })),
    tag: (RoleName: string, tags: Readonly<Record<string, string>>) =>
      iam.send(new TagRoleCommand({ RoleName, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) })),
  };
};

export type RolePoliciesClient = ReturnType<typeof rolePoliciesOf>;
