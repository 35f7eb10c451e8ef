import { type AwsSession, messageOf } from '#shared/aws/session';
import { copySnapshot, findTagged, hasRoomForACopy, type NewCopy } from '#shared/aws/snapshots';
import { type Flow, pausesUpTo, StepFailedError } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import type { SnapshotId } from '#shared/signal/identifiers';
import { type Completed, completed } from '../completion.ts';
import { discardSnapshot, type Traces } from '../discard.ts';
import { recordMade } from '../made.ts';

/** A copy to be made, in an account and Region of its own. */
export interface CopyOrder extends NewCopy {
  /** As it is called in steps and in what is left of it. */
  readonly name: string;
  readonly session: () => Promise<AwsSession>;
  /** The tags by which an earlier attempt's copy is found. */
  readonly foundBy: NewCopy['tags'];
  /** The key that it must stand under then; `null`: whichever. */
  readonly keyArn: string | null;
}

export type CopyMade = Traces &
  (
    | ({ readonly made: true; readonly snapshotId: SnapshotId } & Completed)
    | { readonly made: false; readonly because: string }
  );

/** A copy of another case takes hours at the most; a machine with many disks waits for its own. */
const ROOM_SECONDS = 24 * 3_600;
/** A key that was made a moment ago is not known everywhere at once. https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency */
const TRIES_AFTER = [0, 30, 120];

/** Begins the copy; where EBS has no room for another, it waits for it. */
const begun = async (flow: Flow, order: CopyOrder, room = pausesUpTo(ROOM_SECONDS)): Promise<SnapshotId> => {
  const copy = () =>
    flow.once(
      `make ${order.name}`,
      async (custody) => copySnapshot(await order.session(), custody, order),
      async (custody) => findTagged(await order.session(), custody, order.foundBy),
    );
  try {
    return await copy();
  } catch (error) {
    if (!(error instanceof StepFailedError) || error.causedBy !== 'ResourceLimitExceeded') throw error;
    const isFree = await flow.until(
      `wait for room for ${order.name}`,
      async (custody) => ((await hasRoomForACopy(await order.session(), custody)) ? true : null),
      room,
    );
    if (isFree === null) throw error;
    return copy();
  }
};

const attempt = async (flow: Flow, tools: Tools, order: CopyOrder): Promise<CopyMade> => {
  let snapshotId: SnapshotId;
  try {
    snapshotId = await recordMade(flow, tools, await begun(flow, order), order.tags);
  } catch (error) {
    return { made: false, because: messageOf(error), removed: [], left: [] };
  }
  const state = await completed(flow, `wait for ${order.name}`, order.session, snapshotId);
  const because =
    'because' in state
      ? state.because
      : state.keyArn === null || (order.keyArn !== null && state.keyArn !== order.keyArn)
        ? `${snapshotId} does not stand under the key that it was to`
        : null;
  if ('because' in state || because !== null)
    return {
      made: false,
      because: because ?? 'unknown',
      ...(await discardSnapshot(flow, order.session, snapshotId, `${order.name}`)),
    };
  return { made: true, snapshotId, ...state, removed: [], left: [] };
};

/** Copies a snapshot under another key, and waits for it. What comes to nothing is deleted; a key may need a moment. */
export const copyUnder = async (flow: Flow, tools: Tools, order: CopyOrder): Promise<CopyMade> => {
  let last: CopyMade = { made: false, because: 'it was not tried', removed: [], left: [] };
  const removed: string[] = [];
  for (const [number, seconds] of TRIES_AFTER.entries()) {
    if (seconds > 0) await flow.pause(`${order.name}: pause ${number}`, seconds);
    last = await attempt(flow, tools, order);
    removed.push(...last.removed);
    // A copy that could not be taken away would be found again, and taken for the new one.
    if (last.made || last.left.length > 0) break;
  }
  return { ...last, removed };
};
