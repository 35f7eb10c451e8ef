import { type Carried, type Context, type ContextRecord, carrying, contextOf, type Possible } from './context.ts';
import type { Principal } from './principal.ts';

/**
 * What follows of a request's context from the request itself, so that nobody has to list it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
 */
type Known = readonly (readonly [string, Possible])[];

const is = (key: string, value: string | null): Known[number] => [key, carrying(value)];

const NO_SERVICE: Known = [is('aws:principalisawsservice', 'false'), is('aws:principalservicename', null)];

const ofPrincipal = (principal: Principal): Known => {
  switch (principal.kind) {
    case 'role':
      return [
        ...NO_SERVICE,
        ...(principal.roleArn === null ? [] : [is('aws:principalarn', principal.roleArn)]),
        is('aws:principalaccount', principal.accountId),
        is('aws:principaltype', 'AssumedRole'),
        is('aws:username', null),
      ];
    case 'user':
      return [
        ...NO_SERVICE,
        is('aws:principalarn', principal.arn),
        is('aws:principalaccount', principal.accountId),
        is('aws:principaltype', 'User'),
        is('aws:username', principal.name),
      ];
    case 'root':
      return [
        ...NO_SERVICE,
        is('aws:principalarn', principal.arn),
        is('aws:principalaccount', principal.accountId),
        is('aws:principaltype', 'Account'),
        is('aws:username', null),
      ];
    case 'service':
      return [is('aws:principalisawsservice', 'true'), is('aws:principalservicename', principal.name)];
  }
};

const ofKey = (principal: Principal, resource: string): Known => {
  const [, , service, region = '', accountId = '', id = ''] = resource.split(':');
  if (service !== 'kms') return [];
  const multiRegion = id.startsWith('key/mrk-');
  return [
    is('aws:resourceaccount', accountId),
    is('aws:requestedregion', region),
    is('kms:multiregion', String(multiRegion)),
    ...(multiRegion ? [] : [is('kms:multiregionkeytype', null)]),
    ...(principal.kind === 'service' ? [] : [is('kms:calleraccount', principal.accountId)]),
  ];
};

const FORWARDED: Known = [
  is('aws:viaawsservice', 'true'),
  // "Forward access sessions": the endpoint of the first call is not that of the service's.
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
  is('aws:sourcevpce', null),
  is('aws:sourcevpc', null),
  is('aws:vpcsourceip', null),
];

const EC2 = /^ec2\.[a-z0-9-]+\.amazonaws\.com$/;

/** EBS encrypts with symmetric keys only. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html */
const UNDER_EBS: Known = [
  is('kms:keyspec', 'SYMMETRIC_DEFAULT'),
  is('kms:keyusage', 'ENCRYPT_DECRYPT'),
  is('kms:customermasterkeyspec', 'SYMMETRIC_DEFAULT'),
  is('kms:customermasterkeyusage', 'ENCRYPT_DECRYPT'),
];

const ofForwarding = (via: Carried | undefined): Known => {
  if (via === undefined) return [];
  if (via === null) return [is('aws:viaawsservice', 'false')];
  return [...FORWARDED, ...(via.every((service) => EC2.test(service)) ? UNDER_EBS : [])];
};

const CRYPTOGRAPHIC = /^kms:(?:Decrypt|Encrypt|ReEncrypt(?:From|To)|GenerateDataKey(?:Pair)?(?:WithoutPlaintext)?)$/;
const OF_GRANTS = /^kms:(?:Create|List|Revoke)Grants?$/;
const GRANT_TERMS = [
  'kms:granteeprincipal',
  'kms:granteeserviceprincipal',
  'kms:retiringprincipal',
  'kms:retiringserviceprincipal',
  'kms:grantoperations',
  'kms:grantconstrainttype',
  'kms:grantconstraintsourcearn',
];

/** A grant is for an AWS resource where a service asks for it; whether others carry `false` or nothing is not documented. */
const forAwsResource = (action: string, via: Carried | undefined): Known => {
  const key = 'kms:grantisforawsresource';
  if (!OF_GRANTS.test(action)) return [is(key, null)];
  if (via === undefined) return [];
  return via === null ? [[key, [['false'], null]]] : action === 'kms:CreateGrant' ? [is(key, 'true')] : [];
};

/** The keys that other operations carry and this one does not. */
const ofAction = (action: string, via: Carried | undefined): Known => {
  if (!action.startsWith('kms:')) return [];
  const cryptographic = CRYPTOGRAPHIC.test(action);
  const grants = action === 'kms:CreateGrant';
  return [
    ...forAwsResource(action, via),
    ...(grants ? [is('kms:requestalias', null)] : GRANT_TERMS.map((key) => is(key, null))),
    ...(action.startsWith('kms:ReEncrypt') ? [] : [is('kms:reencryptonsamekey', null)]),
    ...(cryptographic || grants || action === 'kms:RetireGrant' ? [] : [is('kms:encryptioncontextkeys', null)]),
    ...(cryptographic ? [] : [is('kms:encryptionalgorithm', null)]),
  ];
};

const CONTEXT_PAIR = 'kms:encryptioncontext:';

/** Where all names of the encryption context are known, the others are known to be missing. */
const pairIn = (key: string, names: Carried | undefined): Possible | undefined => {
  if (names === undefined) return undefined;
  const given = names?.some((name) => name.toLowerCase() === key.slice(CONTEXT_PAIR.length)) ?? false;
  return given ? undefined : [null];
};

/** A request's context: what is given, and what follows from the rest. What is given wins. */
export const requestContext = (
  given: ContextRecord,
  {
    principal,
    action,
    resource,
  }: { readonly principal: Principal; readonly action: string; readonly resource: string },
): Context => {
  const listed = contextOf(given);
  const via = listed.get('kms:viaservice')?.[0];
  const follows: ReadonlyMap<string, Possible> = new Map([
    is('aws:securetransport', 'true'),
    ...ofPrincipal(principal),
    ...ofKey(principal, resource),
    ...ofForwarding(via),
    ...ofAction(action, via),
  ]);
  const get = (key: string): Possible | undefined => listed.get(key) ?? follows.get(key);
  return {
    spells: (key) => listed.spells?.(key) === true,
    get: (key) =>
      get(key) ?? (key.startsWith(CONTEXT_PAIR) ? pairIn(key, get('kms:encryptioncontextkeys')?.[0]) : undefined),
  };
};
