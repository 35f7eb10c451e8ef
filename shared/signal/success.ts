import * as z from 'zod';
import { readCloudTrail, watchedRoleOf } from './cloudtrail.ts';
import { Envelope, parse } from './envelope.ts';
import { AccountId, type SnapshotId, type VolumeId } from './identifiers.ts';
import { readEbsNotification } from './notification.ts';
import { fitsRolePattern, rolePartsOf } from './role-pattern.ts';
import type { Watch } from './signal.ts';

/**
 * What tells that an import under a temporary key has succeeded. No single event does: the key's alias says that it is
 * temporary, a call's record what was made under it, and EBS that it came about. Any of them may come first.
 */

/** A key by account and id. A multi-Region key has one id in all Regions. An alias stands for itself. */
export type KeyName = `${string}/${string}`;

/** Who makes the temporary key: the role that needs the one-time permission, once. */
export interface Maker {
  readonly accountId: AccountId;
  readonly roleName: string;
}

export type ImportSubject = `snapshot#${SnapshotId}` | `volume#${VolumeId}`;

export type SuccessNews =
  /** A response role has given a key the alias of a temporary one. */
  | { readonly news: 'key-made'; readonly key: KeyName; readonly maker: Maker }
  /** A response role has asked for a copy or a volume: under which key, and from which snapshot. */
  | {
      readonly news: 'asked';
      readonly subject: ImportSubject;
      readonly key: KeyName | null;
      readonly from: ImportSubject | null;
      /** Where the key was named by a temporary alias. */
      readonly maker: Maker | null;
    }
  /** EBS says that a copy or a volume is there. */
  | { readonly news: 'done'; readonly subject: ImportSubject; readonly at: string | null }
  /** A response role has ended a key. */
  | { readonly news: 'key-ended'; readonly key: KeyName }
  /** A case of Unlatch's own has handed the disks over, under a temporary key of its own. */
  | { readonly news: 'handed-over'; readonly caseId: string; readonly maker: Maker };

export interface SuccessWatch extends Watch {
  /** Begins the alias of a temporary key. */
  readonly keyAliasPrefix: string;
}

const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:(\d{12}):(key\/([\w-]{1,64})|alias\/[\w/-]{1,250})$/;
const ID = /^[\w-]{1,64}$/;
const ALIAS = /^alias\/[\w/-]{1,250}$/;

/** A key as a call names it: ARN, id or alias. `null` where it is none of these. */
export const keyNameOf = (text: string, accountId: string): KeyName | null => {
  const [, account, whole, id] = KEY.exec(text) ?? [];
  if (account !== undefined) return `${account}/${id ?? whole}`;
  return ID.test(text) || ALIAS.test(text) ? `${accountId}/${text}` : null;
};

const aliasIn = (key: KeyName | null): string => key?.slice(key.indexOf('/') + 1) ?? '';

const text = z.string().max(2_048).nullish().catch(null);
const KmsRecord = z.object({
  eventName: z.string(),
  errorCode: text,
  requestParameters: z.object({ aliasName: text, targetKeyId: text, keyId: text }).nullish().catch(null),
  resources: z
    .array(z.object({ ARN: text }))
    .nullish()
    .catch(null),
});

const keyMade = (envelope: Envelope, watch: SuccessWatch): SuccessNews | null => {
  const { eventName, errorCode, requestParameters, resources } = parse(KmsRecord, envelope.detail, 'detail');
  if (errorCode) return null;
  const maker = watchedRoleOf(envelope, watch);
  if (maker === null) return null;
  const named = resources?.flatMap(({ ARN }) => (ARN?.includes(':key/') ? [ARN] : []))[0];
  const keyText = named ?? requestParameters?.targetKeyId ?? requestParameters?.keyId ?? '';
  const key = keyNameOf(keyText, maker.accountId);
  if (key === null) return null;
  if (eventName === 'ScheduleKeyDeletion') return { news: 'key-ended', key };
  const isTemporary = requestParameters?.aliasName?.startsWith(watch.keyAliasPrefix) === true;
  return eventName === 'CreateAlias' && isTemporary ? { news: 'key-made', key, maker } : null;
};

const ASKING: ReadonlySet<string> = new Set(['CopySnapshot', 'CreateVolume']);

const asked = (envelope: Envelope, watch: SuccessWatch): SuccessNews | null => {
  const reading = readCloudTrail(envelope, watch);
  if (!('signal' in reading) || reading.signal.kind !== 'call') return null;
  const { name, makes, source, requestedKey, accountId, error } = reading.signal.call;
  if (error !== null || !ASKING.has(name)) return null;
  const [snapshot] = makes.snapshots;
  const subject: ImportSubject | null =
    snapshot !== undefined
      ? `snapshot#${snapshot.snapshotId}`
      : makes.volumeId === null
        ? null
        : `volume#${makes.volumeId}`;
  if (subject === null) return null;
  const key = requestedKey === null ? null : keyNameOf(requestedKey, accountId);
  const isTemporary = aliasIn(key).startsWith(watch.keyAliasPrefix);
  return {
    news: 'asked',
    subject,
    key,
    from: source.snapshotId === null ? null : `snapshot#${source.snapshotId}`,
    maker: isTemporary ? watchedRoleOf(envelope, watch) : null,
  };
};

/** `event` of the notification, and the word that means success for it. */
const DONE: Readonly<Record<string, string>> = { copySnapshot: 'succeeded', createVolume: 'available' };

const done = (envelope: Envelope, watch: SuccessWatch): SuccessNews | null => {
  const reading = readEbsNotification(envelope, watch);
  if (!('signal' in reading) || reading.signal.kind !== 'outcome') return null;
  const { event, result, snapshotId, volumeId, time } = reading.signal.outcome;
  if (DONE[event] !== result) return null;
  if (event === 'copySnapshot')
    return snapshotId === null ? null : { news: 'done', subject: `snapshot#${snapshotId}`, at: time };
  return volumeId === null ? null : { news: 'done', subject: `volume#${volumeId}`, at: time };
};

const CaseClosed = z.object({
  caseId: z.string().min(1).max(128),
  preservedBy: z.array(z.string()).catch([]),
  responseRole: z.string().max(2_048).nullish().catch(null),
});

const ACCOUNT = /^arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):/;

const handedOver = (envelope: Envelope, watch: SuccessWatch): SuccessNews | null => {
  const { caseId, preservedBy, responseRole } = parse(CaseClosed, envelope.detail, 'detail');
  const { roleName } = rolePartsOf(responseRole ?? '');
  const accountId = AccountId.safeParse(ACCOUNT.exec(responseRole ?? '')?.[1]).data;
  if (!preservedBy.includes('re-encrypt') || roleName === null || accountId === undefined) return null;
  if (/:user\//.test(responseRole ?? '') || !fitsRolePattern(roleName, watch.responseRole)) return null;
  return { news: 'handed-over', caseId, maker: { accountId, roleName } };
};

const READERS: ReadonlyMap<string, (envelope: Envelope, watch: SuccessWatch) => SuccessNews | null> = new Map([
  ['aws.kms AWS API Call via CloudTrail', keyMade],
  ['aws.ec2 AWS API Call via CloudTrail', asked],
  ['aws.ec2 EBS Snapshot Notification', done],
  ['aws.ec2 EBS Volume Notification', done],
  ['unlatch Case Closed', handedOver],
]);

/** What an event has to say of an import that succeeded; `null` for nothing. @throws MalformedEventError */
export const readSuccess = (event: unknown, watch: SuccessWatch): SuccessNews | null => {
  const envelope = parse(Envelope, event, '');
  return READERS.get(`${envelope.source} ${envelope['detail-type']}`)?.(envelope, watch) ?? null;
};
