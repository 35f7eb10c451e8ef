import type { StatementRef } from '#shared/policy/policy';
import type { Saying } from '#shared/policy/trace';
import type { Layer } from '#shared/signal/signal';

/**
 * Why KMS refused: a layer that was silent, a layer that denied, the state of the key, or a cause with a name of its own.
 * Resource control policies are never silent: one that allows everything stands beside them and cannot be detached.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
 */
export const CAUSES = [
  'service-control-policy-silent',
  'service-control-policy-deny',
  'resource-control-policy-deny',
  'key-policy-silent',
  'key-policy-deny',
  'identity-policy-silent',
  'identity-policy-deny',
  'permissions-boundary-silent',
  'permissions-boundary-deny',
  'session-policy-silent',
  'session-policy-deny',
  'vpc-endpoint-policy-silent',
  'vpc-endpoint-policy-deny',
  'default-key-not-shareable',
  'service-linked-role-not-allowed',
  'key-disabled',
  'key-pending-deletion',
  'key-pending-import',
  'key-unavailable',
  'key-not-found',
  'undetermined',
] as const;
export type Cause = (typeof CAUSES)[number];

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
