import type { Facts, KeyFacts, Level, PrincipalFacts } from './facts.ts';
import { grantAllows } from './grant.ts';
import { stateAllows } from './key-state.ts';
import { isMeant, STANDINGS, type Standing, standsAs } from './naming.ts';
import type { Policy } from './policy.ts';
import type { Principal } from './principal.ts';
import { gathered, NOT_ASKED, type Reading, readingOf, readingOfKnown, SILENT, together, voicesIn } from './reading.ts';
import { isForKey } from './relation.ts';
import type { Request } from './request.ts';
import { some, type Truth, truthOf } from './truth.ts';

/**
 * What can allow. The key policy is as many parts as there are ways in which it can name the one who asks, because each
 * needs other layers beside it.
 */
export const PARTS = [
  'serviceControl',
  ...STANDINGS,
  'grants',
  'identity',
  'boundary',
  'session',
  'endpoint',
  'keyState',
] as const;
export type Part = (typeof PARTS)[number];

/** What each layer says of a request; the key policy as a whole, and resource control policies, are asked for denials only. */
export type Readings = Readonly<Record<Part | 'keyPolicy' | 'resourceControl', Reading>>;

const SERVICE_LINKED = /:role\/aws-service-role\//;

/** Organisation policies do not bind what AWS's services do for themselves. */
const isServiceLinked = (principal: Principal): boolean =>
  principal.kind === 'role' && principal.roleArn !== null && SERVICE_LINKED.test(principal.roleArn);

/**
 * The grant itself says who may retire it, which no list of grants tells for sure. A key policy has no say in it, nor has a
 * resource control policy; IAM can deny it. https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
 */
const RETIRE_GRANT = 'kms:RetireGrant';
const RETIRING: Reading = { ...SILENT, allows: 'unknown', openAllows: ['which grant it is, and who may retire it'] };

const hasOwnPolicies = ({ kind }: Principal): boolean => kind === 'role' || kind === 'user';

/** At each level something has to allow. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html */
const serviceControl = (request: Request, { organization }: Facts): Reading => {
  const { principal } = request;
  if (principal.kind === 'service' || isServiceLinked(principal)) return NOT_ASKED;
  return readingOfKnown(organization.serviceControlPolicies, 'the service control policies', (levels) =>
    levels.length === 0 ? NOT_ASKED : together(levels.map(({ policies }) => readingOf(policies, request))),
  );
};

const certainIf = (managerIsKnown: boolean, reading: Reading): Reading => {
  if (managerIsKnown || reading.denies === 'no') return reading;
  return { ...reading, denies: 'unknown', denying: null, openDenies: ['who manages the key', ...reading.openDenies] };
};

const deniesOf = (levels: readonly Level[], request: Request): Reading =>
  together(
    levels.map(({ policies }) =>
      readingOf(policies, request, (statement) => isMeant(statement, request.principal, 'no')),
    ),
  );

/**
 * They only deny: an allow for everything is attached everywhere and cannot be detached. They bind no AWS managed key, and
 * no RetireGrant. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
 */
const resourceControl = (request: Request, { organization, key }: Facts): Reading => {
  const { principal, action } = request;
  if (!isForKey(request) || isServiceLinked(principal) || action === RETIRE_GRANT) return NOT_ASKED;
  if (key.manager.known && key.manager.value === 'AWS') return NOT_ASKED;
  const { resourceControlPolicies: levels } = organization;
  if (levels.known && levels.value.length === 0) return NOT_ASKED;
  const reading = readingOfKnown(levels, 'the resource control policies', (value) => deniesOf(value, request));
  return certainIf(key.manager.known, { ...reading, allows: 'yes', openAllows: [] });
};

type KeyPolicyReadings = Pick<Readings, 'keyPolicy' | Standing>;

const inEach = (said: (standing: Standing) => Reading) => ({
  itself: said('itself'),
  role: said('role'),
  everyone: said('everyone'),
  account: said('account'),
});

const readingsOfKeyPolicy = (policy: Policy, request: Request, hasBoundary: Truth): KeyPolicyReadings => {
  const { principal } = request;
  const voices = voicesIn([policy], request);
  const said = (standing: Standing): Reading =>
    gathered(voices, request, (statement) => standsAs(standing, statement, principal));
  const denied = gathered(voices, request, (statement) => isMeant(statement, principal, hasBoundary));
  return { keyPolicy: denied, ...inEach(said) };
};

const keyPolicy = (request: Request, { policy }: KeyFacts, hasBoundary: Truth): KeyPolicyReadings => {
  if (!isForKey(request) || request.action === RETIRE_GRANT) return { keyPolicy: NOT_ASKED, ...inEach(() => SILENT) };
  if (policy.known) return readingsOfKeyPolicy(policy.value, request, hasBoundary);
  const unread = readingOfKnown(policy, 'the key policy', () => SILENT);
  return { keyPolicy: unread, ...inEach(() => unread) };
};

const grants = (request: Request, { grants }: KeyFacts): Reading => {
  const { principal, action, context } = request;
  if (action === RETIRE_GRANT) return RETIRING;
  return readingOfKnown(grants, 'the grants on the key', (list) => {
    const truths = list.map((grant) => ({ grant, allows: grantAllows(grant, principal, action, context) }));
    return {
      ...SILENT,
      allows: some(truths, ({ allows }) => allows),
      openAllows: truths.flatMap(({ grant, allows }) =>
        allows === 'unknown' ? [`whether the grant ${grant.grantId} fits the request`] : [],
      ),
    };
  });
};

const attached = (policies: readonly Policy[], request: Request): Reading => readingOf(policies, request);

const session = (policies: readonly Policy[], request: Request): Reading =>
  policies.length === 0 ? NOT_ASKED : attached(policies, request);

const single = (policy: Policy | null, request: Request): Reading =>
  policy === null ? NOT_ASKED : attached([policy], request);

const endpoint = (policy: Policy | null, request: Request, hasBoundary: Truth): Reading =>
  policy === null
    ? NOT_ASKED
    : readingOf([policy], request, (statement) =>
        statement.effect === 'Allow'
          ? some(STANDINGS, (standing) => standsAs(standing, statement, request.principal))
          : isMeant(statement, request.principal, hasBoundary),
      );

const keyState = (request: Request, { state }: KeyFacts): Reading => {
  if (!isForKey(request)) return NOT_ASKED;
  return readingOfKnown(state, 'the state of the key', (value) => ({
    ...NOT_ASKED,
    allows: stateAllows(value, request.action),
    openAllows: ['what AWS does with this operation in this state of the key'],
  }));
};

const bounded = (isBindable: boolean, { permissionsBoundary }: PrincipalFacts): Truth => {
  if (!isBindable) return 'no';
  return permissionsBoundary.known ? truthOf(permissionsBoundary.value !== null) : 'unknown';
};

/** What a service does in its own name, no policy that can be read decides; the root user may do everything. */
const BY_SERVICE: Reading = { ...SILENT, allows: 'unknown', openAllows: ['what AWS lets its service do'] };

const identity = (request: Request, { identityPolicies }: PrincipalFacts): Reading => {
  if (hasOwnPolicies(request.principal))
    return readingOfKnown(identityPolicies, 'the identity policies', (policies) => attached(policies, request));
  return request.principal.kind === 'service' && !isForKey(request) ? BY_SERVICE : NOT_ASKED;
};

/** Reads every layer. */
export const readLayers = (request: Request, facts: Facts): Readings => {
  const { principal, key, vpcEndpointPolicy } = facts;
  const own = hasOwnPolicies(request.principal);
  const hasBoundary = bounded(own, principal);
  return {
    serviceControl: serviceControl(request, facts),
    resourceControl: resourceControl(request, facts),
    ...keyPolicy(request, key, hasBoundary),
    grants: grants(request, key),
    identity: identity(request, principal),
    boundary: own
      ? readingOfKnown(principal.permissionsBoundary, 'the permissions boundary', (policy) => single(policy, request))
      : NOT_ASKED,
    session: own
      ? readingOfKnown(principal.sessionPolicies, 'the session policies', (policies) => session(policies, request))
      : NOT_ASKED,
    endpoint: readingOfKnown(vpcEndpointPolicy, 'the VPC endpoint policy', (policy) =>
      endpoint(policy, request, hasBoundary),
    ),
    keyState: keyState(request, key),
  };
};
