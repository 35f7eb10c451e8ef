import { z } from 'zod';
import type { EvidenceBucket } from '#shared/aws/evidence-bucket';
import type { Notice } from '#shared/aws/notice';
import type { Custody, Sessions } from '#shared/aws/session';
import type { Flow } from '#shared/case/flow';
import type { Settings } from '#shared/settings';
import { accountOfArn, regionOfArn } from './arns.ts';
import { assembled, type Gathered, summaryLines } from './assembly.ts';
import type { Seen } from './checks.ts';
import { situationId, situationOf } from './entries.ts';
import { examining, keysIn } from './examining.ts';
import { checkHealth } from './health.ts';
import { type Cursor, type Listed, listOne, listPage, START } from './listing.ts';
import { type HealthCheck, OutlookEntry, type ReadinessReport, type RefusalEntry, Row } from './report.ts';
import type { ReadinessRequest } from './request.ts';
import { type Shelf, shelfOf } from './shelf.ts';
import { readinessCsv } from './to-csv.ts';
import { readinessHtml } from './to-html.ts';
import type { Place } from './ways.ts';

export interface ReadinessTools {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly bucket: EvidenceBucket;
  readonly notice: Pick<Notice, 'readinessDone'>;
  /** How far a long run is. */
  readonly progress: (said: Readonly<Record<string, unknown>>) => void;
}

/** What an execution answers: counts, and where the report stands. */
export interface ReadinessSummary {
  readonly runId: string;
  readonly machines: ReadinessReport['machines'];
  readonly volumes: ReadinessReport['volumes'];
  readonly health: Readonly<Record<HealthCheck['result'], number>>;
  readonly unread: readonly string[];
  /** `s3://…/readiness.html` and its siblings. */
  readonly report: string;
  /** Of one instance or one key: what was found, at once. */
  readonly answers?: readonly Answer[];
}

/** What an acquisition in one situation would come to, in short. */
export type Answer = Pick<OutlookEntry, 'id' | 'verdict' | 'missing' | 'copy'> & {
  readonly refusals: readonly Pick<RefusalEntry, 'cause' | 'explanation' | 'fixes'>[];
};

/** An instance has at most a few dozen volumes; what is beyond this stands in the report. */
const MOST_ANSWERS = 10;
const MOST_REFUSALS = 3;

const answerOf = ({ id, verdict, missing, copy, refusals }: OutlookEntry): Answer => ({
  id,
  verdict,
  missing,
  copy,
  refusals: refusals.slice(0, MOST_REFUSALS).map(({ cause, explanation, fixes }) => ({ cause, explanation, fixes })),
});

/**
 * Situations that are examined in one step. Each may be of an account of its own, and the calls of a step are kept with it:
 * 256 KB hold those of twenty accounts. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const SITUATIONS_A_STEP = 15;
/** Seconds before what was throttled is read again; after the last, it is unknown. */
const AGAIN_AFTER = [5, 15, 45, 120] as const;

/** The whole scope, one instance, or one key. */
type Scope =
  | { readonly kind: 'places'; readonly places: readonly Place[] }
  | { readonly kind: 'instance'; readonly place: Place; readonly instanceId: string }
  | { readonly kind: 'key'; readonly keyArn: string };

const scopeOf = (request: ReadinessRequest, settings: Settings): Scope => {
  const { instanceId, keyArn, accountId = settings.ACCOUNT_ID, region = settings.AWS_REGION } = request;
  if (instanceId !== undefined) return { kind: 'instance', place: { accountId, region }, instanceId };
  if (keyArn !== undefined) return { kind: 'key', keyArn };
  const or = (...lists: (readonly string[] | undefined)[]) => lists.find((list) => (list ?? []).length > 0) ?? [];
  const accounts = or(request.accounts, [settings.ACCOUNT_ID, ...settings.SCOPE_ACCOUNTS]);
  const regions = or(request.regions, settings.SCOPE_REGIONS, [settings.AWS_REGION]);
  const places = [...new Set(accounts)].flatMap((account) =>
    regions.map((name) => ({ accountId: account, region: name })),
  );
  return { kind: 'places', places };
};

const scopeInWords = (scope: Scope): string => {
  if (scope.kind === 'instance')
    return `${scope.instanceId} in account ${scope.place.accountId}, ${scope.place.region}`;
  if (scope.kind === 'key') return scope.keyArn;
  const accounts = new Set(scope.places.map(({ accountId }) => accountId));
  const regions = new Set(scope.places.map(({ region }) => region));
  return `${accounts.size} account${accounts.size === 1 ? '' : 's'} (${[...accounts].slice(0, 20).join(', ')}) in ${[...regions].join(', ')}`;
};

const tagCondition = ({ SSM_TAG_KEY: key, SSM_TAG_VALUE: value }: Settings) => ({ key, value });

/** `20260302-3f9a1c2b` */
const runIdOf = (executionArn: string): string => {
  const tail = executionArn.replace(/[^a-zA-Z0-9]/g, '').slice(-8);
  return `${new Date().toISOString().slice(0, 10).replaceAll('-', '')}-${tail.toLowerCase()}`;
};

/** What a page came to, as a durable step keeps it: its rows stand in the bucket. */
interface PageKept {
  readonly because: string | null;
  readonly next: Cursor | null;
  readonly rows: number;
  /** Machines that can be reached by Systems Manager. */
  readonly reachable: number;
  readonly situations: readonly string[];
}

/** What goes on in a run: its steps, and its folder in the evidence bucket. */
const runIn = async (flow: Flow, tools: ReadinessTools, request: ReadinessRequest) => {
  const { settings, sessions, bucket } = tools;
  const begun = await flow.step('begin', async () => ({
    at: new Date().toISOString(),
    runId: runIdOf(flow.executionArn),
  }));
  const folder = `readiness/${begun.runId}`;
  const own = () => sessions.at(settings.ACCOUNT_ID, settings.AWS_REGION);

  const keep = async (custody: Custody, name: string, value: unknown): Promise<void> =>
    bucket.put(custody, await own(), `${folder}/${name}`, JSON.stringify(value), 'application/json');

  // Facts do not cross steps: a run that was interrupted reads again what the rest of it needs, and nothing else.
  const custody: Custody = [];
  const shelf: Shelf = shelfOf({ settings, sessions }, custody, {
    responseRoles: request.responseRoles,
    platformKeyArn: request.platformKeyArn ?? null,
    sessionPolicies: request.sessionPolicies.map((document, at) => ({ name: `session policy ${at + 1}`, document })),
  });

  return { ...begun, folder, own, keep, shelf, custody, examiner: examining(settings, shelf) };
};
type Run = Awaited<ReturnType<typeof runIn>>;

const drained = (from: Custody, into: Custody): void => {
  into.push(...from.splice(0));
};

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

interface Inventory {
  readonly pages: readonly string[];
  readonly situations: ReadonlySet<string>;
  readonly reachable: number;
  readonly unread: readonly string[];
}

const inventoryOf = async (flow: Flow, tools: ReadinessTools, run: Run, scope: Scope): Promise<Inventory> => {
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
    take(name, place, await pageStep(flow, run, name, read));
  } else {
    for (const place of scope.places) {
      let cursor: Cursor | null = START;
      while (cursor !== null) {
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

const chunksOf = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / SITUATIONS_A_STEP) }, (_, at) =>
    ids.slice(at * SITUATIONS_A_STEP, (at + 1) * SITUATIONS_A_STEP),
  );

interface Examined {
  readonly names: readonly string[];
  readonly ways: readonly string[];
}

/** Examines what was found, some keys a step. What is throttled is read again after a pause that costs no Lambda time. */
const examineAll = async (
  flow: Flow,
  tools: ReadinessTools,
  run: Run,
  { situations }: Inventory,
): Promise<Examined> => {
  // By account, so that what is read of one serves the next.
  const chunks = chunksOf([...situations].sort());
  const names: string[] = [];
  const ways = new Set<string>();
  for (const [at, chunk] of chunks.entries()) {
    const name = `outlooks-${at}`;
    const examine = async (custody: Custody): Promise<readonly string[]> => {
      try {
        const entries = await run.examiner.examine(chunk.map(situationOf));
        await run.keep(custody, `${name}.json`, entries);
        return [...new Set(entries.map(({ way }) => way))];
      } finally {
        drained(run.custody, custody);
      }
    };
    const done = await flow.until(name, examine, AGAIN_AFTER);
    if (done === null) run.shelf.impatient();
    const found = done ?? (await flow.step(`${name}, as far as it can be read`, examine));
    for (const way of found) ways.add(way);
    // A key that another account uses, too, is read again there: what is held stays bounded.
    run.shelf.forget(keysIn(chunk.map(situationOf)));
    names.push(name);
    tools.progress({ examined: at + 1, of: chunks.length, decisions: run.examiner.distinct() });
  }
  return { names, ways: [...ways] };
};

const readBack = async <T>(
  { bucket }: ReadinessTools,
  { folder }: Run,
  names: readonly string[],
  schema: z.ZodType<T>,
): Promise<T[]> => {
  const all: T[] = [];
  for (const name of names) {
    const body = await bucket.bytes(`${folder}/${name}.json`);
    all.push(...z.array(schema).parse(JSON.parse(body.toString())));
  }
  return all;
};

const healthOf = (flow: Flow, tools: ReadinessTools, run: Run, seen: Seen): Promise<readonly HealthCheck[]> =>
  flow
    .step('health', async (custody) => {
      const checks = await checkHealth({ settings: tools.settings, shelf: run.shelf, custody, seen });
      drained(run.custody, custody);
      return checks;
    })
    .catch((error: Error): readonly HealthCheck[] => [
      {
        check: 'health',
        result: 'unknown',
        found: `the platform could not be looked at: ${error.message}`,
        remedy: null,
      },
    ]);

const countCalls = (flow: Flow): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { api } of flow.custody()) counts[api] = (counts[api] ?? 0) + 1;
  return counts;
};

/**
 * Which acquisitions would pass today, from the first listing to the summary. Every page and every handful of keys is a
 * step of its own: an interrupted run goes on where it was. What is found stands in the evidence bucket, below
 * `readiness/<run>/`; only references and counts cross steps.
 */
export const assessReadiness = async (
  flow: Flow,
  tools: ReadinessTools,
  request: ReadinessRequest,
): Promise<ReadinessSummary> => {
  const run = await runIn(flow, tools, request);
  const scope = scopeOf(request, tools.settings);
  const inventory = await inventoryOf(flow, tools, run, scope);
  const examined = await examineAll(flow, tools, run, inventory);
  const encrypted = [...inventory.situations].some((id) => situationOf(id).encrypted);
  const health = await healthOf(flow, tools, run, { encrypted, ways: examined.ways, reachable: inventory.reachable });
  const calls = countCalls(flow);

  const counts = await flow.step('write the report', async (custody) => {
    const gathered: Gathered = {
      runId: run.runId,
      startedAt: run.at,
      scope: scopeInWords(scope),
      platform: await run.shelf.platform(),
      roles: (await run.shelf.account(run.shelf.platformPlace.accountId)).roles,
      sessionPolicies: request.sessionPolicies.length,
      unread: inventory.unread,
      health,
      calls,
      rows: await readBack(tools, run, inventory.pages, Row),
      outlooks: await readBack(tools, run, examined.names, OutlookEntry),
    };
    drained(run.custody, custody);
    const report = assembled(gathered);
    const documents = [
      ['readiness.json', `${JSON.stringify(report)}\n`, 'application/json'],
      ['readiness.csv', readinessCsv(report), 'text/csv; charset=utf-8'],
      ['readiness.html', readinessHtml(report), 'text/html; charset=utf-8'],
    ] as const;
    for (const [name, body, type] of documents)
      await tools.bucket.put(custody, await run.own(), `${run.folder}/${name}`, body, type);
    const answers = scope.kind === 'places' ? [] : report.outlooks.slice(0, MOST_ANSWERS).map(answerOf);
    return { machines: report.machines, volumes: report.volumes, lines: summaryLines(report), answers };
  });

  const report = `s3://${tools.bucket.bucket}/${run.folder}/readiness.html`;
  await flow.step('tell', async (custody) =>
    tools.notice.readinessDone(custody, await run.own(), { runId: run.runId, lines: counts.lines, report }),
  );
  const tally = { good: 0, bad: 0, note: 0, unknown: 0 };
  for (const { result } of health) tally[result] += 1;
  const { machines, volumes, answers } = counts;
  const summary = { runId: run.runId, machines, volumes, health: tally, unread: inventory.unread.slice(0, 50), report };
  return answers.length === 0 ? summary : { ...summary, answers };
};
