import type { Call, EventBridgeEvent, Ground } from '#local/account/call';
import {
  emptyState,
  type Key,
  type PolicyDocument,
  type Role,
  type RoleSession,
  type Snapshot,
} from '#local/account/state';

export const region = 'eu-west-3';
export const platformAccount = '111122223333';
export const targetAccount = '444455556666';

export interface VirtualGround extends Ground {
  /** What has arrived on any bus so far. */
  readonly events: EventBridgeEvent[];
  /** What has been reported so far, arrived or still on its way. */
  readonly reported: EventBridgeEvent[];
  /** Lets the virtual time pass, doing what falls due. */
  pass(seconds: number): Promise<void>;
}

/** A ground whose time moves only when a test says so. */
export const virtualGround = (): VirtualGround => {
  let time = Date.parse('2026-03-02T09:00:00Z');
  let resources = 0;
  let uuids = 0;
  const tasks: { at: number; task: () => void | Promise<void> }[] = [];
  const events: EventBridgeEvent[] = [];
  const reported: EventBridgeEvent[] = [];
  const after = (seconds: number, task: () => void | Promise<void>): void => {
    tasks.push({ at: time + seconds * 1000, task });
    tasks.sort((a, b) => a.at - b.at);
  };
  return {
    state: emptyState(),
    events,
    reported,
    now: () => new Date(time),
    after,
    emit: (event, seconds) => {
      reported.push(event);
      after(seconds, () => void events.push(event));
    },
    resourceId: (prefix) => `${prefix}-0${(++resources).toString(16).padStart(16, '0')}`,
    uuid: () => `00000000-0000-4000-8000-${(++uuids).toString(16).padStart(12, '0')}`,
    async pass(seconds) {
      const end = time + seconds * 1000;
      for (let due = tasks[0]; due !== undefined && due.at <= end; due = tasks[0]) {
        tasks.shift();
        time = due.at;
        await due.task();
      }
      time = end;
    },
  };
};

const statement = (fields: Record<string, unknown>): PolicyDocument => ({ Version: '2012-10-17', Statement: [fields] });

export const allowAll = statement({ Effect: 'Allow', Action: '*', Resource: '*' });

/** A key policy that leaves the decision to IAM in these accounts. */
export const delegatedTo = (...accounts: string[]): PolicyDocument =>
  statement({
    Effect: 'Allow',
    Principal: { AWS: accounts.map((account) => `arn:aws:iam::${account}:root`) },
    Action: 'kms:*',
    Resource: '*',
  });

export const addKey = (ground: Ground, account: string, policy: PolicyDocument, name = 'a'): Key => {
  const keyId = `${name.repeat(8)}-0000-4000-8000-${account}`;
  const arn = `arn:aws:kms:${region}:${account}:key/${keyId}`;
  const key: Key = {
    accountId: account,
    region,
    keyId,
    arn,
    manager: 'CUSTOMER',
    policy,
    aliases: [`alias/evidence-${name}`],
    grants: [],
    state: 'Enabled',
  };
  ground.state.keys.set(arn, key);
  return key;
};

export const addRole = (changes: Partial<Role> = {}): Role => ({
  accountId: platformAccount,
  name: 'myCadoResponseRole',
  arn: `arn:aws:iam::${platformAccount}:role/myCadoResponseRole`,
  uniqueId: 'AROAEXAMPLECADOROLE01',
  identityPolicies: [{ name: 'acquisition', document: allowAll }],
  permissionsBoundary: null,
  trustedArns: [],
  ...changes,
});

export const addSession = (ground: Ground, role: Role, sessionPolicy: PolicyDocument | null, name = 'acquire') => {
  const session: RoleSession = {
    role,
    sessionName: name,
    arn: `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/${name}`,
    accessKeyId: `ASIAEXAMPLE${name.toUpperCase()}`,
    sessionPolicy,
    startedAt: ground.now(),
  };
  ground.state.sessions.set(session.accessKeyId, session);
  return session;
};

export const addSnapshot = (ground: Ground, account: string, key: Key | null, sharedWith: string[] = []): Snapshot => {
  const snapshot: Snapshot = {
    snapshotId: ground.resourceId('snap'),
    accountId: account,
    region,
    volumeId: 'vol-ffffffff',
    sizeGiB: 1,
    keyArn: key?.arn ?? null,
    description: '',
    startTime: new Date(ground.now().getTime() - 3_600_000),
    sharedWith: new Set(sharedWith),
    tags: {},
    blocks: new Map([[0, Buffer.alloc(524_288, 7)]]),
    state: 'completed',
    stateMessage: null,
  };
  ground.state.snapshots.set(snapshot.snapshotId, snapshot);
  return snapshot;
};

export const addVolume = (ground: Ground, account: string, key: Key | null): string => {
  const volumeId = ground.resourceId('vol');
  ground.state.volumes.set(volumeId, {
    volumeId,
    accountId: account,
    region,
    sizeGiB: 1,
    keyArn: key?.arn ?? null,
    snapshotId: null,
    blocks: new Map([[0, Buffer.alloc(524_288, 7)]]),
    tags: { Name: 'evidence' },
    state: 'available',
    attachment: null,
  });
  return volumeId;
};

export const addInstance = (ground: Ground, account: string, volumeIds: string[], state: 'running' | 'stopped') => {
  const instanceId = ground.resourceId('i');
  ground.state.instances.set(instanceId, {
    instanceId,
    accountId: account,
    region,
    platform: 'linux',
    tags: {},
    blockDevices: volumeIds.map((volumeId, index) => ({ device: `/dev/xvd${'abc'[index]}`, volumeId })),
    privateIp: null,
    agent: null,
    files: {},
    state,
    stateReason: null,
  });
  return instanceId;
};

export const callOf = <Input>(ground: Ground, session: RoleSession, input: Input): Call<Input> => ({
  input,
  session,
  region,
  requestId: ground.uuid(),
});
