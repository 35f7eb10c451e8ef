import type { Facts, Level } from '#shared/policy/facts';
import { type Known, known } from '#shared/policy/known';
import type { Layer } from '#shared/policy/layer';
import type { Policy, Statement, StatementRef } from '#shared/policy/policy';
import { readPolicy } from '#shared/policy/read-policy';
import { isPolicyLayer, type PolicyLayer } from './causes.ts';
import type { Fix } from './diagnosis.ts';

/** Facts as they would be: copies, in which the policies of one layer are changed. What is unknown stays unknown. */

/** `target` is the level of the organisation, where the layer has levels. */
type Change = (policies: readonly Policy[], target: string | null) => readonly Policy[];

const over = <T>(part: Known<T>, change: (value: T) => T): Known<T> => (part.known ? known(change(part.value)) : part);

/** With a statement more, which comes last. The others keep their places, also where one before them is gone. */
const withLast = (policy: Policy, statement: Statement): Policy => {
  const index = (policy.statements.at(-1)?.index ?? -1) + 1;
  return { ...policy, statements: [...policy.statements, { ...statement, index }] };
};

/** Where there is one policy, what is added to it becomes its last statements. */
const alone =
  (change: Change) =>
  (policy: Policy): Policy => {
    const [changed = policy, ...added] = change([policy], null);
    return added.flatMap(({ statements }) => statements).reduce(withLast, changed);
  };
const aloneOrNone =
  (change: Change) =>
  (policy: Policy | null): Policy | null =>
    policy === null ? null : alone(change)(policy);
const several = (change: Change) => (policies: readonly Policy[]) => change(policies, null);
const ofLevels = (change: Change) => (levels: readonly Level[]) =>
  levels.map(({ target, policies }) => ({ target, policies: change(policies, target) }));

const CHANGED: Readonly<Record<PolicyLayer, (facts: Facts, change: Change) => Facts>> = {
  'key-policy': ({ key, ...facts }, change) => ({ ...facts, key: { ...key, policy: over(key.policy, alone(change)) } }),
  'identity-policy': ({ principal, ...facts }, change) => ({
    ...facts,
    principal: { ...principal, identityPolicies: over(principal.identityPolicies, several(change)) },
  }),
  'permissions-boundary': ({ principal, ...facts }, change) => ({
    ...facts,
    principal: { ...principal, permissionsBoundary: over(principal.permissionsBoundary, aloneOrNone(change)) },
  }),
  'session-policy': ({ principal, ...facts }, change) => ({
    ...facts,
    principal: { ...principal, sessionPolicies: over(principal.sessionPolicies, several(change)) },
  }),
  'service-control-policy': ({ organization, ...facts }, change) => ({
    ...facts,
    organization: {
      ...organization,
      serviceControlPolicies: over(organization.serviceControlPolicies, ofLevels(change)),
    },
  }),
  'resource-control-policy': ({ organization, ...facts }, change) => ({
    ...facts,
    organization: {
      ...organization,
      resourceControlPolicies: over(organization.resourceControlPolicies, ofLevels(change)),
    },
  }),
  'vpc-endpoint-policy': (facts, change) => ({
    ...facts,
    vpcEndpointPolicy: over(facts.vpcEndpointPolicy, aloneOrNone(change)),
  }),
};

const namesPrincipals = (layer: Layer): boolean => layer === 'key-policy' || layer === 'vpc-endpoint-policy';

/** With a statement added where the fix says; unchanged where the fix is no statement to add. */
export const withFix = (
  facts: Facts,
  { layer, target, statement }: Pick<Fix, 'layer' | 'target' | 'statement'>,
): Facts => {
  if (statement === null || !isPolicyLayer(layer)) return facts;
  const kind = namesPrincipals(layer) ? 'resource' : 'attached';
  const addition = readPolicy({ Version: '2012-10-17', Statement: [statement] }, kind, 'the fix');
  return CHANGED[layer](facts, (policies, level) =>
    level === null || level === target ? [...policies, addition] : policies,
  );
};

/** Without one statement, to see what stands behind a deny. */
export const withoutStatement = (facts: Facts, layer: Layer, { policy: name, index }: StatementRef): Facts => {
  if (!isPolicyLayer(layer)) return facts;
  const drop = (policy: Policy): Policy =>
    policy.name === name
      ? { ...policy, statements: policy.statements.filter((statement) => statement.index !== index) }
      : policy;
  return CHANGED[layer](facts, (policies) => policies.map(drop));
};

/** With the key usable. */
export const withKeyEnabled = ({ key, ...facts }: Facts): Facts => ({
  ...facts,
  key: { ...key, state: over(key.state, () => 'Enabled') },
});
