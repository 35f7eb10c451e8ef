import { fitsRolePattern } from '#shared/signal/role-pattern';
import { type DocumentEdit, type Spot, withoutPermission } from './document.ts';
import type { Reason } from './grant.ts';
import { creationsLeft } from './proof.ts';
import { type ManagedPolicy, policyId, type RolePolicies, type RolePolicy } from './role-policies.ts';

/** What is done to one policy. */
export interface PolicyEdit {
  /** Name of an inline policy, ARN of a managed one. */
  readonly policy: string;
  readonly act: /** PutRolePolicy, or DeleteRolePolicy where nothing would be left. */
    | 'put-inline'
    | 'delete-inline'
    /** A new default version, or DetachRolePolicy where nothing would be left. */
    | 'new-version'
    | 'detach';
  readonly before: string;
  /** `null` where the role is to have it no more. */
  readonly after: string | null;
  readonly taken: readonly (Spot & { readonly whole: boolean })[];
  /** The version that makes room for the new one: IAM keeps five. Its document is kept first. */
  readonly dropVersion: string | null;
  /** The version that is in force before, of a managed policy. */
  readonly beforeVersion: string | null;
}

/** What allows the permission, and is reported instead. */
export interface Finding {
  readonly policy: string;
  /** `null` where it is the policy as a whole. */
  readonly statement: Spot | null;
  readonly reason: Reason | 'aws-managed' | 'shared' | 'not-ours' | 'unreadable';
  readonly note: string;
}

export interface PermissionPlan {
  /**
   * `edit`: the permission is there and can go. `absent`: it is not there, or nothing comes of it. `blocked`: what is not
   * edited would allow it all the same, so that nothing is. `unreadable`: a policy cannot be read, so that nothing could
   * be proven.
   */
  readonly verdict: 'edit' | 'absent' | 'blocked' | 'unreadable';
  readonly edits: readonly PolicyEdit[];
  readonly findings: readonly Finding[];
}

export interface PlanOptions {
  /** Edit customer managed policies that others have, too. */
  readonly editSharedPolicies: boolean;
  /** Names of the customer managed policies that may be edited; `*` for any run of characters. */
  readonly policyPattern: string;
}

const IN_WORDS = {
  wildcard: 'an action with a wildcard takes iam:CreateServiceLinkedRole in: name the actions that are needed',
  'not-action': 'NotAction allows iam:CreateServiceLinkedRole: name the actions that are needed',
  unscoped: 'iam:CreateServiceLinkedRole is allowed for services other than KMS: limit it by `iam:AWSServiceName`',
  'other-services': 'the statement names other services beside KMS: give KMS a statement of its own',
} as const satisfies Record<Reason, string>;

/** "You can have up to five versions" https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html */
const MOST_VERSIONS = 5;

const AWS_MANAGED = /^arn:[^:]*:iam::aws:policy\//;

const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

/** The oldest that is not in force. Ids count upwards, so `v2` is older than `v10`. */
const oldest = ({ versions }: ManagedPolicy): string | null => {
  if (versions.length < MOST_VERSIONS) return null;
  const number = (versionId: string) => Number(versionId.replace(/\D/g, ''));
  const spare = versions.filter(({ isDefault }) => !isDefault);
  return spare.sort((a, b) => number(a.versionId) - number(b.versionId))[0]?.versionId ?? null;
};

const listed = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');

type Obstacle = Pick<Finding, 'reason' | 'note'>;

/** Why a policy is not to be edited although it could; `null` where nothing is in the way. */
const obstacleTo = (policy: RolePolicy, empty: boolean, options: PlanOptions): Obstacle | null => {
  if (policy.kind === 'inline') return null;
  if (AWS_MANAGED.test(policy.arn))
    return { reason: 'aws-managed', note: 'a policy of AWS cannot be edited: detach it' };
  if (!fitsRolePattern(nameOf(policy.arn), options.policyPattern)) {
    return {
      reason: 'not-ours',
      note: `its name does not fit \`${options.policyPattern}\`, the policies that Unlatch may edit`,
    };
  }
  // Detaching it from this role changes nothing for the others.
  if (empty) return null;
  if (policy.others.length > 0 && !options.editSharedPolicies) {
    return {
      reason: 'shared',
      note: `others have it too: ${listed(policy.others)}; \`EditSharedPolicies\` would edit it`,
    };
  }
  return null;
};

const editOf = (policy: RolePolicy, edit: Extract<DocumentEdit, { read: true }>): PolicyEdit => {
  const { text: after, taken } = edit;
  const beforeVersion = policy.kind === 'managed' ? policy.versionId : null;
  const common = { policy: policyId(policy), before: policy.document, after, taken, beforeVersion };
  if (policy.kind === 'inline') {
    return { ...common, act: after === null ? 'delete-inline' : 'put-inline', dropVersion: null };
  }
  return after === null
    ? { ...common, act: 'detach', dropVersion: null }
    : { ...common, act: 'new-version', dropVersion: oldest(policy) };
};

type Part = { readonly edits: readonly PolicyEdit[]; readonly findings: readonly Finding[] };

const partOf = (policy: RolePolicy, options: PlanOptions): Part => {
  const id = policyId(policy);
  const edit = withoutPermission(policy.document, id);
  if (!edit.read) {
    return { edits: [], findings: [{ policy: id, statement: null, reason: 'unreadable', note: edit.because }] };
  }
  const findings = edit.wide.map(({ reason, ...statement }): Finding => {
    return { policy: id, statement, reason, note: IN_WORDS[reason] };
  });
  if (edit.taken.length === 0) return { edits: [], findings };
  const obstacle = obstacleTo(policy, edit.text === null, options);
  if (obstacle === null) return { edits: [editOf(policy, edit)], findings };
  const reported = edit.taken.map(
    ({ index, sid }): Finding => ({ policy: id, statement: { index, sid }, ...obstacle }),
  );
  return { edits: [], findings: [...findings, ...reported] };
};

const UNREADABLE_BOUNDARY: Finding = {
  policy: 'permissions boundary',
  statement: null,
  reason: 'unreadable',
  note: 'the permissions boundary cannot be read',
};

/** The role's policies as they would be. */
export const afterEdits = (role: RolePolicies, edits: readonly PolicyEdit[]): RolePolicies => ({
  ...role,
  policies: role.policies.flatMap((policy) => {
    const edit = edits.find((one) => one.policy === policyId(policy));
    if (edit === undefined) return [policy];
    return edit.after === null ? [] : [{ ...policy, document: edit.after }];
  }),
});

/**
 * How the one-time permission leaves a role: which policies change, to the letter, and what else allows it.
 *
 * INVARIANT: what is edited only loses. A policy more, a statement more, or one that cannot be read never makes an edit
 * larger.
 */
export const planRetirement = (role: RolePolicies, options: PlanOptions): PermissionPlan => {
  const parts = role.policies.map((policy) => partOf(policy, options));
  const edits = parts.flatMap((part) => part.edits);
  const findings = parts.flatMap((part) => part.findings);
  if (findings.some(({ reason }) => reason === 'unreadable')) return { verdict: 'unreadable', edits: [], findings };
  if (role.boundary !== null && !withoutPermission(role.boundary, 'boundary').read) {
    return { verdict: 'unreadable', edits: [], findings: [...findings, UNREADABLE_BOUNDARY] };
  }
  const isLeft = creationsLeft(role, afterEdits(role, edits)).length > 0;
  if (isLeft) return { verdict: 'blocked', edits: [], findings };
  return { verdict: edits.length === 0 ? 'absent' : 'edit', edits, findings };
};
