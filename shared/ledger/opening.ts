import type { Origin, SignalRequest } from '#shared/case/case';
import type { AcquiringCall, Denial } from '#shared/signal/signal';
import type { Join, SessionCall } from './ledger.ts';

/** Seconds within which the KMS calls of a copy follow its CopySnapshot; AWS's own took 3. */
const COPY_SECONDS = 600;

/** The span in which the call behind a denial lies, for a denial that shares no request id with it. */
export const copySpan = (denial: Denial): { from: string; until: string } | null => {
  if (denial.time === null) return null;
  const at = Date.parse(denial.time);
  const iso = (milliseconds: number) => new Date(milliseconds).toISOString();
  return { from: iso(at - COPY_SECONDS * 1000), until: iso(at + 60_000) };
};

/** A denial on a key that is neither asked for nor unnamed may still be of the copy's source key: only a copy fits. */
const isCopy = ({ call }: SessionCall): boolean => call.name === 'CopySnapshot' && call.error === null;

/**
 * The call that an asynchronous denial belongs to, among its session's: the newest copy that asked for the denied key,
 * else the newest copy (a source key stands in no call). Where two copies of one session are equally near, the older
 * is as good: both are the same session's work, and the claim keeps one case a target.
 */
export const copyBehind = (denial: Denial, calls: readonly SessionCall[]): SessionCall | null => {
  const copies = calls.filter(isCopy);
  return copies.find(({ call }) => denial.keyArn !== null && call.requestedKey === denial.keyArn) ?? copies[0] ?? null;
};

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
export const openingOf = (joinKey: string, join: Join, behind: SessionCall | null): SignalRequest | null => {
  const call = join.call ?? behind?.call ?? null;
  const origin = join.origin ?? behind?.origin ?? null;
  const denial = join.denials.find((candidate) => counts(candidate, call, origin));
  if (denial === undefined) return null;
  return {
    joinKey,
    accountId: denial.accountId,
    region: denial.region,
    denial,
    origin: traceable(origin),
  };
};
