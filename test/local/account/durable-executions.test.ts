import { describe, expect, it, onTestFinished } from 'vitest';
import { durableExecutions } from '#local/account/durable-executions';
import { operationCount } from '#local/account/durable-limits';
import { durableTurns } from '#local/account/durable-turns';
import { virtualGround } from '#local/account/ground';
import { arnOf } from './durable/durable-stage.ts';
import { addRole, addSession, callOf } from './ground.ts';

type Updates = NonNullable<Parameters<ReturnType<typeof durableExecutions>['checkpoint']>[0]['input']['Updates']>;

/** An execution whose function does nothing but wait. */
const begun = () => {
  const ground = virtualGround(new Date('2026-03-02T09:00:00Z'), async () => {});
  onTestFinished(() => ground.uninstall());
  const began = ground.now().getTime();
  const executions = durableExecutions(ground);
  const call = callOf(ground, addSession(ground, addRole(), null), {});
  const { execution } = executions.start(call, arnOf('parent'), 'case', '{}');
  const runs: number[] = [];
  const ends: string[] = [];
  const turns = durableTurns(
    ground,
    executions,
    async () => {
      runs.push((ground.now().getTime() - began) / 1000);
      executions.input(execution);
      return { Status: 'PENDING' };
    },
    ({ status }) => void ends.push(status),
  );
  return {
    ground,
    execution,
    turns,
    /** When the function ran, in seconds. */
    runs,
    ends,
    checkpoint: (...updates: Updates) =>
      executions.checkpoint({
        ...call,
        input: { DurableExecutionArn: execution.arn, CheckpointToken: 'token', Updates: updates },
      }),
    /** Opens a callback, and gives the way to answer it. */
    open(Id: string, CallbackOptions = {}) {
      this.checkpoint({ Id, Type: 'CALLBACK', Action: 'START', CallbackOptions });
      const { CallbackId } = execution.operations.get(Id)?.CallbackDetails ?? {};
      return () => turns.wait(executions.succeed({ ...call, input: { CallbackId } }));
    },
  };
};

describe('a durable execution', () => {
  it('that is suspended and waits for nothing fails', async () => {
    const { ground, execution, turns, ends } = begun();
    turns.begin(execution);
    await ground.settle();
    expect(ends).toEqual(['FAILED']);
    expect(execution.result).toEqual({
      ErrorType: 'InvalidParameterValueException',
      ErrorMessage: 'Cannot return PENDING status with no pending operations.',
    });
  });

  it('is called soon after the first of many answers, and told of all that have come', async () => {
    const stage = begun();
    stage.open('never');
    for (const [at, id] of ['a', 'b', 'c', 'd'].entries()) stage.ground.after(1 + at * 0.03, stage.open(id));
    stage.turns.begin(stage.execution);
    await stage.ground.settle();
    // The answers came at 1, 1.03, 1.06 and 1.09.
    expect(stage.runs).toEqual([0.05, 1.05, 1.11]);
  });

  it('takes no answer to a callback whose time is over, even if it has not been told so', async () => {
    const stage = begun();
    const answer = stage.open('a', { TimeoutSeconds: 60 });
    await stage.ground.settle(60);
    expect(answer).toThrow('the callback has timed out or has been answered already');
  });

  it.each(['CALLBACK', 'CHAINED_INVOKE', 'WAIT'] as const)('may begin a %s once', (Type) => {
    const { checkpoint } = begun();
    const update = { Id: 'a', Type, Action: 'START', ChainedInvokeOptions: { FunctionName: 'child' } } as const;
    checkpoint(update);
    expect(() => checkpoint(update)).toThrow(`Cannot start a ${Type} that already exists.`);
  });

  it.each([
    { name: 'a CALLBACK by itself', Type: 'CALLBACK', Action: 'SUCCEED' },
    { name: 'a CHAINED_INVOKE by itself', Type: 'CHAINED_INVOKE', Action: 'FAIL' },
    { name: 'what is not modelled', Type: 'WAIT', Action: 'CANCEL' },
  ] as const)('cannot end $name', ({ Type, Action }) => {
    const { checkpoint } = begun();
    expect(() => checkpoint({ Id: 'a', Type, Action })).toThrow(`the embedded Lambda has no \`${Type} ${Action}\``);
  });

  it('keeps nothing of a checkpoint that is refused', () => {
    const { checkpoint, execution } = begun();
    const refused = () =>
      checkpoint(
        { Id: 'small', Type: 'STEP', Action: 'SUCCEED', Payload: '1' },
        { Id: 'big', Type: 'STEP', Action: 'SUCCEED', Payload: 'x'.repeat(300_000) },
      );
    expect(refused).toThrow('STEP output payload size');
    expect(operationCount(execution)).toBe(0);
  });
});
