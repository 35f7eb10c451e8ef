import { EventEmitter } from 'node:events';
import type { RequestAnalysis, Simulation } from '@cloud-copilot/iam-simulate';
import type { NamedPolicy, OrganizationPolicies, PolicyDocument, RoleSession } from './state.ts';

/** The kinds of policy that AWS can name in an access-denied message. */
export type Layer =
  | 'key-policy'
  | 'identity-policy'
  | 'permissions-boundary'
  | 'session-policy'
  | 'service-control-policy'
  | 'resource-control-policy'
  | 'vpc-endpoint-policy';

export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly explicit: boolean; readonly layer: Layer };

export interface Question {
  readonly session: RoleSession;
  /** `kms:CreateGrant` */
  readonly action: string;
  readonly resource: { readonly arn: string; readonly accountId: string };
  /** `null`: the action has no resource to carry one, as ListAliases. */
  readonly resourcePolicy: PolicyDocument | null;
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  /** Of the VPC endpoint through which the request comes; absent: it comes through none. */
  readonly endpointPolicy?: PolicyDocument | null;
  /** Of the session's account. */
  readonly serviceControlPolicies: OrganizationPolicies['serviceControlPolicies'];
  /** Of the resource's account. */
  readonly resourceControlPolicies: OrganizationPolicies['resourceControlPolicies'];
}

let engine: Promise<typeof import('@cloud-copilot/iam-simulate')> | undefined;
const loadedEngine = () => {
  engine ??= import('@cloud-copilot/iam-simulate');
  return engine;
};

/** Tells of every decision: what was asked, and whether it was allowed. */
export const decisions = new EventEmitter<{ decided: [question: Question, allowed: boolean] }>();

/**
 * Decides one request with `@cloud-copilot/iam-simulate`, an engine that shares no code with the project's authorizer.
 * An input that the engine cannot judge throws: a policy that it refuses to read must not turn into an allow.
 */
export const judge = async (question: Question): Promise<Verdict> => {
  const verdict = await decided(question);
  decisions.emit('decided', question, verdict.allowed);
  return verdict;
};

const decided = async (question: Question): Promise<Verdict> => {
  const { runSimulation } = await loadedEngine();
  const answer = await runSimulation(simulationOf(question), { simulationMode: 'Strict' });
  if (answer.resultType === 'error') {
    throw new Error(`the policy engine cannot judge \`${question.action}\`: ${JSON.stringify(answer.errors)}`);
  }
  if (answer.resultType === 'wildcard') {
    throw new Error(`the policy engine was asked about a pattern, \`${question.resource.arn}\``);
  }
  const ignored = answer.result.ignoredContextKeys ?? [];
  if (ignored.length > 0) {
    throw new Error(`the policy engine knows no context key \`${ignored.join('`, `')}\` for \`${question.action}\``);
  }
  if (answer.overallResult === 'Allowed') return { allowed: true };
  const explicit = answer.overallResult === 'ExplicitlyDenied';
  const layer = explicit ? explicitLayer(answer.result.analysis) : implicitLayer(answer.result.analysis);
  return { allowed: false, explicit, layer };
};

const simulationOf = (question: Question): Simulation => {
  const { role, sessionPolicy } = question.session;
  return {
    request: {
      principal: principalOf(question.session),
      action: question.action,
      resource: { resource: withOwner(question.resource.arn), accountId: question.resource.accountId },
      contextVariables: Object.fromEntries(
        Object.entries(question.context).map(([key, value]) => [
          readable(key),
          typeof value === 'string' ? value : [...value],
        ]),
      ),
    },
    identityPolicies: role.identityPolicies.map(named),
    sessionPolicy: sessionPolicy === null ? undefined : readableDocument(sessionPolicy),
    permissionBoundaryPolicies:
      role.permissionsBoundary === null
        ? undefined
        : [named({ name: 'permissions-boundary', document: role.permissionsBoundary })],
    resourcePolicy: question.resourcePolicy === null ? undefined : readableDocument(question.resourcePolicy),
    vpcEndpointPolicies: question.endpointPolicy
      ? [named({ name: 'the endpoint', document: question.endpointPolicy })]
      : undefined,
    serviceControlPolicies: question.serviceControlPolicies.map(organizationLevel),
    resourceControlPolicies: question.resourceControlPolicies.map(organizationLevel),
  };
};

// A session's ARN leaves the role's path out, so the engine cannot find `role/team/name` from it.
const principalOf = ({ role, arn }: RoleSession): string => (role.arn.split('/').length > 2 ? role.arn : arn);

const named = ({ name, document }: NamedPolicy) => ({ name, policy: readableDocument(document) });

const organizationLevel = (level: { readonly target: string; readonly policies: readonly NamedPolicy[] }) => ({
  orgIdentifier: level.target,
  policies: level.policies.map(named),
});

/**
 * The engine looks for the variable part of a context key after a slash only, and drops `kms:EncryptionContext:…`,
 * whose variable part follows a colon. Both the request's context and the policies are respelled as a key that it keeps.
 */
const readable = (key: string): string =>
  /^kms:encryptioncontext:/i.test(key) ? `aws:RequestTag/${key.toLowerCase()}` : key;

/**
 * AWS's own documents of Systems Manager have no account in their ARN, and its own policies of an organisation no
 * organisation, which the engine takes for no resource at all; the request and the policies are both given one.
 */
const withOwner = (text: string): string =>
  text
    .replaceAll('::document/', ':000000000000:document/')
    .replaceAll(':organizations::aws:policy/', ':organizations::000000000000:policy/o-aws0000000/');

const readableDocument = (document: PolicyDocument): unknown => ({
  ...document,
  Statement: [document.Statement]
    .flat()
    .map(readableStatement)
    .map((statement) => JSON.parse(withOwner(JSON.stringify(statement)))),
});

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const readableStatement = (statement: unknown): unknown => {
  if (!isRecord(statement) || !isRecord(statement.Condition)) return statement;
  const operators = Object.entries(statement.Condition).map(([operator, keys]) => [
    operator,
    isRecord(keys) ? Object.fromEntries(Object.entries(keys).map(([key, value]) => [readable(key), value])) : keys,
  ]);
  return { ...statement, Condition: Object.fromEntries(operators) };
};

/**
 * AWS names one policy type even where several deny. Which one is not documented; the order here is that of
 * "Policy evaluation logic" in the IAM User Guide, organization first.
 */
const explicitLayer = (analysis: RequestAnalysis): Layer => {
  const results: readonly (readonly [Layer, string | undefined])[] = [
    ['service-control-policy', analysis.scpAnalysis?.result],
    ['resource-control-policy', analysis.rcpAnalysis?.result],
    ['key-policy', analysis.resourceAnalysis?.result],
    ['identity-policy', analysis.identityAnalysis?.result],
    ['permissions-boundary', analysis.permissionBoundaryAnalysis?.result],
    ['session-policy', analysis.sessionAnalysis?.result],
    ['vpc-endpoint-policy', analysis.endpointAnalysis?.result],
  ];
  const denying = results.find(([, result]) => result === 'ExplicitlyDenied' || result === 'DeniedForAccount');
  if (denying === undefined) throw new Error('the policy engine denied explicitly, and no policy does');
  return denying[0];
};

/** The first policy type that had to allow and did not, in the same order. */
const implicitLayer = (analysis: RequestAnalysis): Layer => {
  const key = analysis.resourceAnalysis?.result;
  const keyAllows = key === 'Allowed' || key === 'AllowedForAccount' || key === 'NotApplicable';
  const needsIdentity = key !== 'Allowed' || !analysis.sameAccount;
  if (analysis.scpAnalysis?.result === 'ImplicitlyDenied') return 'service-control-policy';
  if (analysis.rcpAnalysis?.result === 'ImplicitlyDenied') return 'resource-control-policy';
  if (!keyAllows) return 'key-policy';
  if (needsIdentity && analysis.identityAnalysis?.result !== 'Allowed') return 'identity-policy';
  if (analysis.blockedBy?.includes('pb') === true) return 'permissions-boundary';
  if (analysis.endpointAnalysis?.result === 'ImplicitlyDenied') return 'vpc-endpoint-policy';
  return analysis.sessionAnalysis?.result === 'ImplicitlyDenied' ? 'session-policy' : 'permissions-boundary';
};
