import { createHash } from 'node:crypto';
import { messageOf } from '#shared/aws/session';
import { shareSnapshot } from '#shared/aws/snapshots';
import { createVolume, volumeState } from '#shared/aws/volumes';
import type { DiskCopy } from '#shared/case/case';
import { type Flow, pausesUpTo } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import type { SnapshotId, VolumeId } from '#shared/signal/identifiers';
import { recordMade } from './made.ts';

/** Whose copy it is, and the tags that say so. */
export interface Belonging {
  readonly caseId: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What a person needs to go on with a copy. */
export type HandOver = Pick<DiskCopy['copy'], 'sharedWith' | 'madeVolume'> & { readonly troubles: readonly string[] };

interface Place {
  readonly accountId: string;
  readonly region: string;
  readonly snapshotId: SnapshotId;
}

interface Made {
  readonly madeVolume: VolumeId | null;
  readonly trouble: string | null;
}

const NO_VOLUME: Made = { madeVolume: null, trouble: null };
/** A volume is made in seconds; one that EBS accepts and then cannot make is gone as soon. */
const VOLUME_SECONDS = 900;

/** A volume of a copy. EBS accepts before it has made one: it counts when it is there. */
const volumeOf = async (
  flow: Flow,
  tools: Tools,
  { caseId, tags }: Belonging,
  { accountId, region, snapshotId }: Place,
  availabilityZone: string,
): Promise<Made> => {
  const session = () => tools.sessions.at(accountId, region);
  const token = createHash('sha256').update(`${caseId} ${snapshotId}`).digest('hex');
  try {
    const volumeId = await flow.step('make a volume', async (custody) =>
      createVolume(await session(), custody, { availabilityZone, from: { snapshotId }, keyArn: null, tags, token }),
    );
    await recordMade(flow, tools, volumeId, tags, session);
    const available = await flow.until(
      'wait for the volume',
      async (custody) => ((await volumeState(await session(), custody, volumeId))?.state === 'available' ? true : null),
      pausesUpTo(VOLUME_SECONDS),
    );
    return available === true
      ? { madeVolume: volumeId, trouble: null }
      : { madeVolume: null, trouble: `the volume ${volumeId} was made of ${snapshotId}, and not seen to be available` };
  } catch (error) {
    return { madeVolume: null, trouble: `no volume could be made of ${snapshotId}: ${messageOf(error)}` };
  }
};

/** Shares a copy with the platform's account, and makes a volume of it where one was asked for. Neither costs the copy. */
export const handOver = async (
  flow: Flow,
  tools: Tools,
  { caseId, tags }: Belonging,
  at: Place,
  availabilityZone: string | null,
): Promise<HandOver> => {
  const { PLATFORM_ACCOUNT: platform } = tools.settings;
  const session = () => tools.sessions.at(at.accountId, at.region);
  const foreign = platform !== '' && platform !== at.accountId;
  const shared = foreign
    ? await flow
        .step('share the copy', async (custody) => shareSnapshot(await session(), custody, at.snapshotId, platform))
        .then(
          () => ({ trouble: null }),
          (error: unknown) => ({
            trouble: `${at.snapshotId} could not be shared with ${platform}: ${messageOf(error)}`,
          }),
        )
    : { trouble: null };
  const made =
    availabilityZone === null ? NO_VOLUME : await volumeOf(flow, tools, { caseId, tags }, at, availabilityZone);
  return {
    sharedWith: foreign && shared.trouble === null ? platform : null,
    madeVolume: made.madeVolume,
    troubles: [shared.trouble, made.trouble].filter((trouble) => trouble !== null),
  };
};
