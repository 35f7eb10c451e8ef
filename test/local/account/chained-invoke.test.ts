import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { arnOf, callAws, durableStage } from './durable/durable-stage.ts';
import type { Script } from './durable/script.ts';

const child = arnOf('child');

/** One call that only the parent makes, so that a fault hits nobody else. */
const callOfParent = (): Promise<unknown> =>
  new EC2Client({}).send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));

const wordsOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : 'no error');

/** Invokes the child under each name, side by side; an error is told by its message. */
const invokeEach = async (context: DurableContext, names: readonly string[]): Promise<unknown[]> => {
  const answers = await context.map('children', [...names], async (branch, name) =>
    branch.invoke(name, child, { name }).catch(wordsOf),
  );
  return answers.getResults();
};

const one: Script['parent'] = (_event, context) => invokeEach(context, ['one']);

describe('functions that a durable execution invokes', () => {
  it('run side by side, and wake it once when they end together', async () => {
    const stage = await durableStage({
      parent: (_event, context) => invokeEach(context, ['a', 'b']),
      child: async ({ name }) => {
        await callAws(10);
        return `${name} done`;
      },
    });
    const execution = await stage.begin();
    await stage.settle();

    expect(execution.result).toEqual(['a done', 'b done']);
    expect(execution.invocations).toBe(2);
    expect(stage.runsOf('ChildFunction')).toHaveLength(2);
    // Ten calls take 0.8 seconds; one after the other they would take 1.6.
    expect(stage.time()).toBeGreaterThan(0.8);
    expect(stage.time()).toBeLessThan(1.2);
  });

  it('run in their own name, for the execution that had them invoked', async () => {
    const stage = await durableStage({ parent: one, child: () => callAws() });
    await stage.begin();
    await stage.settle();
    const [call] = stage.account.calls;
    expect(call).toMatchObject({ api: 'sts:GetCallerIdentity', functionId: 'ChildFunction', execution: 'case' });
  });

  it('see the variables that the template gives to them, and no others', async () => {
    const stage = await durableStage({ parent: (_event, context) => invokeEach(context, ['settings']) });
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toEqual([{ NAMED: 'child' }]);
  });

  it('see how their time runs out', async () => {
    const stage = await durableStage({
      parent: one,
      child: async (_event, context) => {
        const before = context.getRemainingTimeInMillis();
        await callAws(10);
        return [before, context.getRemainingTimeInMillis()];
      },
    });
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toEqual([[3_000, 2_200]]);
  });

  it('may be durable themselves', async () => {
    const stage = await durableStage({
      parent: async (event, context) => {
        if (Array.isArray(event)) {
          await context.wait({ hours: 1 });
          return 'an hour later';
        }
        return context.invoke(arnOf('parent'), []);
      },
    });
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toBe('an hour later');
    expect(stage.time()).toBeGreaterThan(3_600);
  });

  it('answer with nothing as `null`', async () => {
    const stage = await durableStage({ parent: one, child: async () => undefined });
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toEqual([null]);
  });
});

describe('a function that comes to no answer', () => {
  const ends = [
    {
      name: 'throws',
      child: () => Promise.reject(new RangeError('no such block')),
      message: 'InvokeError: no such block',
    },
    {
      name: 'is killed',
      child: () => callAws(),
      faults: [{ api: 'sts:GetCallerIdentity', nth: 1, what: 'crash-before' }],
      message: expect.stringMatching(
        /^InvokeError: RequestId: [0-9a-f-]{36} Error: Runtime exited with error: signal: killed$/,
      ),
    },
    {
      name: 'takes longer than it may',
      child: () => callAws(1_000),
      message: expect.stringMatching(/^InvokeError: RequestId: \S+ Error: Task timed out after 3.00 seconds$/),
    },
    {
      name: 'answers with more than 6 MB',
      child: async () => 'x'.repeat(6_291_556),
      message: 'InvokeError: Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    },
  ] as const;

  it.each(ends)(
    'that $name is an error to its caller, and is not run again',
    async ({ child: act, message, ...rest }) => {
      let runs = 0;
      const stage = await durableStage(
        {
          parent: one,
          child: async () => {
            runs += 1;
            return act();
          },
        },
        'faults' in rest ? rest.faults : [],
      );
      const execution = await stage.begin();
      await stage.settle();
      expect(execution.result).toEqual([message]);
      expect(runs).toBe(1);
    },
  );

  it('that is killed takes with it what its modules kept', async () => {
    const stage = await durableStage(
      {
        parent: async (_event, context) => {
          const counts: unknown[] = [];
          for (const name of ['count', 'count', 'die', 'count']) {
            counts.push(await context.invoke(name, child, { name }).catch(() => 'dead'));
          }
          return counts;
        },
        child: () => callAws(),
      },
      [{ api: 'sts:GetCallerIdentity', nth: 1, what: 'crash-before' }],
    );
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toEqual([1, 2, 'dead', 1]);
  });

  it('tells Lambda the kind of error', async () => {
    const stage = await durableStage({ parent: one, child: () => callAws(1_000) });
    const execution = await stage.begin();
    await stage.settle();
    const invoke = [...execution.operations.values()].find(({ Type }) => Type === 'CHAINED_INVOKE');
    expect(invoke).toMatchObject({
      Status: 'FAILED',
      ChainedInvokeDetails: { Error: { ErrorType: 'Sandbox.Timedout' } },
    });
    // It was over when its time was, and the calls of its 3 seconds are all that it made.
    expect(stage.account.calls).toHaveLength(38);
  });

  it.each([
    { name: 'throws', faults: [], words: 'InvokeError: no' },
    {
      name: 'is killed',
      faults: [{ api: 'sts:GetCallerIdentity', nth: 1, what: 'crash-after' }],
      words: expect.stringContaining('signal: killed'),
    },
  ] as const)('that $name leaves the others alone', async ({ faults, words }) => {
    const stage = await durableStage(
      {
        parent: (_event, context) => invokeEach(context, ['bad', 'good']),
        child: async ({ name }) => {
          await callAws();
          if (name === 'bad') throw new Error('no');
          await callAws(5);
          return 'yes';
        },
      },
      faults,
    );
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toEqual([words, 'yes']);
    expect(stage.runsOf('ChildFunction')).toHaveLength(2);
  });

  it('is not run where the role may not invoke it', async () => {
    const stage = await durableStage({
      parent: (_event, context) => context.invoke(arnOf('keeper'), {}).catch(wordsOf),
    });
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toMatch(
      /^InvokeError: User: arn:aws:sts::111122223333:assumed-role\/unlatch-ParentFunctionRole\/unlatch-parent is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:eu-west-3:111122223333:function:unlatch-keeper:live /,
    );
  });

  it('is named where there is none', async () => {
    const stage = await durableStage({
      parent: (_event, context) => context.invoke('nobody', {}).catch(wordsOf),
    });
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toBe(
      'InvokeError: Function not found: arn:aws:lambda:eu-west-3:111122223333:function:nobody',
    );
  });
});

describe('a durable execution whose functions run', () => {
  it('that dies is told of them all when it is revived, and invokes none again', async () => {
    const stage = await durableStage(
      {
        parent: async (_event, context) => {
          const long = context.invoke('long', child, { name: 'long' });
          const short = await context.invoke('short', child, { name: 'short' });
          await context.step('note', async () => void (await callOfParent()));
          return [short, await long];
        },
        child: async ({ name }) => {
          await callAws(name === 'long' ? 30 : 1);
          return name;
        },
      },
      [{ api: 'ec2:DescribeSnapshots', nth: 1, what: 'crash-before' }],
    );
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toEqual(['short', 'long']);
    expect(stage.runsOf('ChildFunction')).toHaveLength(2);
    // The one that was killed, and the one after it.
    expect(stage.runsOf('ParentFunction')).toHaveLength(2);
  });

  it('goes on at once where one ends while it runs, and never runs twice at a time', async () => {
    const ended = Promise.withResolvers<void>();
    let lingering = 0;
    let most = 0;
    const stage = await durableStage({
      parent: async (_event, context) => {
        const late = context.invoke('late', child, { name: 'late' });
        const early = await context.invoke('early', child, { name: 'early' });
        await context.step('linger', async () => {
          lingering += 1;
          most = Math.max(most, lingering);
          await ended.promise;
          await callOfParent();
          lingering -= 1;
        });
        return [early, await late];
      },
      child: async ({ name }) => {
        await callAws(name === 'late' ? 5 : 1);
        if (name === 'late') setTimeout(ended.resolve, 5);
        return name;
      },
    });
    const execution = await stage.begin();
    await stage.settle();
    expect(execution.result).toEqual(['early', 'late']);
    expect([execution.invocations, most]).toEqual([2, 1]);
  });

  it('that has ended does not hear of those which end after it', async () => {
    const stage = await durableStage({
      parent: async (_event, context) => {
        await context.createCallback('unheeded', { timeout: { hours: 1 } });
        context.invoke('late', child, { name: 'late' }).catch(() => {});
        await context.invoke('early', child, { name: 'early' });
        return 'done';
      },
      child: async ({ name }) => callAws(name === 'late' ? 20 : 1),
    });
    const execution = await stage.begin();
    await stage.settle();
    expect([execution.result, execution.invocations]).toEqual(['done', 2]);
    expect([...execution.operations.values()].find(({ Name }) => Name === 'late')?.Status).toBe('STARTED');
    expect(stage.time()).toBeLessThan(60);
  });
});
