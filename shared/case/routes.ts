import type { Assessment } from '#shared/route/ssm-triage/assess';
import { type Triage, triage } from '#shared/route/ssm-triage/triage';
import type { CleanUp, RouteOutcome, Target } from './case.ts';
import type { Flow } from './flow.ts';
import type { Tools } from './tools.ts';

export type TimedOutcome = RouteOutcome & { readonly at: string };

/** What trying the routes came to. */
export interface Tried {
  readonly outcomes: readonly TimedOutcome[];
  /** What a person can do so that a route opens. */
  readonly remedies: readonly string[];
  readonly cleanUp: Pick<CleanUp, 'removed' | 'left'>;
}

export const nothingTried: Tried = { outcomes: [], remedies: [], cleanUp: { removed: [], left: [] } };

const byHand: RouteOutcome = { route: 'manual', result: 'by-hand', note: 'instructions written' };

const brokenOff = (target: Target) => {
  return (error: unknown): Triage => ({
    outcome: { route: 'ssm-triage', result: 'failed', note: error instanceof Error ? error.message : 'unknown' },
    remedy: null,
    removed: [],
    left: [`the collector's working folder on ${target.instanceId ?? 'the host'}, if it ran`],
  });
};

const closedRoute = (assessment: Extract<Assessment, { open: false }>): Triage => ({
  outcome: { route: 'ssm-triage', result: 'closed', note: assessment.because },
  remedy: assessment.remedy,
  removed: [],
  left: [],
});

interface Job {
  readonly target: Target;
  readonly assessment: Assessment;
  readonly caseId: string;
  readonly since: string;
}

/** The routes in order, until one has preserved evidence; instructions for a person where none has. */
export const tryRoutes = async (
  flow: Flow,
  tools: Tools,
  { target, assessment, caseId, since }: Job,
): Promise<Tried> => {
  const { outcome, remedy, removed, left } = assessment.open
    ? await triage(flow, tools, { caseId, target, assessment, since }).catch(brokenOff(target))
    : closedRoute(assessment);
  const at = await flow.step('routes ended', async () => new Date().toISOString());
  const outcomes = outcome.result === 'preserved' ? [outcome] : [outcome, byHand];
  return {
    outcomes: outcomes.map((ended) => ({ ...ended, at })),
    remedies: remedy === null ? [] : [remedy],
    cleanUp: { removed, left },
  };
};
