import * as z from 'zod';
import { InstanceId, Region, SnapshotId, VolumeId } from './identifiers.ts';
import type { AcquiringCall, AcquiringCallName } from './signal.ts';

/** Request and answer of an EC2 call as CloudTrail writes them; parts this project does not read are left out. */
interface Exchange {
  readonly request: unknown;
  readonly response: unknown;
  readonly region: Region;
}

type Parts = Pick<AcquiringCall, 'source' | 'makes' | 'requestedKey'>;

const items = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item).max(1_000).catch([]) }).catch({ items: [] });
const text = z.string().max(2_048).nullish().catch(null);
const snapshotId = SnapshotId.nullish().catch(null);
const volumeId = VolumeId.nullish().catch(null);
const instanceId = InstanceId.nullish().catch(null);

const read = <T>(schema: z.ZodType<T>, value: unknown): T | null => schema.safeParse(value).data ?? null;

const nothing = (region: Region): Parts => ({
  source: { snapshotId: null, volumeId: null, instanceId: null, region },
  makes: { snapshots: [], volumeId: null, instanceIds: [] },
  requestedKey: null,
});

const Ids = z.object({ snapshotId, volumeId, instanceId, kmsKeyId: text, masterEncryptionKeyId: text });

const CopyRequest = Ids.extend({ sourceSnapshotId: snapshotId, sourceRegion: Region.nullish().catch(null) });

const CreateSnapshotsRequest = z.object({
  CreateSnapshotsRequest: z.object({
    InstanceSpecification: z.object({ InstanceId: instanceId }).nullish().catch(null),
  }),
});
const CreateSnapshotsResponse = z.object({
  CreateSnapshotsResponse: z.object({ snapshotSet: items(z.object({ snapshotId, volumeId })) }),
});

const CopyVolumesRequest = z.object({ CopyVolumesRequest: z.object({ SourceVolumeId: volumeId }) });
const CopyVolumesResponse = z.object({ CopyVolumesResponse: z.object({ volumeSet: items(z.object({ volumeId })) }) });

const Instances = z.object({ instancesSet: items(z.object({ instanceId })) });

const BlockDevices = z.object({
  blockDeviceMapping: items(z.object({ ebs: z.object({ snapshotId }).nullish().catch(null) })),
});

const instanceIdsIn = (value: unknown): InstanceId[] => {
  return (read(Instances, value)?.instancesSet.items ?? []).flatMap(({ instanceId: id }) => id ?? []);
};

/**
 * How each acquiring call names what it starts from and what it makes.
 * The names are CloudTrail's, which are not the API's: a copy's key is `masterEncryptionKeyId`, and the newer calls
 * wrap request and answer in an object of their own.
 */
const READERS: Readonly<Record<AcquiringCallName, (exchange: Exchange) => Parts>> = {
  CreateSnapshot: ({ request, response, region }) => {
    const source = read(Ids, request)?.volumeId ?? null;
    const made = read(Ids, response)?.snapshotId;
    const parts = nothing(region);
    return {
      ...parts,
      source: { ...parts.source, volumeId: source },
      makes: { ...parts.makes, snapshots: made ? [{ snapshotId: made, volumeId: source }] : [] },
    };
  },
  CreateSnapshots: ({ request, response, region }) => {
    const parts = nothing(region);
    const instance = read(CreateSnapshotsRequest, request)?.CreateSnapshotsRequest.InstanceSpecification?.InstanceId;
    const made = read(CreateSnapshotsResponse, response)?.CreateSnapshotsResponse.snapshotSet.items ?? [];
    const snapshots = made.flatMap(({ snapshotId: id, volumeId: volume }) =>
      id ? [{ snapshotId: id, volumeId: volume ?? null }] : [],
    );
    return {
      ...parts,
      source: { ...parts.source, instanceId: instance ?? null },
      makes: { ...parts.makes, snapshots },
    };
  },
  CopySnapshot: ({ request, response, region }) => {
    const asked = read(CopyRequest, request);
    const made = read(Ids, response)?.snapshotId;
    const parts = nothing(region);
    return {
      source: { ...parts.source, snapshotId: asked?.sourceSnapshotId ?? null, region: asked?.sourceRegion ?? region },
      makes: { ...parts.makes, snapshots: made ? [{ snapshotId: made, volumeId: null }] : [] },
      requestedKey: asked?.masterEncryptionKeyId ?? asked?.kmsKeyId ?? null,
    };
  },
  CopyVolumes: ({ request, response, region }) => {
    const parts = nothing(region);
    const source = read(CopyVolumesRequest, request)?.CopyVolumesRequest.SourceVolumeId ?? null;
    const made = read(CopyVolumesResponse, response)?.CopyVolumesResponse.volumeSet.items[0]?.volumeId ?? null;
    return { ...parts, source: { ...parts.source, volumeId: source }, makes: { ...parts.makes, volumeId: made } };
  },
  ModifySnapshotAttribute: ({ request, region }) => {
    const parts = nothing(region);
    return { ...parts, source: { ...parts.source, snapshotId: read(Ids, request)?.snapshotId ?? null } };
  },
  CreateVolume: ({ request, response, region }) => {
    const asked = read(Ids, request);
    const parts = nothing(region);
    return {
      source: { ...parts.source, snapshotId: asked?.snapshotId ?? null },
      makes: { ...parts.makes, volumeId: read(Ids, response)?.volumeId ?? null },
      requestedKey: asked?.kmsKeyId ?? asked?.masterEncryptionKeyId ?? null,
    };
  },
  AttachVolume: ({ request, region }) => {
    const asked = read(Ids, request);
    const parts = nothing(region);
    return { ...parts, source: { ...parts.source, volumeId: asked?.volumeId ?? null } };
  },
  RunInstances: ({ request, response, region }) => {
    const parts = nothing(region);
    const mappings = read(BlockDevices, request)?.blockDeviceMapping.items ?? [];
    const fromSnapshot = mappings.flatMap(({ ebs }) => ebs?.snapshotId ?? [])[0] ?? null;
    return {
      ...parts,
      source: { ...parts.source, snapshotId: fromSnapshot },
      makes: { ...parts.makes, instanceIds: instanceIdsIn(response) },
    };
  },
  StartInstances: ({ request, region }) => {
    const parts = nothing(region);
    const [first, ...more] = instanceIdsIn(request);
    return {
      ...parts,
      // Of several, a refusal does not tell which: each has a lineage of its own, by which its end is traced.
      source: { ...parts.source, instanceId: more.length === 0 ? (first ?? null) : null },
      makes: { ...parts.makes, instanceIds: instanceIdsIn(request) },
    };
  },
};

/** What an acquiring call starts from and makes. An id that cannot be read is `null`, never an error: the call still counts. */
export const readExchange = (name: AcquiringCallName, exchange: Exchange): Parts => READERS[name](exchange);
