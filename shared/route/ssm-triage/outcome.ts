import { z } from 'zod';

/**
 * What the collector reports in its last line. It comes from a host that may be the attacker's: everything is bounded,
 * and nothing in it is believed before S3 has confirmed it.
 */
const Report = z
  .object({
    case: z.string().max(128),
    /** Empty and 0 where it failed before there was an archive. */
    sha256: z.string().regex(/^(?:[0-9a-f]{64})?$/),
    bytes: z
      .int()
      .min(0)
      .max(2 ** 46),
    uploaded: z.boolean(),
    error: z.string().max(200).optional(),
    collectors: z.object({
      ok: z.number().int().min(0).max(10_000),
      failed: z.number().int().min(0).max(10_000),
      skipped: z.number().int().min(0).max(10_000).default(0),
    }),
  })
  .refine(({ sha256, bytes }) => (sha256 === '') === (bytes === 0), 'an archive has both a hash and a size');
export type CollectorReport = z.infer<typeof Report>;

const MARK = 'unlatch-result ';

/** The report in a command's output; `null` where there is none that can be read. The last one counts. */
export const readReport = (stdout: string, caseId: string): CollectorReport | null => {
  const at = stdout.lastIndexOf(MARK);
  if (at < 0) return null;
  const [line = ''] = stdout.slice(at + MARK.length, at + MARK.length + 4_096).split('\n');
  try {
    const report = Report.parse(JSON.parse(line));
    return report.case === caseId ? report : null;
  } catch {
    return null;
  }
};

export type Ending = 'running' | 'ended' | 'failed';

/**
 * Every status of a command on one instance (`StatusDetails`), and whether it is an end. A status this table does not
 * know counts as running: the wait is bounded.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
 */
const ENDINGS: Readonly<Record<string, readonly [Ending, string]>> = {
  Pending: ['running', 'not yet received by the agent'],
  'In Progress': ['running', 'running'],
  InProgress: ['running', 'running'],
  Delayed: ['running', 'waiting for the agent'],
  Cancelling: ['running', 'being cancelled'],
  Success: ['ended', 'the collector ended'],
  Failed: ['ended', 'the collector ended with an error'],
  'Execution Timed Out': ['failed', 'the collector ran out of time'],
  ExecutionTimedOut: ['failed', 'the collector ran out of time'],
  TimedOut: ['failed', 'the command ran out of time'],
  'Delivery Timed Out': ['failed', 'the agent did not take the command in time'],
  DeliveryTimedOut: ['failed', 'the agent did not take the command in time'],
  Cancelled: ['failed', 'the command was cancelled'],
  Undeliverable: ['failed', 'the command could not be delivered'],
  Terminated: ['failed', 'Systems Manager gave the command up'],
  'Invalid Platform': ['failed', 'the document does not fit the platform'],
  InvalidPlatform: ['failed', 'the document does not fit the platform'],
  'Access Denied': ['failed', 'the agent was not allowed to run the command'],
  AccessDenied: ['failed', 'the agent was not allowed to run the command'],
  Incomplete: ['failed', 'the command ended incomplete'],
};

export const endingOf = (status: string): { ending: Ending; says: string } => {
  const known = Object.hasOwn(ENDINGS, status) ? ENDINGS[status] : undefined;
  const [ending, says] = known ?? (['running', `\`${status.slice(0, 64)}\``] as const);
  return { ending, says };
};

/** What arrived in S3, against what the collector reported. INVARIANT: only an exact match is evidence. */
export const matches = (report: CollectorReport, stored: { bytes: number; sha256: string }): boolean =>
  report.bytes === stored.bytes && report.sha256 === stored.sha256;
