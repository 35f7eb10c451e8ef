import type { Target } from '#shared/case/case';
import type { KeyArn, SnapshotId, VolumeId } from '#shared/signal/identifiers';

/** The words that both methods of copying a volume share. */

export type Method = 'ebs-direct' | 'in-guest';

/** One volume to be copied: of which machine, and to what. */
export interface CopyJob {
  readonly caseId: string;
  readonly target: Target;
  readonly volumeId: VolumeId;
  /** The key of the copy; `null`: not encrypted. */
  readonly keyArn: KeyArn | null;
  readonly sizeGiB: number;
  readonly description: string;
  /** What tells whose a copy is, and how long it is kept. */
  readonly tags: Readonly<Record<string, string>>;
}

/** A snapshot that holds what the volume held, and how that is known. */
export interface Copied {
  readonly method: Method;
  readonly snapshotId: SnapshotId;
  /** The account that it stands in. */
  readonly accountId: string;
  /** What `copy.json` says of its content: checksums, and where they stand. */
  readonly proof: Readonly<Record<string, unknown>>;
  readonly note: string;
}

/** How the copying of one volume ended. */
export type Copying = {
  readonly removed: readonly string[];
  readonly left: readonly string[];
} & ({ readonly result: 'copied'; readonly copied: Copied } | { readonly result: 'failed'; readonly because: string });
