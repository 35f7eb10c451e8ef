import * as z from 'zod';
import type { Custody } from '#shared/aws/session';
import type { Flow } from '#shared/case/flow';
import { assembled, type Gathered, summaryLines } from './assembly.ts';
import type { Seen } from './checks.ts';
import { situationOf } from './entries.ts';
import { keysIn } from './examining.ts';
import { checkHealth } from './health.ts';
import { type Inventory, inventoryOf } from './inventory.ts';
import { type HealthCheck, OutlookEntry, type ReadinessReport, type RefusalEntry, Row } from './report.ts';
import type { ReadinessRequest } from './request.ts';
import { drained, type ReadinessTools, type Run, runIn } from './run-context.ts';
import { scopeInWords, scopeOf } from './scope.ts';
import { readinessCsv } from './to-csv.ts';
import { readinessHtml } from './to-html.ts';

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
/** Of the 3,000 that a durable execution may have; a step that fails takes more. */
const MOST_OPERATIONS = 2_600;
const OPERATIONS_A_CHUNK = 2;
/** Seconds before what was throttled is read again; after the last, it is unknown. */
const AGAIN_AFTER = [5, 15, 45, 120] as const;

const chunksOf = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / SITUATIONS_A_STEP) }, (_, at) =>
    ids.slice(at * SITUATIONS_A_STEP, (at + 1) * SITUATIONS_A_STEP),
  );

interface Examined {
  readonly names: readonly string[];
  readonly ways: readonly string[];
  /** Steps that came to nothing: their machines stay undetermined. */
  readonly unread: readonly string[];
}

/** Examines what was found, some keys a step. What is throttled is read again after a pause that costs no Lambda time. */
const examineAll = async (
  flow: Flow,
  tools: ReadinessTools,
  run: Run,
  { situations, pages }: Inventory,
): Promise<Examined> => {
  // By account, so that what is read of one serves the next.
  const all = chunksOf([...situations].sort());
  const chunks = all.slice(0, Math.floor((MOST_OPERATIONS - pages.length) / OPERATIONS_A_CHUNK));
  const names: string[] = [];
  const ways = new Set<string>();
  const unread: string[] = all
    .slice(chunks.length)
    .map((chunk) => `${chunk[0]} and ${chunk.length - 1} more: one run has no room for more keys`);
  const unexamined = (name: string) => (error: Error) => {
    unread.push(`${name}: ${error.message}`);
    return null;
  };
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
    run.shelf.waitsForThrottles(done !== null);
    const found = done ?? (await flow.step(`${name}, as far as it can be read`, examine).catch(unexamined(name)));
    run.shelf.waitsForThrottles(true);
    if (found === null) continue;
    for (const way of found) ways.add(way);
    // A key that another account uses, too, is read again there: what is held stays bounded.
    run.shelf.forget(keysIn(chunk.map(situationOf)));
    names.push(name);
    tools.progress({ examined: at + 1, of: chunks.length, decisions: run.examiner.distinct() });
  }
  return { names, ways: [...ways], unread };
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
  const unread = [...inventory.unread, ...examined.unread];

  // What is still not known by now is told so: a report is written whatever AWS says.
  run.shelf.waitsForThrottles(false);
  const counts = await flow.step('write the report', async (custody) => {
    const gathered: Gathered = {
      runId: run.runId,
      startedAt: run.at,
      scope: scopeInWords(scope),
      platform: await run.shelf.platform(),
      roles: (await run.shelf.account(run.shelf.platformPlace.accountId)).roles,
      sessionPolicies: request.sessionPolicies.length,
      unread,
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
  const summary = { runId: run.runId, machines, volumes, health: tally, unread: unread.slice(0, 50), report };
  return answers.length === 0 ? summary : { ...summary, answers };
};
