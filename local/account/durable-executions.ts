import type { DurableExecutionInvocationInput, WireOperation } from '@aws/durable-execution-sdk-js';
import {
  type CheckpointDurableExecutionRequest,
  DurableExecutionAlreadyStartedException,
  type OperationUpdate,
} from '@aws-sdk/client-lambda';
import { z } from 'zod';
import type { Call } from './call.ts';

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

const answered = (call: Call) => ({ $metadata: { httpStatusCode: 200, requestId: call.requestId } });

const milliseconds = (time: Date | string | undefined): number =>
  time === undefined ? Number.POSITIVE_INFINITY : new Date(time).getTime();

type Update = (operation: WireOperation, update: OperationUpdate, now: Date) => WireOperation;

const started = (operation: WireOperation, now: Date, seconds: number | undefined): WireOperation => ({
  ...operation,
  Status: 'STARTED',
  ...(operation.Type === 'WAIT'
    ? { WaitDetails: { ScheduledEndTimestamp: new Date(now.getTime() + (seconds ?? 0) * 1000) } }
    : {}),
});

/** What each action makes of an operation. `Attempt` counts the attempts that have failed. */
const ACTIONS: Readonly<Record<string, Update>> = {
  START: (operation, { WaitOptions }, now) => started(operation, now, WaitOptions?.WaitSeconds),
  SUCCEED: (operation, { Payload, ContextOptions }, now) => ({
    ...operation,
    Status: 'SUCCEEDED',
    EndTimestamp: now,
    ...(operation.Type === 'STEP' ? { StepDetails: { ...operation.StepDetails, Result: Payload } } : {}),
    ...(operation.Type === 'CONTEXT'
      ? { ContextDetails: { Result: Payload, ReplayChildren: ContextOptions?.ReplayChildren } }
      : {}),
  }),
  FAIL: (operation, { Error: error }, now) => ({
    ...operation,
    Status: 'FAILED',
    EndTimestamp: now,
    ...(operation.Type === 'STEP' ? { StepDetails: { ...operation.StepDetails, Error: error } } : {}),
    ...(operation.Type === 'CONTEXT' ? { ContextDetails: { Error: error } } : {}),
  }),
  RETRY: (operation, { StepOptions }, now) => ({
    ...operation,
    Status: 'PENDING',
    StepDetails: {
      Attempt: (operation.StepDetails?.Attempt ?? 0) + 1,
      NextAttemptTimestamp: new Date(now.getTime() + (StepOptions?.NextAttemptDelaySeconds ?? 1) * 1000),
    },
  }),
};

/** The kinds of operation that Unlatch uses; another one in a checkpoint is an error, not a silent success. */
const MODELLED: ReadonlySet<string> = new Set(['EXECUTION', 'STEP', 'WAIT', 'CONTEXT']);

export const durableExecutions = (clock: { now(): Date; uuid(): string }) => {
  const byName = new Map<string, DurableExecution>();
  const byArn = new Map<string, DurableExecution>();

  const apply = (execution: DurableExecution, update: OperationUpdate): WireOperation => {
    const { Id = '', Type = 'STEP', Action = '' } = update;
    const act = ACTIONS[Action];
    if (!MODELLED.has(Type) || act === undefined) throw new Error(`the embedded Lambda has no \`${Type} ${Action}\``);
    const before = execution.operations.get(Id) ?? {
      Id,
      ParentId: update.ParentId,
      Name: update.Name,
      Type,
      SubType: update.SubType,
      StartTimestamp: clock.now(),
      Status: 'STARTED' as const,
    };
    const after = act(before, update, clock.now());
    execution.operations.set(Id, after);
    return after;
  };

  /** Waits whose time has come end, and steps whose pause is over are ready. */
  const wake = (execution: DurableExecution): WireOperation[] => {
    const now = clock.now().getTime();
    const due = [...execution.operations.values()].flatMap((operation): WireOperation[] => {
      if (operation.Type === 'WAIT' && operation.Status === 'STARTED') {
        if (milliseconds(operation.WaitDetails?.ScheduledEndTimestamp) > now) return [];
        return [{ ...operation, Status: 'SUCCEEDED', EndTimestamp: clock.now() }];
      }
      if (operation.Type === 'STEP' && operation.Status === 'PENDING') {
        if (milliseconds(operation.StepDetails?.NextAttemptTimestamp) > now) return [];
        return [{ ...operation, Status: 'READY' }];
      }
      return [];
    });
    for (const operation of due) execution.operations.set(operation.Id ?? '', operation);
    return due;
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
      wake(execution);
      return {
        DurableExecutionArn: execution.arn,
        CheckpointToken: `token-${clock.uuid()}`,
        InitialExecutionState: { Operations: [...execution.operations.values()] },
      };
    },

    /** The instant at which a suspended execution goes on. */
    wakesAt(execution: DurableExecution): Date | null {
      const times = [...execution.operations.values()].flatMap((operation) => {
        if (operation.Type === 'WAIT' && operation.Status === 'STARTED') {
          return [milliseconds(operation.WaitDetails?.ScheduledEndTimestamp)];
        }
        if (operation.Type === 'STEP' && operation.Status === 'PENDING') {
          return [milliseconds(operation.StepDetails?.NextAttemptTimestamp)];
        }
        return [];
      });
      return times.length === 0 ? null : new Date(Math.min(...times));
    },

    checkpoint(call: Call<CheckpointDurableExecutionRequest>) {
      const execution = byArn.get(call.input.DurableExecutionArn ?? '');
      if (execution === undefined) throw new Error(`no durable execution \`${call.input.DurableExecutionArn}\``);
      const updated = (call.input.Updates ?? []).map((update) => apply(execution, update));
      return {
        ...answered(call),
        CheckpointToken: `token-${clock.uuid()}`,
        NewExecutionState: { Operations: [...updated, ...wake(execution)] },
      };
    },
  };
};

export type DurableExecutions = ReturnType<typeof durableExecutions>;
