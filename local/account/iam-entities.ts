import { IAMServiceException, NoSuchEntityException } from '@aws-sdk/client-iam';
import type { Call, Ground } from './call.ts';
import type { ManagedPolicy, NamedPolicy, PolicyDocument, Role } from './state.ts';

/**
 * Roles and managed policies as IAM keeps them, and as it shows them: "changes … are not immediately visible",
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 */

export const answered = (call: Call, httpStatusCode = 200) => ({ httpStatusCode, requestId: call.requestId });

export const noSuchEntity = (call: Call, message: string): NoSuchEntityException =>
  new NoSuchEntityException({ message, $metadata: answered(call, 404) });

export const iamError = (call: Call, name: string, message: string, status = 400): IAMServiceException =>
  new IAMServiceException({ name, message, $fault: 'client', $metadata: answered(call, status) });

export const isManaged = ({ name }: NamedPolicy): boolean => name.startsWith('arn:');

export const textOf = ({ text, document }: Omit<NamedPolicy, 'name'>): string => text ?? JSON.stringify(document);

/** What IAM shows of a role. */
export interface RoleView {
  readonly policies: readonly NamedPolicy[];
  readonly tags: Readonly<Record<string, string>>;
}

export const boundaryArn = (accountId: string, roleName: string): string =>
  `arn:aws:iam::${accountId}:policy/${roleName}-boundary`;

/** What was before each change, which reads may go on to show. */
const past = <View>(ground: Ground) => {
  const views = new Map<string, { readonly until: number; readonly view: View }[]>();
  let reads = 0;
  return {
    /** Reads come from copies that lag; of three in a row one is fresh, so that one look proves nothing. */
    shown(entity: string, now: View): View {
      reads += 1;
      if (reads % 3 === 0) return now;
      const since = ground.now().getTime() - ground.state.iam.lagSeconds * 1000;
      const stale = views.get(entity)?.find(({ until }) => until > since);
      return stale === undefined ? now : stale.view;
    },

    keep(entity: string, view: View): void {
      const kept = views.get(entity) ?? [];
      kept.push({ until: ground.now().getTime(), view });
      views.set(entity, kept);
    },
  };
};

export const iamEntities = (ground: Ground) => {
  const { state } = ground;
  const { roles, iam } = state;
  const rolesPast = past<RoleView>(ground);
  const managedPast = past<ManagedPolicy>(ground);

  const roleNamed = (call: Call, name = ''): Role => {
    const { accountId } = call.session.role;
    const role =
      roles.get(`arn:aws:iam::${accountId}:role/${name}`) ??
      [...roles.values()].find((one) => one.accountId === accountId && one.name === name);
    if (role === undefined) throw noSuchEntity(call, `The role with name ${name} cannot be found.`);
    return role;
  };

  const viewOf = ({ identityPolicies, tags = {} }: Role): RoleView => ({ policies: [...identityPolicies], tags });

  const firstVersion = (arn: string, document: PolicyDocument, text: string): ManagedPolicy => ({
    arn,
    versions: [{ versionId: 'v1', document, text, createdAt: new Date('2026-01-05T08:00:00Z') }],
    defaultVersionId: 'v1',
    next: 2,
  });

  /** Managed policies stand in the roles that have them, until IAM is asked about one. */
  const inRoles = (arn: string): NamedPolicy | undefined => {
    for (const role of roles.values()) {
      const found = role.identityPolicies.find(({ name }) => name === arn);
      if (found !== undefined) return found;
      const { permissionsBoundary } = role;
      if (permissionsBoundary !== null && boundaryArn(role.accountId, role.name) === arn)
        return { name: arn, document: permissionsBoundary };
    }
    return undefined;
  };

  /** Of the caller's account, or AWS's own. */
  const managedNamed = (call: Call, arn = ''): ManagedPolicy => {
    const known = iam.managed.get(arn);
    const owner = arn.split(':')[4];
    const isVisible = owner === 'aws' || owner === call.session.role.accountId;
    const found = known === undefined && isVisible ? inRoles(arn) : undefined;
    if (!isVisible || (known === undefined && found === undefined))
      throw noSuchEntity(call, `Policy ${arn} was not found.`);
    const policy = known ?? firstVersion(arn, found?.document ?? { Statement: [] }, found ? textOf(found) : '');
    iam.managed.set(arn, policy);
    return policy;
  };

  return {
    roleNamed,
    managedNamed,
    roleShown: (role: Role): RoleView => rolesPast.shown(role.arn, viewOf(role)),
    managedShown: (policy: ManagedPolicy): ManagedPolicy => managedPast.shown(policy.arn, policy),

    /** Changes a role; reads show what was for a while. */
    changeRole(role: Role, change: (role: Role) => void): void {
      rolesPast.keep(role.arn, viewOf(role));
      change(role);
    },

    /** Changes a managed policy, and with it what every role that has it may do. */
    changeManaged(policy: ManagedPolicy, next: ManagedPolicy): void {
      managedPast.keep(policy.arn, policy);
      iam.managed.set(policy.arn, next);
      const inForce = next.versions.find(({ versionId }) => versionId === next.defaultVersionId);
      if (inForce === undefined) return;
      for (const { identityPolicies } of roles.values()) {
        const at = identityPolicies.findIndex(({ name }) => name === policy.arn);
        if (at >= 0) identityPolicies[at] = { name: policy.arn, document: inForce.document, text: inForce.text };
      }
    },
  };
};

export type IamEntities = ReturnType<typeof iamEntities>;
