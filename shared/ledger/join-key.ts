import { createHash } from 'node:crypto';
import type { Denial, Signal } from '#shared/signal/signal';

/** The names that a durable execution may have. https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-sdk.html */
const NAME = /^[a-zA-Z0-9-_]{1,64}$/;

/** A join key as it came where it is a fit name, else its SHA-256, which is one. */
const named = (key: string): string => (NAME.test(key) ? key : createHash('sha256').update(key).digest('hex'));

/**
 * Services whose KMS calls carry a request id of their own, shared with nothing else: the asynchronous half of
 * CopySnapshot, and EBS direct. Their denials are joined by session and key instead.
 */
const OWN_REQUEST_ID = /^(?:prod\.kms-caller\.ebs\.|ebs\.amazonaws\.com$)/;

/**
 * By session and key, within one hour: platforms use the same session name again, and a name that never changed would
 * make Lambda answer a new refusal with last week's execution.
 */
const bySession = ({ principal, keyArn, time, accountId, region }: Denial): string =>
  named(JSON.stringify([accountId, region, principal, keyArn, time?.slice(0, 13) ?? null]));

const keyOfDenial = (denial: Denial): string =>
  denial.requestId !== null && !OWN_REQUEST_ID.test(denial.via ?? '') ? named(denial.requestId) : bySession(denial);

/** The key under which a signal meets the others of the same thing: request id, else snapshot or volume id, else session and key. */
export const joinKeyOf = (signal: Signal): string => {
  switch (signal.kind) {
    case 'call':
      return named(signal.call.requestId);
    case 'denial':
      return keyOfDenial(signal.denial);
    case 'outcome': {
      const { requestId, snapshotId, volumeId, instanceId, event, accountId, region } = signal.outcome;
      return named(requestId ?? snapshotId ?? volumeId ?? instanceId ?? JSON.stringify([accountId, region, event]));
    }
  }
};

/** Whether a denial may belong to a CopySnapshot of the same session whose own record is a clean success. */
export const mayBeOfACopy = ({ principal, via }: Denial): boolean => principal !== null && via !== 'ebs.amazonaws.com';
