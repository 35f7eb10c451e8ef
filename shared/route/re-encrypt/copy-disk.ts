import { messageOf } from '#shared/aws/session';
import { shareSnapshot } from '#shared/aws/snapshots';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { discardSnapshot, type Traces } from '../discard.ts';
import { keptCopy } from '../disk-copy.ts';
import { copyUnder } from './copy.ts';
import { type Ending, failed, type ReEncryptJob, ROUTE, tagsOf } from './job.ts';
import type { CopyKey, Places } from './places.ts';
import type { OpenSource } from './sources.ts';
import type { KeyIn } from './temporary-key.ts';

const DEFAULT_KEY = 'alias/aws/ebs';

const keyIdOf = (key: CopyKey, temporary: KeyIn | null, region: string): string => {
  if (key.kind === 'evidence') return key.keyArn;
  if (key.kind === 'default') return DEFAULT_KEY;
  if (temporary === null) throw new Error('the temporary key was not made');
  return temporary(region);
};

/** Copies one disk out of the target's account, and takes away what it left behind there. */
export const copyDisk = async (
  flow: Flow,
  tools: Tools,
  job: ReEncryptJob,
  places: Places,
  temporary: KeyIn | null,
  source: OpenSource,
  among: number,
): Promise<Ending> => {
  const { sessions, settings } = tools;
  const { target, caseId } = job;
  const { volumeId } = source;
  const tags = { ...tagsOf(job, tools), 'unlatch:volume': volumeId };
  const description = `Unlatch ${caseId}: copy of ${volumeId}`;
  const there = () => sessions.at(target.accountId, target.region);
  const here = () => sessions.at(settings.ACCOUNT_ID, places.finalRegion);
  const order = (part: 'passage' | 'copy', key: CopyKey, region: string) => {
    const keyId = keyIdOf(key, temporary, region);
    const found = { 'unlatch:case': caseId, 'unlatch:volume': volumeId, 'unlatch:part': part };
    return {
      name: part === 'passage' ? 'the passing copy' : 'the copy',
      claimed: job.claimed,
      keyId,
      keyArn: key.kind === 'default' ? null : keyId,
      description,
      tags: { ...tags, ...found },
      foundBy: found,
      among,
    };
  };

  const { passage, final } = places;
  let from = { snapshotId: source.snapshotId, region: target.region as string };
  let takeAway = async (): Promise<Traces> => ({ removed: [], left: [] });
  if (passage !== null) {
    const passed = await copyUnder(flow, tools, {
      ...order('passage', passage, target.region),
      session: there,
      source: from,
    });
    if (!passed.made) return failed(volumeId, passed.because, passed);
    const { snapshotId } = passed;
    takeAway = () => discardSnapshot(flow, tools, there, snapshotId, 'the passing copy');
    from = { ...from, snapshotId };
    try {
      await flow.step('share the passing copy', async (custody) =>
        shareSnapshot(await there(), custody, snapshotId, settings.ACCOUNT_ID),
      );
    } catch (error) {
      return failed(volumeId, messageOf(error), await takeAway());
    }
  }
  const made = await copyUnder(flow, tools, {
    ...order('copy', final, places.finalRegion),
    session: here,
    source: from,
  });
  const gone = await takeAway();
  const traces = { removed: [...made.removed, ...gone.removed], left: [...made.left, ...gone.left] };
  if (!made.made) return failed(volumeId, made.because, traces, made.stands);

  const { snapshotId, sizeGiB, keyArn } = made;
  try {
    const { artefact, troubles } = await keptCopy(
      flow,
      tools,
      { caseId, tags, target, route: ROUTE, availabilityZone: job.availabilityZone },
      {
        method: ROUTE,
        volumeId,
        sizeGiB,
        snapshotId,
        accountId: settings.ACCOUNT_ID,
        region: places.finalRegion,
        keyArn,
        proof: {
          source: source.snapshotId,
          through: passage === null ? null : { snapshotId: from.snapshotId, accountId: target.accountId },
          content: 'copied by EBS itself from the frozen snapshot',
        },
      },
    );
    return { artefact, stands: true, notes: [`${volumeId}: copied as ${snapshotId}`, ...troubles], ...traces };
  } catch (error) {
    const left = `the copy ${snapshotId} of ${volumeId}: what is known of it could not be kept`;
    return failed(volumeId, messageOf(error), { removed: traces.removed, left: [...traces.left, left] }, true);
  }
};
