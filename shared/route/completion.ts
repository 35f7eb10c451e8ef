import type { AwsSession } from '#shared/aws/session';
import { snapshotState } from '#shared/aws/snapshots';
import { type Flow, pausesUpTo } from '#shared/case/flow';
import type { SnapshotId } from '#shared/signal/identifiers';

/** How long a snapshot may take to complete, in seconds. The first of a large volume takes hours. */
const COMPLETION_SECONDS = 24 * 3_600;

export interface Completed {
  readonly sizeGiB: number;
  /** `null`: not encrypted. */
  readonly keyArn: string | null;
}

/** Waits for the snapshot to complete: what it is, or why it never will be. */
export const completed = async (
  flow: Flow,
  name: string,
  session: () => Promise<AwsSession>,
  snapshotId: SnapshotId,
): Promise<Completed | { readonly because: string }> => {
  const seen = await flow.until(
    name,
    async (custody) => {
      const state = await snapshotState(await session(), custody, snapshotId);
      // A new snapshot may not be listed yet, and `error` is an end like `completed`.
      return state === null || state.state === 'pending' ? null : state;
    },
    pausesUpTo(COMPLETION_SECONDS),
  );
  if (seen === null) return { because: `${snapshotId} was not seen to complete` };
  if (seen.state === 'completed') return { sizeGiB: seen.sizeGiB, keyArn: seen.keyArn };
  return { because: `${snapshotId} is \`${seen.state}\`: ${seen.message ?? 'AWS gives no reason'}` };
};
