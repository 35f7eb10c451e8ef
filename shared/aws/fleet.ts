import { DescribeInstancesCommand, DescribeVolumesCommand, type Instance, type Volume } from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import type { Target } from '#shared/case/case';
import { InstanceId, KeyArn, VolumeId } from '#shared/signal/identifiers';
import { targetOf } from './instances.ts';
import { type AwsSession, type Custody, recorded } from './session.ts';

/** A volume as far as a reading of its key needs it. */
export interface FleetVolume {
  readonly volumeId: VolumeId;
  readonly device: string | null;
  readonly instanceId: InstanceId | null;
  readonly encrypted: boolean;
  /** `null`: it is not encrypted, or EC2 names no key. */
  readonly keyArn: KeyArn | null;
}

export interface FleetInstance {
  readonly target: Target;
  /** As Systems Manager says it; `null`: no agent has registered. */
  readonly pingStatus: string | null;
  readonly volumes: readonly FleetVolume[];
}

export interface FleetPage<Item> {
  readonly items: readonly Item[];
  /** Where the listing goes on; `null` at its end. */
  readonly next: string | null;
}

/** EC2 takes at most 200 values of a filter, and Systems Manager answers at most 50 instances a page. */
const INSTANCES_PER_PAGE = 200;
const VOLUMES_PER_PAGE = 500;
const AGENTS_PER_PAGE = 50;

/** What has ended cannot be acquired any more. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html */
const THERE = [{ Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] }];

const Described = z.object({
  VolumeId,
  Encrypted: z.boolean().default(false),
  KmsKeyId: z.string().optional(),
  Attachments: z.array(z.object({ InstanceId: InstanceId.optional(), Device: z.string().optional() })).default([]),
});

/**
 * A volume as each machine has it: one with Multi-Attach hangs on up to 16.
 * https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes-multi.html
 */
const volumesOf = (volume: Volume): readonly FleetVolume[] => {
  const { VolumeId: volumeId, Encrypted: encrypted, KmsKeyId, Attachments } = Described.parse(volume);
  const keyArn = KeyArn.safeParse(KmsKeyId).data ?? null;
  const alone = { volumeId, device: null, instanceId: null, encrypted, keyArn };
  return Attachments.length === 0
    ? [alone]
    : Attachments.map(({ Device = null, InstanceId: instanceId = null }) => ({ ...alone, device: Device, instanceId }));
};

const volumesMeeting = async (
  { ec2, ...session }: AwsSession,
  custody: Custody,
  filter: { readonly Name: string; readonly Values: string[] },
): Promise<FleetVolume[]> => {
  const volumes: FleetVolume[] = [];
  let NextToken: string | undefined;
  do {
    const command = new DescribeVolumesCommand({ Filters: [filter], MaxResults: VOLUMES_PER_PAGE, NextToken });
    const page = await recorded(custody, session, 'ec2:DescribeVolumes', filter.Name, () => ec2.send(command));
    volumes.push(...(page.Volumes ?? []).flatMap(volumesOf));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return volumes;
};

const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

/** Ping statuses by instance, of those that have an agent. */
const agentsOf = async (
  { ssm, ...session }: AwsSession,
  custody: Custody,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const agents = new Map<string, string>();
  for (const Values of chunksOf(ids, AGENTS_PER_PAGE)) {
    const Filters = [{ Key: 'InstanceIds', Values }];
    const command = new DescribeInstanceInformationCommand({ Filters, MaxResults: AGENTS_PER_PAGE });
    const { InstanceInformationList = [] } = await recorded(
      custody,
      session,
      'ssm:DescribeInstanceInformation',
      `${Values.length} instances`,
      () => ssm.send(command),
    );
    for (const { InstanceId: id, PingStatus } of InstanceInformationList)
      if (id !== undefined) agents.set(id, PingStatus ?? 'unknown');
  }
  return agents;
};

const instancesWith = async (
  session: AwsSession,
  custody: Custody,
  found: readonly Instance[],
): Promise<FleetInstance[]> => {
  if (found.length === 0) return [];
  const targets = found.map((instance) => targetOf(session, instance));
  const ids = targets.flatMap(({ instanceId }) => instanceId ?? []);
  const [volumes, agents] = await Promise.all([
    volumesMeeting(session, custody, { Name: 'attachment.instance-id', Values: ids }),
    agentsOf(session, custody, ids),
  ]);
  const byInstance = Map.groupBy(volumes, ({ instanceId }) => instanceId);
  return targets.map((target) => ({
    target,
    pingStatus: agents.get(target.instanceId ?? '') ?? null,
    volumes: byInstance.get(target.instanceId) ?? [],
  }));
};

/** The instances of an account and Region, page by page, each with its volumes and its agent. Throttles throw. */
export const instancePage = async (
  session: AwsSession,
  custody: Custody,
  after: string | null,
): Promise<FleetPage<FleetInstance>> => {
  const command = new DescribeInstancesCommand({
    Filters: THERE,
    MaxResults: INSTANCES_PER_PAGE,
    NextToken: after ?? undefined,
  });
  const { Reservations = [], NextToken = null } = await recorded(
    custody,
    session,
    'ec2:DescribeInstances',
    'the instances of the account',
    () => session.ec2.send(command),
  );
  const found = Reservations.flatMap(({ Instances = [] }) => Instances);
  return { items: await instancesWith(session, custody, found), next: NextToken };
};

/** An instance by its id, or those on which a volume hangs; none where there is none, or where it has ended. */
export const instancesBy = async (
  session: AwsSession,
  custody: Custody,
  by: { readonly instanceId: string } | { readonly volumeId: string },
): Promise<FleetInstance[]> => {
  const [Name, id] =
    'instanceId' in by ? ['instance-id', by.instanceId] : ['block-device-mapping.volume-id', by.volumeId];
  const command = new DescribeInstancesCommand({ Filters: [...THERE, { Name, Values: [id] }] });
  const { Reservations = [] } = await recorded(custody, session, 'ec2:DescribeInstances', id, () =>
    session.ec2.send(command),
  );
  const found = Reservations.flatMap(({ Instances = [] }) => Instances);
  return instancesWith(session, custody, found);
};

/** Volumes that hang on nothing: they may be evidence as well. */
export const loneVolumePage = async (
  { ec2, ...session }: AwsSession,
  custody: Custody,
  after: string | null,
): Promise<FleetPage<FleetVolume>> => {
  const command = new DescribeVolumesCommand({
    Filters: [{ Name: 'status', Values: ['available'] }],
    MaxResults: VOLUMES_PER_PAGE,
    NextToken: after ?? undefined,
  });
  const { Volumes = [], NextToken = null } = await recorded(
    custody,
    session,
    'ec2:DescribeVolumes',
    'volumes that hang on nothing',
    () => ec2.send(command),
  );
  return { items: Volumes.flatMap(volumesOf), next: NextToken };
};
