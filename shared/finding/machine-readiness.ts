import type { Custody, Sessions } from '#shared/aws/session';
import { situationOf, verdictOfRow } from '#shared/readiness/entries';
import { examining } from '#shared/readiness/examining';
import { listOne } from '#shared/readiness/listing';
import type { OutlookEntry, Row } from '#shared/readiness/report';
import { shelfOf, ThrottledError } from '#shared/readiness/shelf';
import type { Verdict } from '#shared/readiness/verdict';
import type { Place } from '#shared/readiness/ways';
import type { Settings } from '#shared/settings';

/** What an acquisition of one machine would come to. */
export type MachineReadiness =
  | { readonly found: true; readonly row: Row; readonly verdict: Verdict; readonly outlooks: readonly OutlookEntry[] }
  | { readonly found: false; readonly because: string };

interface Tools {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** Seconds before what was throttled is asked again; after the last, it is unknown. */
const AGAIN_AFTER = [2, 8] as const;

/** Asks at once, of one machine. Facts are read for it alone. */
export const readinessOf = async (
  { settings, sessions, sleep }: Tools,
  place: Place,
  by: { readonly instanceId: string } | { readonly volumeId: string },
): Promise<MachineReadiness> => {
  const custody: Custody = [];
  const shelf = shelfOf({ settings, sessions }, custody, {
    responseRoles: [],
    platformKeyArn: null,
    sessionPolicies: [],
  });
  const tag = { key: settings.SSM_TAG_KEY, value: settings.SSM_TAG_VALUE };
  const listed = await listOne(shelf, custody, place, by, tag);
  if (!listed.read) return { found: false, because: listed.because };
  const [row] = listed.rows;
  if (row === undefined) return { found: false, because: 'there is no such machine' };
  const situations = [...new Set(row.volumes.map(({ situation }) => situation))].map(situationOf);
  const { examine } = examining(settings, shelf);

  const examined = async (pauses: readonly number[]): Promise<readonly OutlookEntry[]> => {
    const [pause, ...rest] = pauses;
    if (pause === undefined) shelf.impatient();
    try {
      return await examine(situations);
    } catch (error) {
      if (!(error instanceof ThrottledError) || pause === undefined) throw error;
      await sleep(pause * 1_000);
      return examined(rest);
    }
  };
  const outlooks = await examined(AGAIN_AFTER);
  return { found: true, row, verdict: verdictOfRow(row, new Map(outlooks.map((one) => [one.id, one]))), outlooks };
};
