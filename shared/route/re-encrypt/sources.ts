import { readKeyFacts } from '#shared/aws/key-facts';
import { volumeState } from '#shared/aws/volumes';
import type { FrozenSnapshot, Target } from '#shared/case/case';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { type Forecast, forecast } from '#shared/diagnosis/forecast';
import type { SnapshotId, VolumeId } from '#shared/signal/identifiers';
import { completed } from '../completion.ts';
import type { Places } from './places.ts';

/** A frozen disk that may be copied under another key, or why not. */
export type Source =
  | {
      readonly open: true;
      readonly volumeId: VolumeId;
      readonly snapshotId: SnapshotId;
      readonly sizeGiB: number;
      readonly keyArn: string;
    }
  | { readonly open: false; readonly volumeId: VolumeId; readonly because: string };

export type OpenSource = Extract<Source, { open: true }>;

const there = ({ sessions }: Tools, { accountId, region }: Target) => sessions.at(accountId, region);

/** Whether the target account's side may read what stands under a key. What cannot be asked is not certain either way. */
const foreseen = (flow: Flow, tools: Tools, target: Target, keyArn: string): Promise<Forecast> =>
  flow
    .step(`foresee the use of ${keyArn}`, async (custody) => {
      const session = await there(tools, target);
      return forecast(
        await session.caller,
        'kms:CreateGrant',
        keyArn,
        await readKeyFacts(session, custody, keyArn, () => false),
      );
    })
    .catch((): Forecast => 'undetermined');

/** Why a disk under this key is not to be copied under another; `null` where it may be. */
const obstacle = async (
  flow: Flow,
  tools: Tools,
  target: Target,
  { passage, final }: Places,
  keyArn: string | null,
): Promise<string | null> => {
  if (keyArn === null) return 'it is not encrypted, and KMS has no say';
  const said = await foreseen(flow, tools, target, keyArn);
  if (said === 'denied') return `KMS will not let Unlatch copy what stands under ${keyArn} either`;
  if (passage !== null || final.kind !== 'default') return null;
  return (await isDefaultKey(flow, tools, target, keyArn))
    ? "it stands under the default key of the platform's own account already"
    : null;
};

const isDefaultKey = (flow: Flow, tools: Tools, target: Target, keyArn: string): Promise<boolean> =>
  flow
    .step(`look at ${keyArn}`, async (custody) => {
      const { manager } = await readKeyFacts(await there(tools, target), custody, keyArn, () => false);
      return manager.known && manager.value === 'AWS';
    })
    .catch(() => false);

/** A frozen snapshot, once it is complete. */
export const sourceOf = async (
  flow: Flow,
  tools: Tools,
  target: Target,
  places: Places,
  volumeId: VolumeId,
  frozen: readonly FrozenSnapshot[],
  among: number,
): Promise<Source> => {
  const snapshotId = frozen.find((snapshot) => snapshot.volumeId === volumeId)?.snapshotId ?? null;
  if (snapshotId === null) return { open: false, volumeId, because: 'the volume was not frozen' };
  const state = await completed(flow, 'wait for the frozen snapshot', () => there(tools, target), snapshotId, among);
  if ('because' in state) return { open: false, volumeId, because: state.because };
  const { sizeGiB, keyArn } = state;
  const because = await obstacle(flow, tools, target, places, keyArn);
  if (because !== null || keyArn === null) return { open: false, volumeId, because: because ?? 'it is not encrypted' };
  return { open: true, volumeId, snapshotId, sizeGiB, keyArn };
};

/** What would stand in the way of a volume's copy, as far as it can be told without making anything. */
export const foreseenObstacle = async (
  flow: Flow,
  tools: Tools,
  target: Target,
  places: Places,
  volumeId: VolumeId,
): Promise<string | null> => {
  const state = await flow
    .step(`look at ${volumeId}`, async (custody) => volumeState(await there(tools, target), custody, volumeId))
    .catch(() => null);
  if (state === null) return null;
  return obstacle(flow, tools, target, places, state.keyArn);
};
