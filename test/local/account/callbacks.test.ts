import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { describe, expect, it } from 'vitest';
import { durableStage } from './durable/durable-stage.ts';

type Config = Parameters<DurableContext['waitForCallback']>[1];

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An execution that asks a person, and tells what came of it. */
const asking = async (config: Config = { timeout: { hours: 1 } }) => {
  const asked: string[] = [];
  const stage = await durableStage({
    parent: async (_event, context) => {
      try {
        return await context.waitForCallback('agreement', async (id) => void asked.push(id), config);
      } catch (error) {
        return error instanceof Error ? `${error.name}: ${error.message}` : 'no error';
      }
    },
  });
  const execution = await stage.begin();
  await stage.settle(10);
  const [CallbackId = ''] = asked;
  const { lambda, callOf } = stage;
  return {
    stage,
    execution,
    asked,
    CallbackId,
    succeed: (Result: string, id = CallbackId) =>
      lambda.SendDurableExecutionCallbackSuccess(callOf({ CallbackId: id, Result: bytes(Result) })),
    fail: () =>
      lambda.SendDurableExecutionCallbackFailure(
        callOf({ CallbackId, Error: { ErrorType: 'Refused', ErrorMessage: 'not on my watch' } }),
      ),
    beat: () => lambda.SendDurableExecutionCallbackHeartbeat(callOf({ CallbackId })),
  };
};

describe('a durable execution that waits for an answer', () => {
  it('is suspended until it comes, and goes on with it once', async () => {
    const { stage, execution, succeed, asked } = await asking();
    expect([execution.status, execution.invocations]).toEqual(['RUNNING', 1]);
    await succeed('yes, do it');
    await stage.settle();
    expect(execution.result).toBe('yes, do it');
    expect([execution.invocations, asked.length]).toEqual([2, 1]);
    // Nobody waits for the timeout any more.
    expect(stage.time()).toBeLessThan(11);
  });

  it('is told of a refusal', async () => {
    const { stage, execution, fail } = await asking();
    await fail();
    await stage.settle();
    expect(execution.result).toBe('CallbackExternalError: not on my watch');
  });

  it('is told when the time is over', async () => {
    const { stage, execution } = await asking();
    await stage.settle(3_589);
    expect(execution.status).toBe('RUNNING');
    await stage.settle();
    expect(execution.result).toBe('CallbackTimeoutError: Callback timed out');
    expect(stage.time()).toBeGreaterThanOrEqual(3_600);
    expect(stage.time()).toBeLessThan(3_601);
  });

  it('waits for ever without a timeout, and no time passes on its account', async () => {
    const { stage, execution, succeed } = await asking({});
    await stage.settle();
    expect([execution.status, stage.time()]).toEqual(['RUNNING', 10]);
    await succeed('at last');
    await stage.settle();
    expect(execution.result).toBe('at last');
  });

  it('goes on without a further invocation where the answer comes while it runs', async () => {
    const stage = await durableStage({
      parent: (_event, context) =>
        context.waitForCallback('at once', async (CallbackId) => {
          await stage.lambda.SendDurableExecutionCallbackSuccess(stage.callOf({ CallbackId, Result: bytes('now') }));
        }),
    });
    const execution = await stage.begin();
    await stage.settle();
    expect([execution.result, execution.invocations]).toEqual(['now', 1]);
  });

  it('waits for its timers beside', async () => {
    const stage = await durableStage({
      parent: async (_event, context) => {
        const answers = await context.parallel([
          (branch) => branch.waitForCallback(async () => {}, { timeout: { minutes: 10 } }).catch(() => 'no answer'),
          async (branch) => {
            await branch.wait({ minutes: 5 });
            return 'waited';
          },
        ]);
        return answers.getResults();
      },
    });
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toEqual(['no answer', 'waited']);
    expect(execution.invocations).toBe(3);
  });
});

describe('a heartbeat', () => {
  const config = { timeout: { hours: 1 }, heartbeatTimeout: { minutes: 1 } };

  it('that stays away ends the wait before its timeout', async () => {
    const { stage, execution } = await asking(config);
    await stage.settle();
    expect(execution.result).toBe('CallbackTimeoutError: Callback timed out');
    expect(stage.time()).toBeLessThan(61);
  });

  it('that comes in time puts it off', async () => {
    const { stage, execution, beat, succeed } = await asking(config);
    await stage.settle(40);
    await beat();
    await stage.settle(50);
    expect([execution.status, execution.invocations]).toEqual(['RUNNING', 1]);
    await succeed('here');
    await stage.settle();
    expect(execution.result).toBe('here');
  });
});

describe('an answer is refused', () => {
  it.each([
    { name: 'that is the second', error: 'CallbackTimeoutException', seconds: 0 },
    { name: 'that comes after the execution has ended', error: 'CallbackTimeoutException', seconds: 5 },
  ])('$name', async ({ error, seconds }) => {
    const { stage, execution, succeed } = await asking();
    await succeed('first');
    await stage.settle(seconds);
    await expect(succeed('second')).rejects.toMatchObject({ name: error, $metadata: { httpStatusCode: 400 } });
    await stage.settle();
    expect(execution.result).toBe('first');
  });

  it('that comes too late', async () => {
    const { stage, execution, succeed, fail, beat } = await asking();
    await stage.settle();
    for (const late of [() => succeed('late'), fail, beat]) {
      await expect(late()).rejects.toMatchObject({ name: 'CallbackTimeoutException' });
    }
    expect(execution.result).toBe('CallbackTimeoutError: Callback timed out');
  });

  it('that names a callback of nobody', async () => {
    const { succeed } = await asking();
    const unknown = Buffer.from('unknown').toString('base64');
    await expect(succeed('yes', unknown)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it.each(['', 'agreement-1', 'a b', '='])('that names `%s`, which is no callback id', async (id) => {
    const { succeed } = await asking();
    await expect(succeed('yes', id)).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });

  it('that is too long, and a shorter one is taken', async () => {
    const { stage, execution, succeed } = await asking();
    await expect(succeed('x'.repeat(262_145))).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    await succeed('x'.repeat(262_144 - 100));
    await stage.settle();
    expect(execution.result).toHaveLength(262_044);
  });

  it('where the execution did not wait for it', async () => {
    const ids: string[] = [];
    const stage = await durableStage({
      parent: async (_event, context) => {
        const [, id] = await context.createCallback('unheeded');
        ids.push(id);
        return 'done';
      },
    });
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toBe('done');
    const [CallbackId] = ids;
    await expect(stage.lambda.SendDurableExecutionCallbackSuccess(stage.callOf({ CallbackId }))).rejects.toMatchObject({
      name: 'CallbackTimeoutException',
    });
  });
});
