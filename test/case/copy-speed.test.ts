import { describe, expect, it } from 'vitest';
import { chainToCommand } from '#local/account/call-chain';
import { rehearseCopies, SMALL } from './disk-copies.ts';

/** From the opening of the case: when its disks were frozen and its command sent, and the calls in sequence before that. */
const firstActs = async (scenario: string) => {
  const rehearsal = await rehearseCopies(scenario, { disks: [SMALL] });
  const { account } = rehearsal;
  await rehearsal.stage.acquire(() => {});
  // No further: the collector begins two seconds after it was sent.
  while (rehearsal.done('ssm:SendCommand') === 0) await account.ground.settle(1);
  const [execution] = account.lambda.executions.all();
  const ofCase = account.calls.filter((call) => call.execution === execution?.name);
  const after = (api: string): number => {
    const [first, acted] = [ofCase[0], ofCase.find((call) => call.api === api)];
    return (acted?.at.getTime() ?? Number.NaN) - (first?.at.getTime() ?? Number.NaN);
  };
  const chain = chainToCommand(account.calls, execution?.name ?? '').map(({ api }) => api);
  await rehearsal.end();
  return { chain, frozen: after('ec2:CreateSnapshots'), sent: after('ssm:SendCommand') };
};

describe('a copy that may be made', () => {
  it.each(['unencrypted-copy', 'unencrypted-copy-in-guest', 'encryption-by-default'])(
    'delays neither the freezing nor the triage: %s',
    async (scenario) => {
      const without = await firstActs('custom-key-denied');
      expect(without.chain.at(-1)).toBe('ssm:SendCommand');
      expect(without.frozen).toBeGreaterThanOrEqual(0);
      expect(await firstActs(scenario)).toEqual(without);
    },
  );
});
