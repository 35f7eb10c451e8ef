import type { Condition } from './condition.ts';
import type { NamedPrincipal, Statement } from './policy.ts';
import { names, type Principal } from './principal.ts';
import { not, or, some, type Truth } from './truth.ts';

/**
 * How the principal stands in a statement of a resource policy that allows, which decides what else has to allow:
 * - `itself`: named as a session, a user or a service, or among everyone by a condition on `aws:PrincipalArn`. Neither the
 *   boundary nor a session policy limits that.
 * - `role`: named by its role. Both limit it.
 * - `everyone`: whether they limit that is not documented.
 * - `account`: through its account, which leaves the decision to IAM.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 */
export type Standing = 'itself' | 'role' | 'everyone' | 'account';
export const STANDINGS = ['itself', 'role', 'everyone', 'account'] as const satisfies readonly Standing[];

const BY_KIND: Readonly<Record<NamedPrincipal['kind'], Standing>> = {
  session: 'itself',
  user: 'itself',
  service: 'itself',
  elsewhere: 'itself',
  role: 'role',
  'unique-id': 'role',
  everyone: 'everyone',
  account: 'account',
};

const picksThePrincipal = (condition: Condition): boolean =>
  condition.test === 'compare' && condition.key === 'aws:principalarn' && !condition.operator.negated;

const standingOf = ({ kind }: NamedPrincipal, { conditions }: Statement): Standing =>
  kind === 'everyone' && conditions.some(picksThePrincipal) ? 'itself' : BY_KIND[kind];

/** Whether a statement that allows names the principal so. What NotPrincipal does in one that allows is not documented. */
export const standsAs = (standing: Standing, statement: Statement, principal: Principal): Truth => {
  const { principals } = statement;
  if (principals === null) return 'no';
  if (principals.negated) return standing === 'everyone' ? 'unknown' : 'no';
  return some(principals.named, (named) =>
    standingOf(named, statement) === standing ? names(named, principal) : 'no',
  );
};

/**
 * Whether NotPrincipal leaves the principal out for sure: each of its names has to be listed, a role's session, its role
 * and its account; where one is missing AWS says that it might deny.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
const LISTED: Readonly<Record<Principal['kind'], readonly NamedPrincipal['kind'][]>> = {
  role: ['session', 'role', 'account'],
  user: ['user', 'account'],
  root: ['account'],
  service: ['service'],
};

const isLeftOut = (listed: readonly NamedPrincipal[], principal: Principal): Truth => {
  const matching = listed.map((named) => ({ kind: named.kind, truth: names(named, principal) }));
  if (matching.every(({ truth }) => truth === 'no')) return 'no';
  const certain = new Set(matching.filter(({ truth }) => truth === 'yes').map(({ kind }) => kind));
  return LISTED[principal.kind].every((kind) => certain.has(kind)) ? 'yes' : 'unknown';
};

/** Whether a statement that denies means the principal. One who has a boundary is always meant by NotPrincipal. */
export const isMeant = ({ principals }: Statement, principal: Principal, hasBoundary: Truth): Truth => {
  if (principals === null) return 'yes';
  if (!principals.negated) return some(principals.named, (named) => names(named, principal));
  return or(hasBoundary, not(isLeftOut(principals.named, principal)));
};
