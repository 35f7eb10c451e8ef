import type { Call, Ground } from './call.ts';
import { callerPlace, isAt, zoneOf } from './ec2-answer.ts';
import { anywhere, type Need, type Needs, requestTags, resourceTags, text } from './needs.ts';

/**
 * What the calls on snapshots and volumes must be allowed.
 * "Actions, resources, and condition keys for Amazon EC2" and "… for Amazon Elastic Block Store", Service Authorization
 * Reference
 */

const made = 'snap-00000000000000000';

// The ARN of a snapshot has no account.
const snapshotArn = (call: Call, snapshotId: string): string => `arn:aws:ec2:${call.region}::snapshot/${snapshotId}`;

const arnOf = (call: Call, kind: 'volume' | 'instance', id: string): string =>
  `arn:aws:ec2:${call.region}:${call.session.role.accountId}:${kind}/${id}`;

// "Share an Amazon EBS snapshot": its tags are not shared with it.
const snapshotTags = (ground: Ground, call: Call, snapshotId: string, ...names: readonly ('aws' | 'ec2')[]) => {
  const snapshot = ground.state.snapshots.get(snapshotId);
  return snapshot !== undefined && isAt(snapshot, callerPlace(call)) ? resourceTags(snapshot.tags, ...names) : {};
};

const onBlocks: (operation: string) => Needs = (operation) => (call, input, ground) => {
  const snapshotId = text(input.SnapshotId);
  const context = snapshotTags(ground, call, snapshotId, 'aws');
  return [{ action: `ebs:${operation}`, resource: snapshotArn(call, snapshotId), context }];
};

/** What is tagged as it is made needs leave to be tagged. */
const tagging = (resource: string, createAction: string, tags: Need['context'] = {}): Need[] =>
  Object.keys(tags).length === 0
    ? []
    : [{ action: 'ec2:CreateTags', resource, context: { ...tags, 'ec2:CreateAction': createAction } }];

const starting: Needs = (call, input) => {
  const resource = snapshotArn(call, made);
  const tags = requestTags(input);
  const context = {
    ...tags,
    'ebs:VolumeSize': String(input.VolumeSize),
    ...(typeof input.Description === 'string' ? { 'ebs:Description': input.Description } : {}),
    ...(typeof input.ParentSnapshotId === 'string'
      ? { 'ebs:ParentSnapshot': snapshotArn(call, input.ParentSnapshotId) }
      : {}),
  };
  return [{ action: 'ebs:StartSnapshot', resource, context }, ...tagging(resource, 'StartSnapshot', tags)];
};

const onSnapshot: (operation: string) => Needs = (operation) => (call, input, ground) => {
  const snapshotId = text(input.SnapshotId);
  const context = snapshotTags(ground, call, snapshotId, 'aws', 'ec2');
  return [{ action: `ec2:${operation}`, resource: snapshotArn(call, snapshotId), context }];
};

/** In either of the two spellings of ModifySnapshotAttribute. */
const sharing: Needs = (call, input, ground) =>
  onSnapshot('ModifySnapshotAttribute')(call, input, ground).map(({ context, ...need }) => {
    const { OperationType, UserIds } = input;
    const key = OperationType === 'remove' ? 'ec2:Remove/userId' : 'ec2:Add/userId';
    const listed = Array.isArray(UserIds) ? { [key]: UserIds } : {};
    return { ...need, context: { ...context, ...permissionChange(input.CreateVolumePermission), ...listed } };
  });

const permissionChange = (change: unknown): Record<string, readonly string[]> => {
  if (typeof change !== 'object' || change === null) return {};
  const accounts = (items: unknown): string[] =>
    (Array.isArray(items) ? items : []).flatMap((item) => (typeof item?.UserId === 'string' ? [item.UserId] : []));
  const [add, remove] = [accounts(Reflect.get(change, 'Add')), accounts(Reflect.get(change, 'Remove'))];
  return {
    ...(add.length > 0 ? { 'ec2:Add/userId': add } : {}),
    ...(remove.length > 0 ? { 'ec2:Remove/userId': remove } : {}),
  };
};

/** Of the copy; with leave to tag it as it is made. */
const copying: Needs = (call, input) => {
  const resource = snapshotArn(call, made);
  const tags = requestTags(input);
  return [{ action: 'ec2:CopySnapshot', resource, context: tags }, ...tagging(resource, 'CopySnapshot', tags)];
};

const creatingVolume: Needs = (call, input, ground) => {
  const resource = arnOf(call, 'volume', 'vol-00000000000000000');
  const tags = requestTags(input);
  const snapshotId = text(input.SnapshotId);
  const size = input.Size ?? ground.state.snapshots.get(snapshotId)?.sizeGiB;
  const context = {
    ...tags,
    'ec2:AvailabilityZone': text(input.AvailabilityZone),
    'ec2:Encrypted': String(input.Encrypted === true),
    'ec2:VolumeSize': String(size),
    'ec2:VolumeType': text(input.VolumeType) || 'gp2',
    ...(typeof input.KmsKeyId === 'string' ? { 'ec2:KmsKeyId': input.KmsKeyId } : {}),
    ...(snapshotId === '' ? {} : { 'ec2:ParentSnapshot': snapshotArn(call, snapshotId) }),
  };
  return [
    { action: 'ec2:CreateVolume', resource, context },
    ...(snapshotId === '' ? [] : onSnapshot('CreateVolume')(call, input, ground)),
    ...tagging(resource, 'CreateVolume', tags),
  ];
};

const onVolume: (operation: string) => Needs =
  (operation) =>
  (call, input, { state }) => {
    const volume = state.volumes.get(text(input.VolumeId));
    const resource = arnOf(call, 'volume', text(input.VolumeId));
    if (volume === undefined) return [{ action: `ec2:${operation}`, resource }];
    const context = {
      ...resourceTags(volume.tags, 'aws', 'ec2'),
      'ec2:AvailabilityZone': zoneOf(volume),
      'ec2:Encrypted': String(volume.keyArn !== null),
    };
    return [{ action: `ec2:${operation}`, resource, context }];
  };

/** The instance is asked about, too; where the call leaves it out, it is the one the volume hangs on. */
const onAttachment: (operation: string) => Needs = (operation) => (call, input, ground) => {
  const { volumes, instances } = ground.state;
  const attached = volumes.get(text(input.VolumeId))?.attachment?.instanceId ?? '';
  const instanceId = text(input.InstanceId) || attached;
  const instance = instances.get(instanceId);
  const context = instance === undefined ? {} : resourceTags(instance.tags, 'aws', 'ec2');
  return [
    ...onVolume(operation)(call, input, ground),
    ...(instanceId === ''
      ? []
      : [{ action: `ec2:${operation}`, resource: arnOf(call, 'instance', instanceId), context }]),
  ];
};

export const EBS_NEEDS: Readonly<Record<string, Needs>> = {
  'ebs:StartSnapshot': starting,
  'ebs:ListSnapshotBlocks': onBlocks('ListSnapshotBlocks'),
  'ebs:GetSnapshotBlock': onBlocks('GetSnapshotBlock'),
  'ebs:PutSnapshotBlock': onBlocks('PutSnapshotBlock'),
  'ebs:CompleteSnapshot': onBlocks('CompleteSnapshot'),
  'ec2:GetEbsEncryptionByDefault': anywhere('ec2:GetEbsEncryptionByDefault'),
  'ec2:DescribeSnapshots': anywhere('ec2:DescribeSnapshots'),
  'ec2:CopySnapshot': copying,
  'ec2:DeleteSnapshot': onSnapshot('DeleteSnapshot'),
  'ec2:ModifySnapshotAttribute': sharing,
  'ec2:DescribeVolumes': anywhere('ec2:DescribeVolumes'),
  'ec2:CreateVolume': creatingVolume,
  'ec2:AttachVolume': onAttachment('AttachVolume'),
  'ec2:DetachVolume': onAttachment('DetachVolume'),
  'ec2:DeleteVolume': onVolume('DeleteVolume'),
};
