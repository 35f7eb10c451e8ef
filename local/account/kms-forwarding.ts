import { createHash } from 'node:crypto';
import type { Call, Ground } from './call.ts';
import { recordCall } from './cloudtrail.ts';
import {
  type EncryptionContext,
  type GrantTerms,
  type KmsAction,
  type KmsRefusal,
  keyStateRefusal,
  kmsPermits,
} from './kms-decision.ts';
import type { Key, RoleSession } from './state.ts';

/** In whose name, and how, EC2 or EBS calls KMS for a session. */
export interface Forwarder {
  readonly session: RoleSession;
  readonly region: string;
  readonly requestId: string;
  readonly invokedBy: string;
  /** What a call within the EC2 request itself carries: a shared event id and AWS's own endpoint. */
  readonly withinRequest: boolean;
  readonly sourceIPAddress?: string | undefined;
}

/** EC2 while it answers: its KMS calls share the request id of the call. */
export const withinRequest = (call: Call): Forwarder => ({
  session: call.session,
  region: call.region,
  requestId: call.requestId,
  invokedBy: 'ec2-frontend-api.amazonaws.com',
  withinRequest: true,
});

/** EC2 after it answered, as for a copy: each KMS call has a request id of its own. */
export const afterRequest = (ground: Ground, call: Call): Forwarder => ({
  ...withinRequest(call),
  requestId: ground.uuid(),
  withinRequest: false,
});

/** The part of EBS that asks for a copy's source key. */
export const copySource = (ground: Ground, call: Call): Forwarder => ({
  ...afterRequest(ground, call),
  invokedBy: `prod.kms-caller.ebs.${call.region}.amazonaws.com`,
});

/** EBS direct: its KMS calls never share the request id, though its errors may quote theirs. */
export const ebsDirect = (ground: Ground, call: Call): Forwarder => ({
  ...afterRequest(ground, call),
  invokedBy: 'ebs.amazonaws.com',
});

/** What the encryption context of EBS says: the volume or snapshot that a data key belongs to. */
export const ebsContext = (id: string): EncryptionContext => ({ 'aws:ebs:id': id });

interface Recorded {
  readonly eventName: string;
  readonly key: Key;
  readonly otherKey?: Key | undefined;
  readonly requestParameters: Readonly<Record<string, unknown>>;
  readonly responseElements?: Readonly<Record<string, unknown>> | undefined;
  readonly additionalEventData?: Readonly<Record<string, unknown>> | undefined;
}

const recordForwarded = (ground: Ground, by: Forwarder, refusal: KmsRefusal | null, recorded: Recorded): void => {
  const keys = [recorded.key, ...(recorded.otherKey === undefined ? [] : [recorded.otherKey])];
  const owners = new Set(keys.map((key) => key.accountId).filter((owner) => owner !== by.session.role.accountId));
  recordCall(ground, {
    eventSource: 'kms.amazonaws.com',
    eventName: recorded.eventName,
    identity: { session: by.session },
    region: by.region,
    requestId: by.requestId,
    invokedBy: by.invokedBy,
    error: refusal === null ? undefined : { code: recordedCode(refusal), message: refusal.message },
    // A denied call leaves neither its parameters nor its key; a key's state leaves the parameters.
    requestParameters: refusal?.kind === 'denied' ? null : recorded.requestParameters,
    responseElements: refusal === null ? (recorded.responseElements ?? null) : null,
    additionalEventData: refusal === null ? recorded.additionalEventData : undefined,
    keys: refusal === null ? keys : undefined,
    shared: by.withinRequest,
    internalEndpoint: by.withinRequest,
    sourceIPAddress: by.sourceIPAddress,
    // "How AWS KMS uses CloudTrail": refused cross-account calls are logged in the caller's account only.
    seenBy: refusal === null ? [...owners] : [],
  });
};

// The API answers AccessDeniedException, its CloudTrail record says AccessDenied.
const recordedCode = (refusal: KmsRefusal): string => (refusal.kind === 'denied' ? 'AccessDenied' : refusal.code);

/** A stand-in for the id of a key's material: stable, and 64 hex digits as in AWS's records. */
export const keyMaterialId = (key: Key): string => createHash('sha256').update(key.arn).digest('hex');

/** A grant for EBS or EC2 on a key, recorded and, if KMS agrees, made. */
export const forwardCreateGrant = async (
  ground: Ground,
  by: Forwarder,
  key: Key,
  terms: GrantTerms,
): Promise<KmsRefusal | null> => {
  const encryptionContext = terms.encryptionContextEquals ?? terms.encryptionContextSubset ?? undefined;
  const request = { session: by.session, region: by.region, key, via: 'ec2', encryptionContext, grant: terms } as const;
  const refusal = await kmsPermits(ground.state, { ...request, action: 'CreateGrant', naming: 'resource' });
  const grantId = createHash('sha256').update(ground.uuid()).digest('hex');
  if (refusal === null) key.grants.push({ ...terms, grantId });
  const constraints =
    terms.encryptionContextEquals === null
      ? { encryptionContextSubset: terms.encryptionContextSubset }
      : { encryptionContextEquals: terms.encryptionContextEquals };
  recordForwarded(ground, by, refusal, {
    eventName: 'CreateGrant',
    key,
    requestParameters: {
      keyId: key.arn,
      granteePrincipal: terms.granteePrincipal,
      operations: terms.operations,
      retiringPrincipal: terms.retiringPrincipal,
      constraints,
    },
    responseElements: { grantId, keyId: key.arn },
  });
  return refusal;
};

/** A grant as EBS makes it for itself. */
export const ebsGrant = (
  region: string,
  constraint:
    | { readonly encryptionContextSubset: EncryptionContext }
    | { readonly encryptionContextEquals: EncryptionContext },
): GrantTerms => ({
  granteePrincipal: `ec2.${region}.amazonaws.com`,
  retiringPrincipal: `ec2.${region}.amazonaws.com`,
  operations: ['Decrypt'],
  encryptionContextSubset: null,
  encryptionContextEquals: null,
  ...constraint,
});

/** A data key, a decryption or a look at a key, recorded. */
export const forward = async (
  ground: Ground,
  by: Forwarder,
  action: Extract<KmsAction, 'Decrypt' | 'DescribeKey' | 'GenerateDataKey' | 'GenerateDataKeyWithoutPlaintext'>,
  key: Key,
  encryptionContext?: EncryptionContext,
): Promise<KmsRefusal | null> => {
  const request = { session: by.session, region: by.region, key, action, via: 'ec2', encryptionContext } as const;
  const refusal = await kmsPermits(ground.state, request);
  recordForwarded(ground, by, refusal, {
    eventName: action,
    key,
    requestParameters: { keyId: key.arn, ...parameterShapes[action], ...(encryptionContext && { encryptionContext }) },
    additionalEventData: action === 'DescribeKey' ? undefined : { keyMaterialId: keyMaterialId(key) },
  });
  return refusal;
};

const parameterShapes = {
  Decrypt: { encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
  DescribeKey: {},
  GenerateDataKey: { numberOfBytes: 64 },
  GenerateDataKeyWithoutPlaintext: { numberOfBytes: 64 },
} as const;

/**
 * The DescribeKey that a copy begins with. Only its success leaves a record: CloudTrail shows its denial as the
 * CopySnapshot's own AuthFailure.
 */
export const forwardDescribeKey = async (ground: Ground, by: Forwarder, key: Key): Promise<KmsRefusal | null> => {
  const request = { session: by.session, region: by.region, key, action: 'DescribeKey', via: 'ec2' } as const;
  const refusal = await kmsPermits(ground.state, request);
  if (refusal !== null) return refusal;
  recordForwarded(ground, by, null, { eventName: 'DescribeKey', key, requestParameters: { keyId: key.arn } });
  return null;
};

/** What EBS learns of a key's state without asking in the session's name, recorded where it is a refusal. */
export const forwardStateCheck = (
  ground: Ground,
  by: Forwarder,
  key: Key,
  encryptionContext: EncryptionContext,
): KmsRefusal | null => {
  const refusal = keyStateRefusal(key);
  if (refusal === null) return null;
  const requestParameters = { keyId: key.arn, ...parameterShapes.Decrypt, encryptionContext };
  recordForwarded(ground, by, refusal, { eventName: 'Decrypt', key, requestParameters });
  return refusal;
};

/** The decryption that EBS does for a copy by its own grant, long after anybody called. */
export const recordServiceDecrypt = (ground: Ground, region: string, key: Key, snapshotId: string): void =>
  recordCall(ground, {
    eventSource: 'kms.amazonaws.com',
    eventName: 'Decrypt',
    identity: { service: `prod.kms-caller.ebs.${region}.amazonaws.com`, accountId: key.accountId },
    region,
    requestId: ground.uuid(),
    invokedBy: `prod.kms-caller.ebs.${region}.amazonaws.com`,
    requestParameters: { keyId: key.arn, ...parameterShapes.Decrypt, encryptionContext: ebsContext(snapshotId) },
    responseElements: null,
    additionalEventData: { keyMaterialId: keyMaterialId(key) },
    keys: [key],
    shared: true,
    internalEndpoint: false,
  });

interface DataKey {
  readonly key: Key;
  /** The snapshot or volume that the data key belongs to. */
  readonly id: string;
}

/** A data key re-encrypted from one key and owner to another: two permissions, one call, one record. */
export const forwardReEncrypt = async (
  ground: Ground,
  by: Forwarder,
  source: DataKey,
  destination: DataKey,
): Promise<KmsRefusal | null> => {
  const request = { session: by.session, region: by.region, via: 'ec2' } as const;
  const from = {
    ...request,
    action: 'ReEncryptFrom',
    key: source.key,
    counterpart: destination.key,
    encryptionContext: ebsContext(source.id),
    naming: 'ciphertext',
  } as const;
  const to = {
    ...request,
    action: 'ReEncryptTo',
    key: destination.key,
    counterpart: source.key,
    encryptionContext: ebsContext(destination.id),
  } as const;
  const refusal = (await kmsPermits(ground.state, from)) ?? (await kmsPermits(ground.state, to));
  recordForwarded(ground, by, refusal, {
    eventName: 'ReEncrypt',
    key: source.key,
    otherKey: source.key === destination.key ? undefined : destination.key,
    requestParameters: {
      sourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      destinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      sourceEncryptionContext: ebsContext(source.id),
      destinationEncryptionContext: ebsContext(destination.id),
      destinationKeyId: destination.key.arn,
    },
    additionalEventData: {
      sourceKeyMaterialId: keyMaterialId(source.key),
      destinationKeyMaterialId: keyMaterialId(destination.key),
    },
  });
  return refusal;
};
