import { createHash } from 'node:crypto';
import * as z from 'zod';
import { BLOCK_BYTES } from '#shared/aws/ebs-blocks';
import type { EvidenceBucket } from '#shared/aws/evidence-bucket';
import type { AwsSession, Custody, Sessions } from '#shared/aws/session';
import type { Settings } from '#shared/settings';
import { attempting, type Pacing } from './attempts.ts';
import { type BlockChecksum, packed, unpacked } from './checksums.ts';
import { type BlockSink, type BlockSource, copyLane, type LaneProgress } from './copy-lane.ts';
import type {
  ChecksumPart,
  CopyAnswer,
  CopyRequest,
  LaneRequest,
  VerifyAnswer,
  VerifyRequest,
} from './lane-request.ts';
import { verifyPart } from './verify-lane.ts';

export interface CopyTools {
  readonly settings: Pick<Settings, 'ACCOUNT_ID' | 'AWS_REGION'>;
  readonly sessions: Sessions;
  readonly bucket: EvidenceBucket;
  readonly pacing: Pacing;
  /** Milliseconds that the function may still run. */
  readonly remaining: () => number;
}

/** Blocks under way at once: at 100 ms a block there and back, three times what a function's network carries. */
const PARALLEL = 24;
/** What a worker keeps for the blocks under way and for its checksums. */
const MARGIN_MILLISECONDS = 60_000;

/** A listed block that cannot be read is an error: passed over, it would be missing from a copy that nobody misses it in. */
const Page = z.object({
  Blocks: z.array(z.object({ BlockIndex: z.int().min(0), BlockToken: z.string().min(1) })).default([]),
  BlockSize: z.literal(BLOCK_BYTES).optional(),
  NextToken: z.string().min(1).optional(),
});

const sourceIn = async (session: AwsSession, snapshotId: string): Promise<BlockSource> => {
  const ebs = await session.ebsDirect();
  return {
    async list(start, most) {
      const { Blocks, NextToken } = Page.parse(await ebs.list(snapshotId, start, most));
      return { blocks: Blocks.map(({ BlockIndex: index, BlockToken: token }) => ({ index, token })), next: NextToken };
    },
    get: ({ index, token }, room) => ebs.get(snapshotId, index, token, room),
  };
};

const sinkIn = async (session: AwsSession, snapshotId: string): Promise<BlockSink> => {
  const ebs = await session.ebsDirect();
  return {
    async put(index, bytes, sha256) {
      await ebs.put(snapshotId, index, bytes, sha256);
    },
  };
};

const eight = (block: number): string => String(block).padStart(8, '0');

/** The name says which blocks of the lane it covers: a worker that runs twice writes the same part twice. */
const pathOf = ({ volumeId, lane, from }: CopyRequest, { next }: LaneProgress): string =>
  `unencrypted-copy/${volumeId}/${String(lane.number).padStart(2, '0')}-${eight(from)}-${next === null ? 'end' : eight(next)}.sums`;

/** One line for all the blocks of a worker and side: a line for each block would be a log that nobody can read. */
const custodyOf = async (
  { there, here }: { readonly there: AwsSession; readonly here: AwsSession },
  { source, copy, lane, from }: CopyRequest,
  { checksums, next, trouble }: LaneProgress,
): Promise<Custody> => {
  const at = new Date().toISOString();
  const result = trouble === null ? 'ok' : trouble.name;
  const span = `lane ${lane.number} of ${lane.of}, from block ${from} to ${next ?? 'its end'}`;
  const line = { at, requestId: null, result };
  return [
    {
      ...line,
      caller: await there.caller,
      accountId: there.accountId,
      region: there.region,
      api: 'ebs:GetSnapshotBlock',
      on: `${source.snapshotId}: ${checksums.length} blocks listed, read and checked, ${span}`,
    },
    {
      ...line,
      caller: await here.caller,
      accountId: here.accountId,
      region: here.region,
      api: 'ebs:PutSnapshotBlock',
      on: `${copy.snapshotId}: ${checksums.length} blocks written, ${span}`,
    },
  ];
};

/**
 * Copies a lane of a snapshot as far as the time allows, and keeps the checksums of what it copied.
 * @throws where not a single block could be copied: then there is nothing to go on from
 */
const copy = async (request: CopyRequest, tools: CopyTools): Promise<CopyAnswer> => {
  const { sessions, settings, bucket, pacing, remaining } = tools;
  const hasTime = () => remaining() > MARGIN_MILLISECONDS;
  const { accountId, region } = request.source;
  const [there, here, home] = await Promise.all([
    sessions.at(accountId, region),
    sessions.at(settings.ACCOUNT_ID, region),
    sessions.at(settings.ACCOUNT_ID, settings.AWS_REGION),
  ]);
  const progress = await copyLane(request, {
    source: await sourceIn(there, request.source.snapshotId),
    sink: await sinkIn(here, request.copy.snapshotId),
    attempt: attempting(pacing, hasTime),
    hasTime,
    parallel: PARALLEL,
  });
  const { checksums, next, trouble } = progress;
  if (trouble !== null && checksums.length === 0) throw trouble;

  const custody = await custodyOf({ there, here }, request, progress);
  const said = trouble === null ? null : `${trouble.name}: ${trouble.message}`.slice(0, 300);
  if (checksums.length === 0) return { part: null, next, trouble: said, custody };
  const bytes = packed(checksums);
  const path = pathOf(request, progress);
  await bucket.put(custody, home, `cases/${request.caseId}/${path}`, bytes, 'application/octet-stream');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const part = { path, from: request.from, to: next, blocks: checksums.length, bytes: bytes.length, sha256 };
  return { part, next, trouble: said, custody };
};

/** The checksums of a part, as the bucket has them. @throws Error where they are not those that were written */
const partIn = async (tools: CopyTools, caseId: string, part: ChecksumPart): Promise<BlockChecksum[]> => {
  const bytes = await tools.bucket.bytes(`cases/${caseId}/${part.path}`);
  if (createHash('sha256').update(bytes).digest('hex') !== part.sha256)
    throw new Error(`${part.path} in the evidence bucket is not what was written`);
  return unpacked(bytes);
};

/** Verifies the parts of a lane in turn, as far as the time allows. */
const verify = async (request: VerifyRequest, tools: CopyTools): Promise<VerifyAnswer> => {
  const { sessions, settings, pacing, remaining } = tools;
  const { caseId, source, lane, parts } = request;
  const hasTime = () => remaining() > MARGIN_MILLISECONDS;
  const here = await sessions.at(settings.ACCOUNT_ID, source.region);
  const checking = {
    source: await sourceIn(here, request.copy.snapshotId),
    attempt: attempting(pacing, hasTime),
  };
  let looked = 0;
  let differs: string | null = null;
  for (const part of parts) {
    if (!hasTime() || differs !== null) break;
    differs = await verifyPart(checking, lane, part, await partIn(tools, caseId, part));
    looked += 1;
  }
  const custody = [
    {
      at: new Date().toISOString(),
      caller: await here.caller,
      accountId: here.accountId,
      region: here.region,
      api: 'ebs:GetSnapshotBlock',
      requestId: null,
      result: differs === null ? 'ok' : 'Differs',
      on: `${request.copy.snapshotId}: ${looked} parts of lane ${lane.number} of ${lane.of} compared with their checksums`,
    },
  ];
  return { parts: looked, differs, custody };
};

/** A lane of a copy, as far as a run of the function goes. */
export const copyBlocks = (request: LaneRequest, tools: CopyTools): Promise<CopyAnswer | VerifyAnswer> =>
  request.do === 'copy' ? copy(request, tools) : verify(request, tools);
