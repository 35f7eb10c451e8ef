import type { Origin, SignalRequest } from '#shared/case/case';
import type { AcquiringCall, Denial } from '#shared/signal/signal';
import type { Join, SessionCall } from './ledger.ts';

/** Seconds within which the KMS calls of a copy follow its CopySnapshot; AWS's own took 3. */
const COPY_SECONDS = 600;
/** Seconds by which the records' clocks may disagree. */
const CLOCK_SECONDS = 60;
/** A session that has made more copies than this in ten minutes gets its cases one after another. */
const MOST_COPIES = 20;

interface Span {
  readonly from: string;
  readonly until: string;
}

const span = (time: string | null, before: number, after: number): Span | null => {
  if (time === null) return null;
  const at = Date.parse(time);
  const iso = (milliseconds: number) => new Date(milliseconds).toISOString();
  return { from: iso(at - before * 1000), until: iso(at + after * 1000) };
};

/** When the copy behind a denial was asked for, and when the denials of a copy come. */
export const copySpan = ({ time }: Denial): Span | null => span(time, COPY_SECONDS, CLOCK_SECONDS);
export const denialSpan = ({ time }: AcquiringCall): Span | null => span(time, CLOCK_SECONDS, COPY_SECONDS);

/** EBS asks for the source key of a copy itself; that key stands in no call, so any copy of the session may be behind it. */
const isOfCopySource = ({ via }: Denial): boolean => via?.startsWith('prod.kms-caller.ebs.') ?? false;

/** Of a key that AWS does not name to the caller it is known at least that it is the one of what was to be read. */
export const isOfSourceKey = (denial: Denial): boolean =>
  isOfCopySource(denial) || denial.action === 'kms:ReEncryptFrom';

/** A caller may name a key by ARN, id or alias; which key an alias is, no record tells. */
const mayName = (requested: string, keyArn: string): boolean =>
  requested === keyArn || keyArn.endsWith(`:key/${requested}`) || /^(?:alias\/|arn:.*:alias\/)/.test(requested);

/** Whether a copy may be behind a denial: it asked for the denied key, or the denial is of a source key. */
export const isBehind = (denial: Denial, { name, error, requestedKey }: AcquiringCall): boolean =>
  name === 'CopySnapshot' &&
  error === null &&
  (isOfCopySource(denial) || (denial.keyArn !== null && requestedKey !== null && mayName(requestedKey, denial.keyArn)));

/** The copies of a session that may be behind a denial, newest first. Each may be of another machine: each is a case. */
export const copiesBehind = (denial: Denial, calls: readonly SessionCall[]): readonly SessionCall[] =>
  calls.filter(({ call }) => isBehind(denial, call)).slice(0, MOST_COPIES);

/** An origin that tells enough to find the machine, else `null`: a snapshot alone does not, before its own lineage is known. */
export const traceable = (origin: Origin | null): Origin | null =>
  origin !== null && (origin.instanceId ?? origin.volumeId) !== null ? origin : null;

/** A refusal on a notification that names nobody counts only once work of the response role has joined it. */
const counts = (denial: Denial, call: AcquiringCall | null, origin: Origin | null): boolean =>
  denial.principal !== null || call !== null || origin !== null;

/**
 * The case to open for what has been reported under a key, or `null` where nothing was refused (or nobody we watch was).
 * The same reports give the same request, whichever came last.
 */
export const openingOf = (joinKey: string, { call, origin, denials }: Join): SignalRequest | null => {
  const denial = denials.find((candidate) => counts(candidate, call, origin));
  if (denial === undefined) return null;
  const { accountId, region } = denial;
  return { joinKey, accountId, region, denial, origin: traceable(origin) };
};
