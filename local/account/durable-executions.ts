import type { DurableExecutionInvocationInput, WireOperation } from '@aws/durable-execution-sdk-js';
import {
  type CheckpointDurableExecutionRequest,
  DurableExecutionAlreadyStartedException,
  type OperationUpdate,
  type SendDurableExecutionCallbackFailureRequest,
  type SendDurableExecutionCallbackHeartbeatRequest,
  type SendDurableExecutionCallbackSuccessRequest,
} from '@aws-sdk/client-lambda';
import { z } from 'zod';
import type { Call } from './call.ts';
import { callbackBook } from './durable-callbacks.ts';
import { checkUpdates, invalidParameter, MOST_PAYLOAD_BYTES, payloadRefusal } from './durable-limits.ts';
import { atItsTime, dueAt, ended, isOpen, type Outcome, updated } from './durable-operations.ts';

/**
 * Lambda's side of durable functions: executions by name, their operations, and when to invoke the function again.
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
 */
export interface DurableExecution {
  readonly arn: string;
  readonly name: string;
  readonly functionArn: string;
  readonly payload: string;
  readonly operations: Map<string, WireOperation>;
  /** Operations that Lambda has changed, of which the function has not been told. */
  readonly untold: Set<string>;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  result: unknown;
  invocations: number;
}

export const InvocationOutput = z.discriminatedUnion('Status', [
  z.object({ Status: z.literal('PENDING') }),
  z.object({ Status: z.literal('SUCCEEDED'), Result: z.string().optional() }),
  z.object({
    Status: z.literal('FAILED'),
    Error: z.object({ ErrorMessage: z.string().optional(), ErrorType: z.string().optional() }).optional(),
  }),
]);

/** A function that an execution wants invoked in its own name. */
export interface ChainedInvoke {
  readonly execution: DurableExecution;
  readonly operationId: string;
  readonly functionName: string;
  readonly payload: string;
  readonly call: Call;
}

const answered = (call: Call) => ({ $metadata: { httpStatusCode: 200, requestId: call.requestId } });

/** @param chain begins the invoke, and reports its end with `endInvoke` */
export const durableExecutions = (
  clock: { now(): Date; uuid(): string },
  chain: (invoke: ChainedInvoke) => void = () => {},
) => {
  const byName = new Map<string, DurableExecution>();
  const byArn = new Map<string, DurableExecution>();
  const callbacks = callbackBook(clock);

  const apply = (execution: DurableExecution, update: OperationUpdate, call: Call): WireOperation => {
    const { Id = '', Type, Action } = update;
    const after: WireOperation = {
      ...updated(execution.operations.get(Id), update, clock.now()),
      ...(Type === 'CALLBACK'
        ? { CallbackDetails: { CallbackId: callbacks.open(execution, Id, update.CallbackOptions) } }
        : {}),
    };
    execution.operations.set(Id, after);
    if (Type === 'CHAINED_INVOKE' && Action === 'START') {
      const functionName = update.ChainedInvokeOptions?.FunctionName ?? '';
      chain({ execution, operationId: Id, functionName, payload: update.Payload ?? '{}', call });
    }
    return after;
  };

  /** Puts an operation as Lambda has changed it, for the function to be told of. */
  const put = (execution: DurableExecution, operation: WireOperation): void => {
    execution.operations.set(operation.Id ?? '', operation);
    execution.untold.add(operation.Id ?? '');
  };

  /** Waits whose time has come end, steps whose pause is over are ready, callbacks that nobody answered time out. */
  const wake = (execution: DurableExecution): void => {
    const now = clock.now();
    for (const operation of execution.operations.values()) {
      if (dueAt(operation, callbacks.timesOutAt) <= now.getTime()) put(execution, atItsTime(operation, now));
    }
  };

  /** What the function has not been told of, which it then has. */
  const tell = (execution: DurableExecution): WireOperation[] => {
    wake(execution);
    const news = [...execution.untold].flatMap((id) => execution.operations.get(id) ?? []);
    execution.untold.clear();
    return news;
  };

  const end = (execution: DurableExecution, operationId: string, outcome: Outcome): void => {
    const operation = execution.operations.get(operationId);
    if (execution.status === 'RUNNING' && operation?.Status === 'STARTED') {
      put(execution, ended(operation, outcome, clock.now()));
    }
  };

  /** Ends a callback by somebody's answer, and gives the execution that waits for it. */
  const answer = (call: Call<{ CallbackId: string | undefined }>, outcome: Outcome, size: number): DurableExecution => {
    const { execution, operationId } = callbacks.named(call);
    if (size > MOST_PAYLOAD_BYTES) {
      throw invalidParameter(call, payloadRefusal('CALLBACK', 'output'));
    }
    end(execution, operationId, outcome);
    return execution;
  };

  return {
    all: () => [...byArn.values()],

    /** Starts an execution, or gives the one of this name. @throws DurableExecutionAlreadyStartedException */
    start(
      call: Call,
      functionArn: string,
      name: string,
      payload: string,
    ): { execution: DurableExecution; isNew: boolean } {
      const key = `${functionArn.split(':').slice(0, 7).join(':')}/${name}`;
      const known = byName.get(key);
      if (known !== undefined && known.payload === payload) return { execution: known, isNew: false };
      if (known !== undefined) {
        throw new DurableExecutionAlreadyStartedException({
          message: `a durable execution named ${name} exists with another payload`,
          $metadata: { httpStatusCode: 409, requestId: call.requestId },
        });
      }
      const arn = `${functionArn}/durable-execution/${name}/${clock.uuid()}`;
      const root: WireOperation = {
        Id: clock.uuid(),
        Type: 'EXECUTION',
        Name: name,
        Status: 'STARTED',
        StartTimestamp: clock.now(),
        ExecutionDetails: { InputPayload: payload },
      };
      const execution: DurableExecution = {
        arn,
        name,
        functionArn,
        payload,
        operations: new Map([[root.Id ?? '', root]]),
        untold: new Set(),
        status: 'RUNNING',
        result: undefined,
        invocations: 0,
      };
      byName.set(key, execution);
      byArn.set(arn, execution);
      return { execution, isNew: true };
    },

    /** What the function is invoked with, each time. */
    input(execution: DurableExecution): DurableExecutionInvocationInput {
      const news = tell(execution);
      return {
        DurableExecutionArn: execution.arn,
        CheckpointToken: `token-${clock.uuid()}`,
        UpdatedOperationIds: news.flatMap(({ Id }) => Id ?? []),
        InitialExecutionState: { Operations: [...execution.operations.values()] },
      };
    },

    /** The instant at which a suspended execution goes on by itself; `null` where only an answer or an end wakes it. */
    wakesAt(execution: DurableExecution): Date | null {
      const times = [...execution.operations.values()].map((operation) => dueAt(operation, callbacks.timesOutAt));
      const first = Math.min(...times);
      return Number.isFinite(first) ? new Date(first) : null;
    },

    /** Whether there is anything that a suspended execution can be waiting for. */
    hasOpenOperation: (execution: DurableExecution): boolean => [...execution.operations.values()].some(isOpen),

    checkpoint(call: Call<CheckpointDurableExecutionRequest>) {
      const execution = byArn.get(call.input.DurableExecutionArn ?? '');
      if (execution === undefined) throw new Error(`no durable execution \`${call.input.DurableExecutionArn}\``);
      const updates = call.input.Updates ?? [];
      checkUpdates(call, execution.operations, updates);
      const changed = updates.map((update) => apply(execution, update, call));
      return {
        ...answered(call),
        CheckpointToken: `token-${clock.uuid()}`,
        NewExecutionState: { Operations: [...changed, ...tell(execution)] },
      };
    },

    /** The function that an execution had invoked has come to its end. */
    endInvoke: end,

    succeed({ input, ...rest }: Call<SendDurableExecutionCallbackSuccessRequest>): DurableExecution {
      const Result = input.Result === undefined ? undefined : new TextDecoder().decode(input.Result);
      return answer({ input, ...rest }, { Status: 'SUCCEEDED', Result }, input.Result?.byteLength ?? 0);
    },

    fail({ input, ...rest }: Call<SendDurableExecutionCallbackFailureRequest>): DurableExecution {
      const error = input.Error ?? {};
      return answer({ input, ...rest }, { Status: 'FAILED', Error: error }, Buffer.byteLength(JSON.stringify(error)));
    },

    /** Puts the heartbeat timeout of a callback off. */
    beat(call: Call<SendDurableExecutionCallbackHeartbeatRequest>): DurableExecution {
      const callback = callbacks.named(call);
      callbacks.beat(callback);
      return callback.execution;
    },
  };
};

export type DurableExecutions = ReturnType<typeof durableExecutions>;
