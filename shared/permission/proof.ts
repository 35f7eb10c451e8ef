import * as z from 'zod';
import { authorize, type Decision } from '#shared/policy/authorize';
import type { ContextRecord } from '#shared/policy/context';
import type { Facts } from '#shared/policy/facts';
import { known } from '#shared/policy/known';
import type { Principal } from '#shared/policy/principal';
import { readPolicy } from '#shared/policy/read-policy';
import { requestContext } from '#shared/policy/request-context';
import { grantOf } from './grant.ts';
import {
  CREATE_LINKED_ROLE,
  KMS_SERVICES,
  LINKED_ROLE,
  linkedRoleArn,
  scopeOfRole,
  scopeOfService,
} from './linked-role.ts';
import { partitionOf, policyId, type RolePolicies } from './role-policies.ts';

/** A request as a proof asks it, before and after. */
export interface Sample {
  readonly action: string;
  readonly resource: string;
  readonly context: ContextRecord;
}

const ACTION = 'iam:CreateServiceLinkedRole';

const principalOf = ({ accountId, roleName, roleArn }: RolePolicies): Principal => ({
  kind: 'role',
  accountId,
  name: roleName,
  roleArn,
  sessionArn: null,
  uniqueId: null,
});

/** The role's own policies alone: what lies above them is the same before and after. */
const factsOf = (role: RolePolicies): Facts => ({
  key: {
    state: known('Enabled'),
    manager: known('CUSTOMER'),
    policy: known({ name: 'none', statements: [] }),
    grants: known([]),
  },
  principal: {
    identityPolicies: known(role.policies.map((policy) => readPolicy(policy.document, 'attached', policyId(policy)))),
    permissionsBoundary: known(role.boundary === null ? null : readPolicy(role.boundary, 'attached', 'boundary')),
    sessionPolicies: known([]),
  },
  organization: { serviceControlPolicies: known([]), resourceControlPolicies: known([]) },
  vpcEndpointPolicy: known(null),
});

/** Puts requests to a role's policies. @throws PolicyError where one of them cannot be read */
export const judgeOf = (role: RolePolicies): ((sample: Sample) => Decision['decision']) => {
  const facts = factsOf(role);
  const principal = principalOf(role);
  return ({ action, resource, context }) => {
    const of = { principal, action, resource };
    return authorize({ ...of, context: requestContext(context, of) }, facts).decision;
  };
};

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const Statement = z.object({
  Effect: z.string(),
  Action: texts.default([]),
  Resource: texts.default(['*']),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});
type Statement = z.infer<typeof Statement>;
const Document = z.object({
  Statement: z.union([z.array(Statement), Statement.transform((statement) => [statement])]),
});

const allowsOf = (role: RolePolicies): readonly Statement[] =>
  role.policies.flatMap(({ document }) =>
    Document.parse(JSON.parse(document)).Statement.filter(({ Effect }) => Effect === 'Allow'),
  );

/** A text that a pattern takes in. */
const instanceOf = (pattern: string): string =>
  pattern
    .replace(/\$\{[^}]*\}/g, 'x')
    .replaceAll('*', 'x')
    .replaceAll('?', 'x');

/** An ARN that a pattern takes in, of the role's account where it leaves the account open. */
const arnFor = (pattern: string, { accountId, roleArn }: RolePolicies): string => {
  if (!pattern.startsWith('arn:')) return pattern === '*' ? `arn:aws:s3:::sample` : instanceOf(pattern);
  const [arn = '', partition = '', service = '', region = '', account = '', ...rest] = pattern.split(':');
  return [
    arn,
    partition === '*' ? partitionOf(roleArn) : instanceOf(partition),
    instanceOf(service),
    region === '*' ? 'eu-west-3' : instanceOf(region),
    account === '*' ? accountId : instanceOf(account),
    ...rest.map(instanceOf),
  ].join(':');
};

const isPositive = (operator: string): boolean => !/Not|Null/i.test(operator);

/** A context that satisfies a statement's plain conditions. */
const contextFor = ({ Condition }: Statement): ContextRecord =>
  Object.fromEntries(
    Object.entries(Condition)
      .filter(([operator]) => isPositive(operator))
      .flatMap(([, keys]) =>
        Object.entries(keys).map(([key, wanted]) => [key, instanceOf(String([wanted].flat()[0] ?? ''))] as const),
      ),
  );

const services = (role: RolePolicies): readonly string[] => {
  const named = allowsOf(role).flatMap(({ Condition }) =>
    Object.values(Condition).flatMap((keys) =>
      Object.entries(keys).flatMap(([key, wanted]) =>
        key.toLowerCase() === 'iam:awsservicename' ? [wanted].flat().map((value) => instanceOf(String(value))) : [],
      ),
    ),
  );
  return [...new Set([...KMS_SERVICES, ...named.filter((service) => scopeOfService(service) === 'kms')])];
};

const LINKED_PATH = /:role\/aws-service-role\/([^/]+)\/(.+)$/;

/** Roles of KMS that the statements name, beside the one that KMS makes. */
const roleNames = (role: RolePolicies): readonly string[] => {
  const named = allowsOf(role).flatMap(({ Resource }) =>
    Resource.filter((pattern) => scopeOfRole(pattern) === 'kms').flatMap(
      (pattern) => LINKED_PATH.exec(arnFor(pattern, role))?.[2] ?? [],
    ),
  );
  return [...new Set([LINKED_ROLE, ...named])];
};

/** Every way in which the role may ask for a service-linked role of KMS. */
export const creationsOf = (role: RolePolicies): readonly Sample[] =>
  services(role).flatMap((service) =>
    roleNames(role).map((name) => ({
      action: ACTION,
      resource: linkedRoleArn(partitionOf(role.roleArn), role.accountId, service, name),
      context: { 'iam:AWSServiceName': service },
    })),
  );

/** The creations that the policies do not surely refuse. */
export const creationsLeft = (before: RolePolicies, after: RolePolicies): readonly Sample[] => {
  const decide = judgeOf(after);
  return creationsOf(before).filter((sample) => decide(sample) !== 'denied');
};

const OTHER_SERVICES = ['autoscaling.amazonaws.com', 'spot.amazonaws.com', 'elasticloadbalancing.amazonaws.com'];

/** At most so many requests are asked: a role's policies hold a few hundred pairs of action and resource. */
const MOST_SAMPLES = 4_000;

/** What a statement allows beside the permission itself, where it allows that. */
const otherActions = (statement: Statement): readonly string[] =>
  grantOf(statement).grants === 'one-time'
    ? statement.Action.filter((action) => action.toLowerCase() !== CREATE_LINKED_ROLE)
    : statement.Action;

/**
 * Requests for what the role is allowed beside the permission: of every statement each action with each resource; and other
 * services' roles.
 */
export const samplesOf = (role: RolePolicies): readonly Sample[] => {
  const ofStatements = allowsOf(role).flatMap((statement) => {
    const context = contextFor(statement);
    const resources = statement.Resource.map((pattern) => arnFor(pattern, role));
    return otherActions(statement).flatMap((action) =>
      resources.map((resource) => ({ action: instanceOf(action), resource, context })),
    );
  });
  const ofOthers = OTHER_SERVICES.map((service) => ({
    action: ACTION,
    resource: linkedRoleArn(partitionOf(role.roleArn), role.accountId, service, 'AWSServiceRoleForSample'),
    context: { 'iam:AWSServiceName': service },
  }));
  return [...ofOthers, ...ofStatements].slice(0, MOST_SAMPLES);
};

/** The samples of actions that stand in the policies as they are, without wildcards: those that a simulator knows. */
export const literalSamplesOf = (role: RolePolicies, most: number): readonly Sample[] => {
  const written = new Set(allowsOf(role).flatMap(({ Action }) => Action));
  const distinct = new Map(samplesOf(role).map((sample) => [JSON.stringify(sample), sample]));
  return [...distinct.values()].filter(({ action }) => written.has(action) || action === ACTION).slice(0, most);
};

/** Whether a request asks for a service-linked role of KMS: that alone may change. */
export const isCreation = ({ action, resource, context }: Sample): boolean => {
  if (action.toLowerCase() !== CREATE_LINKED_ROLE) return false;
  const service = Object.entries(context).find(([key]) => key.toLowerCase() === 'iam:awsservicename')?.[1];
  return scopeOfRole(resource) === 'kms' || (typeof service === 'string' && scopeOfService(service) === 'kms');
};

export interface Proof {
  /** Requests for a service-linked role of KMS that are not surely refused. */
  readonly left: readonly Sample[];
  /** Other requests that are decided otherwise than before. */
  readonly changed: readonly Sample[];
  /** How many requests were asked. */
  readonly asked: number;
}

export const holds = ({ left, changed }: Pick<Proof, 'left' | 'changed'>): boolean =>
  left.length === 0 && changed.length === 0;

/**
 * What the edit did, by the authorizer: KMS's service-linked roles can no longer be made, and whatever else the role could
 * do, it still can. @throws PolicyError
 */
export const prove = (before: RolePolicies, after: RolePolicies): Proof => {
  const [was, is] = [judgeOf(before), judgeOf(after)];
  const others = samplesOf(before).filter((sample) => !isCreation(sample));
  const left = creationsLeft(before, after);
  return {
    left,
    changed: others.filter((sample) => was(sample) !== is(sample)),
    asked: creationsOf(before).length + others.length,
  };
};
