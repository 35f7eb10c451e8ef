import type { RouteName, RouteOutcome } from '#shared/case/case';
import type { CaseReport, Moment, Verdict } from '#shared/case/report';
import type { Diagnosis } from '#shared/diagnosis/diagnosis';

/** The report's own words: what a person reads where the case holds a code or a number. */

export const ROUTE_WORDS: Readonly<Record<RouteName, string>> = {
  're-encrypt': 'Copy under another key',
  'unencrypted-copy': 'Unencrypted copy',
  'ssm-triage': 'Live triage over Systems Manager',
  manual: 'Collection by hand',
};

/** A route's name inside a sentence. */
export const routeInSentence = (route: RouteName): string => {
  const name = ROUTE_WORDS[route];
  return `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;
};

export const RESULT_WORDS: Readonly<Record<RouteOutcome['result'], string>> = {
  preserved: 'Preserved',
  failed: 'Failed',
  closed: 'Closed',
  'by-hand': 'By hand',
};

export const MOMENT_WORDS: Readonly<Record<Moment['kind'], string>> = {
  refused: 'Refused',
  found: 'Found',
  frozen: 'Frozen',
  explained: 'Explained',
  planned: 'Planned',
  preserved: 'Preserved',
  failed: 'Failed',
  closed: 'Closed',
};

/** Whether a statement denied, or none allowed: what to mend differs. */
export const explicitness = ({ cause, layer, explicit }: Diagnosis): string => {
  if (cause === 'default-key-not-shareable') return 'neither: EC2 never shares a snapshot under this key';
  if (layer === null) return 'not known';
  if (layer === 'key-state') return 'neither: no policy decided this';
  return explicit ? 'explicit: a statement denies it' : 'implicit: nothing allows it';
};

const plural = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

export const exactBytes = (bytes: number): string => plural(bytes, 'byte');

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** @example sizeInWords(432_013_312) // '412.0 MiB' */
export const sizeInWords = (bytes: number): string => {
  const power = Math.max(0, Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  if (power === 0) return exactBytes(bytes);
  return `${(bytes / 1024 ** power).toFixed(1)}\u00a0${UNITS[power] ?? ''}`;
};

/** @example timeInWords('2026-03-14T03:12:09.120Z') // '2026-03-14 03:12:09 UTC' */
export const timeInWords = (instant: string): string => {
  const milliseconds = Date.parse(instant);
  if (Number.isNaN(milliseconds)) return instant;
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
};

const SPANS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** The time between two instants, or `null` where one cannot be read. @example '2 m 3 s' */
export const spanInWords = (from: string, to: string): string | null => {
  const milliseconds = Date.parse(to) - Date.parse(from);
  if (Number.isNaN(milliseconds)) return null;
  let rest = Math.floor(Math.abs(milliseconds) / 1000);
  const parts: string[] = [];
  for (const [unit, seconds] of SPANS) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return `${milliseconds <= -1000 ? '−' : ''}${parts.join(' ') || '0 s'}`;
};

const machineOf = ({ location }: CaseReport): string => {
  if (!location.found) return 'the machine';
  const { instanceId, volumes } = location.target;
  return instanceId ?? volumes[0]?.volumeId ?? 'the volume';
};

/** Of a finding: nobody has tried yet, and little or nothing was done. */
const foreseen = (report: CaseReport): string => {
  const machine = machineOf(report);
  const done = report.freeze.frozen ? 'its disks are frozen, and nothing else was changed' : 'nothing was changed';
  return `GuardDuty found ${machine}, and KMS would refuse its acquisition: ${done}.`;
};

const HEADLINES = {
  preserved: (report) => {
    const archives = report.artefacts.filter(({ kind }) => kind === 'triage-archive');
    const copies = report.artefacts.flatMap((artefact) => (artefact.kind === 'disk-copy' ? [artefact.copy] : []));
    const bytes = archives.reduce((sum, archive) => sum + archive.bytes, 0);
    const gibibytes = copies.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0);
    const hashes = archives.length === 1 ? 'its hash confirmed' : 'their hashes confirmed';
    const collected = `${plural(archives.length, 'artefact')}, ${sizeInWords(bytes)}, ${hashes}`;
    const copied = `${plural(copies.length, 'disk')} copied, ${gibibytes} GiB`;
    const parts = [...(archives.length === 0 ? [] : [collected]), ...(copies.length === 0 ? [] : [copied])];
    return `The evidence of ${machineOf(report)} is preserved: ${parts.join('; ')}.`;
  },
  'by-hand': (report) =>
    report.freeze.frozen
      ? `Nothing is collected yet: the disks of ${machineOf(report)} are frozen, and a person must collect the rest by hand.`
      : `Nothing is collected and no disk is frozen: a person must collect ${machineOf(report)} by hand.`,
  planned: (report) => {
    if (report.finding !== null && !report.dryRun) return foreseen(report);
    const first = report.plan.find(({ open }) => open);
    if (first === undefined) return `Dry run, nothing was changed: no route to ${machineOf(report)} was planned.`;
    return `Dry run, nothing was changed: the first route to the evidence of ${machineOf(report)} would be “${routeInSentence(first.route)}”.`;
  },
  diagnosed: ({ dryRun, diagnosis, denials }) => {
    if (dryRun) return 'Dry run, nothing was changed: the machine was not found.';
    if (denials.length === 0) return 'The machine was not found: nothing is preserved.';
    const why =
      diagnosis?.decision === 'denied' ? 'but the refusal is explained' : 'and why KMS refused is not certain';
    return `The machine behind the refusal was not found: nothing is preserved, ${why}.`;
  },
} as const satisfies Record<Verdict, (report: CaseReport) => string>;

/** What the case came to, in one sentence. */
export const headlineOf = (report: CaseReport): string => HEADLINES[report.verdict](report);
