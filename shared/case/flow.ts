import { type DurableContext, type StepConfig, StepSemantics } from '@aws/durable-execution-sdk-js';
import type { Custody } from '#shared/aws/session';
import type { CustodyEntry } from './case.ts';

/** Reads, asks or acts once; the calls it makes are written to the custody log it is given. */
export type Act<T> = (custody: Custody) => Promise<T>;

interface Kept<T> {
  readonly value: T;
  readonly custody: readonly CustodyEntry[];
}

const AT_MOST_ONCE = {
  semantics: StepSemantics.AtMostOncePerRetry,
  retryStrategy: () => ({ shouldRetry: false }),
} as const satisfies StepConfig<unknown>;

/** Seconds before each further attempt at a write; AWS's listings are eventually consistent, so the look waits too. */
const LOOK_AFTER = [15, 30, 60, 120] as const;

/** A durable context whose steps keep the custody log. */
export interface Flow {
  /** ARN of the durable execution. */
  readonly executionArn: string;
  /** A step that may be repeated: reads, and writes that come to the same when done again. */
  step<T>(name: string, act: Act<T>): Promise<T>;
  /**
   * A write that must not happen twice: done at most once, and after an error or a crash looked for before it is done
   * again. `find` answers what an earlier attempt made, or `null`.
   */
  once<T>(name: string, act: Act<T>, find: Act<T | null>): Promise<T>;
  /** Asks until there is an answer or the pauses (seconds) are used up: `null`. No Lambda time passes in between. */
  until<T>(name: string, ask: Act<T | null>, pauses: readonly number[]): Promise<T | null>;
  /** A part beside others, with a flow of its own; its custody lines join these when it ends. */
  branch<T>(name: string, part: (flow: Flow) => Promise<T>): Promise<T>;
  /** All calls so far, in order of time: which branch woke first after a replay must not show. */
  custody(): CustodyEntry[];
}

export const flowOf = (context: DurableContext, custody: CustodyEntry[] = []): Flow => {
  const step = async <T>(name: string, act: Act<T>, config?: StepConfig<Kept<T>>): Promise<T> => {
    const kept = await context.step(
      name,
      async (): Promise<Kept<T>> => {
        const entries: Custody = [];
        const value = await act(entries);
        return { value, custody: entries };
      },
      config,
    );
    custody.push(...kept.custody);
    return kept.value;
  };

  return {
    executionArn: context.executionContext.durableExecutionArn,
    step,

    async once(name, act, find) {
      for (const [attempt, seconds] of LOOK_AFTER.entries()) {
        try {
          return await step(`${name} ${attempt + 1}`, act, AT_MOST_ONCE);
        } catch {
          await context.wait(`${name} ${attempt + 1}: settle`, { seconds });
          const found = await step(`${name} ${attempt + 1}: look`, find);
          if (found !== null) return found;
        }
      }
      return step(`${name}: last`, act, AT_MOST_ONCE);
    },

    async until(name, ask, pauses) {
      for (const [attempt, seconds] of [0, ...pauses].entries()) {
        if (seconds > 0) await context.wait(`${name}: pause ${attempt}`, { seconds });
        const answer = await step(`${name} ${attempt + 1}`, ask);
        if (answer !== null) return answer;
      }
      return null;
    },

    // What a branch did comes back with its result: a replay takes the result as it was kept, and runs nothing of it.
    async branch(name, part) {
      const kept = await context.runInChildContext(name, async (child) => {
        const entries: CustodyEntry[] = [];
        const value = await part(flowOf(child, entries));
        return { value, custody: entries };
      });
      custody.push(...kept.custody);
      return kept.value;
    },
    custody: () => [...custody].sort((a, b) => a.at.localeCompare(b.at)),
  };
};

/** First pause of a poll, and the longest of a short one, in seconds. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 20;

/**
 * Pauses that double from 5 seconds, adding up to `total`. The longest grows with the total: each costs two of the
 * 3,000 operations that a durable execution may have.
 */
export const pausesUpTo = (total: number): number[] => {
  const longest = Math.max(LONGEST_PAUSE, Math.ceil(total / 100));
  const pauses: number[] = [];
  for (let next = FIRST_PAUSE, sum = 0; sum < total; next = Math.min(next * 2, longest)) {
    const pause = Math.min(next, total - sum);
    pauses.push(pause);
    sum += pause;
  }
  return pauses;
};
