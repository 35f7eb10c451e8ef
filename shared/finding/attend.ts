import type { FindingRequest } from '#shared/case/case';
import type { Findings } from '#shared/ledger/findings';
import type { OutlookEntry } from '#shared/readiness/report';
import { type Finding, type FindingWatch, type FoundInstance, readFinding } from '#shared/signal/finding';
import { InstanceId } from '#shared/signal/identifiers';
import type { MachineReadiness } from './machine-readiness.ts';

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
  readonly readiness: (
    place: { readonly accountId: string; readonly region: string },
    by: { readonly instanceId: string } | { readonly volumeId: string },
  ) => Promise<MachineReadiness>;
  /** Starts the case, or says that there is one. */
  readonly open: (name: string, request: FindingRequest) => Promise<'opened' | 'already-open'>;
  readonly note: (finding: Finding, attention: Attention) => Promise<void>;
}

/** One case a machine, however often it is found: the name of its execution is the machine's. At most 64 characters. */
export const caseNameOf = ({ accountId, instanceId }: FoundInstance): string => `finding-${accountId}-${instanceId}`;

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
  const missing = [...new Set(outlooks.flatMap((outlook) => outlook.missing))].slice(0, 5);
  return `whether the acquisition would pass cannot be told without ${missing.join('; ')}`;
};

/** Machines of a finding: those it names, and those that hold a volume it names. */
const machinesOf = async (
  { readiness }: Attendant,
  { instances, volumes }: Finding,
): Promise<
  readonly { readonly machine: FoundInstance | null; readonly of: string; readonly readiness: MachineReadiness }[]
> => {
  const named = await Promise.all(
    instances.map(async (machine) => ({
      machine,
      of: machine.instanceId,
      readiness: await readiness(machine, { instanceId: machine.instanceId }),
    })),
  );
  if (named.length > 0) return named;
  const held = await Promise.all(
    volumes.map(async ({ accountId, region, volumeId }) => {
      const found = await readiness({ accountId, region }, { volumeId });
      const instanceId = found.found ? (InstanceId.safeParse(found.row.instanceId).data ?? null) : null;
      const machine = instanceId === null ? null : { accountId, region, instanceId };
      return { machine, of: machine?.instanceId ?? volumeId, readiness: found };
    }),
  );
  return [...new Map(held.map((one) => [one.of, one])).values()];
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

  const machines: Attention[] = [];
  for (const { machine, of, readiness } of await machinesOf(attendant, finding)) {
    const verdict: Attention['verdict'] = readiness.found ? readiness.verdict : 'not-found';
    const because = readiness.found ? whyOf(readiness) : readiness.because;
    const attention = { instanceId: of, verdict, because };
    if (machine !== null && readiness.found && verdict === 'refused') {
      const request = requestOf(attendant.extent, finding, machine, readiness.outlooks);
      machines.push({ ...attention, did: await attendant.open(caseNameOf(machine), request) });
    } else if (before?.verdicts[of] === verdict) {
      machines.push({ ...attention, did: 'nothing-new' });
    } else {
      const noted: Attention = { ...attention, did: 'noted' };
      await attendant.note(finding, noted);
      machines.push(noted);
    }
  }
  const verdicts = Object.fromEntries(machines.map(({ instanceId, verdict }) => [instanceId, verdict]));
  await attendant.findings.keep(finding.id, { updatedAt: finding.updatedAt, verdicts });
  return { attended: true, finding: finding.id, machines };
};
