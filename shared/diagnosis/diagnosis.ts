import type { Layer } from '#shared/signal/signal';

/** Why KMS refused: a layer that was silent, a layer that denied, or the state of the key. */
export type Cause =
  | `${Exclude<Layer, 'key-state' | 'grant'>}-silent`
  | `${Exclude<Layer, 'key-state' | 'grant'>}-deny`
  | 'default-key-not-shareable'
  | 'key-disabled'
  | 'key-pending-deletion'
  | 'key-pending-import'
  | 'key-unavailable'
  | 'key-not-found'
  | 'undetermined';

/** The answer of a diagnosis, in the shape that `explain` prints. */
export interface Diagnosis {
  readonly decision: 'denied' | 'undetermined';
  readonly cause: Cause;
  readonly layer: Layer | null;
  readonly explicit: boolean;
  readonly statement: null;
  readonly explanation: string;
  /** What would have to be known for a surer answer. */
  readonly missing: readonly string[];
  readonly fixes: readonly Fix[];
}

export interface Fix {
  readonly layer: Layer;
  readonly target: string;
  readonly statement: Readonly<Record<string, unknown>> | null;
  /** Whether the request was re-simulated with the fix. */
  readonly verified: boolean;
  readonly note: string;
}
