import { instancePage, instancesBy, loneVolumePage } from '#shared/aws/fleet';
import { type AwsSession, type Custody, errorName, isRefusal } from '#shared/aws/session';
import type { TagCondition } from '#shared/route/ssm-triage/assess';
import { loneRowOf, rowOf } from './entries.ts';
import type { Row } from './report.ts';
import type { Shelf } from './shelf.ts';
import type { Place } from './ways.ts';

/** Where a listing goes on: among the instances, or among the volumes that hang on none. */
export interface Cursor {
  readonly of: 'instances' | 'volumes';
  readonly after: string | null;
}

export const START: Cursor = { of: 'instances', after: null };

export type Listed =
  | { readonly read: true; readonly rows: readonly Row[]; readonly next: Cursor | null }
  | { readonly read: false; readonly because: string };

/** A refusal is an answer; throttles throw, and are tried again. */
const lookedFor = async (
  shelf: Shelf,
  place: Place,
  list: (session: AwsSession) => Promise<Listed>,
): Promise<Listed> => {
  const session = await shelf.sessionAt(place);
  if (!session.known) return { read: false, because: session.because };
  try {
    return await list(session.value);
  } catch (error) {
    if (!isRefusal(errorName(error))) throw error;
    return { read: false, because: `Unlatch may not list what is there: ${errorName(error)}` };
  }
};

/** One page of what stands in an account and Region. */
export const listPage = (
  shelf: Shelf,
  custody: Custody,
  place: Place,
  { of, after }: Cursor,
  tag: TagCondition,
): Promise<Listed> =>
  lookedFor(shelf, place, async (session) => {
    if (of === 'instances') {
      const { items, next } = await instancePage(session, custody, after);
      const rows = items.map((instance) => rowOf(instance, tag));
      return { read: true, rows, next: next === null ? { of: 'volumes', after: null } : { of, after: next } };
    }
    const { items, next } = await loneVolumePage(session, custody, after);
    const rows = items.map((volume) => loneRowOf(place, volume));
    return { read: true, rows, next: next === null ? null : { of, after: next } };
  });

/** One instance by its id, or those on which a volume hangs; no row where there is none. */
export const listOne = (
  shelf: Shelf,
  custody: Custody,
  place: Place,
  by: { readonly instanceId: string } | { readonly volumeId: string },
  tag: TagCondition,
): Promise<Listed> =>
  lookedFor(shelf, place, async (session) => {
    const instances = await instancesBy(session, custody, by);
    return { read: true, rows: instances.map((instance) => rowOf(instance, tag)), next: null };
  });

export const absent = (named: string, { accountId, region }: Place): string =>
  `there is no instance of ${named} in account ${accountId}, ${region}`;
