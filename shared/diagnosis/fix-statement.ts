import { certain } from '#shared/policy/context';
import { arnOf } from '#shared/policy/principal';
import type { Request } from '#shared/policy/request';

/** A statement as it is pasted into a policy. */
export type StatementText = Readonly<Record<string, unknown>>;

/** Requests that one layer was silent on: at least one, all by one principal for one resource. */
export type Missing = readonly [Request, ...Request[]];

const CREATE_GRANT = 'kms:CreateGrant';
const LINKED_ROLE = 'iam:CreateServiceLinkedRole';

/** In alphabetical order; one action stands alone. */
const actionsOf = (requests: readonly Request[]): string | readonly string[] => {
  const actions = [...new Set(requests.map(({ action }) => action))].sort();
  return actions.length === 1 ? (actions[0] ?? actions) : actions;
};

const viaOf = ({ context }: Request): string | null => certain(context, 'kms:viaservice')?.[0] ?? null;

/** An object without what is empty. */
const condition = (operators: StatementText): StatementText =>
  Object.keys(operators).length === 0 ? {} : { Condition: operators };

const throughService = (via: string | null): StatementText =>
  via === null ? {} : { StringEquals: { 'kms:ViaService': via } };

/**
 * The recommended pair: use of the key without CreateGrant, and CreateGrant for the grants that AWS's services need and no
 * other.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-service-integration
 */
const pairFor = (
  missing: Missing,
  who: StatementText,
  resource: string,
  besides: StatementText = {},
): readonly StatementText[] => {
  const via = viaOf(missing[0]);
  const uses = missing.filter(({ action }) => action !== CREATE_GRANT);
  const statements: StatementText[] = [];
  if (uses.length > 0)
    statements.push({
      Sid: 'AllowUseForAcquisition',
      Effect: 'Allow',
      ...who,
      Action: actionsOf(uses),
      Resource: resource,
      ...condition({ ...throughService(via), ...besides }),
    });
  if (uses.length < missing.length)
    statements.push({
      Sid: 'AllowGrantsForAWSResources',
      Effect: 'Allow',
      ...who,
      Action: CREATE_GRANT,
      Resource: resource,
      ...condition({
        ...(via === null ? {} : { Bool: { 'kms:GrantIsForAWSResource': 'true' } }),
        ...throughService(via),
        ...besides,
      }),
    });
  return statements;
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

/** For a policy that binds this principal alone. */
export const ownStatements = (missing: Missing): readonly StatementText[] =>
  missing[0].action === LINKED_ROLE ? [linkedRoleStatement(missing[0], {})] : pairFor(missing, {}, missing[0].resource);

/** For a policy that binds others too, and cannot name anybody but by a condition. */
export const sharedStatements = (missing: Missing): readonly StatementText[] => {
  const theOne = { ArnEquals: { 'aws:PrincipalArn': arnOf(missing[0].principal) } };
  return missing[0].action === LINKED_ROLE
    ? [linkedRoleStatement(missing[0], theOne)]
    : pairFor(missing, {}, missing[0].resource, theOne);
};

/** For the policy of a key, in which `*` is the key. */
export const keyPolicyStatements = (missing: Missing): readonly StatementText[] =>
  pairFor(missing, { Principal: { AWS: arnOf(missing[0].principal) } }, '*');

/** For the policy of an endpoint, which serves every key. */
export const endpointStatements = (missing: Missing): readonly StatementText[] =>
  pairFor(missing, { Principal: { AWS: arnOf(missing[0].principal) } }, missing[0].resource);
