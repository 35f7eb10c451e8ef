import { beforeEach, describe, expect, it, vi } from 'vitest';
import { blocksPerGiB } from '#local/account/blocks';
import type { Fault } from '#local/account/clients';
import type { Scenario } from '#local/scenario/scenario';
import type { Rehearsal } from '../rehearsal.ts';
import { closed, copiesIn, copyOutcome, expectNothingBut, PLATFORM, rehearseCopies } from './disk-copies.ts';
import { BYTES, report } from './quick-guest.ts';

vi.mock(import('#local/account/guest'), () => import('./quick-guest.ts'));
beforeEach(() => report({}));

const changes = {
  disks: [{ sizeGiB: 1, written: [0, 1_023, 2_047] }],
  parameters: { PlatformAccountId: PLATFORM },
} as const;

const rehearsed = (faults: readonly Fault[], alter?: (scenario: Scenario) => Scenario): Promise<Rehearsal> =>
  rehearseCopies('unencrypted-copy-in-guest', { ...changes, faults, ...(alter === undefined ? {} : { alter }) });

const STEPS = [
  'ec2:CreateVolume',
  'ec2:AttachVolume',
  'ec2:DetachVolume',
  'ec2:CreateSnapshot',
  'ec2:DeleteVolume',
  'ec2:ModifySnapshotAttribute',
] as const;

/** The slow proof does it to every call. */
const passing: readonly Fault[] = [
  ...STEPS.map((api) => ({ api, what: 'crash-after', nth: 1 }) as const),
  // The collector's is the first.
  { api: 'ssm:SendCommand', what: 'crash-after', nth: 2 },
  { api: 'ec2:DescribeVolumes', nth: 2, times: 3, what: 'not-yet' },
  { api: 'ec2:AttachVolume', nth: 1, what: 'not-yet' },
  { api: 'ec2:CreateSnapshot', nth: 1, what: 'internal-error' },
];

describe('a copy from within comes out the same, whatever goes wrong on the way: one, whole, and no volume left', () => {
  it.each(passing)('$what $api', async (fault) => {
    const rehearsal = await rehearsed([fault]);
    await closed(rehearsal);
    expect(rehearsal.account.calls.filter(({ fault: met }) => met === fault.what)).toHaveLength(fault.times ?? 1);
    const ended = await expectNothingBut(rehearsal, 1);
    expect(ended.cleanUp.left.filter((left) => left.includes('vol-'))).toEqual([]);
    expect(copiesIn(ended)[0]?.copy.sharedWith).toBe(PLATFORM);
    // The volume is in the report's list of what was removed, and gone.
    expect(ended.cleanUp.removed.join()).toMatch(/the volume vol-/);
  });
});

it('a triage that takes its time is waited for: what the machine remembers goes before its disks', async () => {
  const looks = 10;
  const rehearsal = await rehearsed([{ api: 'ssm:GetCommandInvocation', nth: 1, times: looks, what: 'throttle' }]);
  await closed(rehearsal);
  await expectNothingBut(rehearsal, 1);
  const { calls } = rehearsal.account;
  const made = calls.findIndex(({ api }) => api === 'ec2:CreateVolume');
  const before = calls.slice(0, made).filter(({ api }) => api === 'ssm:GetCommandInvocation');
  expect(before).toHaveLength(looks + 1);
});

const endings: readonly { readonly name: string; readonly faults: readonly Fault[]; readonly says: string }[] = [
  {
    name: 'no volume may be made',
    faults: [{ api: 'ec2:CreateVolume', nth: 'every', what: 'refuse' }],
    says: 'make an empty volume',
  },
  {
    name: 'it cannot be attached',
    faults: [{ api: 'ec2:AttachVolume', nth: 'every', what: 'refuse' }],
    says: 'attach the volume',
  },
  {
    name: 'no command is taken',
    faults: [{ api: 'ssm:SendCommand', nth: 2, times: 100, what: 'throttle' }],
    says: 'send the copier',
  },
  {
    name: 'no snapshot may be made',
    faults: [{ api: 'ec2:CreateSnapshot', nth: 'every', what: 'refuse' }],
    says: 'snapshot the volume',
  },
  {
    name: 'the snapshot fails',
    faults: [{ api: 'ec2:CreateSnapshot', nth: 1, what: 'error-state' }],
    says: 'is `error`: AWS gives no reason',
  },
];

const reports = [
  { name: 'an error', reported: { copied: false, error: 'the target cannot be written' }, says: 'the target cannot' },
  { name: 'fewer bytes than the disk has', reported: { bytes: BYTES / 2 }, says: `${BYTES / 2} of ${BYTES} bytes` },
  {
    name: 'another checksum read back',
    reported: { targetSha256: 'cd'.repeat(32) },
    says: 'no report of it can be read',
  },
  { name: 'another case', reported: { case: 'another' }, says: 'no report of it can be read' },
];

const expectNoCopy = async (rehearsal: Rehearsal, says: string): Promise<void> => {
  await closed(rehearsal);
  const ended = await expectNothingBut(rehearsal, 0);
  expect(copyOutcome(ended)).toMatchObject({ result: 'failed', note: expect.stringContaining(says) });
  const { state } = rehearsal.account;
  expect([...state.volumes.values()].filter(({ tags }) => 'unlatch:case' in tags)).toEqual([]);
  expect([...state.snapshots.values()].filter(({ tags }) => 'unlatch:volume' in tags)).toEqual([]);
};

describe('what does not pass ends in a clear failure, and nothing stays behind', () => {
  it.each(endings)('$name', async ({ faults, says }) => {
    await expectNoCopy(await rehearsed(faults), says);
  });

  it.each(reports)('the machine reports $name', async ({ reported, says }) => {
    report(reported);
    await expectNoCopy(await rehearsed([]), says);
  });

  it('a volume that cannot be deleted is named', async () => {
    const rehearsal = await rehearsed([{ api: 'ec2:DeleteVolume', nth: 'every', what: 'refuse' }]);
    await closed(rehearsal);
    const ended = await expectNothingBut(rehearsal, 1);
    expect(ended.cleanUp.left.filter((left) => left.includes('vol-'))).toEqual([
      expect.stringMatching(/^the volume vol-\w+: it could not be deleted$/),
    ]);
  });
});

const EVIDENCE_KEY = 'arn:aws:kms:eu-west-3:111122223333:key/0e51dce0-9a1b-4c2d-8e3f-5a6b7c8d9e0f';

/** The machine's account encrypts by default, and there is an evidence key that trusts these accounts. */
const encrypting =
  (...trusted: readonly string[]) =>
  (scenario: Scenario): Scenario => ({
    ...scenario,
    encryptionByDefault: [{ accountId: '444455556666', region: 'eu-west-3' }],
    parameters: { ...scenario.parameters, EvidenceKeyArn: EVIDENCE_KEY },
    keys: [
      ...scenario.keys,
      {
        name: 'evidence-key',
        accountId: '111122223333',
        region: 'eu-west-3',
        keyId: '0e51dce0-9a1b-4c2d-8e3f-5a6b7c8d9e0f',
        manager: 'CUSTOMER',
        state: 'Enabled',
        aliases: [],
        policy: {
          Version: '2012-10-17',
          Statement: trusted.map((account) => ({
            Effect: 'Allow',
            Principal: { AWS: `arn:aws:iam::${account}:root` },
            Action: 'kms:*',
            Resource: '*',
          })),
        },
      },
    ],
  });

describe('where the account of the machine encrypts by default', () => {
  it('the copy is under the evidence key, and every block of it is written', async () => {
    const rehearsal = await rehearsed([], encrypting('111122223333', '444455556666'));
    rehearsal.account.state.roles.get('arn:aws:iam::444455556666:role/UnlatchMember')?.identityPolicies.push({
      name: 'evidence-key',
      document: { Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: EVIDENCE_KEY }] },
    });
    await closed(rehearsal);
    const [artefact] = copiesIn(await expectNothingBut(rehearsal, 1));
    const snapshot = rehearsal.account.state.snapshots.get(artefact?.copy.snapshotId ?? '');
    expect(snapshot?.keyArn).toBe(EVIDENCE_KEY);
    expect(snapshot?.blocks.size).toBe(blocksPerGiB);
  });

  it('a key that does not trust that account makes no volume, and the failure says so', async () => {
    await expectNoCopy(await rehearsed([], encrypting('111122223333')), 'wait for the volume');
  });
});
