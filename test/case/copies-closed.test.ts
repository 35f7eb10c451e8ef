import { describe, expect, it } from 'vitest';
import type { Scenario } from '#local/scenario/scenario';
import type { CaseReport } from '#shared/case/report';
import {
  type Changes,
  changesIn,
  closed,
  copiesIn,
  copyOutcome,
  expectNothingBut,
  OWN,
  rehearseCopies,
  SMALL,
  TARGET,
} from './disk-copies.ts';

const plannedIn = ({ plan }: CaseReport) => plan.find(({ route }) => route === 'unencrypted-copy');

const EVIDENCE_KEY = 'arn:aws:kms:eu-west-3:111122223333:key/0e51dce0-9a1b-4c2d-8e3f-5a6b7c8d9e0f';

const encrypting =
  (...accounts: readonly string[]) =>
  (scenario: Scenario): Scenario => ({
    ...scenario,
    encryptionByDefault: accounts.map((accountId) => ({ accountId, region: 'eu-west-3' })),
  });

const ASKED = 'ec2:GetEbsEncryptionByDefault';

const doors: readonly (Changes & { readonly name: string; readonly scenario: string; readonly because: string })[] = [
  {
    name: 'with the parameters as they come',
    scenario: 'custom-key-denied',
    because: 'an unencrypted copy is not allowed (`AllowUnencryptedCopy`)',
  },
  {
    name: 'where both accounts encrypt by default, and there is no evidence key',
    scenario: 'unencrypted-copy',
    agent: false,
    alter: encrypting(OWN, TARGET),
    because: 'EBS encryption by default is on there, so that an unencrypted copy is impossible',
  },
  {
    name: 'where the evidence key is of another Region',
    scenario: 'unencrypted-copy',
    agent: false,
    alter: encrypting(OWN, TARGET),
    parameters: { EvidenceKeyArn: EVIDENCE_KEY.replace('eu-west-3', 'eu-central-1') },
    because: 'and the evidence key is of another Region',
  },
  {
    name: 'where nobody may ask whether an account encrypts by default',
    scenario: 'unencrypted-copy',
    faults: [{ api: ASKED, nth: 'every', what: 'refuse' }],
    because: 'whether EBS encryption by default is on there could not be asked',
  },
  {
    name: 'where the question is throttled again and again',
    scenario: 'unencrypted-copy',
    agent: false,
    faults: [{ api: ASKED, nth: 'every', what: 'throttle' }],
    because: 'whether EBS encryption by default is on there could not be asked',
  },
  {
    name: 'where KMS refuses Unlatch too, and no agent runs on the machine',
    scenario: 'unencrypted-copy-in-guest',
    agent: false,
    because: 'KMS refuses its key to Unlatch too; and not from within: ',
  },
  {
    name: 'where Unlatch may not read snapshots, and no agent runs on the machine',
    scenario: 'unencrypted-copy',
    agent: false,
    faults: [{ api: 'ebs:ListSnapshotBlocks', nth: 'every', what: 'refuse' }],
    because: 'Unlatch may not read it (ebs:ListSnapshotBlocks, ebs:GetSnapshotBlock)',
  },
  {
    name: 'where the disks could not be frozen, and no agent runs on the machine',
    scenario: 'unencrypted-copy',
    agent: false,
    faults: [{ api: 'ec2:CreateSnapshots', nth: 'every', what: 'refuse' }],
    because: 'the volume was not frozen; and not from within: ',
  },
];

describe('the route is closed, says why, and has changed nothing', () => {
  it.each(doors)('$name', async ({ name: _name, scenario, because, ...changes }) => {
    const rehearsal = await rehearseCopies(scenario, changes);
    const report = await closed(rehearsal);
    expect(copyOutcome(report)).toMatchObject({ result: 'closed', note: expect.stringContaining(because) });
    expect(plannedIn(report)).toMatchObject({ open: false, because: expect.stringContaining(because) });
    expect(changesIn(rehearsal)).toEqual([]);
    await expectNothingBut(rehearsal, 0);
  });

  it('without consent nothing is even asked, and what would open the route is told', async () => {
    const rehearsal = await rehearseCopies('custom-key-denied', { agent: false });
    const remedy = plannedIn(await closed(rehearsal))?.remedy;
    expect(remedy).toContain('`EvidenceKeyArn` to a customer key in eu-west-3');
    expect(rehearsal.account.calls.filter(({ api }) => api === ASKED || api.startsWith('ebs:'))).toEqual([]);
  });

  it('as a dry run it tells what it would be, and changes nothing', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy');
    const { account } = rehearsal;
    const event = { instanceId: 'i-0b1c2d3e4f5a69788', accountId: TARGET, region: 'eu-west-3', dryRun: true };
    const session = account.sessionOf('RemediateFunction');
    const call = { input: {}, session, region: account.region, requestId: account.ground.uuid() };
    expect(await account.lambda.invoke(call, 'remediate', event)).toMatchObject({
      verdict: 'planned',
      plan: [
        { route: 'ssm-triage' },
        { route: 're-encrypt', open: false },
        { route: 'unencrypted-copy', open: true },
        { route: 'manual' },
      ],
    });
    expect(account.calls.filter(({ api }) => !/:(Describe|Get|List|Assume)/.test(api))).toEqual([]);
  });
});

describe('each disk goes its own way', () => {
  it('one that was not frozen is left out and named, and the other is copied', async () => {
    const disks = [SMALL, { sizeGiB: 1, written: [3] }];
    const rehearsal = await rehearseCopies('unencrypted-copy', { disks, agent: false });
    const [, second] = rehearsal.account.state.instances.get('i-0b1c2d3e4f5a69788')?.blockDevices ?? [];
    rehearsal.account.events.on('called', ({ api }) => {
      if (api !== 'ec2:CreateSnapshots') return;
      for (const snapshot of rehearsal.account.state.snapshots.values())
        if (snapshot.volumeId === second?.volumeId) snapshot.state = 'error';
    });
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 1);
    expect(copiesIn(report)[0]?.copy.volumeId).not.toBe(second?.volumeId);
    expect(copyOutcome(report)?.note).toContain(`${second?.volumeId}: `);
  });

  it('under the evidence key of the Region where the account encrypts by default', async () => {
    const rehearsal = await rehearseCopies('encryption-by-default', {
      agent: false,
      disks: [{ sizeGiB: 1, written: [1] }],
      parameters: { AllowUnencryptedCopy: 'false' },
    });
    await closed(rehearsal);
    const [artefact] = copiesIn(await expectNothingBut(rehearsal, 1));
    expect(artefact?.copy.keyArn).toBe(EVIDENCE_KEY);
  });
});
