import type { Origin } from '#shared/case/case';
import type { AcquiringCall } from '#shared/signal/signal';

/** What lineage is kept of: the things an acquisition makes on its way. */
export type Subject = `snapshot#${string}` | `volume#${string}` | `instance#${string}`;

/** What a call starts from, as a subject whose own lineage may be known already. */
export const sourceOf = ({ source }: AcquiringCall): Subject | null => {
  if (source.snapshotId !== null) return `snapshot#${source.snapshotId}`;
  if (source.volumeId !== null) return `volume#${source.volumeId}`;
  return null;
};

/** Where a call's evidence stands by the call alone: the call reads from a volume or instance of its own account. */
const originByItself = ({ accountId, source, makes, name }: AcquiringCall): Origin => ({
  accountId,
  region: source.region,
  instanceId: source.instanceId,
  // A volume that is created or attached is the platform's own, made on the way; it is no evidence itself.
  volumeId: name === 'AttachVolume' ? null : (source.volumeId ?? makes.snapshots[0]?.volumeId ?? null),
  snapshotId: source.snapshotId,
});

/** INVARIANT: what is known of the source wins over what the call tells, for the source is nearer to the evidence. */
export const originOf = (call: AcquiringCall, known: Origin | null): Origin => known ?? originByItself(call);

/**
 * The things a call makes, each with where its evidence stands. The snapshots of a whole instance are told apart by
 * their volumes; a lone volume's is as its origin says, for the volume may be the platform's own.
 */
export const lineageOf = (call: AcquiringCall, origin: Origin): { subject: Subject; origin: Origin }[] => {
  const snapshots = call.makes.snapshots.map(({ snapshotId, volumeId }) => ({
    subject: `snapshot#${snapshotId}` as const,
    origin: call.source.volumeId === null ? { ...origin, volumeId: volumeId ?? origin.volumeId } : origin,
  }));
  const volumes = call.makes.volumeId === null ? [] : [{ subject: `volume#${call.makes.volumeId}` as const, origin }];
  // An instance that is started is its own evidence; one that is launched is the platform's, made from a snapshot.
  const instances = call.makes.instanceIds.map((id) => ({
    subject: `instance#${id}` as const,
    origin: call.name === 'StartInstances' ? { ...origin, instanceId: id } : origin,
  }));
  return [...snapshots, ...volumes, ...instances];
};
