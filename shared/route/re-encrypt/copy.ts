import { type AwsSession, LIMIT_REACHED, messageOf } from '#shared/aws/session';
import { copySnapshot, findCopy, type NewCopy } from '#shared/aws/snapshots';
import { hold } from '#shared/case/claiming';
import { type Flow, OutcomeUnknownError, pausesUpTo, StepFailedError } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import type { SnapshotId } from '#shared/signal/identifiers';
import { type Completed, completed } from '../completion.ts';
import { discardSnapshot, type Traces } from '../discard.ts';
import { recordMade } from '../made.ts';

/** A copy to be made, in an account and Region of its own. */
export interface CopyOrder extends NewCopy {
  /** As it is called in steps and in what is left of it. */
  readonly name: string;
  /** What the case holds, and must hold on to while it copies. */
  readonly claimed: string;
  readonly session: () => Promise<AwsSession>;
  /** The tags by which an earlier attempt's copy is found. */
  readonly foundBy: NewCopy['tags'];
  /** The key that it must stand under then; `null`: whichever. */
  readonly keyArn: string | null;
  /** How many copies of the case are made side by side. */
  readonly among: number;
}

export type CopyMade = Traces &
  (
    | ({ readonly made: true; readonly snapshotId: SnapshotId } & Completed)
    | {
        readonly made: false;
        readonly because: string;
        /** A copy stands, or may: it was not seen to end. */
        readonly stands: boolean;
        /** Whether another try could end otherwise. */
        readonly again: boolean;
      }
  );

/** A copy of another case takes hours at the most; a machine with many disks waits for its own. */
const ROOM_SECONDS = 24 * 3_600;
/** The wait for room, that for the copy, and a day for whatever else. */
const HOLD_SECONDS = 3 * 86_400;
/** A key that was made a moment ago is not known everywhere at once. https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency */
const TRIES_AFTER = [30, 120];

const isLimit = (error: unknown): boolean => error instanceof StepFailedError && error.causedBy === LIMIT_REACHED;

/** Begins the copy. EBS makes twenty at once to a Region: where it has no room for another, it is asked again and again. */
const begun = async (flow: Flow, order: CopyOrder): Promise<SnapshotId> => {
  const copy = () =>
    flow.once(
      `make ${order.name}`,
      async (custody) => copySnapshot(await order.session(), custody, order),
      async (custody) =>
        findCopy(await order.session(), custody, { description: order.description, tags: order.foundBy }),
    );
  for (const seconds of pausesUpTo(ROOM_SECONDS, order.among)) {
    try {
      return await copy();
    } catch (error) {
      if (!isLimit(error)) throw error;
    }
    await flow.pause(`wait for room for ${order.name}`, seconds);
  }
  return copy();
};

const attempt = async (flow: Flow, tools: Tools, order: CopyOrder): Promise<CopyMade> => {
  let snapshotId: SnapshotId;
  try {
    await hold(flow, tools, order.claimed, HOLD_SECONDS);
    snapshotId = await recordMade(flow, tools, await begun(flow, order), order.tags, order.session);
  } catch (error) {
    const stands = error instanceof OutcomeUnknownError;
    const left = stands ? [`${order.name}: ${order.description}, if one was made`] : [];
    return { made: false, because: messageOf(error), stands, again: !stands && !isLimit(error), removed: [], left };
  }
  const state = await completed(flow, `wait for ${order.name}`, order.session, snapshotId, order.among);
  // What may complete yet is not thrown away, and not made a second time.
  if ('because' in state && state.unseen)
    return { made: false, because: state.because, stands: true, again: false, removed: [], left: [state.because] };
  const because =
    'because' in state
      ? state.because
      : state.keyArn === null || (order.keyArn !== null && state.keyArn !== order.keyArn)
        ? `${snapshotId} does not stand under the key that it was to`
        : null;
  if ('because' in state || because !== null) {
    const traces = await discardSnapshot(flow, tools, order.session, snapshotId, order.name);
    // A copy that could not be taken away would be found again, and taken for the new one.
    const again = traces.left.length === 0;
    return { made: false, because: because ?? 'unknown', stands: !again, again, ...traces };
  }
  return { made: true, snapshotId, ...state, removed: [], left: [] };
};

/** Copies a snapshot under another key, and waits for it. What comes to nothing is deleted; a key may need a moment. */
export const copyUnder = async (flow: Flow, tools: Tools, order: CopyOrder): Promise<CopyMade> => {
  let last = await attempt(flow, tools, order);
  const removed = [...last.removed];
  for (const [number, seconds] of TRIES_AFTER.entries()) {
    if (last.made || !last.again) break;
    await flow.pause(`${order.name}: pause ${number + 1}`, seconds);
    last = await attempt(flow, tools, order);
    removed.push(...last.removed);
  }
  return { ...last, removed };
};
