import type { DiskCopy, FrozenSnapshot, Target } from '#shared/case/case';
import type { Tools } from '#shared/case/tools';
import type { VolumeId } from '#shared/signal/identifiers';
import type { Traces } from '../discard.ts';
import { expiryOf } from '../expiry.ts';

export const ROUTE = 're-encrypt';

export interface ReEncryptJob {
  readonly caseId: string;
  /** What the case holds, and must hold on to while it copies. */
  readonly claimed: string;
  readonly target: Target;
  readonly frozen: readonly FrozenSnapshot[];
  /** When the case began: what is made expires so many days after it. */
  readonly since: string;
  /** Where a volume of each copy is wanted, or `null`. */
  readonly availabilityZone: string | null;
}

/** What tells whose it is that is made, and how long it is kept. */
export const tagsOf = ({ caseId, since }: ReEncryptJob, { settings }: Tools) => ({
  'unlatch:case': caseId,
  'unlatch:expires': expiryOf(since, settings),
  Name: `Unlatch copy ${caseId}`,
});

/** How one disk ended: its copy, or why there is none. */
export interface Ending extends Traces {
  readonly artefact: DiskCopy | null;
  /** Whether a last copy stands, or may: its key has to stay. */
  readonly stands: boolean;
  readonly notes: readonly string[];
}

export const failed = (volumeId: VolumeId, because: string, { removed, left }: Traces, stands = false): Ending => ({
  artefact: null,
  stands,
  notes: [`${volumeId}: ${because}`],
  removed,
  left,
});
