import { createHash } from 'node:crypto';
import { shareSnapshot } from '#shared/aws/snapshots';
import { createVolume } from '#shared/aws/volumes';
import type { DiskCopy } from '#shared/case/case';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import type { SnapshotId } from '#shared/signal/identifiers';
import type { Copied, CopyJob } from './copying.ts';

/** What a person needs to go on with a copy. */
export type HandOver = Pick<DiskCopy['copy'], 'sharedWith' | 'madeVolume'> & { readonly troubles: readonly string[] };

const troubleOf = (what: string) => (error: unknown) => ({
  trouble: `${what}: ${error instanceof Error ? error.message : 'unknown'}`,
});

/** Shares a copy with the platform's account, and makes a volume of it where one was asked for. Neither costs the copy. */
export const handOver = async (
  flow: Flow,
  tools: Tools,
  { caseId, tags }: Pick<CopyJob, 'caseId' | 'tags'>,
  at: { readonly accountId: string; readonly region: string; readonly snapshotId: SnapshotId },
  availabilityZone: string | null,
): Promise<HandOver> => {
  const { PLATFORM_ACCOUNT: platform } = tools.settings;
  const session = () => tools.sessions.at(at.accountId, at.region);
  const foreign = platform !== '' && platform !== at.accountId;
  const shared = foreign
    ? await flow
        .step('share the copy', async (custody) => shareSnapshot(await session(), custody, at.snapshotId, platform))
        .then(() => ({ trouble: null }), troubleOf(`${at.snapshotId} could not be shared with ${platform}`))
    : { trouble: null };
  const token = createHash('sha256').update(`${caseId} ${at.snapshotId}`).digest('hex');
  const made =
    availabilityZone === null
      ? { volumeId: null, trouble: null }
      : await flow
          .step('make a volume', async (custody) =>
            createVolume(await session(), custody, {
              availabilityZone,
              from: { snapshotId: at.snapshotId },
              keyArn: null,
              tags,
              token,
            }),
          )
          .then(
            (volumeId) => ({ volumeId, trouble: null }),
            (error: unknown) => ({
              volumeId: null,
              ...troubleOf(`no volume could be made of ${at.snapshotId}`)(error),
            }),
          );
  return {
    sharedWith: foreign && shared.trouble === null ? platform : null,
    madeVolume: made.volumeId,
    troubles: [shared.trouble, made.trouble].filter((trouble) => trouble !== null),
  };
};

/** `copy.json`: what a copy is of, what it is, and how its content is known. */
export const copyDocument = ({ target, volumeId, sizeGiB, keyArn }: CopyJob, copied: Copied): string => {
  const { method, snapshotId, accountId, proof } = copied;
  const { accountId: from, region, instanceId } = target;
  const document = {
    method,
    volume: { volumeId, instanceId, accountId: from, region, sizeGiB },
    copy: { snapshotId, accountId, region, encrypted: keyArn !== null, keyArn },
    ...proof,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
};
