import type { Place } from '#local/account/ebs-notification';
import type { EmbeddedAccount } from '#local/account/embedded-account';
import { defaultKey } from '#local/account/kms-keys';
import type { Instance, Key, RoleSession, Snapshot } from '#local/account/state';
import { guardDutyFinding } from './finding.ts';
import { keySteps } from './key-steps.ts';
import { BadInputError } from './loading.ts';
import { DEFAULT_KEY, type PlatformStep, type Scenario, type Step } from './scenario.ts';
import { type Tried, tryToAcquire } from './trial.ts';

/** What the platform did in one step, and what AWS answered at once. */
export interface Act {
  readonly at: Date;
  readonly who: string;
  readonly what: string;
  readonly answer: string;
}

const whoDoes = (step: Exclude<Step, { do: 'wait' | 'clock' | 'by-hand' }>): string => {
  if (step.do === 'Readiness') return 'a person';
  if (step.do === 'Finding') return 'GuardDuty';
  const { role, accountId } = step.do === 'TryAll' ? step.platformRole : step.by;
  return `${role} in ${accountId}`;
};

const BLOCK_BYTES = 524_288;

/** A disk with something at its beginning, in its middle and at its end, and holes between. */
const writtenBlocks = (text: string, sizeGiB: number): Map<number, Buffer> => {
  const blocks = sizeGiB * 2_048;
  return new Map(
    [0, 1, blocks / 2, blocks - 1].map((index) => [index, Buffer.alloc(BLOCK_BYTES, `${text} ${index}\n`)]),
  );
};

/** Lays a scenario out in an embedded account. @throws BadInputError where it names what it does not have */
export const stageOf = (account: EmbeddedAccount, scenario: Scenario) => {
  const { state, ground, services } = account;
  const keys = new Map<string, Key>();
  const instances = new Map<string, Instance>();
  const snapshots = new Map<string, readonly string[]>();
  const sessions = new Map<string, RoleSession>();

  const named = <T>(map: ReadonlyMap<string, T>, what: string, name: string): T => {
    const found = map.get(name);
    if (found === undefined) throw new BadInputError(`${scenario.name}: there is no ${what} \`${name}\``);
    return found;
  };

  for (const member of scenario.members) account.addMember(member);
  for (const role of scenario.roles) account.addRole(role);
  for (const [accountId, policies] of Object.entries(scenario.organization))
    state.organization.set(accountId, policies);
  for (const { accountId, region } of scenario.encryptionByDefault)
    state.encryptionByDefault.add(`${accountId}/${region}`);
  for (const accountId of scenario.delegatedAdministrators)
    state.organizationHead.delegatedAdministrators.add(accountId);
  for (const { name, ...trail } of scenario.trails)
    state.trails.push({ ...trail, arn: `arn:aws:cloudtrail:${trail.region}:${trail.accountId}:trail/${name}` });
  for (const { name, accountId, region, deleted, ...rest } of scenario.keys) {
    const keyId = rest.keyId ?? ground.uuid();
    const key: Key = {
      ...rest,
      accountId,
      region,
      keyId,
      arn: `arn:aws:kms:${region}:${accountId}:key/${keyId}`,
      grants: [],
    };
    keys.set(name, key);
    if (deleted !== true) state.keys.set(key.arn, key);
  }
  const keyArnOf = (key: string | null, place: Place): string | null => {
    if (key === null) return null;
    return key === DEFAULT_KEY ? defaultKey(ground, place).arn : named(keys, 'key', key).arn;
  };
  for (const { name, volumes, agent, tags, ...rest } of scenario.instances) {
    const instanceId = rest.instanceId ?? ground.resourceId('i');
    const blockDevices = volumes.map(({ device, sizeGiB, key }) => {
      const volumeId = ground.resourceId('vol');
      state.volumes.set(volumeId, {
        volumeId,
        accountId: rest.accountId,
        region: rest.region,
        sizeGiB,
        keyArn: keyArnOf(key, rest),
        snapshotId: null,
        blocks: writtenBlocks(`${name} ${device}`, sizeGiB),
        tags: {},
        state: 'in-use',
        attachment: { instanceId, device },
      });
      return { device, volumeId };
    });
    const instance: Instance = {
      ...rest,
      instanceId,
      tags: { Name: name, ...tags },
      blockDevices,
      agent: agent === null ? null : { pingStatus: agent },
      stateReason: null,
    };
    instances.set(name, instance);
    state.instances.set(instanceId, instance);
  }

  const sessionFor = (by: PlatformStep['by']): RoleSession => {
    const key = `${by.accountId}/${by.role}/${by.session}`;
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const role = state.roles.get(`arn:aws:iam::${by.accountId}:role/${by.role}`);
    if (role === undefined)
      throw new BadInputError(`${scenario.name}: there is no role \`${by.role}\` in account ${by.accountId}`);
    const session = account.openSession(role, by.session);
    sessions.set(key, session);
    return session;
  };

  const snapshotNamed = (name: string): Snapshot => {
    const [id = ''] = named(snapshots, 'snapshot', name);
    const snapshot = state.snapshots.get(id);
    if (snapshot === undefined) throw new BadInputError(`${scenario.name}: the snapshot \`${name}\` was never made`);
    return snapshot;
  };

  const call = <Input>(step: PlatformStep, region: string, input: Input) => ({
    input,
    session: sessionFor(step.by),
    region,
    requestId: ground.uuid(),
  });

  const { region } = scenario.unlatch;

  const acts: {
    readonly [Do in PlatformStep['do']]: (step: Extract<PlatformStep, { do: Do }>) => Promise<string>;
  } = {
    ...keySteps(account, region, keys, call),
    CreateSnapshot: async (step) => {
      const instance = named(instances, 'instance', step.instance);
      const volumeId = instance.blockDevices.find(({ device }) => device === step.device)?.volumeId;
      if (volumeId === undefined)
        throw new BadInputError(`${scenario.name}: ${step.instance} has no device \`${step.device}\``);
      const { SnapshotId = '' } = await services.ec2.CreateSnapshot(
        call(step, instance.region, { VolumeId: volumeId }),
      );
      snapshots.set(step.as, [SnapshotId]);
      return SnapshotId;
    },
    CreateSnapshots: async (step) => {
      const { instanceId, region: at } = named(instances, 'instance', step.instance);
      const made = await services.ec2.CreateSnapshots(
        call(step, at, { InstanceSpecification: { InstanceId: instanceId } }),
      );
      const ids = (made.Snapshots ?? []).flatMap(({ SnapshotId }) => SnapshotId ?? []);
      snapshots.set(step.as, ids);
      return ids.join(', ');
    },
    ShareSnapshot: async (step) => {
      const snapshot = snapshotNamed(step.snapshot);
      await services.ec2.ModifySnapshotAttribute(
        call(step, snapshot.region, {
          SnapshotId: snapshot.snapshotId,
          Attribute: 'createVolumePermission' as const,
          OperationType: 'add' as const,
          UserIds: [step.with],
        }),
      );
      return `shared with ${step.with}`;
    },
    CopySnapshot: async (step) => {
      const source = snapshotNamed(step.snapshot);
      const { SnapshotId = '' } = await services.ec2.CopySnapshot(
        call(step, region, {
          SourceSnapshotId: source.snapshotId,
          SourceRegion: source.region,
          Encrypted: true,
          KmsKeyId: named(keys, 'key', step.key).arn,
        }),
      );
      snapshots.set(step.as, [SnapshotId]);
      return `${SnapshotId}, pending`;
    },
    CopyShared: async (step) => {
      const { accountId } = step.by;
      const shared = [...state.snapshots.values()].filter(
        (snapshot) => snapshot.region === region && snapshot.sharedWith.has(accountId),
      );
      const copies: string[] = [];
      for (const { snapshotId } of shared) {
        const { SnapshotId = '' } = await services.ec2.CopySnapshot(
          call(step, region, {
            SourceSnapshotId: snapshotId,
            SourceRegion: region,
            Encrypted: true,
            KmsKeyId: named(keys, 'key', step.key).arn,
          }),
        );
        copies.push(SnapshotId);
      }
      snapshots.set(step.as, copies);
      return copies.length === 0 ? 'nothing is shared with it' : `${copies.join(', ')}, pending`;
    },
    CreateVolume: async (step) => {
      const { VolumeId = '' } = await services.ec2.CreateVolume(
        call(step, region, {
          SnapshotId: snapshotNamed(step.snapshot).snapshotId,
          AvailabilityZone: `${region}a`,
          ...(step.key === null ? {} : { Encrypted: true, KmsKeyId: named(keys, 'key', step.key).arn }),
        }),
      );
      return `${VolumeId}, creating`;
    },
  };

  const perform = (step: PlatformStep): Promise<string> => {
    switch (step.do) {
      case 'CreateSnapshot':
        return acts.CreateSnapshot(step);
      case 'CreateSnapshots':
        return acts.CreateSnapshots(step);
      case 'ShareSnapshot':
        return acts.ShareSnapshot(step);
      case 'CopySnapshot':
        return acts.CopySnapshot(step);
      case 'CopyShared':
        return acts.CopyShared(step);
      case 'CreateVolume':
        return acts.CreateVolume(step);
      case 'CreateKey':
        return acts.CreateKey(step);
      case 'CreateAlias':
        return acts.CreateAlias(step);
      case 'ScheduleKeyDeletion':
        return acts.ScheduleKeyDeletion(step);
    }
  };

  const startByClock = async (folder: string): Promise<void> => {
    const fn = account.template.functions.find((one) => one.folder === folder);
    if (fn?.scheduled !== true)
      throw new BadInputError(`${scenario.name}: the template has no schedule for a function \`${folder}\``);
    await account.lambda.deliver(fn.logicalId, {
      version: '0',
      id: ground.uuid(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: account.accountId,
      time: ground.now().toISOString(),
      region: account.region,
      resources: [],
      detail: {},
    });
  };

  const startByHand = async (folder: string, event: unknown): Promise<void> => {
    const fn = account.template.functions.find((one) => one.folder === folder);
    if (fn === undefined) throw new BadInputError(`${scenario.name}: the template has no function \`${folder}\``);
    const { logicalId } = fn;
    const session = account.sessionOf(logicalId);
    await account.lambda.invoke(
      { input: event, session, region: account.region, requestId: ground.uuid() },
      logicalId,
      event,
    );
  };

  const tried: Tried[] = [];
  const findings = new Map<string, number>();

  /** What no role does call by call: what Unlatch is asked, what GuardDuty reports, and whole acquisitions. */
  const others = async (step: Exclude<Step, PlatformStep | { do: 'wait' | 'clock' | 'by-hand' }>): Promise<string> => {
    switch (step.do) {
      case 'Readiness': {
        const fn = account.template.functions.find(({ folder }) => folder === 'readiness');
        if (fn === undefined) throw new BadInputError('the template has no function `readiness`');
        const {
          instanceId,
          accountId,
          region: at,
        } = step.instance === undefined ? {} : named(instances, 'instance', step.instance);
        const request = { ...step.request, ...(instanceId === undefined ? {} : { instanceId, accountId, region: at }) };
        const by = { input: {}, session: account.sessionOf(fn.logicalId), region, requestId: ground.uuid() };
        return JSON.stringify(await account.lambda.invoke(by, fn.logicalId, request));
      }
      case 'TryAll': {
        const names = step.instances ?? [...instances.keys()];
        const results = await tryToAcquire(account, {
          ...step,
          instances: names
            .filter((name) => !step.except.includes(name))
            .map((name) => named(instances, 'instance', name)),
          region,
          key: named(keys, 'key', step.key),
          worker: named(instances, 'instance', step.worker),
        });
        tried.push(...results);
        return `${results.filter(({ acquired }) => acquired).length} of ${results.length} acquired`;
      }
      case 'Finding': {
        const times = (findings.get(step.id) ?? 0) + 1;
        findings.set(step.id, times);
        const event = guardDutyFinding(ground, named(instances, 'instance', step.instance), { ...step, times });
        ground.emit(event, 1);
        return `${step.type}, severity ${step.severity}`;
      }
    }
  };

  return {
    instances,
    keys,
    /** What AWS really answered where whole acquisitions were tried. */
    tried,
    snapshots,

    /** The platform's acquisition, step by step. A step that AWS refuses is an answer; the next one is tried all the same. */
    async acquire(saw: (act: Act) => void): Promise<void> {
      for (const step of scenario.acquisition) {
        if (step.do === 'wait') {
          await ground.settle(step.seconds);
          continue;
        }
        if (step.do === 'clock') {
          await startByClock(step.function);
          continue;
        }
        if (step.do === 'by-hand') {
          saw({ at: ground.now(), who: 'a person', what: step.function, answer: JSON.stringify(step.event) });
          await startByHand(step.function, step.event);
          continue;
        }
        const at = ground.now();
        const who = whoDoes(step);
        try {
          saw({ at, who, what: step.do, answer: await ('by' in step ? perform(step) : others(step)) });
        } catch (error) {
          if (error instanceof BadInputError) throw error;
          saw({
            at,
            who,
            what: step.do,
            answer: `refused: ${error instanceof Error ? `${error.name}: ${error.message}` : error}`,
          });
        }
      }
    },
  };
};
