import type { DiskCopy, Target } from '#shared/case/case';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { storedDocument } from '#shared/evidence/manifest';
import type { SnapshotId, VolumeId } from '#shared/signal/identifiers';
import { type Belonging, handOver } from './hand-over.ts';

/** A snapshot that holds what a volume held, and how that is known. */
export interface MadeCopy {
  readonly method: string;
  readonly volumeId: VolumeId;
  readonly sizeGiB: number;
  readonly snapshotId: SnapshotId;
  readonly accountId: string;
  readonly region: string;
  /** `null`: not encrypted. */
  readonly keyArn: string | null;
  /** What `copy.json` says of its content. */
  readonly proof: Readonly<Record<string, unknown>>;
}

/** `copy.json`: what a copy is of, what it is, and how its content is known. */
const copyDocument = ({ accountId: from, region: there, instanceId }: Target, copy: MadeCopy): string => {
  const { method, volumeId, sizeGiB, snapshotId, accountId, region, keyArn, proof } = copy;
  const document = {
    method,
    volume: { volumeId, instanceId, accountId: from, region: there, sizeGiB },
    copy: { snapshotId, accountId, region, encrypted: keyArn !== null, keyArn },
    ...proof,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
};

/** Of whom a copy is, and where a volume of it is wanted, or `null`. */
export interface CopyOwner extends Belonging {
  readonly target: Target;
  readonly route: DiskCopy['route'];
  readonly availabilityZone: string | null;
}

/** Hands a copy over, and keeps what is known of it: the copy as evidence. @throws StepFailedError where it cannot be kept */
export const keptCopy = async (
  flow: Flow,
  tools: Tools,
  owner: CopyOwner,
  made: MadeCopy,
): Promise<{ readonly artefact: DiskCopy; readonly troubles: readonly string[] }> => {
  const { volumeId, sizeGiB, snapshotId, accountId, region, keyArn } = made;
  const place = { accountId, region, snapshotId };
  const { troubles, ...handed } = await handOver(flow, tools, owner, place, owner.availabilityZone);
  const body = copyDocument(owner.target, made);
  const path = `${owner.route}/${volumeId}/copy.json`;
  const collectedAt = await flow.step('keep what is known of the copy', async (custody) => {
    const own = await tools.sessions.at(tools.settings.ACCOUNT_ID, tools.settings.AWS_REGION);
    await tools.bucket.put(custody, own, `cases/${owner.caseId}/${path}`, body, 'application/json');
    return new Date().toISOString();
  });
  const artefact: DiskCopy = {
    kind: 'disk-copy',
    ...storedDocument({ path, body }),
    collectedAt,
    route: owner.route,
    copy: { volumeId, snapshotId, accountId, region, sizeGiB, keyArn, ...handed },
  };
  return { artefact, troubles };
};
