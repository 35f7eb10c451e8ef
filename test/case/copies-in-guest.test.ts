import { describe, expect, it } from 'vitest';
import { chainToCommand } from '#local/account/call-chain';
import type { Rehearsal } from '../rehearsal.ts';
import {
  closed,
  copiesIn,
  copyDocumentOf,
  expectNothingBut,
  PLATFORM,
  rehearseCopies,
  snapshotOf,
  TARGET,
} from './disk-copies.ts';

/** When each call of an API began, by its place among all. */
const placesOf = ({ account }: Rehearsal, api: string): number[] =>
  account.calls.filter((call) => call.api === api).map(({ began }) => began);

const HOLED = { sizeGiB: 1, written: [0, 1, 1_023, 2_047] };

describe('where KMS refuses Unlatch too', () => {
  // The copier's script reads, writes and reads again a gigabyte, which on a busy machine takes its time.
  it('the running machine copies its disk: bit for bit, into its own account, after the triage, and nothing else is left', {
    timeout: 120_000,
  }, async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy-in-guest', {
      disks: [HOLED],
      parameters: { PlatformAccountId: PLATFORM },
    });
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 1);
    const [artefact] = copiesIn(report);
    if (artefact === undefined) throw new Error('there is no copy');
    const snapshot = snapshotOf(rehearsal, artefact.copy.snapshotId);

    expect(placesOf(rehearsal, 'ebs:StartSnapshot')).toEqual([]);
    expect(snapshot).toMatchObject({ accountId: TARGET, keyArn: null });
    expect(snapshot.tags).toMatchObject({
      'unlatch:case': report.caseId,
      'unlatch:volume': artefact.copy.volumeId,
      'unlatch:expires': new Date(Date.parse(report.openedAt) + 90 * 86_400_000).toISOString(),
    });
    expect([...snapshot.sharedWith]).toEqual([PLATFORM]);
    expect(report.cleanUp).toMatchObject({ removed: expect.arrayContaining([expect.stringMatching(/^the volume /)]) });
    expect(report.cleanUp.left).toEqual([]);

    const document = copyDocumentOf(rehearsal, report.caseId, artefact);
    expect(document).toMatchObject({ method: 'in-guest', consistency: expect.stringContaining('in use') });

    // The collector's command, then what it brought, then the copier's.
    const [, copier = 0] = placesOf(rehearsal, 'ssm:SendCommand');
    const triaged = report.artefacts.find(({ kind }) => kind === 'triage-archive');
    const sent = rehearsal.account.calls.find(({ began }) => began === copier);
    const [created = 0] = placesOf(rehearsal, 'ec2:CreateVolume');
    expect(sent?.at.getTime()).toBeGreaterThan(Date.parse(triaged?.collectedAt ?? ''));
    expect(created).toBeGreaterThan(placesOf(rehearsal, 's3:GetObject')[0] ?? Number.POSITIVE_INFINITY);
  });
});

/** From the opening of the case: when its disks were frozen and its command sent, and the calls in sequence before that. */
const firstActs = async (scenario: string) => {
  const rehearsal = await rehearseCopies(scenario, { disks: [HOLED] });
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
