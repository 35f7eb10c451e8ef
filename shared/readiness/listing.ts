import { instanceAlone, instancePage, loneVolumePage } from '#shared/aws/fleet';
import type { Custody } from '#shared/aws/session';
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

/** One page of what stands in an account and Region. A refusal is an answer; throttles throw, and are tried again. */
export const listPage = async (
  shelf: Shelf,
  custody: Custody,
  place: Place,
  { of, after }: Cursor,
  tag: TagCondition,
): Promise<Listed> => {
  const session = await shelf.sessionAt(place);
  if (!session.known) return { read: false, because: session.because };
  if (of === 'instances') {
    const { items, next } = await instancePage(session.value, custody, after);
    const rows = items.map((instance) => rowOf(instance, tag));
    return { read: true, rows, next: next === null ? { of: 'volumes', after: null } : { of, after: next } };
  }
  const { items, next } = await loneVolumePage(session.value, custody, after);
  const rows = items.map((volume) => loneRowOf(place, volume));
  return { read: true, rows, next: next === null ? null : { of, after: next } };
};

/** One instance, by its id or by one of its volumes. */
export const listOne = async (
  shelf: Shelf,
  custody: Custody,
  place: Place,
  by: { readonly instanceId: string } | { readonly volumeId: string },
  tag: TagCondition,
): Promise<Listed> => {
  const session = await shelf.sessionAt(place);
  if (!session.known) return { read: false, because: session.because };
  const instance = await instanceAlone(session.value, custody, by);
  const named = 'instanceId' in by ? by.instanceId : by.volumeId;
  if (instance === null)
    return { read: false, because: `there is no instance of ${named} in account ${place.accountId}, ${place.region}` };
  return { read: true, rows: [rowOf(instance, tag)], next: null };
};
