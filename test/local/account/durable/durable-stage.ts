import { fileURLToPath } from 'node:url';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { onTestFinished } from 'vitest';
import { type Fault, leadClientsTo } from '#local/account/clients';
import { embeddedAccount } from '#local/account/embedded-account';
import { platformAccount, region } from '../ground.ts';
import { type Script, script } from './script.ts';

const root = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '');

export const arnOf = (folder: string): string =>
  `arn:aws:lambda:${region}:${platformAccount}:function:unlatch-${folder}:live`;

/** One call to AWS, which takes 0.08 seconds. */
export const callAws = async (times = 1): Promise<void> => {
  const sts = new STSClient({});
  for (let made = 0; made < times; made += 1) await sts.send(new GetCallerIdentityCommand({}));
};

/** An account with the three functions of `template.yaml`, which do what the script says. */
export const durableStage = async (scripted: Partial<Script>, faults: readonly Fault[] = []) => {
  const account = await embeddedAccount({ accountId: platformAccount, region, root });
  const restore = leadClientsTo(account, faults);
  Object.assign(script, scripted);
  onTestFinished(async () => {
    restore();
    await account.close();
  });
  const callOf = <Input>(input: Input) => ({
    input,
    session: account.sessionOf('ParentFunction'),
    region,
    requestId: account.ground.uuid(),
  });
  const { now, settle } = account.ground;
  const began = now().getTime();

  return {
    account,
    settle,
    lambda: account.lambda.operations,
    callOf,
    /** Seconds since the account was made. */
    time: (): number => (now().getTime() - began) / 1000,

    /** Starts the parent. */
    async begin() {
      await account.lambda.operations.Invoke(callOf({ FunctionName: arnOf('parent'), DurableExecutionName: 'case' }));
      const execution = account.lambda.executions.all().find(({ name }) => name === 'case');
      if (execution === undefined) throw new Error('the execution has not begun');
      return execution;
    },

    /** The runs of a function that called AWS. */
    runsOf: (functionId: string): number[] => [
      ...new Set(account.calls.filter((call) => call.functionId === functionId).map(({ run }) => run)),
    ],
  };
};
