import { createHash } from 'node:crypto';
import type { AccountId } from '#shared/signal/identifiers';
import type { Finding, PolicyEdit } from '../plan.ts';
import type { OtherChange, PermissionVerdict, ProofReport } from '../report.ts';
import type { RoleName } from '../role-policies.ts';

/** Whose permission it is, and under which case. */
export interface Subject {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  readonly caseId: string;
  readonly dryRun: boolean;
}

/** What came of it, before it is a report. */
export interface Ending {
  readonly verdict: PermissionVerdict;
  readonly because: string;
  readonly roleArn: string | null;
  readonly edits: readonly PolicyEdit[];
  readonly findings: readonly Finding[];
  readonly proof: ProofReport | null;
  readonly others: readonly OtherChange[];
  readonly todo: readonly string[];
}

export const fingerprint = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** What edits come to: the same documents, before and after. */
export const planFingerprint = (edits: readonly PolicyEdit[]): string =>
  fingerprint(edits.map(({ policy, before, after }) => [policy, before, after]));

export const NOTHING_DONE = {
  roleArn: null,
  edits: [],
  findings: [],
  proof: null,
  others: [],
  todo: [],
} as const satisfies Partial<Ending>;
