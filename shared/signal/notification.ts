import * as z from 'zod';
import { readDenialMessage } from './denial-message.ts';
import { type Envelope, instant, parse } from './envelope.ts';
import { InstanceId, KeyArn, snapshotIdIn, volumeIdIn } from './identifiers.ts';
import { fitsRolePattern, rolePartsOf } from './role-pattern.ts';
import type { Denial, Outcome, Reading, Watch } from './signal.ts';

const text = z.string().max(2_048);
const MESSAGE_CHARACTERS = 4_096;

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html */
const EbsDetail = z.object({
  event: text,
  result: text,
  cause: z.string().nullish(),
  'request-id': text.nullish(),
  snapshot_id: text.nullish(),
  source: text.nullish(),
});

/** `available` is createVolume's word for success, `completed` that of multi-volume snapshots. */
const SUCCESSES: ReadonlySet<string> = new Set([
  'succeeded',
  'available',
  'completed',
  'attached',
  'deleted',
  'modified',
]);

const denialIn = (outcome: Outcome): Denial | null => {
  const told = readDenialMessage(outcome.cause);
  if (told === null) return null;
  return {
    action: told.action,
    keyArn: told.keyArn,
    layer: told.layer,
    explicit: told.explicit,
    policyArn: told.policyArn,
    principal: told.principal,
    ...(told.principal === null ? { roleName: null, sessionName: null } : rolePartsOf(told.principal)),
    roleArn: null,
    via: null,
    vpcEndpointId: null,
    requestId: outcome.requestId,
    inCall: outcome.requestId !== null,
    accountId: outcome.accountId,
    region: outcome.region,
    time: outcome.time,
    message: outcome.cause,
  };
};

/** A cause may name who was refused; where it names nobody, the join with the call decides whose it is. */
const notWatched = (denial: Denial | null, watch: Watch): string | null => {
  const roleName = denial?.roleName;
  if (!roleName) return null;
  if (watch.ownRoles.some((pattern) => fitsRolePattern(roleName, pattern)))
    return `\`${roleName}\` is Unlatch's own role`;
  return fitsRolePattern(roleName, watch.responseRole)
    ? null
    : `\`${roleName}\` is not a response role (${watch.responseRole})`;
};

/** Reads the volume, snapshot and multi-volume notifications of EBS. @throws MalformedEventError */
export const readEbsNotification = (envelope: Envelope, watch: Watch): Reading => {
  const detail = parse(EbsDetail, envelope.detail, 'detail');
  const subject = `${detail.snapshot_id ?? ''} ${envelope.resources[0] ?? ''}`;
  const outcome: Outcome = {
    event: detail.event,
    result: detail.result,
    succeeded: SUCCESSES.has(detail.result),
    cause: (detail.cause ?? '').slice(0, MESSAGE_CHARACTERS),
    requestId: detail['request-id'] || null,
    accountId: envelope.account,
    region: envelope.region,
    time: instant(envelope.time),
    snapshotId: snapshotIdIn(subject),
    volumeId: volumeIdIn(subject),
    instanceId: null,
    targetKeyArn: KeyArn.safeParse(envelope.resources[1]).data ?? null,
  };
  const denial = outcome.succeeded ? null : denialIn(outcome);
  const unwatched = notWatched(denial, watch);
  return unwatched === null ? { signal: { kind: 'outcome', outcome, denial } } : { ignored: unwatched };
};

/**
 * The event itself tells no reason; a record with `state-reason` is one that was looked up with DescribeInstances.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
 */
const InstanceStateDetail = z.object({
  'instance-id': InstanceId,
  state: text,
  'state-reason': z.object({ code: text, message: z.string().max(MESSAGE_CHARACTERS) }).nullish(),
});

/** States in which an instance ends that KMS refused a volume of; all others go on by themselves. */
const ENDINGS: ReadonlySet<string> = new Set(['shutting-down', 'terminated', 'stopped']);

/** Reads `EC2 Instance State-change Notification`. @throws MalformedEventError */
export const readInstanceState = (envelope: Envelope): Reading => {
  const detail = parse(InstanceStateDetail, envelope.detail, 'detail');
  if (!ENDINGS.has(detail.state)) return { ignored: `an instance that is \`${detail.state}\` has not failed` };
  const reason = detail['state-reason'];
  const outcome: Outcome = {
    event: 'instanceState',
    result: detail.state,
    succeeded: false,
    cause: reason ? `${reason.code}: ${reason.message}` : '',
    requestId: null,
    accountId: envelope.account,
    region: envelope.region,
    time: instant(envelope.time),
    snapshotId: null,
    volumeId: null,
    instanceId: detail['instance-id'],
    targetKeyArn: null,
  };
  return { signal: { kind: 'outcome', outcome, denial: denialIn(outcome) } };
};
