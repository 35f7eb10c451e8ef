import type { Artefact, CleanUp, Freeze, Location, RouteOutcome } from '#shared/case/case';
import type { Diagnosis } from '#shared/diagnosis/diagnosis';
import type { PlannedRoute } from '#shared/plan/plan';
import type { Instructions } from '#shared/route/manual';
import type { FindingFacts } from '#shared/signal/finding';
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
  /** A dry run, or a finding that may set off no more than a report or a freeze: what would be done. */
  | 'planned';

/** A finding, and the volumes that GuardDuty itself could not look into. */
export interface FindingTold extends FindingFacts {
  readonly unscanned: readonly string[];
}

/** All that a case came to; `report.json` is this, as it stands. */
export interface CaseReport {
  readonly caseId: string;
  readonly dryRun: boolean;
  /** Whether the disks were being copied still when this was written. */
  readonly copying: boolean;
  readonly verdict: Verdict;
  readonly openedAt: string;
  readonly closedAt: string;
  /** The finding that opened the case before anyone tried; `null` for any other. */
  readonly finding: FindingTold | null;
  /** What was refused; empty for a case opened by hand, or by a finding. */
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
