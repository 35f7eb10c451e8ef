import {
  DisabledException,
  DryRunOperationException,
  type KeyMetadata,
  KMSInvalidStateException,
  KMSServiceException,
  NotFoundException,
} from '@aws-sdk/client-kms';
import type { Call, Ground } from './call.ts';
import { recordCall } from './cloudtrail.ts';
import { judge } from './judge.ts';
import {
  denialReason,
  type GrantTerms,
  type KmsAction,
  type KmsRefusal,
  kmsPermits,
  sessionContext,
} from './kms-decision.ts';
import { findKey } from './kms-keys.ts';
import type { Key, PolicyDocument } from './state.ts';

export const answered = (call: Call, httpStatusCode = 200) => ({ httpStatusCode, requestId: call.requestId });

export const knownKey = (ground: Ground, call: Call, name: string | undefined): Key => {
  const place = { accountId: call.session.role.accountId, region: call.region };
  const key = findKey(ground, place, name ?? '');
  if (key !== undefined && key.region === call.region) return key;
  const { accountId, region } = place;
  const path = /^(alias|key)\//.test(name ?? '') ? name : `key/${name}`;
  const arn = name?.startsWith('arn:') === true ? name : `arn:aws:kms:${region}:${accountId}:${path}`;
  throw notFound(call, arn.includes(':alias/') ? `Alias ${arn} is not found.` : `Key '${arn}' does not exist`);
};

/** The key, if KMS lets this session do this with it; the call is recorded either way. */
export const permittedKey = async (
  ground: Ground,
  call: Call<{ DryRun?: boolean | undefined } | object>,
  action: KmsAction,
  name: string | undefined,
  requestParameters: Readonly<Record<string, unknown>>,
  grant?: GrantTerms,
): Promise<Key> => {
  const key = knownKey(ground, call, name);
  const encryptionContext = grant?.encryptionContextEquals ?? grant?.encryptionContextSubset ?? undefined;
  const { session, region } = call;
  const foreignPolicy = action === 'GetKeyPolicy' && key.accountId !== session.role.accountId;
  const refusal = foreignPolicy
    ? foreignPolicyRefusal(call)
    : await kmsPermits(ground.state, { session, region, key, action, via: null, grant, encryptionContext });
  const dryRun = refusal === null && 'DryRun' in call.input && call.input.DryRun === true;
  const error =
    refusal ?? (dryRun ? ({ code: 'DryRunOperationException', message: dryRunMessage } as const) : undefined);
  record(ground, call, action, key, requestParameters, error);
  if (error !== undefined) throw kmsError(call, error.code, error.message);
  return key;
};

const dryRunMessage = 'The request would have succeeded, but the DryRun option is set.';

// "GetKeyPolicy: cross-account use: No", AWS KMS API Reference
const foreignPolicyRefusal = (call: Call): KmsRefusal => ({
  kind: 'denied',
  code: 'AccessDeniedException',
  message: `User: ${call.session.arn} is not authorized to perform: kms:GetKeyPolicy on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
});

/** What KMS decides without a key: only the caller's own policies, and its organisation's, have a say. */
export const permittedByCaller = async (
  ground: Ground,
  call: Call,
  action: `${string}:${string}`,
  resource: string,
  context: Readonly<Record<string, string | readonly string[]>> = {},
  resourcePolicy: PolicyDocument | null = null,
): Promise<void> => {
  const { session, region } = call;
  const verdict = await judge({
    session,
    action,
    resource: { arn: resource, accountId: session.role.accountId },
    resourcePolicy,
    context: { ...sessionContext(session, region), ...context },
    // KMS itself asks IAM, from AWS's own network.
    endpointPolicy: action.startsWith('kms:') ? (session.endpointPolicy ?? null) : null,
    serviceControlPolicies: ground.state.organization.get(session.role.accountId)?.serviceControlPolicies ?? [],
    resourceControlPolicies: [],
  });
  if (verdict.allowed) return;
  const reason = denialReason(action, verdict.explicit, verdict.layer);
  const message = `User: ${session.arn} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
  throw kmsError(call, 'AccessDeniedException', message);
};

export const record = (
  ground: Ground,
  call: Call,
  eventName: string,
  key: Key,
  requestParameters: Readonly<Record<string, unknown>>,
  error: { readonly code: string; readonly message: string } | undefined,
  responseElements: Readonly<Record<string, unknown>> | null = null,
): void => {
  const denied = error?.code === 'AccessDeniedException';
  recordCall(ground, {
    eventSource: 'kms.amazonaws.com',
    eventName,
    identity: { session: call.session },
    region: call.region,
    requestId: call.requestId,
    invokedBy: null,
    error: error === undefined ? undefined : { ...error, code: denied ? 'AccessDenied' : error.code },
    requestParameters: denied ? null : requestParameters,
    responseElements,
    keys: denied ? undefined : [key],
    shared: false,
    internalEndpoint: false,
    seenBy: error === undefined && key.accountId !== call.session.role.accountId ? [key.accountId] : [],
  });
};

export const kmsError = (call: Call, code: string, message: string): KMSServiceException => {
  const options = { message, $metadata: answered(call, 400) };
  if (code === 'DisabledException') return new DisabledException(options);
  if (code === 'KMSInvalidStateException') return new KMSInvalidStateException(options);
  if (code === 'DryRunOperationException') return new DryRunOperationException(options);
  return new KMSServiceException({ ...options, name: code, $fault: 'client' });
};

export const notFound = (call: Call, message: string): NotFoundException =>
  new NotFoundException({ message, $metadata: answered(call, 400) });

export const keyMetadata = (key: Key): KeyMetadata => ({
  AWSAccountId: key.accountId,
  KeyId: key.keyId,
  Arn: key.arn,
  Enabled: key.state === 'Enabled',
  KeyUsage: 'ENCRYPT_DECRYPT',
  KeyState: key.state,
  Origin: key.state === 'PendingImport' ? 'EXTERNAL' : 'AWS_KMS',
  KeyManager: key.manager,
  KeySpec: 'SYMMETRIC_DEFAULT',
  EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
  MultiRegion: key.keyId.startsWith('mrk-'),
  ...(key.createdAt === undefined ? {} : { CreationDate: key.createdAt }),
  ...(key.primaryArn === undefined
    ? {}
    : {
        MultiRegionConfiguration: {
          MultiRegionKeyType: key.primaryArn === key.arn ? ('PRIMARY' as const) : ('REPLICA' as const),
          PrimaryKey: { Arn: key.primaryArn, Region: key.primaryArn.split(':')[3] },
        },
      }),
  ...(key.deletion === undefined ? {} : { DeletionDate: key.deletion.date }),
});
