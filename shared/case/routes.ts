import { messageOf } from '#shared/aws/session';
import type { Openness } from '#shared/plan/plan';
import type { Assessment } from '#shared/route/ssm-triage/assess';
import { type Triage, triage } from '#shared/route/ssm-triage/triage';
import { copyDisks, type DisksCopied } from '#shared/route/unencrypted-copy/copy-disks';
import { planCopies } from '#shared/route/unencrypted-copy/planning';
import type { CleanUp, Freeze, RouteOutcome, Target } from './case.ts';
import type { Flow } from './flow.ts';
import type { Tools } from './tools.ts';

export type TimedOutcome = RouteOutcome & { readonly at: string };

/** What trying routes came to. */
export interface Tried {
  readonly outcomes: readonly TimedOutcome[];
  /** What a person can do so that the machine can be reached. */
  readonly remedies: readonly string[];
  readonly cleanUp: Pick<CleanUp, 'removed' | 'left'>;
}

export const nothingTried: Tried = { outcomes: [], remedies: [], cleanUp: { removed: [], left: [] } };

const brokenOff =
  (target: Target) =>
  (error: unknown): Triage => ({
    outcome: { route: 'ssm-triage', result: 'failed', note: messageOf(error) },
    remedy: null,
    removed: [],
    left: [`the collector's working folder on ${target.instanceId ?? 'the host'}, if it ran`],
  });

const closedRoute = (assessment: Extract<Assessment, { open: false }>): Triage => ({
  outcome: { route: 'ssm-triage', result: 'closed', note: assessment.because },
  remedy: assessment.remedy,
  removed: [],
  left: [],
});

/** What both routes are given. */
export interface Job {
  readonly target: Target;
  readonly assessment: Assessment;
  readonly caseId: string;
  readonly since: string;
  /** What the case holds, and must hold on to while it copies. */
  readonly claimed: string;
}

const ended = (flow: Flow): Promise<string> => flow.step('ended', async () => new Date().toISOString());

/** Takes what the host remembers. */
export const tryTriage = async (
  flow: Flow,
  tools: Tools,
  { target, assessment, caseId, since }: Job,
): Promise<Tried> => {
  const { outcome, remedy, removed, left } = assessment.open
    ? await triage(flow, tools, { caseId, target, assessment, since }).catch(brokenOff(target))
    : closedRoute(assessment);
  const at = await ended(flow);
  return {
    outcomes: [{ ...outcome, at }],
    remedies: remedy === null ? [] : [remedy],
    cleanUp: { removed, left },
  };
};

export interface CopyTried {
  readonly tried: Tried;
  readonly openness: Openness;
}

const open: Openness = { open: true, because: null, remedy: null };

export const UNDER_WAY: Openness = { open: true, because: 'the disks are being copied', remedy: null };

/** Whether the settings allow any copy: else none takes long. */
export const mayCopy = ({ settings }: Tools): boolean =>
  settings.ALLOW_UNENCRYPTED_COPY || settings.EVIDENCE_KEY_ARN !== '';

/** Takes what stands on its disks. */
export const tryCopy = async (
  flow: Flow,
  tools: Tools,
  job: Job,
  { freeze, ...rest }: { freeze: Freeze; availabilityZone: string | null; triaged: Promise<unknown> },
): Promise<CopyTried> => {
  const frozen = freeze.frozen ? freeze.snapshots : [];
  const { outcome, remedy, removed, left } = await copyDisks(flow, tools, { ...job, ...rest, frozen }).catch(
    (error: unknown): DisksCopied => ({
      outcome: { route: 'unencrypted-copy', result: 'failed', note: messageOf(error) },
      remedy: null,
      removed: [],
      left: [`what is tagged \`unlatch:case\` = \`${job.caseId}\``],
    }),
  );
  const at = await ended(flow);
  return {
    tried: { outcomes: [{ ...outcome, at }], remedies: [], cleanUp: { removed, left } },
    openness: outcome.result === 'closed' ? { open: false, because: outcome.note, remedy } : open,
  };
};

/** What would be tried, asked without trying it. */
export const plannedCopy = async (flow: Flow, tools: Tools, job: Job): Promise<CopyTried> => {
  const plan = await planCopies(flow, tools, job);
  return { tried: nothingTried, openness: plan };
};

/** Without a target there is nothing to copy. */
export const noCopy = (because: string): CopyTried => ({
  tried: nothingTried,
  openness: { open: false, because, remedy: null },
});

/** Both routes together; and where neither has preserved anything, instructions for a person. */
export const allTried = (...tried: readonly Tried[]): Tried => {
  const outcomes = tried.flatMap((part) => part.outcomes);
  const latest = outcomes
    .map(({ at }) => at)
    .sort()
    .at(-1);
  const preserved = outcomes.some(({ result }) => result === 'preserved');
  const byHand: readonly TimedOutcome[] =
    latest === undefined || preserved
      ? []
      : [{ route: 'manual', result: 'by-hand', note: 'instructions written', at: latest }];
  return {
    outcomes: [...outcomes, ...byHand],
    remedies: tried.flatMap(({ remedies }) => remedies),
    cleanUp: {
      removed: tried.flatMap(({ cleanUp }) => cleanUp.removed),
      left: tried.flatMap(({ cleanUp }) => cleanUp.left),
    },
  };
};
