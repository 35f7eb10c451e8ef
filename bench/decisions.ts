import fc from 'fast-check';
import { authorize } from '#shared/policy/authorize';
import { documentsOf, factsOf, questionOf, requestOf, simulated, simulationOf } from '../test/policy/engines.ts';
import { requests } from '../test/policy/generated-requests.ts';

/**
 * Decisions in a second: the authorizer beside iam-simulate, on the requests of the differential test.
 *
 * The three take turns every few requests, so that whatever else the machine does meets them all. What they are given is
 * made before: documents in AWS's notation, and for the first line the facts that were read from them.
 */
const SEED = 20_260_301;
const REQUESTS = 500;
const ROUNDS = 9;
const LEAST_RATIO = 5;
const MOST_SECONDS = 45;

const cases = fc.sample(requests, { seed: SEED, numRuns: REQUESTS }).map((generated) => {
  const documents = documentsOf(generated);
  return {
    question: questionOf(generated),
    documents,
    facts: factsOf(documents),
    simulation: simulationOf(generated, documents),
  };
});
type Case = (typeof cases)[number];

interface Engine {
  readonly name: string;
  readonly decide: (one: Case) => unknown;
}

const FACTS_READ_ONCE = 'authorizer, facts read once';

const OURS: readonly Engine[] = [
  { name: FACTS_READ_ONCE, decide: ({ question, facts }) => authorize(requestOf(question), facts) },
  {
    name: 'authorizer, documents read for each request',
    decide: ({ question, documents }) => authorize(requestOf(question), factsOf(documents)),
  },
];
const THEIRS: Engine = { name: 'iam-simulate', decide: ({ simulation }) => simulated(simulation) };
const ENGINES = [...OURS, THEIRS];

const SLICE = 25;
const slices = Array.from({ length: REQUESTS / SLICE }, (_, at) => cases.slice(at * SLICE, (at + 1) * SLICE));

const timeOf = async ({ decide }: Engine, slice: readonly Case[]): Promise<number> => {
  const start = performance.now();
  for (const one of slice) await decide(one);
  return performance.now() - start;
};

/** Decisions of each engine in a second, over all requests. */
const roundOf = async (): Promise<readonly number[]> => {
  const times = ENGINES.map(() => 0);
  for (const slice of slices)
    for (const [at, engine] of ENGINES.entries()) times[at] = (times[at] ?? 0) + (await timeOf(engine, slice));
  return times.map((time) => (cases.length * 1_000) / time);
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const begun = performance.now();
await roundOf();
const rounds: (readonly number[])[] = [];
while (rounds.length < ROUNDS && performance.now() - begun < MOST_SECONDS * 1_000) rounds.push(await roundOf());

const lines = ENGINES.map(({ name }, at) => ({
  name,
  rate: median(rounds.map((rates) => rates[at] ?? 0)),
  ratio: median(rounds.map((rates) => (rates[at] ?? 0) / (rates.at(-1) ?? Number.NaN))),
}));

const row = (name: string, rate: string, ratio: string): string =>
  `${name.padEnd(45)}${rate.padStart(12)}${ratio.padStart(10)}\n`;
process.stdout.write(row(`${REQUESTS} requests, median of ${rounds.length} rounds`, 'decisions/s', 'ratio'));
for (const { name, rate, ratio } of lines) process.stdout.write(row(name, rate.toFixed(0), `${ratio.toFixed(1)}x`));

// A case reads its facts once and decides some twenty requests with them: that is what has to be fast.
const slow = lines.filter(({ name, ratio }) => name === FACTS_READ_ONCE && !(ratio >= LEAST_RATIO));
for (const { name, ratio } of slow)
  process.stderr.write(`${name}: ${ratio.toFixed(1)} times as fast as ${THEIRS.name}, expected ${LEAST_RATIO}\n`);
if (slow.length > 0) process.exitCode = 1;
