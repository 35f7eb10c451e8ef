import { createHash } from 'node:crypto';
import {
  type CreateGrantCommandInput,
  type CreateGrantCommandOutput,
  type DescribeKeyCommandInput,
  type DescribeKeyCommandOutput,
  DisabledException,
  DryRunOperationException,
  type GetKeyPolicyCommandInput,
  type GetKeyPolicyCommandOutput,
  type GrantListEntry,
  GrantOperation,
  type KeyMetadata,
  KMSInvalidStateException,
  KMSServiceException,
  type ListAliasesCommandInput,
  type ListAliasesCommandOutput,
  type ListGrantsCommandInput,
  type ListGrantsCommandOutput,
  type ListKeysCommandInput,
  type ListKeysCommandOutput,
  NotFoundException,
  type RetireGrantCommandInput,
  type RetireGrantCommandOutput,
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
import type { Grant, Key } from './state.ts';

const defaultPageSize = 50;
/** "ListKeys", AWS KMS API Reference */
const keyPageSize = 100;

/** KMS as a session calls it directly: without `kms:ViaService`, and never for an AWS resource. */
export const kmsService = (ground: Ground) => ({
  DescribeKey: async (call: Call<DescribeKeyCommandInput>): Promise<DescribeKeyCommandOutput> => {
    const key = await permittedKey(ground, call, 'DescribeKey', call.input.KeyId, { keyId: call.input.KeyId });
    return { $metadata: answered(call), KeyMetadata: keyMetadata(key) };
  },

  GetKeyPolicy: async (call: Call<GetKeyPolicyCommandInput>): Promise<GetKeyPolicyCommandOutput> => {
    const requestParameters = { keyId: call.input.KeyId, policyName: call.input.PolicyName ?? 'default' };
    const key = await permittedKey(ground, call, 'GetKeyPolicy', call.input.KeyId, requestParameters);
    return { $metadata: answered(call), Policy: JSON.stringify(key.policy), PolicyName: 'default' };
  },

  ListGrants: async (call: Call<ListGrantsCommandInput>): Promise<ListGrantsCommandOutput> => {
    const { KeyId, Limit = defaultPageSize, Marker, GranteePrincipal, GrantId } = call.input;
    const key = await permittedKey(ground, call, 'ListGrants', KeyId, { keyId: KeyId, limit: call.input.Limit });
    const grants = key.grants.filter(
      (grant) =>
        (GranteePrincipal === undefined || grant.granteePrincipal === GranteePrincipal) &&
        (GrantId === undefined || grant.grantId === GrantId),
    );
    const page = pageFrom(grants, Limit, Marker);
    const Grants = page.items.map((grant) => listedGrant(key, grant));
    return { $metadata: answered(call), Grants, Truncated: page.truncated, NextMarker: page.next };
  },

  ListAliases: async (call: Call<ListAliasesCommandInput>): Promise<ListAliasesCommandOutput> => {
    await permittedListing(ground, call, 'kms:ListAliases');
    const { accountId } = call.session.role;
    const only = call.input.KeyId === undefined ? undefined : knownKey(ground, call, call.input.KeyId);
    const aliases = [...ground.state.keys.values()]
      .filter((key) => key.accountId === accountId && key.region === call.region && (only ?? key) === key)
      .flatMap((key) =>
        key.aliases.map((name) => ({
          AliasName: name,
          AliasArn: `arn:aws:kms:${key.region}:${key.accountId}:${name}`,
          TargetKeyId: key.keyId,
        })),
      );
    const page = pageFrom(aliases, call.input.Limit ?? defaultPageSize, call.input.Marker);
    return { $metadata: answered(call), Aliases: page.items, Truncated: page.truncated, NextMarker: page.next };
  },

  ListKeys: async (call: Call<ListKeysCommandInput>): Promise<ListKeysCommandOutput> => {
    await permittedListing(ground, call, 'kms:ListKeys');
    const { accountId } = call.session.role;
    const keys = [...ground.state.keys.values()].filter(
      (key) => key.accountId === accountId && key.region === call.region,
    );
    const page = pageFrom(keys, call.input.Limit ?? keyPageSize, call.input.Marker);
    const Keys = page.items.map(({ keyId, arn }) => ({ KeyId: keyId, KeyArn: arn }));
    return { $metadata: answered(call), Keys, Truncated: page.truncated, NextMarker: page.next };
  },

  CreateGrant: async (call: Call<CreateGrantCommandInput>): Promise<CreateGrantCommandOutput> => {
    const terms = grantTerms(call.input);
    const requestParameters = {
      keyId: call.input.KeyId,
      granteePrincipal: terms.granteePrincipal,
      operations: terms.operations,
      ...(terms.retiringPrincipal === null ? {} : { retiringPrincipal: terms.retiringPrincipal }),
      ...(call.input.DryRun === undefined ? {} : { dryRun: call.input.DryRun }),
    };
    const key = await permittedKey(ground, call, 'CreateGrant', call.input.KeyId, requestParameters, terms);
    const grantId = createHash('sha256').update(ground.uuid()).digest('hex');
    key.grants.push({ ...terms, grantId });
    return { $metadata: answered(call), GrantId: grantId, GrantToken: Buffer.from(grantId).toString('base64') };
  },

  RetireGrant: async (call: Call<RetireGrantCommandInput>): Promise<RetireGrantCommandOutput> => {
    const { KeyId, GrantId, GrantToken } = call.input;
    const grantId = GrantId ?? Buffer.from(GrantToken ?? '', 'base64').toString();
    const key = [...ground.state.keys.values()].find(
      (candidate) =>
        (KeyId === undefined || candidate.arn === KeyId) && candidate.grants.some((grant) => grant.grantId === grantId),
    );
    const index = key?.grants.findIndex((grant) => grant.grantId === grantId) ?? -1;
    const grant = key?.grants[index];
    if (key === undefined || grant === undefined) throw notFound(call, `Grant ID ${grantId} not found`);
    const { session } = call;
    // "Retiring and revoking grants": the retiring principal may; everybody else needs kms:RetireGrant.
    const retires = [session.role.arn, session.arn].includes(grant.retiringPrincipal ?? '');
    const requestParameters = { keyId: key.arn, grantId };
    if (!retires) await permittedKey(ground, call, 'RetireGrant', key.arn, requestParameters);
    else record(ground, call, 'RetireGrant', key, requestParameters, undefined);
    key.grants.splice(index, 1);
    return { $metadata: answered(call) };
  },
});

const answered = (call: Call, httpStatusCode = 200) => ({ httpStatusCode, requestId: call.requestId });

const knownKey = (ground: Ground, call: Call, name: string | undefined): Key => {
  const place = { accountId: call.session.role.accountId, region: call.region };
  const key = findKey(ground, place, name ?? '');
  if (key !== undefined && key.region === call.region) return key;
  const { accountId, region } = place;
  const path = /^(alias|key)\//.test(name ?? '') ? name : `key/${name}`;
  const arn = name?.startsWith('arn:') === true ? name : `arn:aws:kms:${region}:${accountId}:${path}`;
  throw notFound(call, arn.includes(':alias/') ? `Alias ${arn} is not found.` : `Key '${arn}' does not exist`);
};

/** The key, if KMS lets this session do this with it; the call is recorded either way. */
const permittedKey = async (
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

/** A listing has no resource: only the caller's own policies decide. */
const permittedListing = async (ground: Ground, call: Call, action: `kms:List${string}`): Promise<void> => {
  const { session, region } = call;
  const verdict = await judge({
    session,
    action,
    resource: { arn: '*', accountId: session.role.accountId },
    resourcePolicy: null,
    context: sessionContext(session, region),
    serviceControlPolicies: ground.state.organization.get(session.role.accountId)?.serviceControlPolicies ?? [],
    resourceControlPolicies: [],
  });
  if (verdict.allowed) return;
  const reason = denialReason(action, verdict.explicit, verdict.layer);
  const message = `User: ${session.arn} is not authorized to perform: ${action} on resource: * ${reason}`;
  throw kmsError(call, 'AccessDeniedException', message);
};

const record = (
  ground: Ground,
  call: Call,
  eventName: string,
  key: Key,
  requestParameters: Readonly<Record<string, unknown>>,
  error: { readonly code: string; readonly message: string } | undefined,
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
    responseElements: null,
    keys: denied ? undefined : [key],
    shared: false,
    internalEndpoint: false,
    seenBy: error === undefined && key.accountId !== call.session.role.accountId ? [key.accountId] : [],
  });
};

const kmsError = (call: Call, code: string, message: string): KMSServiceException => {
  const options = { message, $metadata: answered(call, 400) };
  if (code === 'DisabledException') return new DisabledException(options);
  if (code === 'KMSInvalidStateException') return new KMSInvalidStateException(options);
  if (code === 'DryRunOperationException') return new DryRunOperationException(options);
  return new KMSServiceException({ ...options, name: code, $fault: 'client' });
};

const notFound = (call: Call, message: string): NotFoundException =>
  new NotFoundException({ message, $metadata: answered(call, 400) });

const grantTerms = (input: CreateGrantCommandInput): GrantTerms => ({
  granteePrincipal: input.GranteePrincipal ?? '',
  retiringPrincipal: input.RetiringPrincipal ?? null,
  operations: input.Operations ?? [],
  encryptionContextSubset: input.Constraints?.EncryptionContextSubset ?? null,
  encryptionContextEquals: input.Constraints?.EncryptionContextEquals ?? null,
});

const isGrantOperation = (name: string): name is GrantOperation => Object.hasOwn(GrantOperation, name);

const listedGrant = (key: Key, grant: Grant): GrantListEntry => ({
  KeyId: key.arn,
  GrantId: grant.grantId,
  GranteePrincipal: grant.granteePrincipal,
  RetiringPrincipal: grant.retiringPrincipal ?? undefined,
  IssuingAccount: `arn:aws:iam::${key.accountId}:root`,
  Operations: grant.operations.filter(isGrantOperation),
  Constraints: {
    EncryptionContextSubset: grant.encryptionContextSubset ?? undefined,
    EncryptionContextEquals: grant.encryptionContextEquals ?? undefined,
  },
});

const keyMetadata = (key: Key): KeyMetadata => ({
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
});

const pageFrom = <Item>(items: readonly Item[], limit: number, marker: string | undefined) => {
  const start = marker === undefined ? 0 : Number(marker);
  const end = start + limit;
  const truncated = end < items.length;
  return { items: items.slice(start, end), truncated, next: truncated ? String(end) : undefined };
};
