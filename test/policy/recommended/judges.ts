import type { Simulation } from '@cloud-copilot/iam-simulate';
import { authorize } from '#shared/policy/authorize';
import type { ContextRecord } from '#shared/policy/context';
import { known } from '#shared/policy/known';
import { principalOf } from '#shared/policy/principal';
import { readPolicy } from '#shared/policy/read-policy';
import { requestContext } from '#shared/policy/request-context';
import { simulated } from '../engines.ts';

/** What is asked, and the policies that there are. */
export interface Asked {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** What is not listed is known to be missing. */
  readonly context: ContextRecord;
  readonly keyPolicy: unknown;
  readonly identityPolicy: unknown;
}

const KEYS = [
  'kms:ViaService',
  'kms:GrantIsForAWSResource',
  'kms:ResourceAliases',
  'iam:AWSServiceName',
  'ssm:resourceTag/CadoResponseSSMEnabled',
  'ssm:resourceTag/Forensics',
];
const MISSING = Object.fromEntries(KEYS.map((key) => [key, null]));

const NOTHING = { Version: '2012-10-17', Statement: [] };

/** The authorizer's answer. */
export const ours = ({ principal, action, resource, context, keyPolicy, identityPolicy }: Asked): boolean => {
  const named = principalOf(principal);
  if (named === null) throw new Error(`no principal: ${principal}`);
  const request = { principal: named, action, resource };
  const { decision } = authorize(
    { ...request, context: requestContext({ ...MISSING, ...context }, request) },
    {
      key: {
        state: known('Enabled'),
        manager: known('CUSTOMER'),
        policy: known(readPolicy(keyPolicy ?? NOTHING, 'resource', 'key policy')),
        grants: known([]),
      },
      principal: {
        identityPolicies: known([readPolicy(identityPolicy ?? NOTHING, 'attached', 'identity policy')]),
        permissionsBoundary: known(null),
        sessionPolicies: known([]),
      },
      organization: { serviceControlPolicies: known([]), resourceControlPolicies: known([]) },
      vpcEndpointPolicy: known(null),
    },
  );
  if (decision === 'undetermined') throw new Error(`undetermined: ${action} by ${principal}`);
  return decision === 'allowed';
};

const accountIn = (arn: string): string => arn.split(':')[4] ?? '';

/** The answer of the other engine, iam-simulate. */
export const theirs = async ({
  principal,
  action,
  resource,
  context,
  keyPolicy,
  identityPolicy,
}: Asked): Promise<boolean> => {
  const account = accountIn(principal);
  const follows: ContextRecord = {
    'aws:PrincipalArn': principal,
    'aws:PrincipalAccount': account,
    ...(action.startsWith('kms:') && resource.includes(':key/') ? { 'kms:CallerAccount': account } : {}),
  };
  const carried = Object.entries({ ...follows, ...context }).flatMap(([key, value]) =>
    value === null ? [] : [[key, typeof value === 'string' ? value : [...value]] as const],
  );
  const simulation: Simulation = {
    request: {
      principal,
      action,
      resource: { resource, accountId: accountIn(resource) === '' ? account : accountIn(resource) },
      contextVariables: Object.fromEntries(carried),
    },
    resourcePolicy: keyPolicy ?? undefined,
    identityPolicies: identityPolicy === null ? [] : [{ name: 'identity', policy: identityPolicy }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
  return (await simulated(simulation)) === 'allowed';
};
