import { readCloudTrail } from './cloudtrail.ts';
import { Envelope, parse } from './envelope.ts';
import { readEbsNotification, readInstanceState } from './notification.ts';
import type { Reading, Watch } from './signal.ts';

const READERS: ReadonlyMap<string, (envelope: Envelope, watch: Watch) => Reading> = new Map([
  ['AWS API Call via CloudTrail', readCloudTrail],
  ['EBS Volume Notification', readEbsNotification],
  ['EBS Snapshot Notification', readEbsNotification],
  ['EBS Multi-Volume Snapshots Completion Status', readEbsNotification],
  ['EC2 Instance State-change Notification', readInstanceState],
]);

/**
 * Reads one EventBridge event: the signal it is, or why it is none.
 * @throws MalformedEventError where the event fits no schema; the message names the field.
 */
export const readSignal = (event: unknown, watch: Watch): Reading => {
  const envelope = parse(Envelope, event, '');
  const read = READERS.get(envelope['detail-type']);
  return read === undefined
    ? { ignored: `\`${envelope['detail-type']}\` is no kind of signal` }
    : read(envelope, watch);
};
