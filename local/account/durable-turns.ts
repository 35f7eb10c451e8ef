import { type DurableExecution, type DurableExecutions, InvocationOutput } from './durable-executions.ts';
import { MOST_PAYLOAD_BYTES, payloadRefusal } from './durable-limits.ts';
import type { VirtualGround } from './ground.ts';
import { RunError } from './lambda-runs.ts';

/** Seconds in which a durable execution is invoked again after its function died. */
const REVIVE_SECONDS = 2;
/** Seconds in which it is invoked again after something that it waits for has come. */
const CALL_SECONDS = 0.05;

/** An answer too long for a run the SDK checkpoints, and returns an empty one in its place. */
const isTooLong = (answer: string): boolean => answer === '' || Buffer.byteLength(answer) > MOST_PAYLOAD_BYTES;

const invalid = (ErrorMessage: string) => ({ ErrorType: 'InvalidParameterValueException', ErrorMessage });

interface Turn {
  /** The function runs, or is dead and about to be revived: whatever comes meanwhile is told then, or afterwards. */
  isBusy: boolean;
  /** Something has come, and the function is about to be told. */
  isCalled: boolean;
  cancel: () => void;
}

/**
 * Whose turn it is: a durable execution is invoked when it begins, when something that it waits for has come, and after
 * its function died; one run at a time.
 */
export const durableTurns = (
  ground: VirtualGround,
  executions: DurableExecutions,
  run: (execution: DurableExecution) => Promise<unknown>,
  ended: (execution: DurableExecution) => void,
) => {
  const turns = new WeakMap<DurableExecution, Turn>();

  const turnOf = (execution: DurableExecution): Turn => {
    const known = turns.get(execution) ?? { isBusy: false, isCalled: false, cancel: () => {} };
    turns.set(execution, known);
    return known;
  };

  const end = (execution: DurableExecution, status: 'SUCCEEDED' | 'FAILED', result: unknown): void => {
    execution.status = status;
    execution.result = result;
    ended(execution);
  };

  const schedule = (execution: DurableExecution, seconds: number): void => {
    turnOf(execution).cancel = ground.after(Math.max(seconds, 0), () => proceed(execution));
  };

  /** Lets a suspended execution wait for whatever comes first. */
  const wait = (execution: DurableExecution): void => {
    const turn = turnOf(execution);
    if (execution.status !== 'RUNNING' || turn.isBusy || turn.isCalled) return;
    turn.cancel();
    if (execution.untold.size > 0) {
      turn.isCalled = true;
      schedule(execution, CALL_SECONDS);
      return;
    }
    const wakes = executions.wakesAt(execution);
    if (wakes !== null) schedule(execution, (wakes.getTime() - ground.now().getTime()) / 1000);
    else if (!executions.hasOpenOperation(execution)) {
      // In the words of the service: https://github.com/aws/aws-durable-execution-sdk-python/issues/213
      end(execution, 'FAILED', invalid('Cannot return PENDING status with no pending operations.'));
    }
  };

  const proceed = async (execution: DurableExecution): Promise<void> => {
    const turn = turnOf(execution);
    turn.isBusy = true;
    turn.isCalled = false;
    execution.invocations += 1;
    try {
      const output = InvocationOutput.parse(await run(execution));
      turn.isBusy = false;
      if (output.Status === 'PENDING') return wait(execution);
      if (output.Status === 'FAILED') return end(execution, 'FAILED', output.Error);
      const { Result = 'null' } = output;
      if (isTooLong(Result)) end(execution, 'FAILED', invalid(payloadRefusal('EXECUTION', 'output')));
      else end(execution, 'SUCCEEDED', JSON.parse(Result));
    } catch (error) {
      if (!(error instanceof RunError && error.isDeath)) throw error;
      schedule(execution, REVIVE_SECONDS);
    }
  };

  return {
    begin: (execution: DurableExecution): void => schedule(execution, CALL_SECONDS),
    /** Something that an execution may be waiting for has come, or comes at another time than before. */
    wait,
  };
};
