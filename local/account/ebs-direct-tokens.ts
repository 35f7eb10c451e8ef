import type { Ground } from './call.ts';

/**
 * The tokens of the EBS direct APIs: opaque to the caller, bound to a snapshot and a place in it, and good for a while.
 * They differ from listing to listing; that a later listing ends the tokens of an earlier one is not documented.
 * "Concepts for EBS direct APIs", Amazon EBS User Guide
 */

export const blockTokenSeconds = 7 * 24 * 3_600;
export const pageTokenSeconds = 60 * 60;

const written = (kind: 'block' | 'page', snapshotId: string, index: number, issuedAt: Date): string =>
  Buffer.from(`${kind} ${snapshotId} ${index} ${issuedAt.getTime()}`).toString('base64');

export const blockToken = (snapshotId: string, index: number, issuedAt: Date): string =>
  written('block', snapshotId, index, issuedAt);

export const pageToken = (snapshotId: string, index: number, issuedAt: Date): string =>
  written('page', snapshotId, index, issuedAt);

/** The index of a token that is of this kind and snapshot, and not older than its kind gets. */
const indexIn = (ground: Ground, token: string, kind: 'block' | 'page', snapshotId: string, lifetime: number) => {
  const text = Buffer.from(token, 'base64').toString();
  const [, of, snapshot, index, issuedAt] = /^(block|page) (\S+) (\d+) (\d+)$/.exec(text) ?? [];
  const age = ground.now().getTime() - Number(issuedAt);
  return of === kind && snapshot === snapshotId && age <= lifetime * 1000 ? Number(index) : null;
};

/** Where the next page begins; `null`: the token is none of this snapshot's, or too old. */
export const pageStart = (ground: Ground, token: string, snapshotId: string): number | null =>
  indexIn(ground, token, 'page', snapshotId, pageTokenSeconds);

export const opensBlock = (ground: Ground, token: string, snapshotId: string, index: number): boolean =>
  indexIn(ground, token, 'block', snapshotId, blockTokenSeconds) === index;
