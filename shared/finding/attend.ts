import type { FindingRequest } from '#shared/case/case';
import type { Findings } from '#shared/ledger/findings';
import { NO_VOLUME } from '#shared/readiness/entries';
import type { OutlookEntry } from '#shared/readiness/report';
import type { Place } from '#shared/readiness/ways';
import { type Finding, type FindingWatch, FoundInstance, readFinding } from '#shared/signal/finding';
import type { AskMachine, By, MachineReadiness } from './machine-readiness.ts';

/** What attending to one machine of a finding came to. */
export interface Attention {
  readonly instanceId: string;
  readonly verdict: 'ready' | 'refused' | 'undetermined' | 'not-found';
  readonly did: 'opened' | 'already-open' | 'noted' | 'nothing-new';
  readonly because: string;
}

export type Attending =
  | { readonly attended: false; readonly because: string }
  | { readonly attended: true; readonly finding: string; readonly machines: readonly Attention[] };

export interface Attendant {
  readonly watch: FindingWatch;
  readonly extent: FindingRequest['extent'];
  readonly findings: Findings;
  /** What asks readiness, for one finding. */
  readonly readiness: () => Promise<AskMachine>;
  /** Starts the case, or says that there is one. */
  readonly open: (name: string, request: FindingRequest) => Promise<'opened' | 'already-open'>;
  readonly note: (finding: Finding, attention: Attention) => Promise<void>;
}

/** One case a machine, however often it is found: the name of its execution is the machine's. At most 64 characters. */
const caseNameOf = ({ accountId, instanceId }: FoundInstance): string => `finding-${accountId}-${instanceId}`;

const firstRefusal = (outlooks: readonly OutlookEntry[]) => outlooks.flatMap(({ refusals }) => refusals)[0] ?? null;

const requestOf = (
  extent: FindingRequest['extent'],
  { instances: _instances, volumes, ...finding }: Finding,
  { accountId, region, instanceId }: FoundInstance,
  outlooks: readonly OutlookEntry[],
): FindingRequest => {
  return {
    finding,
    unscanned: volumes.filter(({ scanned }) => !scanned).map(({ volumeId }) => volumeId),
    extent,
    origin: { accountId, region, instanceId, volumeId: null, snapshotId: null },
    asked: firstRefusal(outlooks)?.asked ?? [],
  };
};

const whyOf = (readiness: Extract<MachineReadiness, { found: true }>): string => {
  const { verdict, outlooks } = readiness;
  if (verdict === 'refused') return firstRefusal(outlooks)?.explanation ?? 'the acquisition would be refused';
  if (verdict === 'ready') return 'the acquisition would pass today';
  if (outlooks.length === 0) return `whether the acquisition would pass cannot be told: ${NO_VOLUME}`;
  const missing = [...new Set(outlooks.flatMap((outlook) => outlook.missing))].slice(0, 5);
  return `whether the acquisition would pass cannot be told without ${missing.join('; ')}`;
};

const alsoOn = (besides: readonly string[]): string =>
  besides.length === 0 ? '' : `; the volume hangs on ${besides.join(', ')}, too: ask about each`;

interface Asked {
  readonly place: Place;
  readonly by: By;
  /** As a person knows it: the instance, else the volume by which it is looked for. */
  readonly named: string;
}

/** Whom to ask about: the instances that a finding names, else whatever holds the volumes that it names. */
const askedIn = ({ instances, volumes }: Finding): readonly Asked[] =>
  instances.length > 0
    ? instances.map(({ instanceId, ...place }) => ({ place, by: { instanceId }, named: instanceId }))
    : volumes.map(({ volumeId, accountId, region }) => ({
        place: { accountId, region },
        by: { volumeId },
        named: volumeId,
      }));

const instanceOf = ({ place, by }: Asked, readiness: MachineReadiness): FoundInstance | null => {
  const named = 'instanceId' in by ? by.instanceId : readiness.found ? readiness.row.instanceId : null;
  return FoundInstance.safeParse({ ...place, instanceId: named }).data ?? null;
};

/** A group of findings names hundreds of machines at most; a few are asked about at once. */
const AT_ONCE = 4;

const fewAtOnce = async <Item, T>(items: readonly Item[], act: (item: Item) => Promise<T>): Promise<readonly T[]> => {
  const done: T[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    done.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(act))));
  return done;
};

const attendTo = async (
  attendant: Attendant,
  finding: Finding,
  ask: AskMachine,
  asked: Asked,
  before: string | undefined,
  dealtWith: Set<string>,
): Promise<Attention | null> => {
  const readiness = await ask(asked.place, asked.by);
  const machine = instanceOf(asked, readiness);
  // Several volumes of a finding may hang on one machine.
  if (machine !== null && dealtWith.has(machine.instanceId)) return null;
  if (machine !== null) dealtWith.add(machine.instanceId);
  const attention = {
    instanceId: machine?.instanceId ?? asked.named,
    verdict: readiness.verdict,
    because: readiness.found ? `${whyOf(readiness)}${alsoOn(readiness.besides)}` : readiness.because,
  };
  if (machine !== null && readiness.found && attention.verdict === 'refused') {
    const request = requestOf(attendant.extent, finding, machine, readiness.outlooks);
    return { ...attention, did: await attendant.open(caseNameOf(machine), request) };
  }
  if (before === attention.verdict) return { ...attention, did: 'nothing-new' };
  const noted: Attention = { ...attention, did: 'noted' };
  await attendant.note(finding, noted);
  return noted;
};

/**
 * One finding: each of its machines is asked whether its acquisition would pass. Where it would be refused, a case is
 * opened before anyone has tried; else a note is made. A finding that comes again asks again, and tells only what is new.
 *
 * Every part comes to the same when it is done again: what was attended to is kept last.
 * @throws MalformedEventError for input that fits no schema; AWS errors, for Lambda to try again
 */
export const attend = async (attendant: Attendant, event: unknown): Promise<Attending> => {
  const reading = readFinding(event, attendant.watch);
  if ('ignored' in reading) return { attended: false, because: reading.ignored };
  const { finding } = reading;
  const before = await attendant.findings.attended(finding.id);
  if (before !== null && before.updatedAt >= finding.updatedAt)
    return { attended: false, because: `this update of the finding ${finding.id} was attended to already` };

  const ask = await attendant.readiness();
  const all = askedIn(finding);
  const dealtWith = new Set<string>();
  const attended = await fewAtOnce(all, (asked) =>
    attendTo(attendant, finding, ask, asked, before?.verdicts[asked.named], dealtWith),
  );
  const machines = attended.filter((attention) => attention !== null);
  const verdicts = Object.fromEntries(
    attended.flatMap((attention, at) => (attention === null ? [] : [[all[at]?.named ?? '', attention.verdict]])),
  );
  await attendant.findings.keep(finding.id, { updatedAt: finding.updatedAt, verdicts });
  return { attended: true, finding: finding.id, machines };
};
