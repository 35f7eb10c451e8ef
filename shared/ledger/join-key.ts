import { createHash } from 'node:crypto';
import type { Denial, Signal } from '#shared/signal/signal';

/** The names that a durable execution may have. https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-sdk.html */
const NAME = /^[a-zA-Z0-9-_]{1,64}$/;

/** A join key as it came where it is a fit name, else its SHA-256, which is one. */
const named = (key: string): string => (NAME.test(key) ? key : createHash('sha256').update(key).digest('hex'));

/**
 * By session and key, within one hour: platforms use the same session name again, and a name that never changed would
 * make Lambda answer a new refusal with last week's execution.
 */
const bySession = ({ principal, keyArn, time, accountId, region }: Denial): string =>
  named(JSON.stringify([accountId, region, principal, keyArn, time?.slice(0, 13) ?? null]));

const keyOfDenial = (denial: Denial): string =>
  denial.requestId !== null && denial.inCall !== false ? named(denial.requestId) : bySession(denial);

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

/** The key of a request id, as EC2 calls have it. */
export const joinKeyOfRequest = (requestId: string): string => named(requestId);

/** The name of a second case for a join that was completed after the first one's wait was over. */
export const lateName = (joinKey: string): string => named(`${joinKey}/late`);

/** Whether a denial may belong to a CopySnapshot of the same session whose own record is a clean success. */
export const mayBeOfACopy = ({ principal, via, inCall }: Denial): boolean =>
  principal !== null && inCall !== true && via !== 'ebs.amazonaws.com';
