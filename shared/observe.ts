import type { Origin, SignalRequest } from '#shared/case/case';
import { joinKeyOf, mayBeOfACopy } from '#shared/ledger/join-key';
import type { Join, Ledger, SessionCall } from '#shared/ledger/ledger';
import { originOf, sourceOf } from '#shared/ledger/lineage';
import { copyBehind, copySpan, openingOf } from '#shared/ledger/opening';
import { readSignal } from '#shared/signal/read-signal';
import type { AcquiringCall, Denial, Outcome, Reading, Signal, Watch } from '#shared/signal/signal';

/** What observing one event came to. */
export type Observation =
  | { readonly observed: 'ignored'; readonly because: string }
  | { readonly observed: 'kept'; readonly joinKey: string; readonly kind: Signal['kind'] }
  | { readonly observed: 'opened' | 'already-open'; readonly joinKey: string; readonly kind: Signal['kind'] };

export interface Observer {
  readonly watch: Watch;
  readonly ledger: Ledger;
  /** Starts the case, or says that it runs already. */
  readonly open: (request: SignalRequest) => Promise<'opened' | 'already-open'>;
  /** The instance that a volume is attached to now; `null` where there is none, or none that Unlatch may see. */
  readonly machineOf: (origin: Origin) => Promise<Origin['instanceId']>;
  /** An event tells no reason why an instance ended; this one has it, where KMS was the reason. */
  readonly endOf: (outcome: Outcome) => Promise<Denial | null>;
}

/**
 * Where a call's evidence stands. A snapshot of a volume is traced to its machine at once, while nobody waits for it: a
 * refusal later finds the machine in the ledger, and the volume may hang elsewhere by then.
 */
const originOfCall = async ({ ledger, machineOf }: Observer, call: AcquiringCall): Promise<Origin> => {
  const source = sourceOf(call);
  const origin = originOf(call, source === null ? null : await ledger.lineage(source));
  const isOfVolume = call.error === null && origin.instanceId === null && origin.volumeId !== null;
  return isOfVolume && call.name === 'CreateSnapshot' ? { ...origin, instanceId: await machineOf(origin) } : origin;
};

const callBehind = async (ledger: Ledger, denial: Denial): Promise<SessionCall | null> => {
  const span = copySpan(denial);
  if (span === null || denial.principal === null || !mayBeOfACopy(denial)) return null;
  return copyBehind(denial, await ledger.callsOf(denial.principal, span.from, span.until));
};

/** Each kind of signal, kept; and the call behind it where the join key cannot tell. Independent calls go side by side. */
const keep = async (observer: Observer, joinKey: string, signal: Signal): Promise<[Join, SessionCall | null]> => {
  const { ledger } = observer;
  switch (signal.kind) {
    case 'call': {
      const origin = await originOfCall(observer, signal.call);
      const [join] = await Promise.all([
        ledger.record(joinKey, signal, origin),
        signal.call.error === null ? ledger.recordLineage(signal.call, origin) : undefined,
      ]);
      return [join, null];
    }
    case 'denial':
      return Promise.all([ledger.record(joinKey, signal, null), callBehind(ledger, signal.denial)]);
    case 'outcome':
      return [await ledger.record(joinKey, signal, await launchOf(ledger, signal.outcome)), null];
  }
};

/** Where the evidence behind an instance stands that a response role launched; `null` for all other outcomes. */
const launchOf = async (ledger: Ledger, { instanceId }: Outcome): Promise<Origin | null> =>
  instanceId === null ? null : ledger.lineage(`instance#${instanceId}`);

/** Most instances that end are nobody's acquisition: only one that a response role launched is looked into. */
const explained = async ({ ledger, endOf }: Observer, signal: Signal): Promise<Reading> => {
  if (signal.kind !== 'outcome' || signal.outcome.instanceId === null || signal.denial !== null) return { signal };
  if ((await launchOf(ledger, signal.outcome)) === null) return { ignored: 'no response role launched this instance' };
  const denial = await endOf(signal.outcome);
  return denial === null ? { ignored: 'KMS was not why this instance ended' } : { signal: { ...signal, denial } };
};

/**
 * One event in, at most one case out. Every part is idempotent, so that an event may come twice, late, or out of order.
 * @throws MalformedEventError for input that fits no schema; AWS errors, for Lambda to try again.
 */
export const observe = async (observer: Observer, event: unknown): Promise<Observation> => {
  const read = readSignal(event, observer.watch);
  const reading = 'signal' in read ? await explained(observer, read.signal) : read;
  if ('ignored' in reading) return { observed: 'ignored', because: reading.ignored };
  const { signal } = reading;
  const joinKey = joinKeyOf(signal);
  const [join, behind] = await keep(observer, joinKey, signal);
  const opening = openingOf(joinKey, join, behind);
  if (opening === null) return { observed: 'kept', joinKey, kind: signal.kind };
  return { observed: await observer.open(opening), joinKey, kind: signal.kind };
};
