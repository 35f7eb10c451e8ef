import * as z from 'zod';
import { readExchange } from './acquiring-call.ts';
import { readDenialMessage } from './denial-message.ts';
import { type Envelope, instant, MalformedEventError, parse } from './envelope.ts';
import { AccountId, KeyArn, Region } from './identifiers.ts';
import { fitsRolePattern, rolePartsOf } from './role-pattern.ts';
import { AcquiringCallName, type Denial, type Reading, type Watch } from './signal.ts';

const MESSAGE_CHARACTERS = 4_096;
const short = z.string().max(2_048);

/** A CloudTrail record, as far as it is read here. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const TrailRecord = z.object({
  userIdentity: z.object({
    type: short,
    arn: short.nullish(),
    userName: short.nullish(),
    invokedBy: short.nullish(),
    sessionContext: z
      .object({ sessionIssuer: z.object({ userName: short.nullish(), arn: short.nullish() }).nullish() })
      .nullish(),
  }),
  eventTime: short.optional(),
  eventSource: short,
  eventName: short,
  awsRegion: Region,
  recipientAccountId: AccountId.optional(),
  errorCode: short.nullish(),
  errorMessage: z.string().nullish(),
  requestParameters: z.unknown(),
  responseElements: z.unknown(),
  resources: z.array(z.object({ ARN: z.string().nullish() })).nullish(),
  requestID: short.nullish(),
  vpcEndpointId: short.nullish(),
});
type TrailRecord = z.infer<typeof TrailRecord>;

/** Codes by which KMS says no. The rest are EC2's for the same refusal. */
const REFUSALS: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'DisabledException',
  'KMSInvalidStateException',
  'KeyUnavailableException',
  'NotFoundException',
  'InvalidCiphertextException',
]);
const DRY_RUNS: ReadonlySet<string> = new Set([
  'DryRunOperationException',
  'DryRunOperation',
  'Client.DryRunOperation',
]);

const KeyParameter = z.object({ keyId: KeyArn.optional().catch(undefined) }).catch({});

/** The key that a record names beside its message: only failures of key state keep their parameters. */
const keyBeside = (record: TrailRecord): KeyArn | null =>
  KeyParameter.parse(record.requestParameters).keyId ?? KeyArn.safeParse(record.resources?.[0]?.ARN).data ?? null;

/** Services whose KMS calls carry a request id of their own: the later half of CopySnapshot, and EBS direct. */
const AFTERWARDS = /^(?:prod\.kms-caller\.ebs\.|ebs\.amazonaws\.com$)/;

/** EC2 passes a call's own KMS requests through AWS's network, and the record says so; an EC2 record is its own call. */
const inCall = ({ eventSource, userIdentity, vpcEndpointId }: TrailRecord): boolean | null => {
  if (eventSource === 'ec2.amazonaws.com' || vpcEndpointId === 'AWS Internal') return true;
  return AFTERWARDS.test(userIdentity.invokedBy ?? '') ? false : null;
};

const OWN_ENDPOINT = /^vpce-[0-9a-f]{8,17}$/;

/** Of a call to KMS itself: what EC2 asks for somebody goes through no endpoint of theirs. */
const ownEndpoint = ({ eventSource, userIdentity, vpcEndpointId }: TrailRecord): string | null =>
  eventSource === 'kms.amazonaws.com' && !userIdentity.invokedBy
    ? (OWN_ENDPOINT.exec(vpcEndpointId ?? '')?.[0] ?? null)
    : null;

const denialIn = (record: TrailRecord, envelope: Envelope, fallbackAction: string | null): Denial | null => {
  const message = record.errorMessage ?? '';
  const told = readDenialMessage(message);
  if (told === null && fallbackAction === null) return null;
  const principal = record.userIdentity.arn ?? told?.principal ?? null;
  return {
    action: told?.action ?? fallbackAction,
    keyArn: told?.keyArn ?? keyBeside(record),
    layer: told?.layer ?? null,
    explicit: told?.explicit ?? false,
    policyArn: told?.policyArn ?? null,
    principal,
    ...(principal === null ? { roleName: null, sessionName: null } : rolePartsOf(principal)),
    roleArn: record.userIdentity.sessionContext?.sessionIssuer?.arn ?? null,
    via: record.userIdentity.invokedBy ?? null,
    vpcEndpointId: ownEndpoint(record),
    requestId: record.requestID || null,
    inCall: inCall(record),
    accountId: record.recipientAccountId ?? envelope.account,
    region: record.awsRegion,
    time: instant(record.eventTime) ?? instant(envelope.time),
    message: message.slice(0, MESSAGE_CHARACTERS),
  };
};

/** Why a record of somebody's is none of ours; `null` where it is. */
const notWatched = ({ userIdentity }: TrailRecord, watch: Watch): string | null => {
  const roleName =
    userIdentity.sessionContext?.sessionIssuer?.userName ??
    (userIdentity.arn ? rolePartsOf(userIdentity.arn).roleName : null) ??
    userIdentity.userName;
  if (!roleName) return `made by \`${userIdentity.invokedBy ?? userIdentity.type}\` itself, not by a response role`;
  if (watch.ownRoles.some((pattern) => fitsRolePattern(roleName, pattern)))
    return `\`${roleName}\` is Unlatch's own role`;
  if (!fitsRolePattern(roleName, watch.responseRole))
    return `\`${roleName}\` is not a response role (${watch.responseRole})`;
  return null;
};

const readKmsRecord = (record: TrailRecord, envelope: Envelope): Reading => {
  if (!record.errorCode) return { ignored: `${record.eventName} succeeded: no refusal` };
  if (!REFUSALS.has(record.errorCode)) return { ignored: `\`${record.errorCode}\` is no refusal by KMS` };
  const denial = denialIn(record, envelope, `kms:${record.eventName}`);
  return denial === null ? { ignored: 'no refusal' } : { signal: { kind: 'denial', denial } };
};

const readEc2Record = (record: TrailRecord, envelope: Envelope): Reading => {
  const name = AcquiringCallName.safeParse(record.eventName).data;
  if (name === undefined) return { ignored: `${record.eventName} is no call of an acquisition` };
  const { errorCode, errorMessage } = record;
  if (!record.requestID) throw new MalformedEventError('`detail.requestID`: expected the id of the call');
  const call = {
    name,
    principal: record.userIdentity.arn ?? record.userIdentity.userName ?? 'unknown',
    requestId: record.requestID,
    accountId: record.recipientAccountId ?? envelope.account,
    region: record.awsRegion,
    time: instant(record.eventTime) ?? instant(envelope.time),
    ...readExchange(name, {
      request: record.requestParameters,
      response: record.responseElements,
      region: record.awsRegion,
    }),
    error: errorCode ? { code: errorCode, message: (errorMessage ?? '').slice(0, MESSAGE_CHARACTERS) } : null,
  };
  return { signal: { kind: 'call', call, denial: errorCode ? denialIn(record, envelope, null) : null } };
};

const READERS: ReadonlyMap<string, (record: TrailRecord, envelope: Envelope) => Reading> = new Map([
  ['kms.amazonaws.com', readKmsRecord],
  ['ec2.amazonaws.com', readEc2Record],
]);

/** Reads `AWS API Call via CloudTrail`. @throws MalformedEventError naming the field that does not fit. */
export const readCloudTrail = (envelope: Envelope, watch: Watch): Reading => {
  const record = parse(TrailRecord, envelope.detail, 'detail');
  const read = READERS.get(record.eventSource);
  if (read === undefined) return { ignored: `calls of ${record.eventSource} are not watched` };
  if (DRY_RUNS.has(record.errorCode ?? '')) return { ignored: 'a dry run that would have succeeded: no refusal' };
  const unwatched = notWatched(record, watch);
  return unwatched === null ? read(record, envelope) : { ignored: unwatched };
};

/** The response role behind a record, and its account; `null` for a user, for others, and for Unlatch's own roles. */
export const watchedRoleOf = (
  envelope: Envelope,
  watch: Watch,
): { readonly accountId: AccountId; readonly roleName: string } | null => {
  const record = parse(TrailRecord, envelope.detail, 'detail');
  const arn = record.userIdentity.arn ?? '';
  const accountId = AccountId.safeParse(arn.split(':')[4]).data;
  const { roleName } = rolePartsOf(arn);
  if (!arn.includes(':assumed-role/') || roleName === null || accountId === undefined) return null;
  return notWatched(record, watch) === null ? { accountId, roleName } : null;
};
