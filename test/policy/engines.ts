import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import { authorize, type Decision } from '#shared/policy/authorize';
import type { Facts } from '#shared/policy/facts';
import { known } from '#shared/policy/known';
import type { PolicyKind } from '#shared/policy/policy';
import { type Principal, principalOf } from '#shared/policy/principal';
import { readPolicy } from '#shared/policy/read-policy';
import type { Request } from '#shared/policy/request';
import { requestContext } from '#shared/policy/request-context';
import { KEY_NAMES } from './generated-context.ts';
import type { GeneratedRequest } from './generated-requests.ts';
import { documentOf, type PolicyText, type StatementText } from './policy-text.ts';

/** A generated request in AWS's notation, before any engine has read it. */
export const documentsOf = (generated: GeneratedRequest) => {
  const orNull = (policy: PolicyText | null) => (policy === null ? null : documentOf(policy));
  const levels = (list: GeneratedRequest['serviceControlPolicies']) => list.map((policies) => policies.map(documentOf));
  return {
    keyPolicy: orNull(generated.keyPolicy),
    identityPolicies: generated.identityPolicies.map(documentOf),
    permissionsBoundary: orNull(generated.permissionsBoundary),
    sessionPolicy: orNull(generated.sessionPolicy),
    serviceControlPolicies: levels(generated.serviceControlPolicies),
    resourceControlPolicies: levels(generated.resourceControlPolicies),
    endpointPolicy: orNull(generated.endpointPolicy),
  };
};
type Documents = ReturnType<typeof documentsOf>;

const readOrNull = (document: unknown, kind: PolicyKind, name: string) =>
  document === null ? null : readPolicy(document, kind, name);

/** The facts, as the authorizer takes them. */
export const factsOf = (documents: Documents): Facts => {
  const levels = (list: Documents['serviceControlPolicies'], kind: PolicyKind, name: string) =>
    known(
      list.map((policies, level) => ({
        target: `level ${level}`,
        policies: policies.map((document) => readPolicy(document, kind, name)),
      })),
    );
  const { keyPolicy, endpointPolicy, permissionsBoundary, sessionPolicy } = documents;
  const session = readOrNull(sessionPolicy, 'attached', 'session policy');
  return {
    key: {
      state: known('Enabled'),
      manager: known('CUSTOMER'),
      policy: known(
        keyPolicy === null ? { name: 'none', statements: [] } : readPolicy(keyPolicy, 'resource', 'key policy'),
      ),
      grants: known([]),
    },
    principal: {
      identityPolicies: known(
        documents.identityPolicies.map((document) => readPolicy(document, 'attached', 'identity policy')),
      ),
      permissionsBoundary: known(readOrNull(permissionsBoundary, 'attached', 'boundary')),
      sessionPolicies: known(session === null ? [] : [session]),
    },
    organization: {
      serviceControlPolicies: levels(documents.serviceControlPolicies, 'attached', 'scp'),
      resourceControlPolicies: levels(documents.resourceControlPolicies, 'resource', 'rcp'),
    },
    vpcEndpointPolicy: known(readOrNull(endpointPolicy, 'resource', 'endpoint policy')),
  };
};

const SESSION = /^arn:aws:sts::(\d{12}):assumed-role\/([^/]+)\//;

/** Of a session also its role is known, as it is to AWS. */
const callerOf = (arn: string): Principal => {
  const principal = principalOf(arn);
  if (principal === null) throw new Error(`no principal: \`${arn}\``);
  const [, account, name] = SESSION.exec(arn) ?? [];
  return principal.kind === 'role' && account !== undefined
    ? { ...principal, roleArn: `arn:aws:iam::${account}:role/${name}` }
    : principal;
};

const MISSING = Object.fromEntries(KEY_NAMES.map((name) => [name, null]));

/** What is asked, with what is known of its context: a key that the request does not list is known to be missing. */
export const questionOf = ({ principal, action, resource, context }: GeneratedRequest) => ({
  of: { principal: callerOf(principal), action, resource },
  given: { ...MISSING, ...context },
});

/** The request, as the authorizer takes it. */
export const requestOf = ({ of, given }: ReturnType<typeof questionOf>): Request => ({
  ...of,
  context: requestContext(given, of),
});

/**
 * iam-simulate looks for the variable part of a key's name after a slash only, and drops `kms:EncryptionContext:…`: for
 * it that key is spelled as one that it keeps.
 */
const respelled = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value).replaceAll(/kms:EncryptionContext:/gi, 'aws:RequestTag/'));

/** iam-simulate takes no principal in an endpoint policy: it is asked for the same by a condition. */
const principalAsked = ({ principal, ...statement }: StatementText): StatementText => {
  const [named = '*'] = principal?.named ?? [];
  const lines = {
    everyone: [],
    account: [
      { operator: 'StringEquals', key: 'aws:principalaccount', values: [named.replace(/^arn:aws:iam::|:root$/g, '')] },
    ],
    role: [{ operator: 'ArnEquals', key: 'aws:principalarn', values: [named] }],
  };
  const kind = named === '*' ? 'everyone' : /^\d+$|:root$/.test(named) ? 'account' : 'role';
  return {
    ...statement,
    principal: { negated: false, named: ['*'] },
    conditions: [...statement.conditions, ...lines[kind]],
  };
};

const withoutPrincipals = (policy: PolicyText): PolicyText => ({
  ...policy,
  statements: policy.statements.map(principalAsked),
});

/** The request, as iam-simulate takes it. */
export const simulationOf = (generated: GeneratedRequest, documents: Documents): Simulation => {
  const named = (policy: unknown, index: number) => ({ name: `policy-${index}`, policy });
  const list = (policy: unknown) => (policy === null ? undefined : [named(policy, 0)]);
  const { endpointPolicy: endpoint } = generated;
  const levels = (list: Documents['serviceControlPolicies']) =>
    list.map((policies, level) => ({ orgIdentifier: `level-${level}`, policies: policies.map(named) }));
  return respelled({
    request: {
      principal: generated.principal,
      action: generated.action,
      resource: { resource: generated.resource, accountId: generated.owner },
      contextVariables: Object.fromEntries(
        Object.entries(generated.context).map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
      ),
    },
    resourcePolicy: documents.keyPolicy ?? undefined,
    identityPolicies: documents.identityPolicies.map(named),
    permissionBoundaryPolicies: list(documents.permissionsBoundary),
    sessionPolicy: documents.sessionPolicy ?? undefined,
    serviceControlPolicies: levels(documents.serviceControlPolicies),
    resourceControlPolicies: levels(documents.resourceControlPolicies),
    vpcEndpointPolicies: list(endpoint === null ? null : documentOf(withoutPrincipals(endpoint))),
  });
};

export type Answer = 'allowed' | 'explicitly denied' | 'implicitly denied' | 'undetermined';

export const answerOf = ({ decision, explicit }: Decision): Answer =>
  decision === 'denied' ? (explicit ? 'explicitly denied' : 'implicitly denied') : decision;

/** What the authorizer decides. */
export const ours = (generated: GeneratedRequest): Decision =>
  authorize(requestOf(questionOf(generated)), factsOf(documentsOf(generated)));

const THEIRS = {
  Allowed: 'allowed',
  ExplicitlyDenied: 'explicitly denied',
  ImplicitlyDenied: 'implicitly denied',
} as const satisfies Record<string, Answer>;

/** What iam-simulate decides. One that it cannot judge throws: it must not count as agreement. */
export const simulated = async (simulation: Simulation): Promise<Answer> => {
  const answer = await runSimulation(simulation, { simulationMode: 'Strict' });
  if (answer.resultType !== 'single')
    throw new Error(
      `iam-simulate cannot judge: ${JSON.stringify(answer.resultType === 'error' ? answer.errors : answer)}`,
    );
  const ignored = answer.result.ignoredContextKeys ?? [];
  if (ignored.length > 0) throw new Error(`iam-simulate ignores \`${ignored.join('`, `')}\``);
  return THEIRS[answer.overallResult];
};

export const theirs = (generated: GeneratedRequest): Promise<Answer> =>
  simulated(simulationOf(generated, documentsOf(generated)));
