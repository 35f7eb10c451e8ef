import * as z from 'zod';
import { Asked } from './asked.ts';
import { STEPS } from './ways.ts';

/**
 * The report of readiness, as `readiness.json` holds it. Rows and outlooks are kept in the evidence bucket while a run goes
 * on, and are read back from there: so they have schemas.
 */

export const VerdictName = z.enum(['ready', 'refused', 'undetermined']);

/** Whether a route is open for a machine meanwhile. */
export const RouteOpenness = z.object({
  open: z.boolean(),
  because: z.string().nullable(),
  remedy: z.string().nullable(),
});
export type RouteOpenness = z.infer<typeof RouteOpenness>;

/** A machine, or a volume that hangs on none. */
export const Row = z.object({
  accountId: z.string(),
  region: z.string(),
  /** `null`: a volume alone. */
  instanceId: z.string().nullable(),
  name: z.string().nullable(),
  state: z.string(),
  platform: z.string(),
  tags: z.record(z.string(), z.string()),
  triage: RouteOpenness,
  volumes: z.array(
    z.object({
      volumeId: z.string(),
      device: z.string().nullable(),
      /** The id of an outlook. */
      situation: z.string(),
    }),
  ),
});
export type Row = z.infer<typeof Row>;

const Fix = z.object({
  layer: z.string(),
  target: z.string(),
  statement: z.record(z.string(), z.unknown()).nullable(),
  verified: z.boolean(),
  note: z.string(),
});

const Refusal = z.object({
  step: z.enum(STEPS),
  roleArn: z.string(),
  action: z.string(),
  keyArn: z.string().nullable(),
  /** All that the same role asks of the same key: a fix lets all of it pass. The first is what is refused. */
  asked: z.array(Asked),
  cause: z.string().nullable(),
  explanation: z.string(),
  fixes: z.array(Fix),
});
export type RefusalEntry = z.infer<typeof Refusal>;

/** What an acquisition of a volume in one situation would come to. */
export const OutlookEntry = z.object({
  id: z.string(),
  accountId: z.string(),
  region: z.string(),
  encrypted: z.boolean(),
  keyArn: z.string().nullable(),
  /** Names of the key, for people; none where they are not known. */
  aliases: z.array(z.string()),
  way: z.string(),
  verdict: VerdictName,
  steps: z.array(z.object({ step: z.enum(STEPS), verdict: VerdictName })),
  refusals: z.array(Refusal),
  missing: z.array(z.string()),
  /** What the lint finds in the policy of the key; notes are left out. `null`: there is none that was read. */
  lint: z.array(z.object({ rule: z.string(), severity: z.enum(['error', 'warning']), message: z.string() })).nullable(),
  /** Whether Unlatch could copy the disk from a frozen snapshot meanwhile. */
  copy: RouteOpenness,
});
export type OutlookEntry = z.infer<typeof OutlookEntry>;

/** One look at the platform itself. */
export const HealthCheck = z.object({
  check: z.string(),
  result: z.enum(['good', 'bad', 'note', 'unknown']),
  /** What was found, in one sentence. */
  found: z.string(),
  /** What a person may do about it. */
  remedy: z.string().nullable(),
});
export type HealthCheck = z.infer<typeof HealthCheck>;

export interface Counts {
  readonly ready: number;
  readonly refused: number;
  readonly undetermined: number;
}

export interface ReadinessReport {
  readonly runId: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** What was looked at, in words. */
  readonly scope: string;
  readonly platform: {
    readonly accountId: string;
    readonly region: string;
    readonly keyArn: string | null;
    readonly roles: readonly string[];
  };
  /** What nothing that can be read tells, and is taken to be so. */
  readonly assumed: readonly string[];
  readonly machines: Counts;
  readonly volumes: Counts;
  /** Accounts and Regions that could not be listed, and why. */
  readonly unread: readonly string[];
  readonly health: readonly HealthCheck[];
  /** AWS calls of this run, by API. */
  readonly calls: Readonly<Record<string, number>>;
  readonly outlooks: readonly OutlookEntry[];
  readonly rows: readonly (Row & { readonly verdict: z.infer<typeof VerdictName> })[];
  readonly tool: { readonly name: 'unlatch'; readonly version: string };
}
