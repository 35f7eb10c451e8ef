import type { Origin, SignalRequest } from '#shared/case/case';
import { joinKeyOf, joinKeyOfRequest, lateName, mayBeOfACopy } from '#shared/ledger/join-key';
import type { Join, Ledger } from '#shared/ledger/ledger';
import { originOf, sourceOf } from '#shared/ledger/lineage';
import { copiesBehind, copySpan, denialSpan, isBehind, openingOf } from '#shared/ledger/opening';
import { readSignal } from '#shared/signal/read-signal';
import type { AcquiringCall, Denial, Outcome, Reading, Signal } from '#shared/signal/signal';
import { readSuccess, type SuccessNews, type SuccessWatch } from '#shared/signal/success';
import { type Witness, witness } from '#shared/witness';

/** What observing one event came to. */
export type Observation =
  | { readonly observed: 'ignored'; readonly because: string }
  | { readonly observed: 'kept'; readonly kind: Signal['kind'] }
  /** Nothing was refused: it tells of an import. `retiring` are the roles whose one-time permission is due. */
  | { readonly observed: 'witnessed'; readonly news: SuccessNews['news']; readonly retiring: readonly string[] }
  | { readonly observed: 'opened' | 'already-open'; readonly kind: Signal['kind']; readonly cases: readonly string[] };

export interface Observer {
  readonly watch: SuccessWatch;
  /** Who keeps what is told of imports, and starts the retirement of the permission that they needed once. */
  readonly witness: Witness;
  readonly ledger: Ledger;
  /** How long a case waits for its call's record, in minutes. */
  readonly joinWait: number;
  /** Starts the case, or says that it runs already. */
  readonly open: (request: SignalRequest) => Promise<'opened' | 'already-open'>;
  /** The instance that a volume is attached to now; `null` where there is none, or none could be told. */
  readonly machineOf: (origin: Origin) => Promise<Origin['instanceId']>;
  /** Why an instance ended, where KMS was the reason; no event tells it. */
  readonly endOf: (instance: Pick<Outcome, 'accountId' | 'region' | 'instanceId' | 'time'>) => Promise<Denial | null>;
}

/** What is now known under a join key. */
interface Kept {
  readonly joinKey: string;
  readonly join: Join;
}

/**
 * Where a call's evidence stands. A snapshot of a volume is traced to its machine at once, while nobody waits for it: a
 * refusal later finds the machine in the ledger, and the volume may hang elsewhere by then. A record that comes again
 * does not look again.
 */
const originOfCall = async ({ ledger, machineOf }: Observer, call: AcquiringCall): Promise<Origin> => {
  const source = sourceOf(call);
  const [made] = call.makes.snapshots;
  const [ofSource, ofMade] = await Promise.all([
    source === null ? null : ledger.lineage(source),
    call.name === 'CreateSnapshot' && made !== undefined ? ledger.lineage(`snapshot#${made.snapshotId}`) : null,
  ]);
  if (ofMade !== null) return ofMade;
  const origin = originOf(call, ofSource);
  if (made === undefined || call.name !== 'CreateSnapshot' || origin.instanceId !== null) return origin;
  return { ...origin, instanceId: await machineOf(origin) };
};

/** An instance that KMS refuses a volume to is accepted, and has ended when its record comes: the record looks back. */
const endBehind = async (
  { endOf }: Observer,
  { name, makes, accountId, region, time, error }: AcquiringCall,
): Promise<Denial | null> => {
  const [instanceId] = makes.instanceIds;
  if (error !== null || instanceId === undefined || !['RunInstances', 'StartInstances'].includes(name)) return null;
  return endOf({ accountId, region, instanceId, time });
};

/** The denials that came before the record of their copy. */
const looseDenialsOf = async ({ ledger }: Observer, call: AcquiringCall): Promise<readonly Denial[]> => {
  const span = denialSpan(call);
  if (call.name !== 'CopySnapshot' || call.error !== null || span === null) return [];
  return (await ledger.looseDenialsOf(call.principal, span)).filter((denial) => isBehind(denial, call));
};

const keepCall = async (
  observer: Observer,
  joinKey: string,
  signal: Extract<Signal, { kind: 'call' }>,
): Promise<Kept[]> => {
  const { ledger } = observer;
  const { call } = signal;
  const [origin, denial, loose] = await Promise.all([
    originOfCall(observer, call),
    signal.denial ?? endBehind(observer, call),
    looseDenialsOf(observer, call),
  ]);
  const [join] = await Promise.all([
    ledger.record(joinKey, { ...signal, denial }, origin),
    call.error === null ? ledger.recordLineage(call, origin) : undefined,
  ]);
  const joins = await Promise.all(loose.map((late) => ledger.record(joinKey, { kind: 'denial', denial: late }, null)));
  return [{ joinKey, join: joins.at(-1) ?? join }];
};

/** A denial that shares its request id with no call is kept with each copy that may be behind it, else by itself. */
const keepDenial = async (
  { ledger }: Observer,
  joinKey: string,
  signal: Extract<Signal, { kind: 'denial' }>,
): Promise<Kept[]> => {
  const { denial } = signal;
  const { principal } = denial;
  const span = copySpan(denial);
  if (principal === null || span === null || !mayBeOfACopy(denial)) {
    return [{ joinKey, join: await ledger.record(joinKey, signal, null) }];
  }
  const [calls] = await Promise.all([ledger.callsOf(principal, span), ledger.recordLoose(denial)]);
  const copies = copiesBehind(denial, calls).map(({ call }) => joinKeyOfRequest(call.requestId));
  const keys = copies.length === 0 ? [joinKey] : copies;
  return Promise.all(keys.map(async (key) => ({ joinKey: key, join: await ledger.record(key, signal, null) })));
};

/** Where the evidence behind an instance stands that a response role launched; `null` for all other outcomes. */
const launchOf = async (ledger: Ledger, { instanceId }: Outcome): Promise<Origin | null> =>
  instanceId === null ? null : ledger.lineage(`instance#${instanceId}`);

const keep = async (observer: Observer, signal: Signal): Promise<Kept[]> => {
  const joinKey = joinKeyOf(signal);
  switch (signal.kind) {
    case 'call':
      return keepCall(observer, joinKey, signal);
    case 'denial':
      return keepDenial(observer, joinKey, signal);
    case 'outcome': {
      const { ledger } = observer;
      return [{ joinKey, join: await ledger.record(joinKey, signal, await launchOf(ledger, signal.outcome)) }];
    }
  }
};

/** Most instances that end are nobody's acquisition: only one that a response role launched is looked into. */
const explained = async ({ ledger, endOf }: Observer, signal: Signal): Promise<Reading> => {
  if (signal.kind !== 'outcome' || signal.outcome.instanceId === null || signal.denial !== null) return { signal };
  if ((await launchOf(ledger, signal.outcome)) === null) return { ignored: 'no response role launched this instance' };
  const denial = await endOf(signal.outcome);
  return denial === null ? { ignored: 'KMS was not why this instance ended' } : { signal: { ...signal, denial } };
};

/**
 * A call whose record comes after the case has waited for it: the first case has ended without its machine, and its name
 * is taken, so there is another. Where the first one found it after all, the claim absorbs this one.
 */
const isLate = ({ joinWait }: Observer, kind: Signal['kind'], { denial, origin }: SignalRequest): boolean =>
  kind === 'call' &&
  origin !== null &&
  denial.time !== null &&
  Date.now() - Date.parse(denial.time) > joinWait * 60_000;

/** What was refused becomes a case. */
const observeRefusal = async (observer: Observer, event: unknown): Promise<Observation> => {
  const read = readSignal(event, observer.watch);
  const reading = 'signal' in read ? await explained(observer, read.signal) : read;
  if ('ignored' in reading) return { observed: 'ignored', because: reading.ignored };
  const { kind } = reading.signal;
  const kept = await keep(observer, reading.signal);
  const openings = kept.flatMap(({ joinKey, join }) => openingOf(joinKey, join) ?? []);
  if (openings.length === 0) return { observed: 'kept', kind };
  const requests = openings.map((request) =>
    isLate(observer, kind, request) ? { ...request, joinKey: lateName(request.joinKey) } : request,
  );
  const answers = await Promise.all(requests.map(observer.open));
  return {
    observed: answers.includes('opened') ? 'opened' : 'already-open',
    kind,
    cases: requests.map(({ joinKey }) => joinKey),
  };
};

/**
 * One event in; a case out for each machine that it tells was refused. What tells of an import that succeeds is kept
 * beside that. Every part is idempotent, so that an event may come twice, late, or out of order.
 * @throws MalformedEventError for input that fits no schema; AWS errors, for Lambda to try again.
 */
export const observe = async (observer: Observer, event: unknown): Promise<Observation> => {
  const news = readSuccess(event, observer.watch);
  if (news === null) return observeRefusal(observer, event);
  // The record of a call is lineage, too.
  const [observation, retiring] = await Promise.all([
    news.news === 'asked' ? observeRefusal(observer, event) : null,
    witness(observer.witness, news),
  ]);
  const roles = retiring.map(({ roleName }) => roleName);
  if (observation !== null && roles.length === 0) return observation;
  return { observed: 'witnessed', news: news.news, retiring: roles };
};
