import type { ListSnapshotBlocksCommandInput, ListSnapshotBlocksCommandOutput } from '@aws-sdk/client-ebs';
import { blockBytes } from './blocks.ts';
import type { Call, Ground } from './call.ts';
import { invalid } from './ebs-direct-errors.ts';
import { blockToken, blockTokenSeconds, pageStart, pageToken } from './ebs-direct-tokens.ts';
import type { Snapshot } from './state.ts';

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_ListSnapshotBlocks.html */
const results = { least: 100, most: 10_000, usual: 1_000 };

/**
 * How far one page looks. AWS documents that a page may hold fewer blocks than it could, or none, and go on all the
 * same, not when: here a hole of more than 2 GiB gives empty pages.
 */
export const pageWindow = 4_096;

/** One page of the written blocks of a snapshot, in ascending order. */
export const blockPage = (
  ground: Ground,
  call: Call<ListSnapshotBlocksCommandInput>,
  snapshot: Snapshot,
): Omit<ListSnapshotBlocksCommandOutput, '$metadata'> => {
  const { MaxResults = results.usual } = call.input;
  if (MaxResults < results.least || MaxResults > results.most) {
    throw invalid(call, 'INVALID_PARAMETER_VALUE', `MaxResults is ${results.least} to ${results.most}.`);
  }
  const first = firstIndex(ground, call, snapshot);
  const written = writtenFrom(snapshot, first);
  const page = written.filter((index) => index < first + pageWindow).slice(0, MaxResults);
  const isFull = page.length === MaxResults;
  const next = isFull ? written[page.length] : first + pageWindow;
  const isLast = page.length === written.length || next === undefined;
  const now = ground.now();
  return {
    Blocks: page.map((BlockIndex) => ({ BlockIndex, BlockToken: blockToken(snapshot.snapshotId, BlockIndex, now) })),
    BlockSize: blockBytes,
    VolumeSize: snapshot.sizeGiB,
    ExpiryTime: new Date(now.getTime() + blockTokenSeconds * 1000),
    NextToken: isLast ? undefined : pageToken(snapshot.snapshotId, next, now),
  };
};

/** With a token, the index that is given beside it is ignored. */
const firstIndex = (ground: Ground, call: Call<ListSnapshotBlocksCommandInput>, { snapshotId }: Snapshot): number => {
  const { NextToken, StartingBlockIndex = 0 } = call.input;
  if (NextToken === undefined) {
    if (StartingBlockIndex >= 0) return StartingBlockIndex;
    throw invalid(call, 'INVALID_PARAMETER_VALUE', `There is no block ${StartingBlockIndex}.`);
  }
  const start = pageStart(ground, NextToken, snapshotId);
  if (start === null) throw invalid(call, 'INVALID_PAGE_TOKEN', 'The page token is invalid or has expired.');
  return start;
};

const sorted = new WeakMap<Snapshot, { readonly size: number; readonly indices: readonly number[] }>();

/** A completed snapshot does not change: its indices are sorted once. */
const writtenFrom = (snapshot: Snapshot, first: number): readonly number[] => {
  const { size } = snapshot.blocks;
  const known = sorted.get(snapshot);
  const indices = known?.size === size ? known.indices : [...snapshot.blocks.keys()].sort((a, b) => a - b);
  sorted.set(snapshot, { size, indices });
  const start = indices.findIndex((index) => index >= first);
  return start < 0 ? [] : indices.slice(start);
};
