import type { Custody, Sessions } from '#shared/aws/session';
import { situationOf, verdictOfRow } from '#shared/readiness/entries';
import type { Situation } from '#shared/readiness/examination';
import { examining } from '#shared/readiness/examining';
import { absent, listOne } from '#shared/readiness/listing';
import type { OutlookEntry, Row } from '#shared/readiness/report';
import { shelfOf, ThrottledError } from '#shared/readiness/shelf';
import type { Verdict } from '#shared/readiness/verdict';
import type { Place } from '#shared/readiness/ways';
import type { Settings } from '#shared/settings';

/** What an acquisition of one machine would come to. */
export type MachineReadiness =
  | {
      readonly found: true;
      readonly row: Row;
      /** Other machines on which the volume hangs by which this one was found. */
      readonly besides: readonly string[];
      readonly verdict: Verdict;
      readonly outlooks: readonly OutlookEntry[];
    }
  | { readonly found: false; readonly verdict: 'undetermined' | 'not-found'; readonly because: string };

interface Tools {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** Seconds before what was throttled is asked again; after the last, it is unknown. */
const AGAIN_AFTER = [2, 8] as const;

export type By = { readonly instanceId: string } | { readonly volumeId: string };
export type AskMachine = (place: Place, by: By) => Promise<MachineReadiness>;

/** Asks at once, machine by machine. What several of one finding have in common is read once. */
export const machineReadiness = ({ settings, sessions, sleep }: Tools): AskMachine => {
  const custody: Custody = [];
  const told = { responseRoles: [], platformKeyArn: null, sessionPolicies: [], endpointPolicy: null };
  const shelf = shelfOf({ settings, sessions }, custody, told);
  const { examine } = examining(settings, shelf);
  /** Machines that are asked for the last time: as long as there are any, nobody waits for throttles. */
  let hurried = 0;
  const hurry = (more: 1 | -1): void => {
    hurried += more;
    shelf.waitsForThrottles(hurried === 0);
  };
  const tag = { key: settings.SSM_TAG_KEY, value: settings.SSM_TAG_VALUE };

  const examined = async (
    situations: readonly Situation[],
    [pause, ...rest]: readonly number[],
  ): Promise<readonly OutlookEntry[]> => {
    if (pause === undefined) hurry(1);
    try {
      return await examine(situations);
    } catch (error) {
      if (!(error instanceof ThrottledError) || pause === undefined) throw error;
      await sleep(pause * 1_000);
      return examined(situations, rest);
    } finally {
      if (pause === undefined) hurry(-1);
    }
  };

  return async (place, by) => {
    const listed = await listOne(shelf, custody, place, by, tag);
    if (!listed.read) return { found: false, verdict: 'undetermined', because: listed.because };
    const [row, ...others] = listed.rows;
    const named = 'instanceId' in by ? by.instanceId : by.volumeId;
    if (row === undefined) return { found: false, verdict: 'not-found', because: absent(named, place) };
    const situations = [...new Set(row.volumes.map(({ situation }) => situation))].map(situationOf);
    const outlooks = await examined(situations, AGAIN_AFTER);
    const verdict = verdictOfRow(row, new Map(outlooks.map((one) => [one.id, one])));
    return { found: true, row, besides: others.flatMap(({ instanceId }) => instanceId ?? []), verdict, outlooks };
  };
};
