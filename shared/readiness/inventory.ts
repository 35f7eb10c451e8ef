import type { Custody } from '#shared/aws/session';
import type { Flow } from '#shared/case/flow';
import type { Settings } from '#shared/settings';
import { accountOfArn, regionOfArn } from './arns.ts';
import { situationId } from './entries.ts';
import { absent, type Cursor, type Listed, listOne, listPage, START } from './listing.ts';
import { drained, type ReadinessTools, type Run } from './run-context.ts';
import type { Scope } from './scope.ts';
import type { Place } from './ways.ts';

const tagCondition = ({ SSM_TAG_KEY: key, SSM_TAG_VALUE: value }: Settings) => ({ key, value });

/** What a page came to, as a durable step keeps it: its rows stand in the bucket. */
interface PageKept {
  readonly because: string | null;
  readonly next: Cursor | null;
  readonly rows: number;
  /** Machines that can be reached by Systems Manager. */
  readonly reachable: number;
  readonly situations: readonly string[];
}

const pageStep = (
  flow: Flow,
  { keep, custody: calls }: Run,
  name: string,
  read: (custody: Custody) => Promise<Listed>,
): Promise<PageKept> =>
  flow
    .step(name, async (custody): Promise<PageKept> => {
      const listed = await read(custody);
      drained(calls, custody);
      if (!listed.read) return { because: listed.because, next: null, rows: 0, reachable: 0, situations: [] };
      await keep(custody, `${name}.json`, listed.rows);
      const situations = [...new Set(listed.rows.flatMap(({ volumes }) => volumes.map(({ situation }) => situation)))];
      return {
        because: null,
        next: listed.next,
        rows: listed.rows.length,
        reachable: listed.rows.filter(({ triage }) => triage.open).length,
        situations,
      };
    })
    .catch((error: Error) => ({ because: error.message, next: null, rows: 0, reachable: 0, situations: [] }));

/** What there is: its machines by page, and all that is to be examined. */
export interface Inventory {
  readonly pages: readonly string[];
  readonly situations: ReadonlySet<string>;
  readonly reachable: number;
  readonly unread: readonly string[];
}

/** Of the 3,000 operations of a durable execution; the others are for keys. */
const MOST_PAGES = 1_500;
const NO_ROOM = 'one run has no room for more pages; name fewer `accounts` or `regions`';

/** Lists what is in scope, a page a step. */
export const inventoryOf = async (flow: Flow, tools: ReadinessTools, run: Run, scope: Scope): Promise<Inventory> => {
  const pages: string[] = [];
  const situations = new Set<string>();
  const unread: string[] = [];
  const tag = tagCondition(tools.settings);
  let rows = 0;
  let reachable = 0;

  const take = (name: string, place: Place, page: PageKept): void => {
    if (page.because === null) pages.push(name);
    else unread.push(`account ${place.accountId}, ${place.region}: ${page.because}`);
    for (const situation of page.situations) situations.add(situation);
    rows += page.rows;
    reachable += page.reachable;
    tools.progress({ listed: name, machines: rows, keys: situations.size });
  };

  if (scope.kind === 'key') {
    const { keyArn } = scope;
    const place = { accountId: accountOfArn(keyArn), region: regionOfArn(keyArn) };
    situations.add(situationId({ ...place, encrypted: true, keyArn }));
  } else if (scope.kind === 'instance') {
    const { place, instanceId } = scope;
    const name = 'rows-0';
    const read = (custody: Custody) => listOne(run.shelf, custody, place, { instanceId }, tag);
    const page = await pageStep(flow, run, name, read);
    const because = page.because ?? (page.rows === 0 ? absent(instanceId, place) : null);
    take(name, place, { ...page, because });
  } else {
    for (const place of scope.places) {
      let cursor: Cursor | null = START;
      while (cursor !== null) {
        if (pages.length >= MOST_PAGES) {
          unread.push(`account ${place.accountId}, ${place.region}: ${NO_ROOM}`);
          break;
        }
        const name = `rows-${place.accountId}-${place.region}-${pages.length}`;
        const here: Cursor = cursor;
        const page: PageKept = await pageStep(flow, run, name, (custody) =>
          listPage(run.shelf, custody, place, here, tag),
        );
        take(name, place, page);
        cursor = page.next;
      }
    }
  }
  return { pages, situations, reachable, unread };
};
