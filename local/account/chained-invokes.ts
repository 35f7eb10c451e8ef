import type { TemplateFunction } from '#local/template/template';
import type { Call } from './call.ts';
import type { ChainedInvoke, DurableExecution } from './durable-executions.ts';
import type { Outcome, WireError } from './durable-operations.ts';
import type { VirtualGround } from './ground.ts';
import { RunError } from './lambda-runs.ts';
import { refusalOf } from './permissions.ts';

/** Seconds from the checkpoint to the invoked function's start. */
const START_SECONDS = 0.05;

const failed = (ErrorType: string, ErrorMessage: string): Outcome => ({
  Status: 'FAILED',
  Error: { ErrorType, ErrorMessage },
});

/** What Lambda tells of a run that came to no answer: its own error, or what the function threw. */
const failureOf = (error: unknown): Outcome => {
  if (error instanceof RunError) return failed(error.errorType, error.report);
  if (error instanceof Error) return failed(error.name, error.message);
  return failed('Error', String(error));
};

const arnOf = ({ session, region }: Call, name: string): string =>
  name.startsWith('arn:') ? name : `arn:aws:lambda:${region}:${session.role.accountId}:function:${name}`;

interface Actions {
  readonly warm: (fns: readonly TemplateFunction[]) => Promise<void>;
  readonly run: (fn: TemplateFunction, event: unknown, execution: string) => Promise<unknown>;
  readonly startDurable: (call: Call, functionArn: string, name: string, payload: string) => DurableExecution;
  readonly ended: (execution: DurableExecution, operationId: string, outcome: Outcome) => void;
}

/**
 * Functions that a durable execution has Lambda invoke: with its own role's leave, side by side, each once. What one comes
 * to is the operation's end, and Lambda tries none again.
 * https://aws.github.io/aws-durable-execution-docs/sdk-reference/operations/invoke
 */
export const chainedInvokes = (
  ground: VirtualGround,
  functionNamed: (name: string) => TemplateFunction | undefined,
  { warm, run, startDurable, ended }: Actions,
) => {
  const starting: ChainedInvoke[] = [];
  /** Durable executions that another one waits for. */
  const awaited = new Map<DurableExecution, (outcome: Outcome) => void>();

  /** The function to run, where it is one that runs here and now. */
  const judged = async (invoke: ChainedInvoke): Promise<TemplateFunction | null> => {
    const { execution, operationId, functionName, payload, call } = invoke;
    const finish = (outcome: Outcome): void => ended(execution, operationId, outcome);
    const fn = functionNamed(functionName);
    const arn = arnOf(call, functionName);
    const refused = await refusalOf('lambda:Invoke', { ...call, input: { FunctionName: arn } }, ground);
    if (refused !== null) finish(failed('AccessDeniedException', refused));
    else if (fn === undefined) finish(failed('ResourceNotFoundException', `Function not found: ${arn}`));
    else if (fn.durable) awaited.set(startDurable(call, arn, ground.uuid(), payload), finish);
    else return fn;
    return null;
  };

  const follow = async (fn: TemplateFunction, { execution, operationId, payload }: ChainedInvoke): Promise<void> => {
    try {
      const answer = await run(fn, JSON.parse(payload), execution.name);
      ended(execution, operationId, { Status: 'SUCCEEDED', Result: JSON.stringify(answer ?? null) });
    } catch (error) {
      ended(execution, operationId, failureOf(error));
    }
  };

  /** What was asked for together starts together. */
  const startAll = async (): Promise<void> => {
    const ready: { readonly fn: TemplateFunction; readonly invoke: ChainedInvoke }[] = [];
    for (const invoke of starting.splice(0)) {
      const fn = await judged(invoke);
      if (fn !== null) ready.push({ fn, invoke });
    }
    await warm(ready.map(({ fn }) => fn));
    for (const { fn, invoke } of ready) ground.beside(() => follow(fn, invoke));
  };

  return {
    begin(invoke: ChainedInvoke): void {
      starting.push(invoke);
      ground.after(START_SECONDS, startAll);
    },

    /** Tells the execution that waits for this one, if any does. */
    executionEnded(execution: DurableExecution): void {
      const error: WireError =
        typeof execution.result === 'object' && execution.result !== null ? execution.result : {};
      const outcome: Outcome =
        execution.status === 'SUCCEEDED'
          ? { Status: 'SUCCEEDED', Result: JSON.stringify(execution.result ?? null) }
          : { Status: 'FAILED', Error: error };
      awaited.get(execution)?.(outcome);
      awaited.delete(execution);
    },
  };
};
