import type { Call, Ground } from './call.ts';
import { callerPlace } from './ec2-answer.ts';
import type { KmsRefusal } from './kms-decision.ts';
import {
  ebsContext,
  ebsGrant,
  type Forwarder,
  forward,
  forwardCreateGrant,
  forwardReEncrypt,
} from './kms-forwarding.ts';
import { defaultKey, findKey } from './kms-keys.ts';
import type { Key, Snapshot, Volume } from './state.ts';

/** Under which key a new volume or copy is to be: none, one that exists, or a name that leads to none. */
export type WantedEncryption = { readonly key: Key | null } | { readonly missing: string };

export const wantedEncryption = (
  ground: Ground,
  call: Call,
  wish: { readonly Encrypted?: boolean | undefined; readonly KmsKeyId?: string | undefined },
  snapshot: Snapshot | null,
): WantedEncryption => {
  const place = callerPlace(call);
  const byDefault = ground.state.encryptionByDefault.has(`${place.accountId}/${place.region}`);
  if (wish.KmsKeyId !== undefined) {
    const key = findKey(ground, place, wish.KmsKeyId);
    return key === undefined ? { missing: wish.KmsKeyId } : { key };
  }
  if (snapshot !== null && snapshot.keyArn !== null && snapshot.accountId === place.accountId) {
    const key = ground.state.keys.get(snapshot.keyArn);
    return key === undefined ? { missing: snapshot.keyArn } : { key };
  }
  return { key: wish.Encrypted === true || byDefault || snapshot?.keyArn ? defaultKey(ground, place) : null };
};

/** A volume that EC2 has begun to create; its blocks are the snapshot's. */
export const newVolume = (
  ground: Ground,
  call: Call,
  snapshot: Snapshot | null,
  wanted: WantedEncryption,
  { sizeGiB, tags, zone, volumeType }: Pick<Volume, 'sizeGiB' | 'tags' | 'zone' | 'volumeType'>,
): Volume => {
  const volume: Volume = {
    volumeId: ground.resourceId('vol'),
    ...callerPlace(call),
    zone,
    sizeGiB,
    volumeType,
    keyArn: 'missing' in wanted ? wanted.missing : (wanted.key?.arn ?? null),
    snapshotId: snapshot?.snapshotId ?? null,
    blocks: new Map(snapshot?.blocks ?? []),
    holes: snapshot?.holes,
    tags,
    state: 'creating',
    attachment: null,
  };
  ground.state.volumes.set(volume.volumeId, volume);
  return volume;
};

/** Why KMS lets this volume not come to be; the failure names the volume's key only where a policy refused. */
export interface VolumeProblem {
  readonly cause: string;
  readonly keyArn: string | null;
}

/**
 * The KMS calls behind an encrypted volume, in the order of "How Amazon EBS encryption works":
 * a data key, the snapshot's own data key re-encrypted for the volume, and a grant for EBS.
 */
export const volumeProblem = async (
  ground: Ground,
  by: Forwarder,
  volume: Volume,
  wanted: WantedEncryption,
  snapshot: Snapshot | null,
): Promise<VolumeProblem | null> => {
  if ('missing' in wanted) return { cause: `Key '${wanted.missing}' does not exist`, keyArn: null };
  const { key } = wanted;
  if (key === null) return null;
  const context = ebsContext(volume.volumeId);
  const sourceArn = snapshot?.keyArn ?? null;
  const sourceKey = sourceArn === null ? undefined : ground.state.keys.get(sourceArn);
  if (sourceArn !== null && sourceKey === undefined)
    return { cause: `Key '${sourceArn}' does not exist`, keyArn: null };
  const refusal =
    (await forward(ground, by, 'GenerateDataKeyWithoutPlaintext', key, context)) ??
    (await reEncrypted(ground, by, sourceKey, snapshot, key, volume)) ??
    (await forwardCreateGrant(ground, by, key, ebsGrant(by.region, { encryptionContextSubset: context })));
  return refusal === null ? null : { cause: refusal.message, keyArn: refusal.kind === 'denied' ? key.arn : null };
};

const reEncrypted = async (
  ground: Ground,
  by: Forwarder,
  sourceKey: Key | undefined,
  snapshot: Snapshot | null,
  key: Key,
  volume: Volume,
): Promise<KmsRefusal | null> =>
  sourceKey === undefined || snapshot === null
    ? null
    : forwardReEncrypt(ground, by, { key: sourceKey, id: snapshot.snapshotId }, { key, id: volume.volumeId });
