import { describe, expect, it } from 'vitest';
import { refusalOf } from '#local/account/permissions';
import { disks } from './disks.ts';
import { addInstance, addRole, addSession, addSnapshot, addVolume, callOf, platformAccount, region } from './ground.ts';

const snapshots = `arn:aws:ec2:${region}::snapshot/*`;
const volumes = `arn:aws:ec2:${region}:${platformAccount}:volume/*`;
const instances = `arn:aws:ec2:${region}:${platformAccount}:instance/*`;
const Tags = [{ Key: 'unlatch:case', Value: 'case-1' }];
const ours = { StringLike: { 'aws:ResourceTag/unlatch:case': '*' } };
const tagged = { StringLike: { 'aws:RequestTag/unlatch:case': '*' } };
const volumeTags = [{ ResourceType: 'volume', Tags }];

const allow = (Action: string | string[], Resource: string | string[], Condition = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  Condition,
});

/** What is refused to a session with these permissions, of an account with one disk of each kind. */
const refused = async (Statement: object[], api: string, input: (world: ReturnType<typeof worldOf>) => object) => {
  const world = worldOf();
  const document = { Version: '2012-10-17', Statement };
  const role = addRole({ identityPolicies: [{ name: 'own', document }] });
  const session = addSession(world.ground, role, null, 'own');
  const message = await refusalOf(api, callOf(world.ground, session, input(world)), world.ground);
  return message === null ? null : (/perform: (\S+) on resource: (\S+)/.exec(message)?.slice(1).join(' ') ?? message);
};

const worldOf = () => {
  const { ground } = disks();
  const own = addSnapshot(ground, platformAccount, null);
  own.tags['unlatch:case'] = 'case-1';
  const stranger = addSnapshot(ground, platformAccount, null);
  const volume = addVolume(ground, platformAccount, null);
  Object.assign(ground.state.volumes.get(volume)?.tags ?? {}, { 'unlatch:case': 'case-1' });
  const plain = addVolume(ground, platformAccount, null);
  const instance = addInstance(ground, platformAccount, [plain], 'running');
  return { ground, own: own.snapshotId, stranger: stranger.snapshotId, volume, plain, instance };
};

describe('blocks', () => {
  it.each(['ListSnapshotBlocks', 'GetSnapshotBlock', 'PutSnapshotBlock', 'CompleteSnapshot'])(
    '%s can be allowed by the tags of the snapshot',
    async (operation) => {
      const statement = allow(`ebs:${operation}`, snapshots, ours);
      expect(await refused([statement], `ebs:${operation}`, ({ own }) => ({ SnapshotId: own }))).toBeNull();
      expect(await refused([statement], `ebs:${operation}`, ({ stranger }) => ({ SnapshotId: stranger }))).toMatch(
        `ebs:${operation} arn:aws:ec2:${region}::snapshot/snap-`,
      );
    },
  );
});

it('a permission that is taken away or given is felt by the next block', async () => {
  const { ground, own, stranger } = worldOf();
  const role = addRole({ identityPolicies: [] });
  const session = addSession(ground, role, null, 'own');
  const may = async (SnapshotId: string) =>
    (await refusalOf('ebs:GetSnapshotBlock', callOf(ground, session, { SnapshotId }), ground)) === null;
  const policy = { name: 'own', document: { Statement: [allow('ebs:GetSnapshotBlock', snapshots, ours)] } };
  const seen: boolean[] = [await may(own)];
  role.identityPolicies.push(policy);
  seen.push(await may(own), await may(own), await may(stranger));
  Object.assign(ground.state.snapshots.get(stranger)?.tags ?? {}, { 'unlatch:case': 'case-1' });
  seen.push(await may(stranger));
  role.identityPolicies.length = 0;
  seen.push(await may(own));
  expect(seen).toEqual([false, true, true, false, true, false]);
});

describe('a snapshot that is started', () => {
  const start = allow('ebs:StartSnapshot', snapshots, tagged);
  const tag = allow('ec2:CreateTags', snapshots, { StringEquals: { 'aws:RequestTag/unlatch:case': 'case-1' } });

  it('with tags needs leave to tag, too', async () => {
    const input = () => ({ VolumeSize: 1, Tags });
    expect(await refused([start, tag], 'ebs:StartSnapshot', input)).toBeNull();
    expect(await refused([start], 'ebs:StartSnapshot', input)).toMatch(/^ec2:CreateTags /);
    expect(await refused([tag], 'ebs:StartSnapshot', input)).toMatch(/^ebs:StartSnapshot /);
  });

  it('can be bound to its tags, to its size, and to what tags it may have', async () => {
    expect(await refused([start], 'ebs:StartSnapshot', () => ({ VolumeSize: 1 }))).toMatch(/^ebs:StartSnapshot /);
    const small = allow('ebs:StartSnapshot', snapshots, { NumericLessThan: { 'ebs:VolumeSize': '8' } });
    expect(await refused([small], 'ebs:StartSnapshot', () => ({ VolumeSize: 7 }))).toBeNull();
    expect(await refused([small], 'ebs:StartSnapshot', () => ({ VolumeSize: 8 }))).toMatch(/^ebs:StartSnapshot /);
    const only = allow(['ebs:StartSnapshot', 'ec2:CreateTags'], snapshots, {
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['unlatch:case'] },
    });
    const more = [...Tags, { Key: 'other', Value: '' }];
    expect(await refused([only], 'ebs:StartSnapshot', () => ({ VolumeSize: 1, Tags }))).toBeNull();
    expect(await refused([only], 'ebs:StartSnapshot', () => ({ VolumeSize: 1, Tags: more }))).toMatch(/^ebs:Start/);
  });
});

interface Row {
  readonly api: string;
  readonly input: (world: ReturnType<typeof worldOf>) => object;
  readonly statements: object[];
  /** What is refused without the last of the statements. */
  readonly without: string;
}

const rows: readonly Row[] = [
  {
    api: 'ec2:DeleteSnapshot',
    input: ({ own }) => ({ SnapshotId: own }),
    statements: [allow('ec2:DeleteSnapshot', snapshots, ours)],
    without: 'ec2:DeleteSnapshot arn:aws:ec2:eu-west-3::snapshot/',
  },
  {
    api: 'ec2:ModifySnapshotAttribute',
    input: ({ own }) => ({ SnapshotId: own, OperationType: 'add', UserIds: ['444455556666'] }),
    statements: [
      allow('ec2:ModifySnapshotAttribute', snapshots, {
        ...ours,
        'ForAllValues:StringEquals': { 'ec2:Add/userId': ['444455556666'] },
      }),
    ],
    without: 'ec2:ModifySnapshotAttribute arn:aws:ec2:eu-west-3::snapshot/',
  },
  {
    api: 'ec2:CreateVolume',
    input: () => ({ AvailabilityZone: `${region}a`, Size: 1, TagSpecifications: volumeTags }),
    statements: [
      allow('ec2:CreateVolume', volumes, tagged),
      allow('ec2:CreateTags', volumes, { StringEquals: { 'ec2:CreateAction': 'CreateVolume' } }),
    ],
    without: 'ec2:CreateTags arn:aws:ec2:eu-west-3:111122223333:volume/',
  },
  {
    api: 'ec2:CreateVolume',
    input: ({ own }) => ({ AvailabilityZone: `${region}a`, SnapshotId: own }),
    statements: [allow('ec2:CreateVolume', volumes), allow('ec2:CreateVolume', snapshots, ours)],
    without: 'ec2:CreateVolume arn:aws:ec2:eu-west-3::snapshot/',
  },
  {
    api: 'ec2:AttachVolume',
    input: ({ volume, instance }) => ({ VolumeId: volume, InstanceId: instance, Device: '/dev/sdf' }),
    statements: [allow('ec2:AttachVolume', volumes, ours), allow('ec2:AttachVolume', instances)],
    without: 'ec2:AttachVolume arn:aws:ec2:eu-west-3:111122223333:instance/',
  },
  {
    api: 'ec2:DetachVolume',
    input: ({ volume, instance }) => ({ VolumeId: volume, InstanceId: instance }),
    statements: [allow('ec2:DetachVolume', instances), allow('ec2:DetachVolume', volumes, ours)],
    without: 'ec2:DetachVolume arn:aws:ec2:eu-west-3:111122223333:volume/',
  },
  {
    api: 'ec2:DeleteVolume',
    input: ({ volume }) => ({ VolumeId: volume }),
    statements: [allow('ec2:DeleteVolume', volumes, ours)],
    without: 'ec2:DeleteVolume arn:aws:ec2:eu-west-3:111122223333:volume/',
  },
  ...['DescribeVolumes', 'DescribeSnapshots', 'GetEbsEncryptionByDefault'].map((operation) => ({
    api: `ec2:${operation}`,
    input: () => ({}),
    statements: [allow(`ec2:${operation}`, '*')],
    without: `ec2:${operation} *`,
  })),
];

describe('volumes and snapshots', () => {
  it.each(rows)('$api needs what AWS lists, and no less', async ({ api, input, statements, without }) => {
    expect(await refused(statements, api, input)).toBeNull();
    const fewer = [allow('sts:GetCallerIdentity', '*'), ...statements.slice(0, -1)];
    expect(await refused(fewer, api, input)).toContain(without);
  });

  it.each(['ec2:DeleteVolume', 'ec2:AttachVolume', 'ec2:DetachVolume'])(
    '%s by tag does not reach a volume without it',
    async (api) => {
      const statements = [allow(api, volumes, ours), allow(api, instances)];
      const input = ({ plain, instance }: ReturnType<typeof worldOf>) => ({ VolumeId: plain, InstanceId: instance });
      expect(await refused(statements, api, input)).toContain(`${api} arn:aws:ec2:eu-west-3:111122223333:volume/`);
    },
  );
});
