import type { Ground } from './call.ts';
import type { RoleSession } from './state.ts';

/** CloudTrail reaches EventBridge minutes after the call: "typically within an average of about 5 minutes". */
export const cloudTrailLagSeconds = 100;

/** Who stands in `userIdentity`: a role's session, or an AWS service working on its own behalf. */
export type Identity = { readonly session: RoleSession } | { readonly service: string; readonly accountId: string };

export interface ApiCall {
  readonly eventSource: 'ec2.amazonaws.com' | 'kms.amazonaws.com' | 'ebs.amazonaws.com' | 'iam.amazonaws.com';
  readonly eventName: string;
  readonly identity: Identity;
  readonly region: string;
  readonly requestId: string;
  /** The service that forwards the call in the session's name; `null`: the session calls by itself. */
  readonly invokedBy: string | null;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly requestParameters: Readonly<Record<string, unknown>> | null;
  readonly responseElements: Readonly<Record<string, unknown>> | null;
  readonly additionalEventData?: Readonly<Record<string, unknown>> | undefined;
  readonly keys?: readonly { readonly accountId: string; readonly arn: string }[] | undefined;
  /** Of IAM: the roles and policies that it was done to. */
  readonly names?: readonly string[] | undefined;
  /** AWS puts a `sharedEventID` on some calls within one account too. */
  readonly shared: boolean;
  /** The call came through AWS's own network, as `ec2-frontend-api` calls of the request itself do. */
  readonly internalEndpoint: boolean;
  readonly sourceIPAddress?: string | undefined;
  /** Other accounts that see the call, with an AWSAccount identity. */
  readonly seenBy?: readonly string[] | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const callerAddress = '203.0.113.24';
const callerAgent = 'aws-sdk-js/3 ua/2.1 os/linux lang/js';

// "Logging AWS KMS API calls with AWS CloudTrail" and "Logging Amazon EC2 API calls": what reads is readOnly true.
const reading =
  /^(Describe|Get|List|Decrypt$|Encrypt$|ReEncrypt$|GenerateDataKey|GenerateMac$|GenerateRandom$|Sign$|Verify)/;

/** Reports a call as CloudTrail does, through EventBridge, to the caller's account and to those that see it. */
export const recordCall = (ground: Ground, call: ApiCall): void => {
  const sharedEventID = call.shared || (call.seenBy ?? []).length > 0 ? ground.uuid() : undefined;
  const recipient = 'session' in call.identity ? call.identity.session.role.accountId : call.identity.accountId;
  emitRecord(ground, call, recipient, identityFields(call), sharedEventID);
  for (const account of call.seenBy ?? []) {
    emitRecord(ground, call, account, foreignIdentityFields(call), sharedEventID);
  }
};

const emitRecord = (
  ground: Ground,
  call: ApiCall,
  recipientAccountId: string,
  userIdentity: Fields,
  sharedEventID: string | undefined,
): void => {
  const eventTime = seconds(ground.now());
  const detail = present({
    eventVersion: '1.11',
    userIdentity,
    eventTime,
    eventSource: call.eventSource,
    eventName: call.eventName,
    awsRegion: call.region,
    sourceIPAddress: call.sourceIPAddress ?? callerAddress,
    userAgent: call.invokedBy ?? callerAgent,
    errorCode: call.error?.code,
    errorMessage: call.error?.message,
    requestParameters: call.requestParameters,
    responseElements: call.responseElements,
    additionalEventData: call.additionalEventData,
    requestID: call.requestId,
    eventID: ground.uuid(),
    readOnly: reading.test(call.eventName),
    resources: call.keys?.map(({ accountId, arn }) => ({ accountId, type: 'AWS::KMS::Key', ARN: arn })),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId,
    sharedEventID,
    vpcEndpointId: call.internalEndpoint ? 'AWS Internal' : undefined,
    vpcEndpointAccountId: call.internalEndpoint ? 'AWS Internal' : undefined,
    eventCategory: 'Management',
    tlsDetails: call.invokedBy === null ? tlsDetails(call) : undefined,
  });
  const event = {
    version: '0',
    id: ground.uuid(),
    'detail-type': 'AWS API Call via CloudTrail',
    source: `aws.${call.eventSource.split('.')[0]}`,
    account: recipientAccountId,
    time: eventTime,
    region: call.region,
    resources: [],
    detail,
  } as const;
  ground.state.history.push({
    accountId: recipientAccountId,
    region: call.region,
    time: ground.now(),
    resources: [...(call.keys ?? []).map(({ arn }) => arn), ...(call.names ?? [])],
    detail,
  });
  ground.emit(event, cloudTrailLagSeconds);
};

const identityFields = (call: ApiCall): Fields => {
  if ('service' in call.identity) return { type: 'AWSService', invokedBy: call.identity.service };
  const { session } = call.identity;
  const { role } = session;
  return present({
    type: 'AssumedRole',
    principalId: `${role.uniqueId}:${session.sessionName}`,
    arn: session.arn,
    accountId: role.accountId,
    accessKeyId: session.accessKeyId,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: role.uniqueId,
        arn: role.arn,
        accountId: role.accountId,
        userName: role.name,
      },
      attributes: { creationDate: seconds(session.startedAt), mfaAuthenticated: 'false' },
    },
    invokedBy: call.invokedBy ?? undefined,
  });
};

// Another account learns who called only by account and principal id: the record there holds no ARN.
const foreignIdentityFields = (call: ApiCall): Fields => {
  if ('service' in call.identity) return identityFields(call);
  const { session } = call.identity;
  return present({
    type: 'AWSAccount',
    principalId: `${session.role.uniqueId}:${session.sessionName}`,
    accountId: session.role.accountId,
    invokedBy: call.invokedBy ?? undefined,
  });
};

const tlsDetails = (call: ApiCall): Fields => ({
  tlsVersion: 'TLSv1.3',
  cipherSuite: call.eventSource === 'kms.amazonaws.com' ? 'TLS_AES_256_GCM_SHA384' : 'TLS_AES_128_GCM_SHA256',
  clientProvidedHostHeader: `${call.eventSource.split('.')[0]}.${call.region}.amazonaws.com`,
});

const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** `2026-03-02T09:00:00Z`: CloudTrail writes no fractions. */
export const seconds = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;
