import { AsyncLocalStorage } from 'node:async_hooks';
import { pathToFileURL } from 'node:url';
import type { CheckpointDurableExecutionRequest, InvokeCommandInput } from '@aws-sdk/client-lambda';
import type { Template, TemplateFunction } from '#local/template/template';
import type { Call } from './call.ts';
import { type DurableExecution, durableExecutions, InvocationOutput } from './durable-executions.ts';
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

export interface DeadLetter {
  readonly functionId: string;
  readonly event: unknown;
  readonly error: string;
}

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

/** Seconds before Lambda tries an asynchronous event again. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const RETRY_SECONDS = [60, 120] as const;
/** Seconds in which a durable execution is invoked again after its function died. */
const REVIVE_SECONDS = 2;

/** A run that was killed: its process is gone, and Lambda sees no answer. */
class KilledError extends Error {
  override readonly name = 'KilledError';
}

let loads = 0;
let runs = 0;

/** Each account loads its handlers anew: they read their settings when they are loaded. */
const loadHandler = async (root: string, { folder, environment }: TemplateFunction): Promise<Handler> => {
  loads += 1;
  Object.assign(process.env, environment);
  const module: { handler: Handler } = await import(
    `${pathToFileURL(`${root}/functions/${folder}/handler.ts`).href}?load=${loads}`
  );
  return module.handler;
};

export interface LambdaListener {
  invoked(functionId: string, event: unknown): void;
  ended(execution: DurableExecution): void;
}

/**
 * Lambda as the embedded account plays it: asynchronous invocations with their retries and dead letters, and durable
 * executions. The handlers are the project's own, unmodified.
 * @param root the project's folder
 */
export const lambdaService = (
  ground: VirtualGround,
  template: Template,
  sessionOf: (functionId: string) => RoleSession,
  root: string,
  listener: LambdaListener,
) => {
  const handlers = new Map<string, Promise<Handler>>();
  const deadLetters: DeadLetter[] = [];
  const executions = durableExecutions(ground);

  const functionNamed = (name: string): TemplateFunction => {
    const found = template.functions.find(
      ({ logicalId, folder }) =>
        logicalId === name || folder === name || name.includes(`-${folder}:`) || name.endsWith(`-${folder}`),
    );
    if (found === undefined) throw new Error(`the template has no function \`${name}\``);
    return found;
  };

  const handlerOf = (fn: TemplateFunction): Promise<Handler> => {
    const known = handlers.get(fn.logicalId) ?? loadHandler(root, fn);
    handlers.set(fn.logicalId, known);
    return known;
  };

  const run = async (fn: TemplateFunction, event: unknown, execution: string | null): Promise<unknown> => {
    const { promise: killed, reject } = Promise.withResolvers<never>();
    killed.catch(() => {});
    let dead = false;
    runs += 1;
    const invocation: Invocation = {
      run: runs,
      functionId: fn.logicalId,
      session: sessionOf(fn.logicalId),
      execution,
      kill: (reason) => {
        dead = true;
        reject(new KilledError(reason));
      },
      isDead: () => dead,
    };
    const handler = await handlerOf(fn);
    const context = {
      functionName: `unlatch-${fn.folder}`,
      functionVersion: '1',
      invokedFunctionArn: `arn:aws:lambda:eu-west-3:111122223333:function:unlatch-${fn.folder}`,
      memoryLimitInMB: '1024',
      awsRequestId: ground.uuid(),
      callbackWaitsForEmptyEventLoop: false,
      getRemainingTimeInMillis: () => fn.timeoutSeconds * 1000,
    };
    try {
      return await running.run(invocation, () => Promise.race([handler(event, context), killed]));
    } catch (error) {
      // The process is gone, and with it whatever its modules kept.
      if (error instanceof KilledError) handlers.delete(fn.logicalId);
      throw error;
    }
  };

  const deliver = async (fn: TemplateFunction, event: unknown, attempt: number): Promise<void> => {
    try {
      await run(fn, event, null);
    } catch (error) {
      const seconds = RETRY_SECONDS[attempt];
      if (seconds !== undefined) ground.after(seconds, () => deliver(fn, event, attempt + 1));
      else
        deadLetters.push({
          functionId: fn.logicalId,
          event,
          error: error instanceof Error ? error.message : String(error),
        });
    }
  };

  const proceed = async (execution: DurableExecution): Promise<void> => {
    if (execution.status !== 'RUNNING') return;
    execution.invocations += 1;
    const fn = functionNamed(execution.functionArn);
    try {
      const output = InvocationOutput.parse(await run(fn, executions.input(execution), execution.name));
      if (output.Status === 'PENDING') {
        const wakes = executions.wakesAt(execution);
        if (wakes === null) throw new Error(`the execution ${execution.name} waits for nothing`);
        ground.after(Math.max((wakes.getTime() - ground.now().getTime()) / 1000, 0), () => proceed(execution));
        return;
      }
      execution.status = output.Status;
      execution.result = output.Status === 'SUCCEEDED' ? JSON.parse(output.Result ?? 'null') : output.Error;
      listener.ended(execution);
    } catch (error) {
      if (!(error instanceof KilledError)) throw error;
      ground.after(REVIVE_SECONDS, () => proceed(execution));
    }
  };

  const startDurable = (call: Call, functionArn: string, name: string, payload: string): DurableExecution => {
    const { execution, isNew } = executions.start(call, functionArn, name, payload);
    if (isNew) {
      listener.invoked(functionNamed(functionArn).logicalId, JSON.parse(payload));
      ground.after(0.05, () => proceed(execution));
    }
    return execution;
  };

  return {
    deadLetters,
    executions,

    /** As EventBridge does: asynchronously, at least once. */
    deliver(functionId: string, event: unknown): Promise<void> {
      listener.invoked(functionId, event);
      return deliver(functionNamed(functionId), event, 0);
    },

    /** As a person does from the console, and waits: the answer, or the error it threw. */
    async invoke(call: Call, functionId: string, event: unknown): Promise<unknown> {
      const fn = functionNamed(functionId);
      if (!fn.durable) {
        listener.invoked(fn.logicalId, event);
        return run(fn, event, null);
      }
      const arn = `arn:aws:lambda:eu-west-3:111122223333:function:unlatch-${fn.folder}:live`;
      const execution = startDurable(call, arn, `by-hand-${call.requestId}`, JSON.stringify(event));
      await ground.settle();
      if (execution.status === 'FAILED') throw new Error(JSON.stringify(execution.result));
      return execution.result;
    },

    operations: {
      Invoke: async (call: Call<InvokeCommandInput>) => {
        const { FunctionName = '', DurableExecutionName, Payload } = call.input;
        const payload = Payload instanceof Uint8Array ? new TextDecoder().decode(Payload) : '{}';
        const execution = startDurable(call, FunctionName, DurableExecutionName ?? call.requestId, payload);
        return {
          $metadata: { httpStatusCode: 202, requestId: call.requestId },
          StatusCode: 202,
          DurableExecutionArn: execution.arn,
        };
      },
      CheckpointDurableExecution: async (call: Call<CheckpointDurableExecutionRequest>) => executions.checkpoint(call),
    },
  };
};
