import type { Artefact, CleanUp, Freeze, Location, RouteOutcome } from '#shared/case/case';
import type { Diagnosis } from '#shared/diagnosis/diagnosis';
import type { PlannedRoute } from '#shared/plan/plan';
import type { Instructions } from '#shared/route/manual';
import type { Denial } from '#shared/signal/signal';

/** One line of the timeline. */
export interface Moment {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly what: string;
  readonly kind: 'refused' | 'found' | 'frozen' | 'explained' | 'planned' | 'preserved' | 'failed' | 'closed';
}

export type Verdict =
  /** At least one artefact arrived, its hash confirmed. */
  | 'preserved'
  /** Nothing arrived, but the disks are frozen and a person has instructions. */
  | 'by-hand'
  /** The machine behind the refusal was not found: a diagnosis only. */
  | 'diagnosed'
  /** A dry run: what would be done. */
  | 'planned';

/** All that a case came to; `report.json` is this, as it stands. */
export interface CaseReport {
  readonly caseId: string;
  readonly dryRun: boolean;
  /** Whether the disks were being copied still when this was written. */
  readonly copying: boolean;
  readonly verdict: Verdict;
  readonly openedAt: string;
  readonly closedAt: string;
  /** What was refused; empty for a case opened by hand. */
  readonly denials: readonly Denial[];
  readonly location: Location;
  readonly diagnosis: Diagnosis | null;
  readonly freeze: Freeze;
  readonly plan: readonly PlannedRoute[];
  readonly outcomes: readonly RouteOutcome[];
  readonly artefacts: readonly Artefact[];
  readonly cleanUp: CleanUp;
  /** What a person must still do, most urgent first. */
  readonly todo: readonly string[];
  readonly instructions: Instructions | null;
  readonly timeline: readonly Moment[];
  readonly tool: { readonly name: 'unlatch'; readonly version: string };
}
