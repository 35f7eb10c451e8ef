import { errorName } from '#shared/aws/session';

/** A block that did not arrive as it was sent. */
export class CorruptBlockError extends Error {
  override readonly name = 'CorruptBlockError';
}

/**
 * What EBS says before it works after all: throttles, its own failures, a snapshot it does not know yet (for up to two
 * minutes after it was made), and what goes wrong on the way.
 * https://docs.aws.amazon.com/ebs/latest/userguide/error-retries.html
 */
const PASSING: ReadonlySet<string> = new Set([
  'ThrottlingException',
  'RequestThrottledException',
  'InternalServerException',
  'ServiceUnavailable',
  'CorruptBlockError',
  'TimeoutError',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Why EBS refused, as its errors name it; empty where they do not. */
export const reasonOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'Reason' in error && typeof error.Reason === 'string'
    ? error.Reason
    : '';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

export const isPassing = (error: unknown): boolean =>
  PASSING.has(errorName(error)) ||
  PASSING.has(codeOf(error)) ||
  reasonOf(error) === 'SNAPSHOT_NOT_FOUND' ||
  (error instanceof Error && error.message.includes('Failed to read block data'));

/** A token of a block or of a page that is good no longer. */
export const isExpired = (error: unknown): boolean => /^INVALID_(BLOCK|PAGE)_TOKEN$/.test(reasonOf(error));

export interface Pacing {
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

export type Attempt = <T>(act: () => Promise<T>) => Promise<T>;

const FIRST_MILLISECONDS = 100;
const LONGEST_MILLISECONDS = 10_000;
/** All pauses of one call together: a new snapshot may be unknown for two minutes. */
const BUDGET_MILLISECONDS = 150_000;

/**
 * Repeats what fails in passing, after pauses that grow and are drawn by lot, so that workers beside each other do not
 * come back all at once. https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 * @param hasTime asked before each pause: without time left the failure stands
 */
export const attempting =
  ({ sleep, random }: Pacing, hasTime: () => boolean): Attempt =>
  async (act) => {
    let most = FIRST_MILLISECONDS;
    for (let spent = 0; ; ) {
      try {
        return await act();
      } catch (error) {
        if (!isPassing(error) || spent >= BUDGET_MILLISECONDS || !hasTime()) throw error;
        // Full jitter, but never nothing: the budget must come to an end.
        const pause = Math.max(1, Math.round(most * random()));
        await sleep(pause);
        spent += Math.max(pause, most / 2);
        most = Math.min(most * 2, LONGEST_MILLISECONDS);
      }
    }
  };
