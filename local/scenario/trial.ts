import type { EmbeddedAccount } from '#local/account/embedded-account';
import type { Instance, Key, PolicyDocument, RoleSession, Snapshot } from '#local/account/state';

/** Who tries to acquire what, as the platform does. */
export interface Trial {
  readonly instances: readonly Instance[];
  /** The role where the platform works, and the one in an instance's account. */
  readonly platformRole: { readonly accountId: string; readonly role: string };
  readonly ownerRole: string;
  readonly region: string;
  /** The key under which the platform makes what it keeps. */
  readonly key: Key;
  /** The machine to which the platform attaches what it acquires. */
  readonly worker: Instance;
  readonly sessionPolicy: PolicyDocument | null;
  /** Of the VPC endpoint through which it calls KMS; `null`: through none. */
  readonly endpointPolicy: PolicyDocument | null;
}

/** What AWS really answered: the first refusal, or none. */
export interface Tried {
  readonly instanceId: string;
  readonly acquired: boolean;
  /** The call that failed, and in whose words. */
  readonly because: string | null;
}

/** One volume on its way. */
interface Errand {
  readonly instance: Instance;
  readonly volumeId: string;
  snapshotId: string;
  madeVolumeId: string;
  because: string | null;
}

/** Longer than a snapshot, a copy or a volume takes. */
const SETTLES = 200;

/** A Region takes 20 copies at once. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html */
const COPIES_AT_ONCE = 15;

/**
 * Tries to acquire every volume of some instances, the way the platform goes: snapshot, share, copy under the platform's
 * key, volume, attachment. All of them go side by side, step by step; one that is refused goes no further.
 */
export const tryToAcquire = async (account: EmbeddedAccount, trial: Trial): Promise<readonly Tried[]> => {
  const { state, ground, services } = account;
  const { platformRole, ownerRole, region, key, worker, sessionPolicy, endpointPolicy } = trial;
  const sessions = new Map<string, RoleSession>();

  const sessionOf = (accountId: string, name: string): RoleSession => {
    const known = sessions.get(accountId);
    if (known !== undefined) return known;
    const role = state.roles.get(`arn:aws:iam::${accountId}:role/${name}`);
    if (role === undefined) throw new Error(`there is no role \`${name}\` in account ${accountId}`);
    const opened = { ...account.openSession(role, 'trial'), sessionPolicy, endpointPolicy };
    state.sessions.set(opened.accessKeyId, opened);
    sessions.set(accountId, opened);
    return opened;
  };
  const platform = () => sessionOf(platformRole.accountId, platformRole.role);
  const isForeign = ({ accountId }: Instance) => accountId !== platformRole.accountId;
  const owner = (instance: Instance) => (isForeign(instance) ? sessionOf(instance.accountId, ownerRole) : platform());
  const call = <Input>(session: RoleSession, at: string, input: Input) => ({
    input,
    session,
    region: at,
    requestId: ground.uuid(),
  });

  const errands: Errand[] = trial.instances.flatMap((instance) =>
    instance.blockDevices.map(({ volumeId }) => ({
      instance,
      volumeId,
      snapshotId: '',
      madeVolumeId: '',
      because: null,
    })),
  );

  /** Takes every errand that is still on its way one step further, and lets AWS get on with some before the next. */
  const each = async (
    what: string,
    act: (errand: Errand) => Promise<unknown>,
    atOnce = Number.POSITIVE_INFINITY,
  ): Promise<void> => {
    const left = errands.filter(({ because }) => because === null);
    for (const [at, errand] of left.entries()) {
      if (at > 0 && at % atOnce === 0) await ground.settle(SETTLES);
      await act(errand).catch((error: unknown) => {
        errand.because = `${what}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
      });
    }
  };
  const failing = (what: string, whyOf: (errand: Errand) => string | null): void => {
    for (const errand of errands.filter(({ because }) => because === null)) {
      const why = whyOf(errand);
      if (why !== null) errand.because = `${what}: ${why}`;
    }
  };
  const snapshotOf = ({ snapshotId }: Errand): Snapshot | undefined => state.snapshots.get(snapshotId);
  const unfinished = (errand: Errand): string | null => {
    const snapshot = snapshotOf(errand);
    return snapshot?.state === 'completed' ? null : (snapshot?.stateMessage ?? 'it never completed');
  };

  await each('CreateSnapshot', async (errand) => {
    const { instance, volumeId } = errand;
    const made = await services.ec2.CreateSnapshot(call(owner(instance), instance.region, { VolumeId: volumeId }));
    errand.snapshotId = made.SnapshotId ?? '';
  });
  await ground.settle(SETTLES);
  failing('CreateSnapshot', unfinished);

  const isUnderDefaultKey = ({ instance, volumeId }: Errand): boolean => {
    const keyArn = state.volumes.get(volumeId)?.keyArn ?? '';
    return isForeign(instance) && state.keys.get(keyArn)?.manager === 'AWS';
  };

  /** What is under a default key cannot be shared: it is copied under a key that is made for the hand-over. */
  const temporaryKey = async ({ instance }: Errand): Promise<string> => {
    const admitting = [platformRole.accountId, instance.accountId].map((accountId) => ({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${accountId}:root` },
      Action: 'kms:*',
      Resource: '*',
    }));
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: admitting });
    const MultiRegion = instance.region !== region;
    const made = await services.kms.CreateKey(call(platform(), region, { Policy, MultiRegion }));
    const keyArn = made.KeyMetadata?.Arn ?? '';
    const AliasName = `alias/CadoResponse-KMS-Alias-${ground.uuid().slice(0, 8)}`;
    await services.kms.CreateAlias(call(platform(), region, { AliasName, TargetKeyId: keyArn }));
    if (!MultiRegion) return keyArn;
    await services.kms.ReplicateKey(
      call(platform(), region, { KeyId: keyArn, ReplicaRegion: instance.region, Policy }),
    );
    return keyArn.replace(`:kms:${region}:`, `:kms:${instance.region}:`);
  };

  const temporary = new Map<Errand, string>();
  await each('CreateKey', async (errand) => {
    if (isUnderDefaultKey(errand)) temporary.set(errand, await temporaryKey(errand));
  });
  await ground.settle(SETTLES);
  const reEncrypt = async (errand: Errand): Promise<void> => {
    const KmsKeyId = temporary.get(errand);
    if (KmsKeyId === undefined) return;
    const { instance, snapshotId } = errand;
    const input = { SourceSnapshotId: snapshotId, SourceRegion: instance.region, Encrypted: true, KmsKeyId };
    const copy = await services.ec2.CopySnapshot(call(owner(instance), instance.region, input));
    errand.snapshotId = copy.SnapshotId ?? '';
  };
  await each('CopySnapshot in its own account', reEncrypt, COPIES_AT_ONCE);
  await ground.settle(SETTLES);
  failing('CopySnapshot in its own account', unfinished);

  await each('ModifySnapshotAttribute', async ({ instance, snapshotId }) => {
    if (!isForeign(instance)) return;
    await services.ec2.ModifySnapshotAttribute(
      call(owner(instance), instance.region, {
        SnapshotId: snapshotId,
        Attribute: 'createVolumePermission' as const,
        OperationType: 'add' as const,
        UserIds: [platformRole.accountId],
      }),
    );
  });

  const isCopied = ({ instance }: Errand) => isForeign(instance) || instance.region !== region;
  const copy = async (errand: Errand): Promise<void> => {
    if (!isCopied(errand)) return;
    const { instance, snapshotId } = errand;
    const copied = await services.ec2.CopySnapshot(
      call(platform(), region, {
        SourceSnapshotId: snapshotId,
        SourceRegion: instance.region,
        Encrypted: true,
        KmsKeyId: key.arn,
      }),
    );
    errand.snapshotId = copied.SnapshotId ?? '';
  };
  await each('CopySnapshot', copy, COPIES_AT_ONCE);
  await ground.settle(SETTLES);
  failing('CopySnapshot', unfinished);

  await each('CreateVolume', async (errand) => {
    const made = await services.ec2.CreateVolume(
      call(platform(), region, { SnapshotId: errand.snapshotId, AvailabilityZone: `${region}a` }),
    );
    errand.madeVolumeId = made.VolumeId ?? '';
  });
  await ground.settle(SETTLES);
  failing('CreateVolume', ({ madeVolumeId }) =>
    state.volumes.get(madeVolumeId)?.state === 'available' ? null : 'the volume failed a moment after it was accepted',
  );

  let device = 0;
  await each('AttachVolume', async ({ madeVolumeId }) => {
    device += 1;
    await services.ec2.AttachVolume(
      call(platform(), region, {
        VolumeId: madeVolumeId,
        InstanceId: worker.instanceId,
        Device: `/dev/acquired${device}`,
      }),
    );
  });
  await ground.settle(SETTLES);
  failing('AttachVolume', ({ madeVolumeId }) =>
    state.volumes.get(madeVolumeId)?.attachment?.state === 'attached' ? null : 'the attachment failed',
  );

  return trial.instances.map(({ instanceId }) => {
    const because =
      errands.find((errand) => errand.instance.instanceId === instanceId && errand.because !== null)?.because ?? null;
    return { instanceId, acquired: because === null, because };
  });
};
