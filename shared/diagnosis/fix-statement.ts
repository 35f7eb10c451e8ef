import { certain } from '#shared/policy/context';
import type { Policy } from '#shared/policy/policy';
import { arnOf, type Principal } from '#shared/policy/principal';
import type { Request } from '#shared/policy/request';

/** A statement as it is pasted into a policy. */
export type StatementText = Readonly<Record<string, unknown>>;

/** Requests that one layer was silent on: at least one, all by one principal for one resource. */
export type Missing = readonly [Request, ...Request[]];

const CREATE_GRANT = 'kms:CreateGrant';
export const LINKED_ROLE = 'iam:CreateServiceLinkedRole';

/** In alphabetical order; one action stands alone. */
const actionsOf = (requests: readonly Request[]): string | readonly string[] => {
  const actions = [...new Set(requests.map(({ action }) => action))].sort();
  return actions.length === 1 ? (actions[0] ?? actions) : actions;
};

/** The service that asks; `null` for the caller itself, `undefined` where it is not known. */
type Via = string | null | undefined;
const viaOf = ({ context }: Request): Via => {
  const carried = certain(context, 'kms:viaservice');
  return carried === undefined ? undefined : (carried?.[0] ?? null);
};

/** An object without what is empty. */
const condition = (operators: StatementText): StatementText =>
  Object.keys(operators).length === 0 ? {} : { Condition: operators };

const throughService = (via: Via): StatementText =>
  typeof via === 'string' ? { StringEquals: { 'kms:ViaService': via } } : {};

/** A caller makes grants for whatever it likes; everybody else only for AWS resources. */
const forAwsResources = (via: Via): StatementText =>
  via === null ? {} : { Bool: { 'kms:GrantIsForAWSResource': 'true' } };

interface Place {
  readonly who: StatementText;
  readonly resource: string;
  readonly besides: StatementText;
}

/**
 * The recommended pair: use of the key without CreateGrant, and CreateGrant for the grants that AWS's services need and no
 * other.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-service-integration
 */
const pairFor = (
  requests: readonly Request[],
  via: Via,
  { who, resource, besides }: Place,
): readonly StatementText[] => {
  const uses = requests.filter(({ action }) => action !== CREATE_GRANT);
  const use = {
    Sid: 'AllowUseForAcquisition',
    Effect: 'Allow',
    ...who,
    Action: actionsOf(uses),
    Resource: resource,
    ...condition({ ...throughService(via), ...besides }),
  };
  const grant = {
    Sid: 'AllowGrantsForAWSResources',
    Effect: 'Allow',
    ...who,
    Action: CREATE_GRANT,
    Resource: resource,
    ...condition({ ...forAwsResources(via), ...throughService(via), ...besides }),
  };
  return [...(uses.length > 0 ? [use] : []), ...(uses.length < requests.length ? [grant] : [])];
};

/** One pair for each service that asks: a condition on one would shut the other out. */
const pairsFor = (missing: Missing, place: Place): readonly StatementText[] => {
  const ways = [...new Set(missing.map(viaOf))];
  return ways.flatMap((via) =>
    pairFor(
      missing.filter((request) => viaOf(request) === via),
      via,
      place,
    ),
  );
};

/** https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-auth-slr.html */
const linkedRoleStatement = ({ resource, context }: Request, besides: StatementText): StatementText => {
  const service = certain(context, 'iam:awsservicename')?.[0];
  return {
    Sid: 'RequiredForTheFirstMultiRegionKey',
    Effect: 'Allow',
    Action: LINKED_ROLE,
    Resource: resource,
    ...condition({
      ...(service === undefined ? {} : { StringEquals: { 'iam:AWSServiceName': service } }),
      ...besides,
    }),
  };
};

const attached = (missing: Missing, besides: StatementText): readonly StatementText[] =>
  missing[0].action === LINKED_ROLE
    ? [linkedRoleStatement(missing[0], besides)]
    : pairsFor(missing, { who: {}, resource: missing[0].resource, besides });

const theOne = (principal: Principal): StatementText => ({ ArnEquals: { 'aws:PrincipalArn': arnOf(principal) } });

/** For a policy that binds this principal alone. */
export const ownStatements = (missing: Missing): readonly StatementText[] => attached(missing, {});

/** For a policy that binds others too, and cannot name anybody but by a condition. */
export const sharedStatements = (missing: Missing): readonly StatementText[] =>
  attached(missing, theOne(missing[0].principal));

/** A root user's ARN stands for its whole account, so that a condition has to single it out. */
const naming = (principal: Principal): Pick<Place, 'who' | 'besides'> =>
  principal.kind === 'service'
    ? { who: { Principal: { Service: principal.name } }, besides: {} }
    : { who: { Principal: { AWS: arnOf(principal) } }, besides: principal.kind === 'root' ? theOne(principal) : {} };

/** For the policy of a key, in which `*` is the key. */
export const keyPolicyStatements = (missing: Missing): readonly StatementText[] =>
  pairsFor(missing, { ...naming(missing[0].principal), resource: '*' });

/** For the policy of an endpoint, which serves every key. */
export const endpointStatements = (missing: Missing): readonly StatementText[] =>
  pairsFor(missing, { ...naming(missing[0].principal), resource: missing[0].resource });

/** The same with Sids that no other statement bears: AWS refuses a policy in which two are alike. */
export const withFreeSids = (statements: readonly StatementText[], policy: Policy | null): readonly StatementText[] => {
  const taken = new Set(policy?.statements.map(({ sid }) => sid));
  return statements.map((statement) => {
    const sid = `${statement.Sid}`;
    let free = sid;
    for (let count = 2; taken.has(free); count += 1) free = `${sid}${count}`;
    taken.add(free);
    return { ...statement, Sid: free };
  });
};
