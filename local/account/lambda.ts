import type {
  CheckpointDurableExecutionRequest,
  InvokeCommandInput,
  SendDurableExecutionCallbackFailureRequest,
  SendDurableExecutionCallbackHeartbeatRequest,
  SendDurableExecutionCallbackSuccessRequest,
} from '@aws-sdk/client-lambda';
import type { Template, TemplateFunction } from '#local/template/template';
import type { Call } from './call.ts';
import { chainedInvokes } from './chained-invokes.ts';
import { type DurableExecution, durableExecutions } from './durable-executions.ts';
import { durableTurns } from './durable-turns.ts';
import type { VirtualGround } from './ground.ts';
import { functionRuns } from './lambda-runs.ts';
import type { RoleSession } from './state.ts';

export { type Invocation, running } from './lambda-runs.ts';

export interface DeadLetter {
  readonly functionId: string;
  readonly event: unknown;
  readonly error: string;
}

/** Seconds before Lambda tries an asynchronous event again. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const RETRY_SECONDS = [60, 120] as const;

export interface LambdaListener {
  invoked(functionId: string, event: unknown): void;
  ended(execution: DurableExecution): void;
}

/**
 * Lambda as the embedded account plays it: asynchronous invocations with their retries and dead letters, and durable
 * executions with what they invoke and wait for. The handlers are the project's own, unmodified.
 * @param root the project's folder
 */
export const lambdaService = (
  ground: VirtualGround,
  template: Template,
  sessionOf: (functionId: string) => RoleSession,
  root: string,
  listener: LambdaListener,
) => {
  const deadLetters: DeadLetter[] = [];
  const { run, warm } = functionRuns(ground, template, sessionOf, root);

  const found = (name: string): TemplateFunction | undefined =>
    template.functions.find(
      ({ logicalId, folder }) =>
        logicalId === name || folder === name || name.includes(`-${folder}:`) || name.endsWith(`-${folder}`),
    );

  const functionNamed = (name: string): TemplateFunction => {
    const fn = found(name);
    if (fn === undefined) throw new Error(`the template has no function \`${name}\``);
    return fn;
  };

  const executions = durableExecutions(ground, (invoke) => chained.begin(invoke));
  const turns = durableTurns(
    ground,
    executions,
    (execution) => run(functionNamed(execution.functionArn), executions.input(execution), execution.name),
    (execution) => {
      chained.executionEnded(execution);
      listener.ended(execution);
    },
  );

  const startDurable = (call: Call, functionArn: string, name: string, payload: string): DurableExecution => {
    const { execution, isNew } = executions.start(call, functionArn, name, payload);
    if (isNew) {
      listener.invoked(functionNamed(functionArn).logicalId, JSON.parse(payload));
      turns.begin(execution);
    }
    return execution;
  };

  const chained = chainedInvokes(ground, found, {
    warm,
    run: (fn, event, execution) => {
      listener.invoked(fn.logicalId, event);
      return run(fn, event, execution);
    },
    startDurable,
    ended: (execution, operationId, outcome) => {
      executions.endInvoke(execution, operationId, outcome);
      turns.wait(execution);
    },
  });

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

  const answered = (call: Call, execution: DurableExecution) => {
    turns.wait(execution);
    return { $metadata: { httpStatusCode: 200, requestId: call.requestId } };
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
      SendDurableExecutionCallbackSuccess: async (call: Call<SendDurableExecutionCallbackSuccessRequest>) =>
        answered(call, executions.succeed(call)),
      SendDurableExecutionCallbackFailure: async (call: Call<SendDurableExecutionCallbackFailureRequest>) =>
        answered(call, executions.fail(call)),
      SendDurableExecutionCallbackHeartbeat: async (call: Call<SendDurableExecutionCallbackHeartbeatRequest>) =>
        answered(call, executions.beat(call)),
    },
  };
};
