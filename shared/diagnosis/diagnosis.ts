import type { StatementRef } from '#shared/policy/policy';
import type { Saying } from '#shared/policy/trace';
import type { Layer } from '#shared/signal/signal';
import type { PolicyLayer } from './causes.ts';

/** Why KMS refused: a layer that was silent, a layer that denied, the state of the key, or a cause with a name of its own. */
export type Cause =
  | `${PolicyLayer}-silent`
  | `${PolicyLayer}-deny`
  | 'default-key-not-shareable'
  | 'service-linked-role-not-allowed'
  | 'key-disabled'
  | 'key-pending-deletion'
  | 'key-pending-import'
  | 'key-unavailable'
  | 'key-not-found'
  | 'undetermined';

/** The answer of a diagnosis, in the shape that `explain` prints. */
export interface Diagnosis {
  readonly decision: 'allowed' | 'denied' | 'undetermined';
  /** `null` where nothing refuses. */
  readonly cause: Cause | null;
  readonly layer: Layer | null;
  readonly explicit: boolean;
  /** The statement that denies; `null` where it is an absence that decided. */
  readonly statement: StatementRef | null;
  readonly explanation: string;
  /** What would have to be known for a surer answer. */
  readonly missing: readonly string[];
  /** Needed all together, in this order. */
  readonly fixes: readonly Fix[];
  /** What each layer said; empty where the policies were not read. */
  readonly trace: readonly Saying[];
}

/** A change that a person may make. Unlatch makes none of them. */
export interface Fix {
  readonly layer: Layer;
  /** ARN of what is to be changed: a key, a role, a policy. */
  readonly target: string;
  /** The statement to add; `null` where what is to be done is no statement to add. */
  readonly statement: Readonly<Record<string, unknown>> | null;
  /** Whether the whole acquisition was re-simulated with all fixes, and is then allowed. */
  readonly verified: boolean;
  readonly note: string;
}
