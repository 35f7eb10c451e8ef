import type { KeyArn, SnapshotId, VolumeId } from '#shared/signal/identifiers';

/** What a sweep finds, in an account and Region. Times are ISO 8601 in UTC. */
interface Found {
  readonly accountId: string;
  readonly region: string;
}

/**
 * What bears Unlatch's tags: they say where to look, for anybody may tag a thing. What counts is what the ledger says, where
 * it knows the thing. A frozen snapshot bears other tags, and is recorded nowhere as made: it is evidence.
 */
export interface Tagged extends Found {
  /** Whether the ledger says that Unlatch made it; `unknown`: it could not be asked. */
  readonly made: 'yes' | 'no' | 'unknown';
  readonly caseId: string;
  /** `null`: it bears no date. */
  readonly expires: string | null;
  /** `null`: nobody tells. */
  readonly since: string | null;
}

export interface FoundSnapshot extends Tagged {
  readonly kind: 'snapshot';
  readonly snapshotId: SnapshotId;
  /** `pending`, `completed`, `error` … */
  readonly state: string;
  /** `passage`: on its way through an account; `copy`: copied by EBS; `null`: written by Unlatch itself. */
  readonly part: 'passage' | 'copy' | null;
}

export interface FoundVolume extends Tagged {
  readonly kind: 'volume';
  readonly volumeId: VolumeId;
  readonly state: string;
  /** Made from a copy, for a person; else it was empty, for a copy from within a machine. */
  readonly ofCopy: boolean;
}

export interface FoundKey extends Tagged {
  readonly kind: 'key';
  readonly keyArn: KeyArn;
  readonly state: string;
  readonly aliases: readonly string[];
  readonly isReplica: boolean;
}

/** A key with an alias of the configured kind that Unlatch did not make. */
export interface PlatformKey extends Found {
  readonly kind: 'platform-key';
  readonly keyArn: KeyArn;
  readonly state: string;
  readonly aliases: readonly string[];
  readonly since: string | null;
  readonly isReplica: boolean;
  /** The role that made it, by name; `null`: nobody tells. */
  readonly madeBy: string | null;
}

export interface AbandonedClaim {
  readonly kind: 'claim';
  readonly target: string;
  readonly caseId: string;
  readonly until: string;
}

export type Thing = FoundSnapshot | FoundVolume | FoundKey | PlatformKey | AbandonedClaim;

/** What a case is to what it made. `unknown`: its record is gone, or could not be read. */
export type OwnerState = 'open' | 'closed' | 'unknown';

export const idOf = (thing: Thing): string => {
  switch (thing.kind) {
    case 'snapshot':
      return thing.snapshotId;
    case 'volume':
      return thing.volumeId;
    case 'claim':
      return thing.target;
    default:
      return thing.keyArn;
  }
};
