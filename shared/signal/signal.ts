import * as z from 'zod';
import { LAYERS } from '#shared/policy/layer';
import { AccountId, InstanceId, KeyArn, Region, SnapshotId, VolumeId } from './identifiers.ts';

/** The policy layers that can refuse a KMS request; `key-state` is the key itself. */
export const Layer = z.enum(LAYERS);
export type Layer = z.infer<typeof Layer>;

/** KMS refused, in whichever of its shapes. `null` stands for what the shape does not tell. */
export const Denial = z.object({
  action: z.string().nullable(),
  keyArn: KeyArn.nullable(),
  /** As the message states it; `null` where the wording leaves it open. */
  layer: Layer.nullable(),
  explicit: z.boolean(),
  policyArn: z.string().nullable(),
  /** ARN of the session, user or service that was refused. */
  principal: z.string().nullable(),
  roleName: z.string().nullable(),
  /** With its path, which a session's ARN leaves out; `null` where the shape does not hold it. */
  roleArn: z.string().nullable().default(null),
  sessionName: z.string().nullable(),
  /** The service that called KMS for the principal, as CloudTrail's `invokedBy` names it. */
  via: z.string().nullable(),
  /** The VPC endpoint of the caller's own through which KMS was asked. */
  vpcEndpointId: z.string().nullable().default(null),
  requestId: z.string().nullable(),
  /** Whether KMS was asked while a call was being answered: then the request id is that call's. `null`: not told. */
  inCall: z.boolean().nullable(),
  accountId: AccountId,
  region: Region,
  /** ISO 8601 in UTC; `null` where the event's own time is none. */
  time: z.string().nullable(),
  /** AWS's words, at most 4,096 characters of them. */
  message: z.string(),
});
export type Denial = z.infer<typeof Denial>;

export const AcquiringCallName = z.enum([
  'CreateSnapshot',
  'CreateSnapshots',
  'CopySnapshot',
  'CopyVolumes',
  'ModifySnapshotAttribute',
  'CreateVolume',
  'AttachVolume',
  'RunInstances',
  'StartInstances',
]);
export type AcquiringCallName = z.infer<typeof AcquiringCallName>;

/** One EC2 call of an acquisition, accepted or refused. */
export const AcquiringCall = z.object({
  name: AcquiringCallName,
  principal: z.string(),
  requestId: z.string(),
  accountId: AccountId,
  region: Region,
  time: z.string().nullable(),
  /** What the call starts from. A copy's source may lie in another Region. */
  source: z.object({
    snapshotId: SnapshotId.nullable(),
    volumeId: VolumeId.nullable(),
    instanceId: InstanceId.nullable(),
    region: Region,
  }),
  /** What the call makes. */
  makes: z.object({
    snapshots: z.array(z.object({ snapshotId: SnapshotId, volumeId: VolumeId.nullable() })),
    volumeId: VolumeId.nullable(),
    instanceIds: z.array(InstanceId),
  }),
  /** The key that was asked for: an ARN, an id or an alias, as the caller wrote it. */
  requestedKey: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type AcquiringCall = z.infer<typeof AcquiringCall>;

/** EBS or EC2 said how a thing ended. */
export const Outcome = z.object({
  event: z.string(),
  result: z.string(),
  succeeded: z.boolean(),
  cause: z.string(),
  requestId: z.string().nullable(),
  accountId: AccountId,
  region: Region,
  time: z.string().nullable(),
  snapshotId: SnapshotId.nullable(),
  volumeId: VolumeId.nullable(),
  instanceId: InstanceId.nullable(),
  /** The second resource of a volume notification: always the target key, also where the source key refused. */
  targetKeyArn: KeyArn.nullable(),
});
export type Outcome = z.infer<typeof Outcome>;

/** One thing AWS reported, parsed. A refused call or a failed outcome carries the denial that its text tells of. */
export type Signal =
  | { readonly kind: 'call'; readonly call: AcquiringCall; readonly denial: Denial | null }
  | { readonly kind: 'denial'; readonly denial: Denial }
  | { readonly kind: 'outcome'; readonly outcome: Outcome; readonly denial: Denial | null };

/** What an event comes to: a signal, or the reason why it is none. */
export type Reading = { readonly signal: Signal } | { readonly ignored: string };

/** Whose work is watched, and whose is left out. Patterns are role names with `*` for any run of characters. */
export interface Watch {
  readonly responseRole: string;
  /** The remediator's own roles: its probes must not trigger it. */
  readonly ownRoles: readonly string[];
}
