import { describe, expect, it, vi } from 'vitest';
import { operationCount } from '#local/account/durable-limits';
import { arnOf, durableStage } from './durable/durable-stage.ts';
import type { Script } from './durable/script.ts';

const endOf = async (parent: Script['parent']) => {
  // The SDK tells of every refusal, and cannot be silenced.
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const stage = await durableStage({ parent, child: async () => 'unheard' });
  const execution = await stage.begin();
  await stage.settle();
  stderr.mockRestore();
  return execution;
};

/** A text whose JSON is so many bytes. */
const json = (bytes: number): string => 'x'.repeat(bytes - 2);

describe('operations', () => {
  const steps =
    (count: number): Script['parent'] =>
    async (_event, context) => {
      await Promise.all(Array.from({ length: count }, (_, at) => context.step(`step ${at}`, async () => at)));
      return 'done';
    };

  it('an execution may have 3,000', async () => {
    const execution = await endOf(steps(3_000));
    expect([execution.status, operationCount(execution)]).toEqual(['SUCCEEDED', 3_000]);
  });

  it('and fails with one more', async () => {
    const execution = await endOf(steps(3_001));
    expect(execution).toMatchObject({
      status: 'FAILED',
      result: {
        ErrorMessage: '[Unrecoverable Execution] Checkpoint failed: a durable execution has at most 3000 operations',
      },
    });
    expect(operationCount(execution)).toBeLessThanOrEqual(3_000);
  });
});

describe('payloads', () => {
  const kinds: readonly {
    readonly kind: string;
    readonly words: string;
    readonly act: (size: number) => Script['parent'];
  }[] = [
    {
      kind: 'result of a step',
      words: 'STEP output',
      act: (size) => async (_event, context) => void (await context.step('big', async () => json(size))),
    },
    {
      kind: 'payload of an invoke',
      words: 'CHAINED_INVOKE input',
      act: (size) => async (_event, context) => void (await context.invoke('big', arnOf('child'), json(size))),
    },
  ];

  it.each(kinds)('a $kind may have 262,144 bytes', async ({ act }) => {
    expect((await endOf(act(262_144))).status).toBe('SUCCEEDED');
  });

  it.each(kinds)('a $kind with one more fails the execution', async ({ act, words }) => {
    expect(await endOf(act(262_145))).toMatchObject({
      status: 'FAILED',
      result: {
        ErrorMessage: expect.stringMatching(`: ${words} payload size must be less than or equal to 262144 bytes$`),
      },
    });
  });

  it('an answer may have 262,144 bytes', async () => {
    expect(await endOf(async () => json(262_144))).toMatchObject({ status: 'SUCCEEDED', result: json(262_144) });
  });

  it.each([262_145, 6_291_457])('an answer of %i bytes fails the execution', async (size) => {
    expect(await endOf(async () => json(size))).toMatchObject({
      status: 'FAILED',
      result: {
        ErrorType: 'InvalidParameterValueException',
        ErrorMessage: 'EXECUTION output payload size must be less than or equal to 262144 bytes',
      },
    });
  });
});
