import type {
  GetPolicyCommandInput,
  GetPolicyCommandOutput,
  GetPolicyVersionCommandInput,
  GetPolicyVersionCommandOutput,
  GetRoleCommandInput,
  GetRoleCommandOutput,
  GetRolePolicyCommandInput,
  GetRolePolicyCommandOutput,
  ListAttachedRolePoliciesCommandInput,
  ListAttachedRolePoliciesCommandOutput,
  ListEntitiesForPolicyCommandInput,
  ListEntitiesForPolicyCommandOutput,
  ListPolicyVersionsCommandInput,
  ListPolicyVersionsCommandOutput,
  ListRolePoliciesCommandInput,
  ListRolePoliciesCommandOutput,
  ListRolesCommandInput,
  ListRolesCommandOutput,
} from '@aws-sdk/client-iam';
import type { Call, Ground } from './call.ts';
import { pageOf } from './ec2-answer.ts';
import { answered, boundaryArn, iamEntities, isManaged, noSuchEntity, textOf } from './iam-entities.ts';
import { iamSimulation } from './iam-simulation.ts';
import { iamWrites } from './iam-writes.ts';

/** "MaxItems … defaults to 100", IAM API Reference. */
const pageSize = 100;

/**
 * IAM's roles and their policies, as the embedded account plays it. Roles have no path, but for those that are linked to
 * a service; a role's policy whose name is an ARN is a managed one, and a permissions boundary is the managed policy
 * `<role>-boundary`.
 */
export const iamService = (ground: Ground) => {
  const { roles, linkedRoles } = ground.state;
  const entities = iamEntities(ground);
  const { roleNamed, roleShown, managedNamed, managedShown } = entities;

  const linkedRole = (call: Call, name = ''): string | undefined =>
    [...linkedRoles].find((arn) => arn.split(':')[4] === call.session.role.accountId && arn.endsWith(`/${name}`));

  return {
    ...iamWrites(ground, entities),
    ...iamSimulation(ground, entities),

    GetRole: async (call: Call<GetRoleCommandInput>): Promise<GetRoleCommandOutput> => {
      const linked = linkedRole(call, call.input.RoleName);
      if (linked !== undefined) {
        const [RoleName = '', service = ''] = linked.split('/').reverse();
        const Path = `/aws-service-role/${service}/`;
        const CreateDate = ground.now();
        return { $metadata: answered(call), Role: { Path, RoleName, RoleId: 'AROALINKED', Arn: linked, CreateDate } };
      }
      const role = roleNamed(call, call.input.RoleName);
      const { name, arn, uniqueId, permissionsBoundary, accountId } = role;
      const PermissionsBoundaryArn = boundaryArn(accountId, name);
      const boundary = { PermissionsBoundaryType: 'PermissionsBoundaryPolicy' as const, PermissionsBoundaryArn };
      return {
        $metadata: answered(call),
        Role: {
          Path: '/',
          RoleName: name,
          RoleId: uniqueId,
          Arn: arn,
          CreateDate: new Date('2026-01-05T08:00:00Z'),
          Tags: Object.entries(roleShown(role).tags).map(([Key, Value]) => ({ Key, Value })),
          ...(permissionsBoundary === null ? {} : { PermissionsBoundary: boundary }),
        },
      };
    },

    ListRoles: async (call: Call<ListRolesCommandInput>): Promise<ListRolesCommandOutput> => {
      const { Marker, MaxItems = pageSize } = call.input;
      const own = [...roles.values()].filter(({ accountId }) => accountId === call.session.role.accountId);
      const { page, nextToken } = pageOf(own, MaxItems, Marker);
      const Roles = page.map(({ name, arn, uniqueId }) => ({
        Path: '/',
        RoleName: name,
        RoleId: uniqueId,
        Arn: arn,
        CreateDate: new Date('2026-01-05T08:00:00Z'),
      }));
      return { ...marked(call, nextToken), Roles };
    },

    ListRolePolicies: async (call: Call<ListRolePoliciesCommandInput>): Promise<ListRolePoliciesCommandOutput> => {
      const { RoleName, Marker, MaxItems = pageSize } = call.input;
      const inline = roleShown(roleNamed(call, RoleName)).policies.filter((policy) => !isManaged(policy));
      const { page, nextToken } = pageOf(inline, MaxItems, Marker);
      return { ...marked(call, nextToken), PolicyNames: page.map(({ name }) => name) };
    },

    GetRolePolicy: async (call: Call<GetRolePolicyCommandInput>): Promise<GetRolePolicyCommandOutput> => {
      const { RoleName = '', PolicyName = '' } = call.input;
      const { policies } = roleShown(roleNamed(call, RoleName));
      const policy = policies.find((one) => one.name === PolicyName && !isManaged(one));
      if (policy === undefined) throw noSuchEntity(call, `The role policy with name ${PolicyName} cannot be found.`);
      return { $metadata: answered(call), RoleName, PolicyName, PolicyDocument: encoded(textOf(policy)) };
    },

    ListAttachedRolePolicies: async (
      call: Call<ListAttachedRolePoliciesCommandInput>,
    ): Promise<ListAttachedRolePoliciesCommandOutput> => {
      const { RoleName, Marker, MaxItems = pageSize } = call.input;
      const attached = roleShown(roleNamed(call, RoleName)).policies.filter(isManaged);
      const { page, nextToken } = pageOf(attached, MaxItems, Marker);
      const AttachedPolicies = page.map(({ name }) => ({ PolicyName: name.split('/').at(-1), PolicyArn: name }));
      return { ...marked(call, nextToken), AttachedPolicies };
    },

    GetPolicy: async (call: Call<GetPolicyCommandInput>): Promise<GetPolicyCommandOutput> => {
      const { PolicyArn } = call.input;
      const { defaultVersionId } = managedShown(managedNamed(call, PolicyArn));
      return { $metadata: answered(call), Policy: { Arn: PolicyArn, DefaultVersionId: defaultVersionId, Tags: [] } };
    },

    GetPolicyVersion: async (call: Call<GetPolicyVersionCommandInput>): Promise<GetPolicyVersionCommandOutput> => {
      const { PolicyArn, VersionId } = call.input;
      const { versions, defaultVersionId } = managedShown(managedNamed(call, PolicyArn));
      const version = versions.find(({ versionId }) => versionId === VersionId);
      if (version === undefined)
        throw noSuchEntity(call, `Policy ${PolicyArn} version ${VersionId} does not exist or is not attachable.`);
      const IsDefaultVersion = VersionId === defaultVersionId;
      return {
        $metadata: answered(call),
        PolicyVersion: { Document: encoded(version.text), VersionId, IsDefaultVersion, CreateDate: version.createdAt },
      };
    },

    ListPolicyVersions: async (
      call: Call<ListPolicyVersionsCommandInput>,
    ): Promise<ListPolicyVersionsCommandOutput> => {
      const { PolicyArn, Marker, MaxItems = pageSize } = call.input;
      const { versions, defaultVersionId } = managedShown(managedNamed(call, PolicyArn));
      const { page, nextToken } = pageOf(versions, MaxItems, Marker);
      const Versions = page.map(({ versionId, createdAt }) => ({
        VersionId: versionId,
        IsDefaultVersion: versionId === defaultVersionId,
        CreateDate: createdAt,
      }));
      return { ...marked(call, nextToken), Versions };
    },

    ListEntitiesForPolicy: async (
      call: Call<ListEntitiesForPolicyCommandInput>,
    ): Promise<ListEntitiesForPolicyCommandOutput> => {
      const { PolicyArn = '' } = call.input;
      managedNamed(call, PolicyArn);
      const PolicyRoles = [...roles.values()]
        .filter(({ accountId, name, identityPolicies, permissionsBoundary }) => {
          const bounds = permissionsBoundary !== null && boundaryArn(accountId, name) === PolicyArn;
          return bounds || identityPolicies.some((policy) => policy.name === PolicyArn);
        })
        .map(({ name, uniqueId }) => ({ RoleName: name, RoleId: uniqueId }));
      return { ...marked(call, undefined), PolicyRoles, PolicyUsers: [], PolicyGroups: [] };
    },
  };
};

const marked = (call: Call, next: string | undefined) => ({
  $metadata: answered(call),
  IsTruncated: next !== undefined,
  Marker: next,
});

/** "Policies returned by this operation are URL-encoded compliant with RFC 3986", IAM API Reference, GetRolePolicy. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
