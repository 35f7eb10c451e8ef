import { conditionHolds } from './condition.ts';
import { certain } from './context.ts';
import type { Facts } from './facts.ts';
import type { Known } from './known.ts';
import type { Layer } from './layer.ts';
import { isMeant } from './naming.ts';
import { type Policy, refOf, type Statement, type StatementRef } from './policy.ts';
import type { Request } from './request.ts';
import { speaksOf } from './statement.ts';

/** A statement that would allow the request, were it not for conditions. */
export interface NearMiss {
  readonly statement: StatementRef;
  /** The keys on which it fails, and what the request carries there; `null` for nothing, `undefined` for not known. */
  readonly fails: readonly { readonly key: string; readonly carried: readonly string[] | null | undefined }[];
}

const failing = (policy: Policy, statement: Statement, request: Request): readonly NearMiss[] => {
  if (statement.effect !== 'Allow' || isMeant(statement, request.principal, 'no') === 'no') return [];
  if (speaksOf({ ...statement, conditions: [] }, request) === 'no') return [];
  const fails = statement.conditions
    .filter((condition) => conditionHolds(condition, request.context) === 'no')
    .map(({ name, key }) => ({ key: name, carried: certain(request.context, key) }));
  return fails.length === 0 ? [] : [{ statement: refOf(policy, statement), fails }];
};

const listed = <T>(part: Known<T>, policies: (value: T) => readonly Policy[]): readonly Policy[] =>
  part.known ? policies(part.value) : [];

const alone = (policy: Policy | null): readonly Policy[] => (policy === null ? [] : [policy]);

const POLICIES: Readonly<Partial<Record<Layer, (facts: Facts) => readonly Policy[]>>> = {
  'key-policy': ({ key }) => listed(key.policy, alone),
  'identity-policy': ({ principal }) => listed(principal.identityPolicies, (policies) => policies),
  'permissions-boundary': ({ principal }) => listed(principal.permissionsBoundary, alone),
  'session-policy': ({ principal }) => listed(principal.sessionPolicies, (policies) => policies),
  'service-control-policy': ({ organization }) =>
    listed(organization.serviceControlPolicies, (levels) => levels.flatMap(({ policies }) => policies)),
  'vpc-endpoint-policy': ({ vpcEndpointPolicy }) => listed(vpcEndpointPolicy, alone),
};

/** What a silent layer nearly allows: a condition that does not hold reads exactly like a missing allow. */
export const nearMisses = (layer: Layer, request: Request, facts: Facts): readonly NearMiss[] =>
  (POLICIES[layer]?.(facts) ?? []).flatMap((policy) =>
    policy.statements.flatMap((statement) => failing(policy, statement, request)),
  );
