import type { Finding, PolicyEdit } from './plan.ts';

/** How it ended. */
export type PermissionVerdict =
  /** The permission is gone, and proven to be. */
  | 'retired'
  /** The documents are back as they were. */
  | 'restored'
  /** It is not there: nothing to do. */
  | 'absent'
  /** It would be retired, or restored: nothing was changed. */
  | 'planned'
  /** It is there and stays, for a reason that a person has to deal with. */
  | 'reported'
  /** It may still be needed. */
  | 'not-yet'
  /** It was taken, the proof failed, and the documents are back as they were. */
  | 'undone'
  /** Something is neither as before nor as planned, because somebody else changed it. */
  | 'left';

/** An edit, and what became of it. */
export interface ReportedEdit extends PolicyEdit {
  /** Unified, of the document before and after. */
  readonly diff: string;
}

/** Somebody else's change of the same policies, made while this one was. */
export interface OtherChange {
  readonly at: string;
  readonly caller: string;
  readonly what: string;
  /** The document that was put, where CloudTrail tells. */
  readonly document: string | null;
}

export interface ProofReport {
  /** Requests that the authorizer decided before and after. */
  readonly asked: number;
  /** Requests for service-linked roles of KMS that are not surely refused, and others decided otherwise than before. */
  readonly left: number;
  readonly changed: number;
  /** The same by IAM's own simulator, or why it was not asked. */
  readonly simulated: { readonly asked: number; readonly agrees: boolean } | { readonly because: string };
  /** Whether other editors can be told to have been at it: `null` where CloudTrail did not tell. */
  readonly alone: boolean | null;
}

/** All that a retirement, or its undoing, came to; `permission-report.json` is this, as it stands. */
export interface PermissionReport {
  readonly kind: 'permission';
  readonly caseId: string;
  readonly action: 'retire' | 'restore';
  readonly dryRun: boolean;
  readonly verdict: PermissionVerdict;
  /** In one sentence. */
  readonly because: string;
  readonly accountId: string;
  readonly roleName: string;
  readonly roleArn: string | null;
  readonly openedAt: string;
  readonly closedAt: string;
  readonly edits: readonly ReportedEdit[];
  readonly findings: readonly Finding[];
  readonly proof: ProofReport | null;
  readonly others: readonly OtherChange[];
  /** What a person must still do. */
  readonly todo: readonly string[];
  readonly tool: { readonly name: 'unlatch'; readonly version: string };
}
