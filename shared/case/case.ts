import * as z from 'zod';
import { Asked } from '#shared/readiness/asked';
import { FindingFacts } from '#shared/signal/finding';
import { AccountId, InstanceId, Region, SnapshotId, VolumeId } from '#shared/signal/identifiers';
import { Denial } from '#shared/signal/signal';

/**
 * The words of a case, as plain JSON: they cross durable steps, the ledger and the report.
 */

/** Where the evidence of an acquisition stands, as far as its lineage tells. */
export const Origin = z.object({
  accountId: AccountId,
  region: Region,
  instanceId: InstanceId.nullable(),
  volumeId: VolumeId.nullable(),
  snapshotId: SnapshotId.nullable(),
});
export type Origin = z.infer<typeof Origin>;

/** A case opened by a signal. */
export const SignalRequest = z.object({
  joinKey: z.string().min(1).max(64),
  accountId: AccountId,
  region: Region,
  denial: Denial,
  origin: Origin.nullable(),
});
export type SignalRequest = z.infer<typeof SignalRequest>;

/** A case opened by hand. */
export const HandRequest = z.strictObject({
  instanceId: InstanceId,
  accountId: AccountId.optional(),
  region: Region.optional(),
  dryRun: z.boolean().optional(),
  /** A volume is wanted of each copy, in this zone of the machine's Region. */
  createVolume: z
    .strictObject({
      availabilityZone: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'expected a zone such as `eu-west-3a`'),
    })
    .optional(),
});
export type HandRequest = z.infer<typeof HandRequest>;

/** What a finding may set off: a report, a freeze besides, or the routes too. */
export const Extent = z.enum(['report', 'freeze', 'preserve']);
export type Extent = z.infer<typeof Extent>;

/** A case opened by a finding: KMS would refuse the acquisition, and nobody has tried it yet. */
export const FindingRequest = z.object({
  finding: FindingFacts,
  /** Volumes that GuardDuty itself could not look into. */
  unscanned: z.array(z.string()),
  extent: Extent,
  origin: Origin,
  /** What would be refused, and all that the same role asks of the same key besides. */
  asked: z.array(Asked).min(1).max(50),
});
export type FindingRequest = z.infer<typeof FindingRequest>;

export const CaseRequest = z.union([SignalRequest, FindingRequest, HandRequest]);
export type CaseRequest = z.infer<typeof CaseRequest>;

export const Platform = z.enum(['linux', 'windows', 'macos', 'unknown']);
export type Platform = z.infer<typeof Platform>;

/** The machine, or the lone volume, whose evidence the case preserves. */
export interface Target {
  readonly accountId: AccountId;
  readonly region: Region;
  readonly instanceId: InstanceId | null;
  readonly volumes: readonly { readonly volumeId: VolumeId; readonly device: string | null }[];
  readonly state: string;
  readonly platform: Platform;
  readonly name: string | null;
  readonly privateIp: string | null;
  readonly publicIp: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export type Location =
  | { readonly found: true; readonly target: Target; readonly origin: Origin }
  | { readonly found: false; readonly because: string };

/** One call to AWS as the custody log keeps it. */
export interface CustodyEntry {
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** ARN of the session that called. */
  readonly caller: string;
  readonly accountId: string;
  readonly region: string;
  /** `service:Operation` */
  readonly api: string;
  readonly requestId: string | null;
  /** `ok`, or the name of AWS's error. */
  readonly result: string;
  /** What it was done to, and why. */
  readonly on: string;
}

export interface FrozenSnapshot {
  readonly snapshotId: SnapshotId;
  readonly volumeId: VolumeId | null;
  readonly encrypted: boolean;
}

export type Freeze =
  | { readonly frozen: true; readonly snapshots: readonly FrozenSnapshot[]; readonly at: string }
  | { readonly frozen: false; readonly because: string };

interface StoredArtefact {
  /** Path below the case's folder. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly collectedAt: string;
  readonly route: RouteName;
}

export interface TriageArchive extends StoredArtefact {
  readonly kind: 'triage-archive';
}

/** A snapshot that holds what a volume held. The file at `path` names its blocks' checksums. */
export interface DiskCopy extends StoredArtefact {
  readonly kind: 'disk-copy';
  readonly copy: {
    readonly volumeId: VolumeId;
    readonly snapshotId: SnapshotId;
    readonly accountId: string;
    readonly region: string;
    readonly sizeGiB: number;
    /** `null`: not encrypted. */
    readonly keyArn: string | null;
    /** The account it is shared with, or `null`. */
    readonly sharedWith: string | null;
    /** A volume made from it, where one was asked for. */
    readonly madeVolume: VolumeId | null;
  };
}

export type Artefact = TriageArchive | DiskCopy;

export type RouteName = 're-encrypt' | 'unencrypted-copy' | 'ssm-triage' | 'manual';

/** How a route ended. */
export type RouteOutcome =
  | {
      readonly route: RouteName;
      readonly result: 'preserved';
      readonly artefacts: readonly Artefact[];
      readonly note: string;
    }
  | { readonly route: RouteName; readonly result: 'failed' | 'closed' | 'by-hand'; readonly note: string };

/** What Unlatch made and took away again, or could not. */
export interface CleanUp {
  readonly removed: readonly string[];
  readonly kept: readonly string[];
  readonly left: readonly string[];
}
