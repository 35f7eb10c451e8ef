import { judge, type Layer } from './judge.ts';
import { resourceTags } from './needs.ts';
import type { Grant, Key, RoleSession, State } from './state.ts';

export type KmsAction =
  | 'CancelKeyDeletion'
  | 'CreateAlias'
  | 'CreateGrant'
  | 'Decrypt'
  | 'DeleteAlias'
  | 'DescribeKey'
  | 'GenerateDataKey'
  | 'GenerateDataKeyWithoutPlaintext'
  | 'GetKeyPolicy'
  | 'ListGrants'
  | 'ListResourceTags'
  | 'ReEncryptFrom'
  | 'ReEncryptTo'
  | 'ReplicateKey'
  | 'RetireGrant'
  | 'ScheduleKeyDeletion';

export type EncryptionContext = Readonly<Record<string, string>>;

export type GrantTerms = Omit<Grant, 'grantId'>;

export interface KmsRequest {
  readonly session: RoleSession;
  readonly region: string;
  readonly key: Key;
  readonly action: KmsAction;
  /** `ec2`: EC2 or EBS forwards the call in the session's name; `null`: the session calls KMS itself. */
  readonly via: 'ec2' | null;
  readonly encryptionContext?: EncryptionContext | undefined;
  readonly grant?: GrantTerms | undefined;
  /** The other key of a ReEncrypt. */
  readonly counterpart?: Key | undefined;
  /** How the message names the key: the caller of a foreign key's ciphertext is not told its ARN. */
  readonly naming?: 'key' | 'ciphertext' | 'resource' | undefined;
}

export type KmsRefusal =
  | { readonly kind: 'denied'; readonly code: 'AccessDeniedException'; readonly message: string }
  | {
      readonly kind: 'state';
      readonly code: 'DisabledException' | 'KMSInvalidStateException';
      readonly message: string;
    };

/** Whether KMS would do this for this session: `null`, or the refusal as KMS words it. */
export const kmsPermits = async (state: State, request: KmsRequest): Promise<KmsRefusal | null> => {
  const { session, key, action } = request;
  const verdict = await judge({
    session,
    action: `kms:${action}`,
    resource: { arn: key.arn, accountId: key.accountId },
    resourcePolicy: { ...key.policy, Statement: [...[key.policy.Statement].flat(), ...grantStatements(request)] },
    context: contextOf(request),
    // What a service forwards comes from AWS's own network.
    endpointPolicy: request.via === null ? (session.endpointPolicy ?? null) : null,
    serviceControlPolicies: state.organization.get(session.role.accountId)?.serviceControlPolicies ?? [],
    // "Resource control policies": they do not affect AWS managed KMS keys.
    resourceControlPolicies:
      key.manager === 'AWS' ? [] : (state.organization.get(key.accountId)?.resourceControlPolicies ?? []),
  });
  if (!verdict.allowed) return denied(request, verdict.explicit, verdict.layer);
  return worksInAnyState.has(action) ? null : keyStateRefusal(key);
};

/**
 * The engine knows nothing of grants, so each grant that fits is shown to it as what it amounts to: an allow in the key
 * policy for its grantee. Denies, boundaries and control policies then bind it as they bind every allow.
 */
const grantStatements = (request: KmsRequest): readonly unknown[] =>
  request.key.grants
    .filter((grant) => grant.granteePrincipal.startsWith('arn:') && fits(grant, request))
    .map((grant, index) => ({
      Sid: `Grant${index}`,
      Effect: 'Allow',
      Principal: { AWS: grant.granteePrincipal },
      Action: `kms:${request.action}`,
      Resource: '*',
    }));

const fits = (grant: Grant, request: KmsRequest): boolean => {
  const context = request.encryptionContext ?? {};
  const operations: readonly string[] = grant.operations;
  const asked = request.grant?.operations ?? [];
  const subset = Object.entries(grant.encryptionContextSubset ?? {});
  const equals = grant.encryptionContextEquals === null ? null : Object.entries(grant.encryptionContextEquals);
  return (
    operations.includes(request.action) &&
    asked.every((operation) => operations.includes(operation)) &&
    subset.every(([name, value]) => context[name] === value) &&
    (equals === null ||
      (equals.length === Object.keys(context).length && equals.every(([name, value]) => context[name] === value)))
  );
};

const worksInAnyState: ReadonlySet<KmsAction> = new Set([
  'CancelKeyDeletion',
  'DeleteAlias',
  'DescribeKey',
  'GetKeyPolicy',
  'ListGrants',
  'ListResourceTags',
  'RetireGrant',
  'ScheduleKeyDeletion',
]);

const stateProblems = {
  Disabled: { code: 'DisabledException', words: 'is disabled.' },
  Creating: { code: 'KMSInvalidStateException', words: 'is creating.' },
  PendingDeletion: { code: 'KMSInvalidStateException', words: 'is pending deletion.' },
  PendingReplicaDeletion: { code: 'KMSInvalidStateException', words: 'is pending replica deletion.' },
  PendingImport: { code: 'KMSInvalidStateException', words: 'is pending import.' },
  Unavailable: { code: 'KMSInvalidStateException', words: 'is unavailable.' },
} as const;

/** What a key's state alone stops. "Key states of AWS KMS keys", AWS KMS Developer Guide. */
export const keyStateRefusal = (key: Key): KmsRefusal | null => {
  if (key.state === 'Enabled') return null;
  const { code, words } = stateProblems[key.state];
  return { kind: 'state', code, message: `${key.arn} ${words}` };
};

const layerWords: Readonly<Record<Layer, { explicit: string; implicit: string }>> = {
  'key-policy': { explicit: 'a resource-based policy', implicit: 'no resource-based policy' },
  'identity-policy': { explicit: 'an identity-based policy', implicit: 'no identity-based policy' },
  'permissions-boundary': { explicit: 'a permissions boundary', implicit: 'no permissions boundary' },
  'session-policy': { explicit: 'a session policy', implicit: 'no session policy' },
  'service-control-policy': { explicit: 'a service control policy', implicit: 'no service control policy' },
  'resource-control-policy': { explicit: 'a resource control policy', implicit: 'no resource control policy' },
  'vpc-endpoint-policy': { explicit: 'a VPC endpoint policy', implicit: 'no VPC endpoint policy' },
};

const namingWords = {
  key: (key: Key) => `on resource: ${key.arn}`,
  ciphertext: () => 'on the resource associated with this ciphertext',
  resource: () => 'on this resource',
} as const;

/** The grammar of "Troubleshoot access denied error messages", IAM User Guide. */
export const denialReason = (action: string, explicit: boolean, layer: Layer): string =>
  explicit
    ? `with an explicit deny in ${layerWords[layer].explicit}`
    : `because ${layerWords[layer].implicit} allows the ${action} action`;

const denied = (request: KmsRequest, explicit: boolean, layer: Layer): KmsRefusal => {
  const action = `kms:${request.action}`;
  // KMS hides the ARN of a key in another account only: within one account a ReEncrypt denial names it.
  const foreign = request.key.accountId !== request.session.role.accountId;
  const resource = namingWords[foreign ? (request.naming ?? 'key') : 'key'](request.key);
  const reason = denialReason(action, explicit, layer);
  const message = `User: ${request.session.arn} is not authorized to perform: ${action} ${resource} ${reason}`;
  return { kind: 'denied', code: 'AccessDeniedException', message };
};

/** The context keys that every request of a role's session carries. */
export const sessionContext = (session: RoleSession, region: string): Record<string, string> => ({
  'aws:PrincipalArn': session.role.arn,
  'aws:PrincipalAccount': session.role.accountId,
  'aws:PrincipalType': 'AssumedRole',
  'aws:userid': `${session.role.uniqueId}:${session.sessionName}`,
  'aws:RequestedRegion': region,
  'aws:SecureTransport': 'true',
});

const contextOf = (request: KmsRequest): Record<string, string | readonly string[]> => ({
  ...sessionContext(request.session, request.region),
  ...keyContext(request.key),
  'kms:CallerAccount': request.session.role.accountId,
  ...(request.via === null
    ? { 'aws:ViaAWSService': 'false' }
    : { 'aws:ViaAWSService': 'true', 'kms:ViaService': `ec2.${request.region}.amazonaws.com` }),
  ...encryptionContextKeys(request),
  ...reEncryptContext(request),
  ...grantContext(request),
});

const keyContext = (key: Key): Record<string, string | readonly string[]> => ({
  'aws:ResourceAccount': key.accountId,
  'kms:KeyOrigin': key.state === 'PendingImport' ? 'EXTERNAL' : 'AWS_KMS',
  'kms:KeySpec': 'SYMMETRIC_DEFAULT',
  'kms:KeyUsage': 'ENCRYPT_DECRYPT',
  'kms:MultiRegion': String(key.keyId.startsWith('mrk-')),
  ...resourceTags(key.tags ?? {}, 'aws'),
  ...(key.aliases.length > 0 ? { 'kms:ResourceAliases': key.aliases } : {}),
});

const encryptionContextKeys = ({ encryptionContext }: KmsRequest): Record<string, string | readonly string[]> => {
  const entries = Object.entries(encryptionContext ?? {});
  if (entries.length === 0) return {};
  return {
    ...Object.fromEntries(entries.map(([name, value]) => [`kms:EncryptionContext:${name}`, value])),
    'kms:EncryptionContextKeys': entries.map(([name]) => name),
  };
};

const reEncryptContext = ({ key, counterpart }: KmsRequest): Record<string, string> =>
  counterpart === undefined ? {} : { 'kms:ReEncryptOnSameKey': String(counterpart.arn === key.arn) };

const grantContext = ({ grant, via, action }: KmsRequest): Record<string, string | readonly string[]> => {
  if (grant === undefined || action !== 'CreateGrant') return {};
  const constraint = grant.encryptionContextEquals === null ? 'EncryptionContextSubset' : 'EncryptionContextEquals';
  const constrained = grant.encryptionContextEquals !== null || grant.encryptionContextSubset !== null;
  return {
    'kms:GrantIsForAWSResource': String(via !== null),
    'kms:GrantOperations': grant.operations,
    'kms:GranteePrincipal': grant.granteePrincipal,
    ...(grant.retiringPrincipal === null ? {} : { 'kms:RetiringPrincipal': grant.retiringPrincipal }),
    ...(constrained ? { 'kms:GrantConstraintType': constraint } : {}),
  };
};
