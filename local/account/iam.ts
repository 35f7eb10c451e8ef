import {
  type GetPolicyCommandInput,
  type GetPolicyCommandOutput,
  type GetPolicyVersionCommandInput,
  type GetPolicyVersionCommandOutput,
  type GetRoleCommandInput,
  type GetRoleCommandOutput,
  type GetRolePolicyCommandInput,
  type GetRolePolicyCommandOutput,
  type ListAttachedRolePoliciesCommandInput,
  type ListAttachedRolePoliciesCommandOutput,
  type ListRolePoliciesCommandInput,
  type ListRolePoliciesCommandOutput,
  type ListRolesCommandInput,
  type ListRolesCommandOutput,
  NoSuchEntityException,
} from '@aws-sdk/client-iam';
import type { Call, Ground } from './call.ts';
import { pageOf } from './ec2-answer.ts';
import type { NamedPolicy, PolicyDocument, Role } from './state.ts';

/** "MaxItems … defaults to 100", IAM API Reference. */
const pageSize = 100;
const defaultVersion = 'v1';

/**
 * IAM's reading of roles, as the embedded account plays it. Roles have no path; a role's policy whose name is an ARN is a
 * managed one, and a permissions boundary is the managed policy `<role>-boundary`.
 */
export const iamService = (ground: Ground) => {
  const { roles } = ground.state;

  const roleOf = (call: Call, name = ''): Role => {
    const role = roles.get(`arn:aws:iam::${call.session.role.accountId}:role/${name}`);
    if (role === undefined) throw noSuchEntity(call, `The role with name ${name} cannot be found.`);
    return role;
  };

  /** Of the caller's account, or AWS's own. */
  const managedPolicy = (call: Call, arn = ''): PolicyDocument => {
    const { accountId } = call.session.role;
    const found = [...roles.values()]
      .filter((role) => role.accountId === accountId || arn.startsWith('arn:aws:iam::aws:'))
      .flatMap(managedPoliciesOf)
      .find(({ name }) => name === arn);
    if (found === undefined) throw noSuchEntity(call, `Policy ${arn} was not found.`);
    return found.document;
  };

  return {
    GetRole: async (call: Call<GetRoleCommandInput>): Promise<GetRoleCommandOutput> => {
      const { name, arn, uniqueId, permissionsBoundary, ...role } = roleOf(call, call.input.RoleName);
      const PermissionsBoundaryArn = boundaryArn(role.accountId, name);
      const boundary = { PermissionsBoundaryType: 'PermissionsBoundaryPolicy' as const, PermissionsBoundaryArn };
      return {
        $metadata: answered(call),
        Role: {
          Path: '/',
          RoleName: name,
          RoleId: uniqueId,
          Arn: arn,
          CreateDate: new Date('2026-01-05T08:00:00Z'),
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
      const inline = roleOf(call, RoleName).identityPolicies.filter((policy) => !isManaged(policy));
      const { page, nextToken } = pageOf(inline, MaxItems, Marker);
      return { ...marked(call, nextToken), PolicyNames: page.map(({ name }) => name) };
    },

    GetRolePolicy: async (call: Call<GetRolePolicyCommandInput>): Promise<GetRolePolicyCommandOutput> => {
      const { RoleName = '', PolicyName = '' } = call.input;
      const { identityPolicies } = roleOf(call, RoleName);
      const policy = identityPolicies.find((one) => one.name === PolicyName && !isManaged(one));
      if (policy === undefined) throw noSuchEntity(call, `The role policy with name ${PolicyName} cannot be found.`);
      return { $metadata: answered(call), RoleName, PolicyName, PolicyDocument: encoded(policy.document) };
    },

    ListAttachedRolePolicies: async (
      call: Call<ListAttachedRolePoliciesCommandInput>,
    ): Promise<ListAttachedRolePoliciesCommandOutput> => {
      const { RoleName, Marker, MaxItems = pageSize } = call.input;
      const attached = roleOf(call, RoleName).identityPolicies.filter(isManaged);
      const { page, nextToken } = pageOf(attached, MaxItems, Marker);
      const AttachedPolicies = page.map(({ name }) => ({ PolicyName: name.split('/').at(-1), PolicyArn: name }));
      return { ...marked(call, nextToken), AttachedPolicies };
    },

    GetPolicy: async (call: Call<GetPolicyCommandInput>): Promise<GetPolicyCommandOutput> => {
      const { PolicyArn } = call.input;
      managedPolicy(call, PolicyArn);
      return { $metadata: answered(call), Policy: { Arn: PolicyArn, DefaultVersionId: defaultVersion } };
    },

    GetPolicyVersion: async (call: Call<GetPolicyVersionCommandInput>): Promise<GetPolicyVersionCommandOutput> => {
      const { PolicyArn, VersionId } = call.input;
      const Document = encoded(managedPolicy(call, PolicyArn));
      if (VersionId !== defaultVersion) {
        throw noSuchEntity(call, `Policy ${PolicyArn} version ${VersionId} does not exist or is not attachable.`);
      }
      return { $metadata: answered(call), PolicyVersion: { Document, VersionId, IsDefaultVersion: true } };
    },
  };
};

const answered = (call: Call, httpStatusCode = 200) => ({ httpStatusCode, requestId: call.requestId });

const marked = (call: Call, next: string | undefined) => ({
  $metadata: answered(call),
  IsTruncated: next !== undefined,
  Marker: next,
});

const noSuchEntity = (call: Call, message: string): NoSuchEntityException =>
  new NoSuchEntityException({ message, $metadata: answered(call, 404) });

const isManaged = ({ name }: NamedPolicy): boolean => name.startsWith('arn:');

const boundaryArn = (accountId: string, roleName: string): string =>
  `arn:aws:iam::${accountId}:policy/${roleName}-boundary`;

const managedPoliciesOf = ({ accountId, name, identityPolicies, permissionsBoundary }: Role): NamedPolicy[] => [
  ...identityPolicies.filter(isManaged),
  ...(permissionsBoundary === null ? [] : [{ name: boundaryArn(accountId, name), document: permissionsBoundary }]),
];

/** "Policies returned by this operation are URL-encoded compliant with RFC 3986", IAM API Reference, GetRolePolicy. */
const encoded = (document: PolicyDocument): string =>
  encodeURIComponent(JSON.stringify(document)).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
