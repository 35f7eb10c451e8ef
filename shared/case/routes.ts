import { messageOf } from '#shared/aws/session';
import type { Openness } from '#shared/plan/plan';
import { planReEncryption } from '#shared/route/re-encrypt/planning';
import { reEncryptDisks } from '#shared/route/re-encrypt/re-encrypt-disks';
import type { Assessment } from '#shared/route/ssm-triage/assess';
import { type Triage, triage } from '#shared/route/ssm-triage/triage';
import { copyDisks } from '#shared/route/unencrypted-copy/copy-disks';
import { planCopies } from '#shared/route/unencrypted-copy/planning';
import type { CleanUp, Freeze, RouteName, RouteOutcome, Target } from './case.ts';
import type { Flow } from './flow.ts';
import type { Tools } from './tools.ts';

export type TimedOutcome = RouteOutcome & { readonly at: string };

/** What trying routes came to. */
export interface Tried {
  readonly outcomes: readonly TimedOutcome[];
  /** What a person can do so that the machine can be reached. */
  readonly remedies: readonly string[];
  readonly cleanUp: CleanUp;
}

export const nothingTried: Tried = { outcomes: [], remedies: [], cleanUp: { removed: [], kept: [], left: [] } };

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
    cleanUp: { removed, kept: [], left },
  };
};

/** The routes that copy disks. */
export type CopyRoute = Extract<RouteName, 're-encrypt' | 'unencrypted-copy'>;

export interface CopyTried {
  readonly tried: Tried;
  readonly openness: Readonly<Record<CopyRoute, Openness>>;
}

const open: Openness = { open: true, because: null, remedy: null };
const underWay: Openness = { open: true, because: 'the disks are being copied', remedy: null };

export const UNDER_WAY: CopyTried['openness'] = { 're-encrypt': underWay, 'unencrypted-copy': underWay };

/** Whether the settings allow any copy: else none takes long. */
export const mayCopy = ({ settings }: Tools): boolean =>
  settings.RE_ENCRYPT || settings.ALLOW_UNENCRYPTED_COPY || settings.EVIDENCE_KEY_ARN !== '';

/** How a route that copies ended, in what all of them tell. */
interface Copying {
  readonly outcome: RouteOutcome;
  readonly remedy: string | null;
  readonly kept?: readonly string[];
  readonly removed: readonly string[];
  readonly left: readonly string[];
}

const brokenCopy =
  (route: CopyRoute, caseId: string) =>
  (error: unknown): Copying => ({
    outcome: { route, result: 'failed', note: messageOf(error) },
    remedy: null,
    removed: [],
    left: [`what is tagged \`unlatch:case\` = \`${caseId}\``],
  });

const nothingLeft: Copying = {
  outcome: { route: 'unencrypted-copy', result: 'closed', note: 'every disk was copied under another key' },
  remedy: null,
  removed: [],
  left: [],
};

const opennessOf = ({ outcome, remedy }: Copying): Openness =>
  outcome.result === 'closed' ? { open: false, because: outcome.note, remedy } : open;

const copiedIn = ({ outcome }: Copying): ReadonlySet<string> =>
  new Set(
    outcome.result === 'preserved'
      ? outcome.artefacts.flatMap((artefact) => (artefact.kind === 'disk-copy' ? [artefact.copy.volumeId] : []))
      : [],
  );

/** Takes what stands on its disks: under another key where that can be had, the rest without one. */
export const tryCopy = async (
  flow: Flow,
  tools: Tools,
  job: Job,
  { freeze, ...rest }: { freeze: Freeze; availabilityZone: string | null; triaged: Promise<unknown> },
): Promise<CopyTried> => {
  const frozen = freeze.frozen ? freeze.snapshots : [];
  const { target, caseId } = job;
  const disks = { ...job, ...rest, frozen };
  const first: Copying = await reEncryptDisks(flow, tools, disks).catch(brokenCopy('re-encrypt', caseId));
  const firstAt = await ended(flow);
  const copied = copiedIn(first);
  const volumes = target.volumes.filter(({ volumeId }) => !copied.has(volumeId));
  const second: Copying =
    volumes.length === 0
      ? nothingLeft
      : await copyDisks(flow, tools, { ...disks, target: { ...target, volumes } }).catch(
          brokenCopy('unencrypted-copy', caseId),
        );
  const secondAt = await ended(flow);
  return {
    tried: {
      outcomes: [
        { ...first.outcome, at: firstAt },
        { ...second.outcome, at: secondAt },
      ],
      remedies: [],
      cleanUp: {
        removed: [...first.removed, ...second.removed],
        kept: first.kept ?? [],
        left: [...first.left, ...second.left],
      },
    },
    openness: { 're-encrypt': opennessOf(first), 'unencrypted-copy': opennessOf(second) },
  };
};

/** What would be tried, asked without trying it. */
export const plannedCopy = async (flow: Flow, tools: Tools, job: Job): Promise<CopyTried> => {
  const [reEncryption, copies] = await Promise.all([
    flow.branch('plan the re-encryption', (part) => planReEncryption(part, tools, job.target)),
    flow.branch('plan the copies', (part) => planCopies(part, tools, job)),
  ]);
  return { tried: nothingTried, openness: { 're-encrypt': reEncryption, 'unencrypted-copy': copies } };
};

/** Without a target there is nothing to copy. */
export const noCopy = (because: string): CopyTried => {
  const none: Openness = { open: false, because, remedy: null };
  return { tried: nothingTried, openness: { 're-encrypt': none, 'unencrypted-copy': none } };
};

/** All routes together; and where none has preserved anything, instructions for a person. */
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
      kept: tried.flatMap(({ cleanUp }) => cleanUp.kept),
      left: tried.flatMap(({ cleanUp }) => cleanUp.left),
    },
  };
};
