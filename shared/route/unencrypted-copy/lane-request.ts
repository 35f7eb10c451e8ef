import * as z from 'zod';
import { parse } from '#shared/signal/envelope';
import { AccountId, Region, SnapshotId, VolumeId } from '#shared/signal/identifiers';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A part of a copy's checksums, as it stands in the evidence bucket. */
export const ChecksumPart = z.strictObject({
  /** Path below the case's folder. */
  path: z.string().regex(/^unencrypted-copy\/vol-[0-9a-f]{8,17}\/[\w-]{1,64}\.sums$/),
  /** The blocks of the lane that it covers; `to` is one past the last, `null` for the lane's end. */
  from: z.int().min(0),
  to: z.int().min(1).nullable(),
  /** How many of them were written. */
  blocks: z.int().min(1),
  bytes: z.int().min(1),
  sha256: Sha256,
});
export type ChecksumPart = z.infer<typeof ChecksumPart>;

/** A lane of a copy, in whichever way it is looked at. */
const LaneOfCopy = z.strictObject({
  caseId: z.string().regex(/^[\w.-]{1,128}$/, 'expected the id of a case'),
  volumeId: VolumeId,
  source: z.strictObject({ accountId: AccountId, region: Region, snapshotId: SnapshotId }),
  /** In Unlatch's own account, in the source's Region. */
  copy: z.strictObject({ snapshotId: SnapshotId }),
  lane: z
    .strictObject({
      number: z.int().min(0),
      of: z.int().min(1).max(64),
      sizeGiB: z.int().min(1).max(65_536),
    })
    .refine(({ number, of }) => number < of, { error: ({ input }) => `expected a lane of ${Object(input).of}` }),
});

/** What `copy-blocks` is asked for: to copy a lane from where it got to, or to verify the parts of one. */
export const LaneRequest = z.discriminatedUnion('do', [
  LaneOfCopy.extend({ do: z.literal('copy'), from: z.int().min(0), everyBlock: z.boolean() }),
  LaneOfCopy.extend({ do: z.literal('verify'), parts: z.array(ChecksumPart).max(1_000) }),
]);
export type LaneRequest = z.infer<typeof LaneRequest>;
export type CopyRequest = Extract<LaneRequest, { do: 'copy' }>;
export type VerifyRequest = Extract<LaneRequest, { do: 'verify' }>;

const CustodyLines = z.array(
  z.object({
    at: z.string(),
    caller: z.string(),
    accountId: z.string(),
    region: z.string(),
    api: z.string(),
    requestId: z.string().nullable(),
    result: z.string(),
    on: z.string(),
  }),
);

/** How far a copy got. */
export const CopyAnswer = z.object({
  /** `null` where nothing was written. */
  part: ChecksumPart.nullable(),
  /** Where the next worker goes on; `null` at the end of the lane. */
  next: z.int().min(0).nullable(),
  /** What stopped it, in one line; `null` for want of time. */
  trouble: z.string().nullable(),
  custody: CustodyLines,
});
export type CopyAnswer = z.infer<typeof CopyAnswer>;

/** How far a verification got. */
export const VerifyAnswer = z.object({
  /** How many of the parts were looked at. */
  parts: z.int().min(0),
  /** What differs, in one line; `null` where nothing does. */
  differs: z.string().nullable(),
  custody: CustodyLines,
});
export type VerifyAnswer = z.infer<typeof VerifyAnswer>;

/** @throws MalformedEventError naming the field and what was expected */
export const parseLaneRequest = (event: unknown): LaneRequest => parse(LaneRequest, event, '');
