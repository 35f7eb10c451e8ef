import type { Diagnosis } from '#shared/diagnosis/diagnosis';
import { byPlace } from '#shared/diagnosis/fix-places';
import { LAYER_WORDS } from '#shared/diagnosis/layer-words';
import { planOf } from '#shared/plan/plan';
import { manualInstructions } from '#shared/route/manual';
import type { Assessment } from '#shared/route/ssm-triage/assess';
import { VERSION } from '#shared/version';
import type { Artefact, Extent, Freeze, Location, RouteOutcome } from './case.ts';
import type { Explained } from './explaining.ts';
import type { CaseReport, FindingTold, Verdict } from './report.ts';
import type { CopyTried, Tried } from './routes.ts';
import { timelineOf } from './timeline.ts';

/** All that a case has come to know, from which its report is written. */
export interface Findings {
  readonly caseId: string;
  readonly dryRun: boolean;
  readonly extent: Extent;
  readonly finding: FindingTold | null;
  readonly openedAt: string;
  readonly foundAt: string;
  readonly closedAt: string;
  readonly location: Location;
  readonly assessment: Assessment;
  readonly freeze: Freeze;
  readonly explained: Explained;
  readonly tried: Tried;
  /** Whether the disks are being copied still: a report so far, that is written again. */
  readonly copying: boolean;
  readonly copies: CopyTried['openness'];
  /** `s3://bucket/cases/<case>/` */
  readonly folder: string;
}

const verdictOf = (location: Location, outcomes: readonly RouteOutcome[], extent: Extent): Verdict => {
  if (!location.found) return 'diagnosed';
  if (extent !== 'preserve') return 'planned';
  return outcomes.some(({ result }) => result === 'preserved') ? 'preserved' : 'by-hand';
};

/** What lets the acquisition be repeated: what to paste where, or what else a person has to see to. */
const mendThis = (diagnosis: Diagnosis | null): string[] => {
  if (diagnosis === null || diagnosis.decision === 'allowed') return [];
  if (diagnosis.cause === 'default-key-not-shareable')
    return ['Go on with a copy: nothing lets a snapshot under the default key for EBS leave its account.'];
  if (diagnosis.cause === 'undetermined')
    return ['Find out why KMS refused: the diagnosis says what is missing for a sure answer.'];
  const places = byPlace(diagnosis.fixes);
  const pasted = places.filter(({ statements }) => statements.length > 0);
  const others = places.filter(({ statements }) => statements.length === 0);
  if (places.length === 0)
    return [`Have the refusal mended (${diagnosis.cause}), so that the acquisition can be repeated.`];
  return [
    ...others.map(({ layer, target, note }) => `See to the ${LAYER_WORDS[layer]} (${target}): ${note}`),
    ...(pasted.length === 0
      ? []
      : [
          `Have the statements of the diagnosis added to the ${pasted
            .map(({ layer, target }) => `${LAYER_WORDS[layer]} (${target})`)
            .join(' and the ')}, then repeat the acquisition.`,
        ]),
  ];
};

/** Disks that were to be copied and were not: a route that is closed promised nothing. */
const uncopied = ({ location, tried }: Findings): string[] => {
  const begun = tried.outcomes.filter(
    ({ route, result }) => (route === 're-encrypt' || route === 'unencrypted-copy') && result !== 'closed',
  );
  if (!location.found || begun.length === 0) return [];
  const artefacts = begun.flatMap((outcome) => (outcome.result === 'preserved' ? outcome.artefacts : []));
  const copied = artefacts.flatMap((artefact) => (artefact.kind === 'disk-copy' ? [artefact.copy.volumeId] : []));
  const missing = location.target.volumes.filter(({ volumeId }) => !copied.includes(volumeId));
  return missing.length === 0
    ? []
    : [
        `Copy ${missing.map(({ volumeId }) => volumeId).join(', ')} another way: ${begun.map(({ note }) => note).join('; ')}.`,
      ];
};

/** What a person must still do, most urgent first: evidence before permissions before tidiness. */
const todoOf = (findings: Findings): string[] => {
  const { location, freeze, tried, explained, dryRun, copying, finding, extent } = findings;
  return [
    ...(finding !== null && extent !== 'preserve' && location.found
      ? [
          `Start a case by hand for ${location.target.instanceId ?? 'it'} if its evidence is to be preserved before that.`,
        ]
      : []),
    ...(copying ? ['Wait for the disks to be copied: this report is written again when that has ended.'] : []),
    ...(location.found ? [] : [`Find the machine and start a case by hand: ${location.because}.`]),
    ...(location.found && !freeze.frozen && !dryRun && extent !== 'report'
      ? [`Snapshot the disks by hand: freezing failed, ${freeze.because}.`]
      : []),
    ...uncopied(findings),
    ...tried.remedies.map((remedy) => `To collect by Systems Manager: ${remedy}.`),
    ...mendThis(explained.diagnosis),
    ...tried.cleanUp.left.map((thing) => `Check ${thing}.`),
  ];
};

/** What was made and stays: it is evidence. */
const keptOf = (freeze: Freeze, artefacts: readonly Artefact[]): string[] => [
  ...(freeze.frozen ? freeze.snapshots.map(({ snapshotId }) => snapshotId) : []),
  ...artefacts.flatMap((artefact) =>
    artefact.kind === 'disk-copy' ? [artefact.copy.snapshotId, artefact.copy.madeVolume ?? []].flat() : [],
  ),
];

export const reportOf = (findings: Findings): CaseReport => {
  const { caseId, dryRun, extent, finding, openedAt, closedAt, location } = findings;
  const { assessment, freeze, explained, tried, copying, copies, folder } = findings;
  const outcomes = tried.outcomes.map(({ at: _at, ...outcome }) => outcome);
  const artefacts = outcomes.flatMap((outcome) => (outcome.result === 'preserved' ? outcome.artefacts : []));
  const verdict = verdictOf(location, outcomes, extent);
  const { because = null, remedy = null } = assessment.open ? {} : assessment;
  return {
    caseId,
    dryRun,
    copying,
    verdict,
    openedAt,
    closedAt,
    finding,
    denials: explained.denials,
    location,
    diagnosis: explained.diagnosis,
    freeze,
    plan: planOf({ 'ssm-triage': { open: assessment.open, because, remedy }, ...copies }),
    outcomes,
    artefacts,
    cleanUp: { ...tried.cleanUp, kept: [...keptOf(freeze, artefacts), ...tried.cleanUp.kept] },
    todo: todoOf(findings),
    instructions:
      location.found && verdict === 'by-hand'
        ? manualInstructions(location.target, freeze, tried.remedies, `${folder}by-hand/`)
        : null,
    timeline: timelineOf({
      ...findings,
      denials: explained.denials,
      outcomes: tried.outcomes,
      diagnosis: explained.diagnosis,
      explainedAt: explained.at,
    }),
    tool: { name: 'unlatch', version: VERSION },
  };
};
