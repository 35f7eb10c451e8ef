import { z } from 'zod';
import type { Call, EventBridgeEvent } from '#local/account/call';
import { type Made, type PathSteps, paths } from './acquisition-paths.ts';
import { type Circumstances, type World, worldOf } from './acquisition-world.ts';
import { callOf, platformAccount, targetAccount } from './ground.ts';

export type Path = keyof typeof paths;

const recordSchema = z.looseObject({
  eventSource: z.string(),
  eventName: z.string(),
  userIdentity: z.looseObject({ type: z.string(), invokedBy: z.string().optional() }),
  errorCode: z.string().optional(),
  errorMessage: z.string().optional(),
  requestID: z.string(),
  eventID: z.string(),
  sharedEventID: z.string().optional(),
});

const noticeSchema = z.looseObject({
  event: z.string(),
  result: z.string(),
  cause: z.string(),
  'request-id': z.string(),
});

const errorSchema = z.looseObject({
  name: z.string(),
  message: z.string(),
  Reason: z.string().optional(),
  $metadata: z.looseObject({ httpStatusCode: z.number() }),
});

/** Makes the one call and waits until everything that follows from it has arrived. */
export const acquire = async (path: Path, circumstances: Circumstances) => {
  const steps: PathSteps = paths[path];
  const world = worldOf(circumstances, steps.sourceOwner ?? targetAccount);
  const { ground, session } = world;
  if (circumstances.warm === true) await steps.warmUp?.(world);
  const before = await steps.before?.(world);
  if (circumstances.state !== undefined) {
    const key = circumstances.side === 'source' ? world.source : world.target;
    key.state = circumstances.state;
  }
  const mark = ground.reported.length;
  let requestId = '';
  const call = <Input>(input: Input): Call<Input> => {
    const made = callOf(ground, session, input);
    requestId = made.requestId;
    return made;
  };
  const answer = await steps.call(world, call, before).then(answerOf, errorOf);
  await ground.pass(200);
  const tell = teller(world);
  const reported = ground.reported.slice(mark);
  const records = reported.flatMap((event) => recordOf(event, tell));
  const everywhere = records.filter(({ eventSource }) => eventSource === 'kms.amazonaws.com');
  const kms = everywhere.filter(({ identity, account }) => identity === 'AssumedRole' && account === 'caller');
  const { made, message, ...rest } = answer;
  return {
    requestId,
    answer: { ...rest, message: message === null ? null : withoutKmsDetails(tell(message), kms) },
    ...(await endOf(world, made)),
    kms,
    everywhere,
    record: records.find(
      ({ eventSource, requestID }) => eventSource === 'ec2.amazonaws.com' && requestID === requestId,
    ),
    notifications: reported.flatMap((event) => noticeOf(event, tell)),
  };
};

const answerOf = (made: Made) => ({ status: made.status ?? null, code: null, reason: null, message: null, made });

const errorOf = (error: unknown) => {
  const { name, message, Reason, $metadata } = errorSchema.parse(error);
  return { status: $metadata.httpStatusCode, code: name, reason: Reason ?? null, message, made: null };
};

/** Puts a name in the place of what differs from world to world. */
const teller = (world: World) => {
  const names = [
    [world.session.arn, '<caller>'],
    [world.source.arn, '<source>'],
    [world.target.arn, '<target>'],
    [world.volumeId, '<volume>'],
    [world.looseVolumeId, '<volume>'],
    [world.instanceId, '<instance>'],
    [world.shared.snapshotId, '<snapshot>'],
  ] as const;
  return (text: string): string => names.reduce((told, [value, name]) => told.replaceAll(value, name), text);
};

type Tell = ReturnType<typeof teller>;

const recordOf = (event: EventBridgeEvent, tell: Tell) => {
  if (event['detail-type'] !== 'AWS API Call via CloudTrail') return [];
  const record = recordSchema.parse(JSON.parse(tell(JSON.stringify(event.detail))));
  const { type, invokedBy = '' } = record.userIdentity;
  const account = event.account === platformAccount ? 'caller' : 'owner';
  return [{ ...record, account, identity: type, invokedBy }];
};

const noticeOf = (event: EventBridgeEvent, tell: Tell) => {
  if (!event['detail-type'].startsWith('EBS ')) return [];
  const notice = noticeSchema.parse(JSON.parse(tell(JSON.stringify(event.detail))));
  const { event: name, result, cause } = notice;
  const key = event.resources.map(tell)[1] ?? null;
  return [{ event: name, result, cause, 'request-id': notice['request-id'], key }];
};

/** EBS direct quotes the KMS error and its request id: both are those of the record that KMS left. */
const withoutKmsDetails = (message: string, kms: readonly ReturnType<typeof recordOf>[number][]): string => {
  const failure = kms.find(({ errorCode }) => errorCode !== undefined);
  if (failure === undefined) return message;
  const told = message.replace(failure.requestID, '<kms request>');
  return failure.errorCode === 'AccessDenied' ? told.replace(failure.errorMessage ?? '', '<denial>') : told;
};

const endOf = async ({ ground, ec2, session }: World, made: Made | null) => {
  const ask = <Input>(input: Input) => callOf(ground, session, input);
  if (made?.volumeId !== undefined) {
    const found = await ec2
      .DescribeVolumes(ask({ VolumeIds: [made.volumeId] }))
      .then(({ Volumes }) => Volumes?.[0]?.State, codeOf);
    return { end: found ?? null, endMessage: null };
  }
  if (made?.snapshotId !== undefined) {
    const { Snapshots } = await ec2.DescribeSnapshots(ask({ SnapshotIds: [made.snapshotId] }));
    return { end: Snapshots?.[0]?.State ?? null, endMessage: Snapshots?.[0]?.StateMessage ?? null };
  }
  if (made?.instanceId !== undefined) {
    const { Reservations } = await ec2.DescribeInstances(ask({ InstanceIds: [made.instanceId] }));
    const instance = Reservations?.[0]?.Instances?.[0];
    return { end: instance?.State?.Name ?? null, endMessage: instance?.StateReason?.Message ?? null };
  }
  return { end: null, endMessage: null };
};

const codeOf = (error: unknown): string => errorSchema.parse(error).name;
