import { AsyncLocalStorage } from 'node:async_hooks';
import { pathToFileURL } from 'node:url';
import type { Template, TemplateFunction } from '#local/template/template';
import type { VirtualGround } from './ground.ts';
import type { RoleSession } from './state.ts';

/** One run of a function: whose it is, and whether it was killed. */
export interface Invocation {
  readonly functionId: string;
  readonly session: RoleSession;
  /** Counts the runs of all functions. */
  readonly run: number;
  /** Name of the durable execution, or `null`. */
  readonly execution: string | null;
  /** Ends the run as a crash does: whatever it was waiting for, it never goes on. */
  readonly kill: (reason: string) => void;
  readonly isDead: () => boolean;
}

/** The run that the current code belongs to. */
export const running = new AsyncLocalStorage<Invocation>();

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

/** What Lambda says where it is Lambda that ends a run, and not the function. */
export type RunErrorType = 'Runtime.ExitError' | 'Sandbox.Timedout' | 'Function.ResponseSizeTooLarge';

/** A run that came to no answer: `errorType` and `report` are what Lambda tells whoever invoked the function. */
export class RunError extends Error {
  override readonly name = 'RunError';
  readonly errorType: RunErrorType;
  readonly report: string;
  constructor(errorType: RunErrorType, report: string, message = report) {
    super(message);
    this.errorType = errorType;
    this.report = report;
  }

  /** The process is gone, and Lambda sees no answer at all. */
  get isDeath(): boolean {
    return this.errorType !== 'Function.ResponseSizeTooLarge';
  }
}

/** Bytes of an answer: 6 MB, and a hundred for what Lambda wraps it in. */
const MOST_ANSWER_BYTES = 6_291_556;

let loads = 0;
let runs = 0;

/**
 * Each account loads its handlers anew: they read their settings when they are loaded. A function sees the variables that
 * the template gives to it, and none of another's; so one is loaded after the other.
 */
const handlerLoader = (root: string, template: Pick<Template, 'functions'>) => {
  const variables = new Set(template.functions.flatMap(({ environment }) => Object.keys(environment)));
  let last: Promise<unknown> = Promise.resolve();

  const load = async ({ folder, environment }: TemplateFunction): Promise<Handler> => {
    loads += 1;
    for (const name of variables) delete process.env[name];
    Object.assign(process.env, environment);
    const module: { handler: Handler } = await import(
      `${pathToFileURL(`${root}/functions/${folder}/handler.ts`).href}?load=${loads}`
    );
    return module.handler;
  };

  return (fn: TemplateFunction): Promise<Handler> => {
    const loaded = last.then(() => load(fn));
    last = loaded.catch(() => {});
    return loaded;
  };
};

/**
 * Runs functions as Lambda's execution environments do: each has one run at a time, is used again for the next, and is
 * gone with whatever its modules kept when a run of its own is killed. A run that takes longer than its function may, in
 * virtual time, is killed.
 * @param root the project's folder
 */
export const functionRuns = (
  ground: VirtualGround,
  template: Pick<Template, 'functions'>,
  sessionOf: (functionId: string) => RoleSession,
  root: string,
) => {
  const load = handlerLoader(root, template);
  const idle = new Map<string, Handler[]>();

  const idleOf = ({ logicalId }: TemplateFunction): Handler[] => {
    const known = idle.get(logicalId) ?? [];
    idle.set(logicalId, known);
    return known;
  };

  /**
   * Has an environment ready for each of these runs. Loading takes real time, in which runs that are further would go far
   * ahead in virtual time.
   */
  const warm = async (fns: readonly TemplateFunction[]): Promise<void> => {
    for (const fn of new Set(fns)) {
      const ready = idleOf(fn);
      for (let missing = fns.filter((one) => one === fn).length - ready.length; missing > 0; missing -= 1) {
        ready.push(await load(fn));
      }
    }
  };

  /** @throws RunError, or what the function threw */
  const run = async (fn: TemplateFunction, event: unknown, execution: string | null): Promise<unknown> => {
    const { promise: killed, reject } = Promise.withResolvers<never>();
    killed.catch(() => {});
    let dead = false;
    const die = (error: RunError): void => {
      dead = true;
      reject(error);
    };
    runs += 1;
    const requestId = ground.uuid();
    const invocation: Invocation = {
      run: runs,
      functionId: fn.logicalId,
      session: sessionOf(fn.logicalId),
      execution,
      kill: (reason) =>
        die(
          new RunError(
            'Runtime.ExitError',
            `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
            reason,
          ),
        ),
      isDead: () => dead,
    };
    const handler = idleOf(fn).pop() ?? (await load(fn));
    const endsAt = ground.now().getTime() + fn.timeoutSeconds * 1000;
    const context = {
      functionName: `unlatch-${fn.folder}`,
      functionVersion: '1',
      invokedFunctionArn: `arn:aws:lambda:eu-west-3:111122223333:function:unlatch-${fn.folder}`,
      memoryLimitInMB: '1024',
      awsRequestId: requestId,
      callbackWaitsForEmptyEventLoop: false,
      getRemainingTimeInMillis: () => Math.max(endsAt - ground.now().getTime(), 0),
    };
    const stopClock = ground.alarm(fn.timeoutSeconds, () => {
      const report = `RequestId: ${requestId} Error: Task timed out after ${fn.timeoutSeconds.toFixed(2)} seconds`;
      die(new RunError('Sandbox.Timedout', report));
    });
    try {
      const answer = await running.run(invocation, () => Promise.race([handler(event, context), killed]));
      const size = Buffer.byteLength(JSON.stringify(answer) ?? '');
      if (size > MOST_ANSWER_BYTES) {
        throw new RunError(
          'Function.ResponseSizeTooLarge',
          `Response payload size exceeded maximum allowed payload size (${MOST_ANSWER_BYTES} bytes).`,
        );
      }
      return answer;
    } finally {
      stopClock();
      if (!dead) idleOf(fn).push(handler);
    }
  };

  return { run, warm };
};
