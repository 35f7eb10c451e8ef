import { EC2ServiceException, type Tag, type TagSpecification } from '@aws-sdk/client-ec2';
import type { Call, Ground } from './call.ts';
import { recordCall } from './cloudtrail.ts';
import { giveUpIdle } from './ebs-direct-uploads.ts';
import type { Place } from './ebs-notification.ts';
import type { Instance, Snapshot, Tags, Volume } from './state.ts';

/** The metadata of an answered call. */
export const answered = (call: Call, httpStatusCode = 200) => ({ httpStatusCode, requestId: call.requestId });

export const callerPlace = (call: Call): Place => ({ accountId: call.session.role.accountId, region: call.region });

/** An error as EC2 answers it; `code` without the `Client.` that CloudTrail puts before it. */
export const ec2Error = (call: Call, code: string, message: string, httpStatusCode = 400): EC2ServiceException =>
  Object.assign(
    new EC2ServiceException({ name: code, message, $fault: 'client', $metadata: answered(call, httpStatusCode) }),
    { Code: code },
  );

/** What a successful call leaves in its CloudTrail record, beside its output. */
export interface Answer<Output> {
  readonly output: Output;
  readonly responseElements: Readonly<Record<string, unknown>>;
  /** The owner of a shared snapshot that was used. */
  readonly seenBy?: readonly string[] | undefined;
}

interface RecordedCall {
  readonly eventName: string;
  readonly requestParameters: Readonly<Record<string, unknown>>;
  readonly shared?: boolean | undefined;
}

/** Answers a call and records it: with its response, or with the error that it met. */
export const recordedCall = async <Output>(
  ground: Ground,
  call: Call,
  { eventName, requestParameters, shared = false }: RecordedCall,
  act: () => Promise<Answer<Output>>,
): Promise<Output> => {
  const common = {
    eventSource: 'ec2.amazonaws.com',
    eventName,
    identity: { session: call.session },
    region: call.region,
    requestId: call.requestId,
    invokedBy: null,
    requestParameters: defined(requestParameters),
    shared,
    internalEndpoint: false,
  } as const;
  try {
    const { output, responseElements, seenBy } = await act();
    const elements = defined({ requestId: call.requestId, ...responseElements });
    recordCall(ground, { ...common, responseElements: elements, seenBy });
    return output;
  } catch (error) {
    if (!(error instanceof EC2ServiceException)) throw error;
    const recorded = { code: `Client.${error.name}`, message: error.message };
    recordCall(ground, { ...common, responseElements: null, error: recorded });
    throw error;
  }
};

const defined = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** The snapshot, if this account may know of it. */
export const visibleSnapshot = (ground: Ground, call: Call, snapshotId: string | undefined): Snapshot => {
  const snapshot = ground.state.snapshots.get(snapshotId ?? '');
  if (snapshot === undefined || !isVisible(snapshot, callerPlace(call))) {
    throw ec2Error(call, 'InvalidSnapshot.NotFound', `The snapshot '${snapshotId}' does not exist.`);
  }
  giveUpIdle(ground, snapshot);
  return snapshot;
};

export const isVisible = (snapshot: Snapshot, { accountId, region }: Place): boolean =>
  snapshot.region === region && (snapshot.accountId === accountId || snapshot.sharedWith.has(accountId));

/** The snapshot, if this account owns it: what is only shared cannot be changed. */
export const ownSnapshot = (ground: Ground, call: Call, snapshotId: string | undefined): Snapshot => {
  const snapshot = visibleSnapshot(ground, call, snapshotId);
  if (isAt(snapshot, callerPlace(call))) return snapshot;
  throw ec2Error(call, 'InvalidSnapshot.NotFound', `The snapshot '${snapshotId}' does not exist.`);
};

export const ownInstance = (ground: Ground, call: Call, instanceId: string | undefined): Instance => {
  const instance = ground.state.instances.get(instanceId ?? '');
  if (instance === undefined || !isAt(instance, callerPlace(call))) {
    throw ec2Error(call, 'InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
  }
  return instance;
};

export const ownVolume = (ground: Ground, call: Call, volumeId: string | undefined): Volume => {
  const volume = ground.state.volumes.get(volumeId ?? '');
  if (volume === undefined || !isAt(volume, callerPlace(call))) {
    throw ec2Error(call, 'InvalidVolume.NotFound', `The volume '${volumeId}' does not exist.`);
  }
  return volume;
};

/** The availability zone of a volume or an instance. */
export const zoneOf = ({ region, zone }: { readonly region: string; readonly zone?: string | undefined }): string =>
  zone ?? `${region}a`;

export const isAt = (resource: Place, place: Place): boolean =>
  resource.accountId === place.accountId && resource.region === place.region;

/** The tags that a TagSpecifications parameter gives to one type of resource. */
export const specifiedTags = (specifications: readonly TagSpecification[] | undefined, type: string): Tags =>
  Object.fromEntries(
    (specifications ?? [])
      .filter(({ ResourceType }) => ResourceType === type)
      .flatMap(({ Tags: tags }) => tags ?? [])
      .map(({ Key, Value }) => [Key ?? '', Value ?? '']),
  );

export const tagList = (tags: Tags): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** A TagSpecifications parameter as CloudTrail spells it. */
export const recordedTags = (specifications: readonly TagSpecification[] | undefined) =>
  specifications === undefined
    ? undefined
    : {
        items: specifications.map(({ ResourceType, Tags: tags }) => ({
          resourceType: ResourceType,
          tags: (tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value })),
        })),
      };

/** One page of a Describe call; NextToken is the place to go on from. */
export const pageOf = <Item>(
  items: readonly Item[],
  maxResults: number | undefined,
  nextToken: string | undefined,
): { readonly page: Item[]; readonly nextToken: string | undefined } => {
  const start = nextToken === undefined ? 0 : Number(nextToken);
  const end = start + (maxResults ?? items.length);
  return { page: items.slice(start, end), nextToken: end < items.length ? String(end) : undefined };
};

/** Whether a resource meets every filter; an unknown filter is an error, as it would be in AWS. */
export const meetsFilters = (
  call: Call,
  filters: readonly { Name?: string | undefined; Values?: string[] | undefined }[] | undefined,
  properties: Readonly<Record<string, readonly (string | undefined)[]>>,
  tags: Tags,
): boolean =>
  (filters ?? []).every(({ Name = '', Values = [] }) => {
    const found = Name.startsWith('tag:')
      ? [tags[Name.slice(4)]]
      : Name === 'tag-key'
        ? Object.keys(tags)
        : properties[Name];
    if (found === undefined) {
      throw ec2Error(call, 'InvalidParameterValue', `The filter '${Name}' is invalid`);
    }
    return Values.some((pattern) => found.some((value) => value !== undefined && meets(pattern, value)));
  });

const meets = (pattern: string, value: string): boolean =>
  /[*?]/.test(pattern) ? wildcard(pattern).test(value) : pattern === value;

const wildcard = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
