import type { AwsSession, Custody } from '#shared/aws/session';
import { deleteSnapshot, snapshotState } from '#shared/aws/snapshots';
import { deleteVolume, volumeState } from '#shared/aws/volumes';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import type { SnapshotId, VolumeId } from '#shared/signal/identifiers';

/** What of that which was made is gone again, and what could not be taken away. */
export interface Traces {
  readonly removed: readonly string[];
  readonly left: readonly string[];
}

interface Thing {
  readonly id: string;
  readonly name: string;
  readonly delete: (session: AwsSession, custody: Custody) => Promise<void>;
  readonly isGone: (session: AwsSession, custody: Custody) => Promise<boolean>;
}

/**
 * Deletes what a copy made on its way, and tells what came of it. Leave to delete depends on a thing's tags, which it has
 * no more once it is gone: where an earlier attempt has done it, the next may be refused, so it is looked for.
 */
const discarded = async (
  flow: Flow,
  { made }: Pick<Tools, 'made'>,
  session: () => Promise<AwsSession>,
  thing: Thing,
): Promise<Traces> => {
  const gone: Traces = { removed: [thing.name], left: [] };
  const left: Traces = { removed: [], left: [`${thing.name}: it could not be deleted`] };
  try {
    await flow.step(`delete ${thing.name}`, async (custody) => {
      await thing.delete(await session(), custody);
      await made.forget(thing.id);
    });
    return gone;
  } catch {
    return flow
      .step(`look for ${thing.name}`, async (custody) => thing.isGone(await session(), custody))
      .then(
        (isGone) => (isGone ? gone : left),
        () => left,
      );
  }
};

export const discardSnapshot = (
  flow: Flow,
  tools: Pick<Tools, 'made'>,
  session: () => Promise<AwsSession>,
  id: SnapshotId,
  what = 'the unfinished copy',
): Promise<Traces> =>
  discarded(flow, tools, session, {
    id,
    name: `${what} ${id}`,
    delete: (who, custody) => deleteSnapshot(who, custody, id),
    isGone: async (who, custody) => (await snapshotState(who, custody, id)) === null,
  });

export const discardVolume = (
  flow: Flow,
  tools: Pick<Tools, 'made'>,
  session: () => Promise<AwsSession>,
  id: VolumeId,
): Promise<Traces> =>
  discarded(flow, tools, session, {
    id,
    name: `the volume ${id}`,
    delete: (who, custody) => deleteVolume(who, custody, id),
    isGone: async (who, custody) => {
      const state = await volumeState(who, custody, id);
      return state === null || state.state === 'deleting';
    },
  });
