import type { AwsSession } from '#shared/aws/session';
import { type SnapshotState, snapshotState } from '#shared/aws/snapshots';
import { type Act, type Flow, pausesUpTo } from '#shared/case/flow';
import type { SnapshotId } from '#shared/signal/identifiers';

/** How long a snapshot may take to complete, in seconds. The first of a large volume takes hours. */
const COMPLETION_SECONDS = 24 * 3_600;
/** How long EBS may take to list a snapshot that is new. One that is not listed then is gone. */
const LISTING_SECONDS = 600;

/** Why a snapshot is none. `unseen`: nobody knows how it ends; it may complete yet. */
export interface Incomplete {
  readonly because: string;
  readonly unseen: boolean;
}

export interface Completed {
  readonly sizeGiB: number;
  /** `null`: not encrypted. */
  readonly keyArn: string | null;
}

const endOf = (snapshotId: SnapshotId, { state, message, sizeGiB, keyArn }: SnapshotState): Completed | Incomplete =>
  state === 'completed'
    ? { sizeGiB, keyArn }
    : { because: `${snapshotId} is \`${state}\`: ${message ?? 'AWS gives no reason'}`, unseen: false };

/**
 * Waits for the snapshot to complete: what it is, or why it never will be, or was not seen to.
 * @param among how many are waited for side by side
 */
export const completed = async (
  flow: Flow,
  name: string,
  session: () => Promise<AwsSession>,
  snapshotId: SnapshotId,
  among = 1,
): Promise<Completed | Incomplete> => {
  const look: Act<SnapshotState | null> = async (custody) => snapshotState(await session(), custody, snapshotId);
  // Listings are eventually consistent: what is missing once is looked for again, and is gone only where it stays so.
  for (const isFirst of [true, false]) {
    const listed = await flow.until(`${name} to be listed`, look, pausesUpTo(LISTING_SECONDS));
    if (listed === null) return { because: `${snapshotId} is not there`, unseen: isFirst };
    // `error` is an end like `completed`.
    if (listed.state !== 'pending') return endOf(snapshotId, listed);
    const ended = await flow.until(
      name,
      async (custody) => {
        const state = await look(custody);
        return state?.state === 'pending' ? null : { state };
      },
      pausesUpTo(COMPLETION_SECONDS, among),
    );
    if (ended === null) return { because: `${snapshotId} was not seen to complete`, unseen: true };
    if (ended.state !== null) return endOf(snapshotId, ended.state);
  }
  return { because: `${snapshotId} comes and goes`, unseen: true };
};
