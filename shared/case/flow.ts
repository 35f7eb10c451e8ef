import {
  CallbackExternalError,
  type DurableContext,
  type StepConfig,
  StepSemantics,
} from '@aws/durable-execution-sdk-js';
import type * as z from 'zod';
import { type Custody, errorName, isRefusal, LIMIT_REACHED, messageOf } from '#shared/aws/session';
import type { CustodyEntry } from './case.ts';

/** Reads, asks or acts once; the calls it makes are written to the custody log it is given. */
export type Act<T> = (custody: Custody) => Promise<T>;

/** How one attempt ended. It is a value either way, so that a failed attempt brings its custody lines back too. */
type Attempt<T> = { readonly custody: readonly CustodyEntry[] } & (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly name: string; readonly message: string }
);

/** Questions that were asked again and again, as one durable operation keeps them. */
interface Poll<T> {
  readonly value: T | null;
  readonly isOver: boolean;
  readonly looks: number;
  readonly custody: readonly CustodyEntry[];
}

/** Questions that one operation asks: their calls are kept with it, and have to fit into 256 KB. */
const POLLS_AN_OPERATION = 20;

/** A step that could not be done, after all its attempts. */
export class StepFailedError extends Error {
  override readonly name: string = 'StepFailedError';
  /** The name of the last attempt's error, as AWS gives it. */
  readonly causedBy: string;
  constructor(step: string, { name, message }: { readonly name: string; readonly message: string }) {
    super(`${step}: ${name}: ${message}`.slice(0, 1_000));
    this.causedBy = name;
  }
}

/** A write of which nobody knows whether it was done: it could not be looked for either. */
export class OutcomeUnknownError extends StepFailedError {}

/** No step is retried by the engine: each attempt is a step of its own, and is kept. */
const NO_RETRY = { retryStrategy: () => ({ shouldRetry: false }) } as const satisfies StepConfig<unknown>;
const AT_MOST_ONCE = {
  ...NO_RETRY,
  semantics: StepSemantics.AtMostOncePerRetry,
} as const satisfies StepConfig<unknown>;

/** Seconds before each further attempt at a step that may be repeated. */
const REPEAT_AFTER = [1, 2, 5, 15, 30] as const;
/** Seconds before a function that failed is run again: a disturbance of an hour costs no copy of a day. */
const CALL_AFTER = [5, 30, 120, 600, 1_800] as const;
/** Seconds before each look at what a write has come to; AWS's listings are eventually consistent, so the look waits. */
const LOOK_AFTER = [15, 30, 60, 120] as const;

/** By time; calls of the same instant by what they were, so that a replay puts them in the same order. */
const orderOf = ({ at, api, on, requestId }: CustodyEntry): string => [at, api, on, requestId].join(' ');

/** What another function answers: its calls come with it. */
export interface WithCustody {
  readonly custody: readonly CustodyEntry[];
}

export type Said = 'yes' | 'no' | 'nothing';

/** A durable context whose steps keep the custody log. */
export interface Flow {
  /** ARN of the durable execution. */
  readonly executionArn: string;
  /** A step that may be repeated: reads, and writes that come to the same when done again. @throws StepFailedError */
  step<T>(name: string, act: Act<T>): Promise<T>;
  /**
   * A write that must not happen twice: after an error or a crash it is looked for before it is done again, and after the
   * last attempt too. `find` answers what an earlier attempt made, or `null`. @throws StepFailedError, and where it could
   * not be looked for OutcomeUnknownError
   */
  once<T>(name: string, act: Act<T>, find: Act<T | null>): Promise<T>;
  /**
   * Asks until there is an answer, or `null` when the pauses (seconds) are used up or AWS refuses. A question that fails
   * is asked again after the next pause. No Lambda time passes in between.
   */
  until<T>(name: string, ask: Act<T | null>, pauses: readonly number[]): Promise<T | null>;
  /** Lets so many seconds pass, without Lambda time. */
  pause(name: string, seconds: number): Promise<void>;
  /** A part beside others, with a flow of its own; its custody lines join these when it ends. */
  branch<T>(name: string, part: (flow: Flow) => Promise<T>): Promise<T>;
  /**
   * Runs another function and waits for its answer without Lambda time; one that fails is run again. Its custody lines join
   * these. @throws StepFailedError
   */
  call<T extends WithCustody>(name: string, functionArn: string, input: unknown, answer: z.ZodType<T>): Promise<T>;
  /**
   * Asks a person, and waits at most so many seconds. `tell` is given the id under which Lambda takes the answer: a success
   * is a yes, a failure a no. https://docs.aws.amazon.com/lambda/latest/api/API_SendDurableExecutionCallbackSuccess.html
   */
  ask(name: string, seconds: number, tell: (callbackId: string, custody: Custody) => Promise<void>): Promise<Said>;
  /** Durable operations so far; each look of a wait counts as one, for AWS does not say that it does not. */
  spent(): number;
  /** All calls so far, in order of time: which branch woke first after a replay must not show. */
  custody(): CustodyEntry[];
}

const answered = async <T>(act: Act<T>): Promise<Attempt<T>> => {
  const entries: Custody = [];
  try {
    return { ok: true, value: await act(entries), custody: entries };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, name: errorName(error), message: message.slice(0, 500), custody: entries };
  }
};

export const flowOf = (context: DurableContext, custody: CustodyEntry[] = []): Flow => {
  let operations = 0;

  const wait = (name: string, seconds: number): Promise<void> => {
    operations += 1;
    return context.wait(name, { seconds });
  };

  const attempt = async <T>(
    name: string,
    act: Act<T>,
    config: StepConfig<Attempt<T>> = NO_RETRY,
  ): Promise<Attempt<T>> => {
    operations += 1;
    const kept = await context.step(name, () => answered(act), config);
    custody.push(...kept.custody);
    return kept;
  };

  const step = async <T>(name: string, act: Act<T>, number = 0): Promise<T> => {
    const kept = await attempt(number === 0 ? name : `${name}, attempt ${number + 1}`, act);
    if (kept.ok) return kept.value;
    const seconds = REPEAT_AFTER[number];
    if (seconds === undefined || isRefusal(kept.name)) throw new StepFailedError(name, kept);
    await wait(`${name}: pause ${number + 1}`, seconds);
    return step(name, act, number + 1);
  };

  return {
    executionArn: context.executionContext.durableExecutionArn,
    step: (name, act) => step(name, act),

    async once(name, act, find) {
      let last = { name: 'Interrupted', message: 'the function died in the middle of it' };
      for (const [number, seconds] of LOOK_AFTER.entries()) {
        // An attempt never throws: where its step fails, the function died, and nobody knows whether AWS has done it.
        const kept = await attempt(`${name} ${number + 1}`, act, AT_MOST_ONCE).catch(() => null);
        if (kept?.ok) return kept.value;
        if (kept !== null) last = kept;
        if (kept !== null && (isRefusal(kept.name) || kept.name === LIMIT_REACHED)) break;
        await wait(`${name} ${number + 1}: settle`, seconds);
        const found = await step(`${name} ${number + 1}: look`, find).catch((error: unknown) => {
          throw new OutcomeUnknownError(name, { name: 'OutcomeUnknown', message: messageOf(error) });
        });
        if (found !== null) return found;
      }
      throw new StepFailedError(name, last);
    },

    async until<T>(name: string, ask: Act<T | null>, pauses: readonly number[]) {
      for (let asked = 0; asked <= pauses.length; asked += POLLS_AN_OPERATION) {
        const left = pauses.slice(asked, asked + POLLS_AN_OPERATION);
        const poll = await context.waitForCondition<Poll<T>>(
          asked === 0 ? name : `${name}, on`,
          async ({ custody: before, looks }) => {
            const kept = await answered(ask);
            const poll = { custody: [...before, ...kept.custody], looks: looks + 1 };
            // The next question is the retry of one that failed; only a refusal is an answer, and it is no.
            return kept.ok
              ? { value: kept.value, isOver: kept.value !== null, ...poll }
              : { value: null, isOver: isRefusal(kept.name), ...poll };
          },
          {
            initialState: { value: null, isOver: false, looks: 0, custody: [] },
            waitStrategy: ({ isOver }, attempt) => {
              const seconds = left[attempt - 1];
              // The pause before the next operation is its own.
              return isOver || seconds === undefined || attempt === POLLS_AN_OPERATION
                ? { shouldContinue: false }
                : { shouldContinue: true, delay: { seconds } };
            },
          },
        );
        operations += poll.looks;
        custody.push(...poll.custody);
        if (poll.isOver) return poll.value;
        const last = left[POLLS_AN_OPERATION - 1];
        if (last !== undefined) await wait(`${name}: pause`, last);
      }
      return null;
    },

    pause: wait,

    // What a branch did comes back with its result. A replay takes it as it was kept; only one of more than 256 KB is put
    // together again, from the results of its steps.
    async branch(name, part) {
      const kept = await context.runInChildContext(name, async (child) => {
        const entries: CustodyEntry[] = [];
        const flow = flowOf(child, entries);
        const value = await part(flow);
        return { value, custody: entries, spent: flow.spent() };
      });
      operations += 1 + kept.spent;
      custody.push(...kept.custody);
      return kept.value;
    },

    async call(name, functionArn, input, answer) {
      let last = { name: 'Uncalled', message: functionArn };
      for (const [number, seconds] of [0, ...CALL_AFTER].entries()) {
        if (seconds > 0) await wait(`${name}: pause ${number}`, seconds);
        operations += 1;
        try {
          const given = answer.parse(await context.invoke(`${name} ${number + 1}`, functionArn, input));
          custody.push(...given.custody);
          return given;
        } catch (error) {
          last = { name: errorName(error), message: error instanceof Error ? error.message : String(error) };
        }
      }
      throw new StepFailedError(name, last);
    },

    async ask(name, seconds, tell) {
      operations += 1;
      const [answer, callbackId] = await context.createCallback(name, { timeout: { seconds } });
      await step(`${name}: tell`, (entries) => tell(callbackId, entries));
      return answer.then(
        (): Said => 'yes',
        (error: unknown): Said => (error instanceof CallbackExternalError ? 'no' : 'nothing'),
      );
    },

    spent: () => operations,

    custody: () => [...custody].sort((a, b) => orderOf(a).localeCompare(orderOf(b))),
  };
};

/** First pause of a poll, and the longest of a short one, in seconds. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 20;

/**
 * Pauses that double from 5 seconds, adding up to `total`. The longest grows with the total, and where more than four wait
 * side by side with their number: a durable execution may have 3,000 operations, and whether each look of a wait counts as
 * one, as it does for the bill, AWS does not say.
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-sdk-retries.html
 */
export const pausesUpTo = (total: number, among = 1): number[] => {
  const longest = Math.max(LONGEST_PAUSE, Math.ceil((total * Math.max(1, among / 4)) / 100));
  const pauses: number[] = [];
  for (let next = FIRST_PAUSE, sum = 0; sum < total; next = Math.min(next * 2, longest)) {
    const pause = Math.min(next, total - sum);
    pauses.push(pause);
    sum += pause;
  }
  return pauses;
};
