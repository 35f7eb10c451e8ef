import { describe, expect, it } from 'vitest';
import { differingBlocks } from '#local/account/blocks';
import { operationCount } from '#local/account/durable-limits';
import type { Scenario } from '#local/scenario/scenario';
import { pausesUpTo } from '#shared/case/flow';
import type { Rehearsal } from '../rehearsal.ts';
import { copiesIn, reportOf, snapshotOf, volumeOf } from './disk-copies.ts';
import {
  expectNothingLeft,
  holdingsOf,
  keyCallsIn,
  madeKeys,
  OWN,
  RE_ENCRYPTIONS,
  rehearseDisks,
  sweepNow,
  TARGET,
} from './re-encryptions.ts';

const acquired = async (...args: Parameters<typeof rehearseDisks>) => {
  const rehearsal = await rehearseDisks(...args);
  const before = holdingsOf(rehearsal, TARGET);
  await rehearsal.acquire();
  return { rehearsal, before, report: reportOf(rehearsal) };
};

const outcomeOf = ({ outcomes }: ReturnType<typeof reportOf>) => outcomes.find(({ route }) => route === 're-encrypt');

/** A volume that the platform makes of a snapshot, with its own role: `available`, or why not. */
const volumeBy = async ({ account, stage }: Rehearsal, accountId: string, snapshotId: string) => {
  const role = account.state.roles.get(`arn:aws:iam::${accountId}:role/myCadoResponseRole`);
  if (role === undefined) throw new Error('there is no such role');
  const call = {
    input: { SnapshotId: snapshotId, AvailabilityZone: `${account.region}a` },
    session: account.openSession(role, 'reads'),
    region: account.region,
    requestId: account.ground.uuid(),
  };
  const { VolumeId = '' } = await account.services.ec2.CreateVolume(call);
  await account.ground.settle();
  expect(stage).toBeDefined();
  return account.state.volumes.get(VolumeId);
};

describe.each(RE_ENCRYPTIONS)('$scenario', ({ scenario, platform }) => {
  it('ends with snapshots that the platform can read, block for block', async () => {
    const { rehearsal, report } = await acquired(scenario);
    const copies = copiesIn(report);
    expect(copies).toHaveLength(2);
    for (const { copy } of copies) {
      // Where the sweep has come already, the platform has copies of its own.
      const readable =
        rehearsal.account.state.snapshots.get(copy.snapshotId) ??
        snapshotOf(
          rehearsal,
          (rehearsal.stage.snapshots.get('taken-over') ?? []).find(
            (id) => snapshotOf(rehearsal, id).sizeGiB === copy.sizeGiB,
          ) ?? '',
        );
      const volume = await volumeBy(rehearsal, platform, readable.snapshotId);
      expect(volume?.state).toBe('available');
      const source = volumeOf(rehearsal, copy.volumeId);
      expect(differingBlocks(source, volume ?? source, copy.sizeGiB)).toEqual([]);
    }
  });

  it('leaves nothing in the target account but what was frozen', async () => {
    const { rehearsal, before, report } = await acquired(scenario);
    const after = holdingsOf(rehearsal, TARGET);
    const frozen = report.freeze.frozen ? report.freeze.snapshots.map(({ snapshotId }) => snapshotId) : [];
    const platforms = [...(rehearsal.stage.snapshots.get('root-disk') ?? [])];
    expect(after).toEqual({ ...before, snapshots: [...before.snapshots, ...platforms, ...frozen] });
  });

  it('schedules the deletion of the temporary key while its alias is there, and takes that away then', async () => {
    const { rehearsal } = await acquired(scenario);
    const keys = madeKeys(rehearsal);
    expect(keys.length).toBeGreaterThan(0);
    for (const { arn, state, aliases } of keys) {
      expect(state).toMatch(/^Pending(Replica)?Deletion$/);
      expect(aliases).toEqual([]);
      const region = arn.split(':')[3];
      const calls = keyCallsIn(rehearsal)
        .filter((call) => /^kms:(ScheduleKeyDeletion|DeleteAlias)$/.test(call.api))
        .filter((call) => 'region' in call && call.region === region)
        .map(({ api }) => api);
      expect(calls).toEqual(['kms:ScheduleKeyDeletion', 'kms:DeleteAlias']);
    }
  });

  it('makes nothing twice, and leaves nothing that a sweep would find', async () => {
    const { rehearsal, report } = await acquired(scenario);
    const swept = await sweepNow(rehearsal);
    expect(swept).toMatchObject({ removed: [], failed: [], reported: [] });
    if (scenario !== 'default-key-cross-region') await expectNothingLeft(rehearsal, report);
  });

  it('leaves the policies of the response role as they are', async () => {
    const rehearsal = await rehearseDisks(scenario);
    const policies = () =>
      JSON.stringify([...rehearsal.account.state.roles.values()].map((role) => role.identityPolicies));
    const before = policies();
    await rehearsal.acquire();
    expect(policies()).toBe(before);
  });
});

const EVIDENCE_KEY_ID = '0e51dce0-9a1b-4c2d-8e3f-5a6b7c8d9e0f';
const EVIDENCE_KEY = `arn:aws:kms:eu-west-3:${OWN}:key/${EVIDENCE_KEY_ID}`;

/** An evidence key whose policy leaves the decision to IAM in these accounts. */
const withEvidenceKey =
  (...accounts: readonly string[]) =>
  (scenario: Scenario): Scenario => ({
    ...scenario,
    keys: [
      ...scenario.keys,
      {
        name: 'evidence-key',
        accountId: OWN,
        region: 'eu-west-3',
        keyId: EVIDENCE_KEY_ID,
        manager: 'CUSTOMER',
        state: 'Enabled',
        aliases: ['alias/evidence'],
        policy: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: accounts.map((account) => `arn:aws:iam::${account}:root`) },
              Action: 'kms:*',
              Resource: '*',
            },
          ],
        },
      },
    ],
  });

describe('the evidence key', () => {
  it('does without a temporary key where it admits the target account', async () => {
    const parameters = { EvidenceKeyArn: EVIDENCE_KEY };
    const { rehearsal, report } = await acquired('default-key-cross-account', {
      parameters,
      alter: withEvidenceKey(OWN, TARGET),
    });
    expect(madeKeys(rehearsal)).toEqual([]);
    expect(copiesIn(report).map(({ copy }) => copy.keyArn)).toEqual([EVIDENCE_KEY, EVIDENCE_KEY]);
    await expectNothingLeft(rehearsal, report);
  });

  it('takes the copy in the end where only Unlatch may use it', async () => {
    const parameters = { EvidenceKeyArn: EVIDENCE_KEY };
    const { rehearsal, report } = await acquired('default-key-cross-account', {
      parameters,
      alter: withEvidenceKey(OWN),
    });
    expect(madeKeys(rehearsal)).toHaveLength(1);
    expect(copiesIn(report).map(({ copy }) => copy.keyArn)).toEqual([EVIDENCE_KEY, EVIDENCE_KEY]);
    await expectNothingLeft(rehearsal, report);
  });
});

describe('a key under which the handed-over copy stands', () => {
  const parameters = { PlatformAccountId: '777788889999' };

  it('is not ended with the case, and the report says until when', async () => {
    const { rehearsal, report } = await acquired('default-key-cross-account', { parameters });
    const [key, ...more] = madeKeys(rehearsal);
    expect(more).toEqual([]);
    expect(key?.state).toBe('Enabled');
    expect(report.cleanUp.kept.join('\n')).toMatch(/the temporary key arn:\S+, under which the copies stand: until/);
    expect(await sweepNow(rehearsal)).toMatchObject({ removed: [] });
    expect(key?.state).toBe('Enabled');
  });

  it('is ended by the sweep when its copies are gone', async () => {
    const { rehearsal, report } = await acquired('default-key-cross-account', { parameters });
    for (const { copy } of copiesIn(report)) rehearsal.account.state.snapshots.delete(copy.snapshotId);
    const swept = await sweepNow(rehearsal);
    expect(swept?.removed).toMatchObject([{ kind: 'key', undo: expect.stringContaining('cancel-key-deletion') }]);
    expect(madeKeys(rehearsal)[0]).toMatchObject({ state: 'PendingDeletion', aliases: [] });
  });
});

const serviceControl =
  (action: string) =>
  (scenario: Scenario): Scenario => ({
    ...scenario,
    organization: {
      [OWN]: {
        serviceControlPolicies: [
          {
            target: 'r-abcd',
            policies: [
              {
                name: 'FullAWSAccess',
                document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
              },
              {
                name: 'guard',
                document: { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: action, Resource: '*' }] },
              },
            ],
          },
        ],
        resourceControlPolicies: [],
      },
    },
  });

describe('the route fails, says why, and leaves nothing', () => {
  const troubles = [
    {
      name: 'where no key may be made',
      changes: { alter: serviceControl('kms:CreateKey') },
      says: 'make the key: AccessDeniedException',
    },
    {
      name: 'where the copy fails for good',
      changes: { faults: [{ api: 'ec2:CopySnapshot', nth: 1, times: 30, what: 'error-state' as const }] },
      says: 'is `error`',
    },
    {
      name: 'where nobody may share with Unlatch',
      changes: { faults: [{ api: 'ec2:ModifySnapshotAttribute', nth: 'every' as const, what: 'refuse' as const }] },
      says: 'share the passing copy',
    },
  ];

  it.each(troubles)('$name', async ({ changes, says }) => {
    const { rehearsal, report } = await acquired('default-key-cross-account', changes);
    expect(outcomeOf(report)).toMatchObject({ result: 'failed', note: expect.stringContaining(says) });
    expect(copiesIn(report)).toEqual([]);
    await sweepNow(rehearsal);
    await expectNothingLeft(rehearsal, report);
  });
});

it('a temporary key takes the next name where its alias is another key’s', async () => {
  const rehearsal = await rehearseDisks('default-key-cross-account');
  const { account, stage } = rehearsal;
  account.events.on('called', ({ api, input }) => {
    const [, caseId = ''] = /"unlatch:case","TagValue":"([^"]+)"/.exec(JSON.stringify(input)) ?? [];
    if (api === 'kms:CreateKey') stage.keys.get('platform-key')?.aliases.push(`alias/CadoResponse-KMS-Alias-${caseId}`);
  });
  await rehearsal.acquire();
  const named = account.calls.filter(({ api, error }) => api === 'kms:CreateAlias' && error === null);
  expect(JSON.stringify(named.map(({ input }) => input))).toMatch(/-2"/);
  await expectNothingLeft(rehearsal, reportOf(rehearsal));
});

describe('the route is closed', () => {
  it('where an operator has closed it', async () => {
    const { report } = await acquired('default-key-cross-account', { parameters: { ReEncryptCopies: 'false' } });
    expect(outcomeOf(report)).toMatchObject({ result: 'closed', note: expect.stringContaining('switched off') });
  });

  it('where KMS will not let Unlatch read either', async () => {
    const shut = (scenario: Scenario): Scenario => ({
      ...scenario,
      keys: scenario.keys.map((key) =>
        key.name === 'billing-key'
          ? {
              ...key,
              policy: {
                Version: '2012-10-17',
                Statement: [
                  {
                    Effect: 'Allow',
                    Principal: { AWS: `arn:aws:iam::${TARGET}:root` },
                    Action: ['kms:Describe*', 'kms:Get*', 'kms:List*'],
                    Resource: '*',
                  },
                ],
              },
            }
          : key,
      ),
    });
    const { rehearsal, report } = await acquired('customer-key-cross-account', { alter: shut });
    expect(outcomeOf(report)).toMatchObject({ result: 'closed', note: expect.stringContaining('KMS will not let') });
    expect(madeKeys(rehearsal)).toEqual([]);
  });
});

it('waits for room where EBS makes twenty copies already', async () => {
  const rehearsal = await rehearseDisks('default-key-cross-account');
  const { account } = rehearsal;
  const busy = Array.from({ length: 20 }, () => account.ground.resourceId('snap'));
  for (const snapshotId of busy)
    account.state.snapshots.set(snapshotId, {
      snapshotId,
      accountId: TARGET,
      region: account.region,
      volumeId: 'vol-ffffffff',
      sizeGiB: 1,
      keyArn: null,
      description: 'of somebody else',
      startTime: account.ground.now(),
      sharedWith: new Set(),
      tags: {},
      blocks: new Map(),
      state: 'pending',
      stateMessage: null,
    });
  account.ground.after(6 * 3_600, () => {
    for (const id of busy) {
      const snapshot = account.state.snapshots.get(id);
      if (snapshot !== undefined) snapshot.state = 'completed';
    }
  });
  await rehearsal.acquire();
  const report = reportOf(rehearsal);
  expect(copiesIn(report)).toHaveLength(2);
  await expectNothingLeft(rehearsal, report);
});

/** Tells when a copy of a disk begins in the target's account, and does something then. */
const whenCopied = ({ account }: Rehearsal, act: (snapshotId: string) => void): void => {
  const { CopySnapshot } = account.services.ec2;
  Object.assign(account.services.ec2, {
    CopySnapshot: async (call: Parameters<typeof CopySnapshot>[0]) => {
      const made = await CopySnapshot(call);
      if (call.session.role.accountId === TARGET) act(made.SnapshotId ?? '');
      return made;
    },
  });
};

describe('somebody in the target account who is in the way', () => {
  it('does not hold the case up for days by deleting the passing copies', async () => {
    const rehearsal = await rehearseDisks('default-key-cross-account');
    const { account } = rehearsal;
    whenCopied(rehearsal, (id) =>
      account.ground.after(3, () => {
        account.state.snapshots.delete(id);
      }),
    );
    const began = account.ground.now().getTime();
    await rehearsal.acquire();
    expect(outcomeOf(reportOf(rehearsal))).toMatchObject({
      result: 'failed',
      note: expect.stringContaining('is not there'),
    });
    expect(account.ground.now().getTime() - began).toBeLessThan(3 * 3_600_000);
    await sweepNow(rehearsal);
    await expectNothingLeft(rehearsal, reportOf(rehearsal));
  });

  it('cannot have a frozen snapshot taken for a copy, and deleted, by its tags', async () => {
    const faults = [{ api: 'ec2:CopySnapshot', nth: 1, times: 2, what: 'internal-error' as const }];
    const rehearsal = await rehearseDisks('default-key-cross-account', { faults });
    const { account } = rehearsal;
    account.events.on('called', ({ api, error }) => {
      if (api !== 'ec2:CopySnapshot' || error === null) return;
      for (const { tags, volumeId } of account.state.snapshots.values())
        if (tags['unlatch:case'] !== undefined && volumeId !== 'vol-ffffffff')
          Object.assign(tags, { 'unlatch:volume': volumeId, 'unlatch:part': 'passage' });
    });
    await rehearsal.acquire();
    const report = reportOf(rehearsal);
    const frozen = report.freeze.frozen ? report.freeze.snapshots : [];
    expect(frozen).toHaveLength(2);
    for (const { snapshotId } of frozen) expect(snapshotOf(rehearsal, snapshotId).state).toBe('completed');
    expect(copiesIn(report)).toHaveLength(2);
    await sweepNow(rehearsal);
    for (const { snapshotId } of frozen) expect(snapshotOf(rehearsal, snapshotId).state).toBe('completed');
  });
});

it('keeps the machine while a person thinks, and tells them of all that will be made and shared', async () => {
  const rehearsal = await rehearseDisks('default-key-cross-account', {
    parameters: { RequireApproval: 'true', PlatformAccountId: '777788889999' },
  });
  const { account } = rehearsal;
  const agreed = { after: 0 };
  account.events.on('called', ({ api, input }) => {
    const { Message: message = '' } = { Message: '', ...Object(input) };
    const [, CallbackId] = /callback-success .*--callback-id '([^']+)'/.exec(message) ?? [];
    if (api !== 'sns:Publish' || CallbackId === undefined || agreed.after > 0) return;
    agreed.after = 200 * 60;
    expect(message).toContain(
      'a temporary KMS key in account 111122223333, eu-west-3, which roles *CadoResponse* of account 777788889999 may use',
    );
    expect(message).toContain('in account 444455556666, eu-west-3, shared with account 111122223333');
    expect(message).toContain('in account 111122223333, eu-west-3, shared with account 777788889999');
    account.ground.after(170 * 60, async () => {
      await sweepNow(rehearsal);
    });
    account.ground.after(agreed.after, async () => {
      await account.lambda.operations.SendDurableExecutionCallbackSuccess({
        input: { CallbackId },
        session: account.sessionOf('RemediateFunction'),
        region: account.region,
        requestId: account.ground.uuid(),
      });
    });
  });
  await rehearsal.acquire();
  expect(agreed.after).toBeGreaterThan(0);
  expect(copiesIn(reportOf(rehearsal))).toHaveLength(2);
  expect(rehearsal.reports()).toHaveLength(1);
});

it('leaves the key of a copy that stands, though what is known of it could not be kept', async () => {
  const parameters = { PlatformAccountId: '777788889999' };
  const alter = (scenario: Scenario): Scenario => ({
    ...scenario,
    instances: scenario.instances.map((instance) => ({ ...instance, volumes: instance.volumes.slice(0, 1) })),
  });
  const undisturbed = await acquired('default-key-cross-account', { parameters, alter });
  const puts = undisturbed.rehearsal.account.calls.filter(({ api }) => api === 's3:PutObject');
  const nth = puts.findIndex(({ input }) => JSON.stringify(input).includes('copy.json')) + 1;
  expect(nth).toBeGreaterThan(0);
  await undisturbed.rehearsal.end();
  const faults = [{ api: 's3:PutObject', nth, what: 'refuse' as const }];
  const { rehearsal, report } = await acquired('default-key-cross-account', { parameters, alter, faults });
  expect(copiesIn(report)).toEqual([]);
  expect(report.cleanUp.left.join()).toContain('what is known of it could not be kept');
  expect(report.cleanUp.kept.join()).toContain('the temporary key');
  expect(madeKeys(rehearsal)).toMatchObject([{ state: 'Enabled' }]);
  expect(await sweepNow(rehearsal)).toMatchObject({ removed: [] });
});

it('makes a temporary key where nobody can tell whether the evidence key admits the target', async () => {
  const { rehearsal, report } = await acquired('default-key-cross-account', {
    parameters: { EvidenceKeyArn: EVIDENCE_KEY },
    alter: withEvidenceKey(OWN),
    faults: [{ api: 'kms:GetKeyPolicy', nth: 'every', what: 'throttle' }],
  });
  expect(madeKeys(rehearsal)).toHaveLength(1);
  expect(copiesIn(report)).toHaveLength(2);
});

it('is swept wherever something was made, though nobody has named those places', async () => {
  const rehearsal = await rehearseDisks('default-key-cross-account', {
    parameters: { ScopeAccountIds: '' },
    faults: [{ api: 'ec2:DeleteSnapshot', nth: 1, times: 12, what: 'internal-error' }],
  });
  await rehearsal.acquire();
  const report = reportOf(rehearsal);
  expect(report.cleanUp.left.join()).toContain('the passing copy');
  const swept = await sweepNow(rehearsal);
  expect(swept?.places).toContain(`${TARGET}/eu-west-3`);
  await expectNothingLeft(rehearsal, report);
});

describe('a machine with many disks', () => {
  it('takes so few durable operations a disk that thirty fit into an execution, whatever their waits', async () => {
    const disks = async (many: number): Promise<number> => {
      const rehearsal = await rehearseDisks('default-key-cross-account', {
        alter: (scenario) => ({
          ...scenario,
          instances: scenario.instances.map(({ volumes, ...instance }) => ({
            ...instance,
            volumes: [
              ...volumes,
              ...Array.from({ length: many - volumes.length }, (_, at) => ({
                device: `/dev/sd${String.fromCharCode(104 + at)}`,
                sizeGiB: 1,
                key: volumes[0]?.key ?? null,
              })),
            ],
          })),
        }),
      });
      await rehearsal.acquire();
      expect(copiesIn(reportOf(rehearsal))).toHaveLength(many);
      const executions = rehearsal.account.lambda.executions.all();
      await rehearsal.end();
      return Math.max(...executions.map(operationCount));
    };
    const [few, more] = [await disks(2), await disks(12)];
    const perDisk = (more - few) / 10;
    for (let many = 1; many <= 30; many += 1) {
      // Of its three waits each is one operation. Whether AWS counts each look as one is not said: it may.
      const looks = 3 * pausesUpTo(86_400, many).length;
      expect(few - 2 * perDisk + many * (perDisk + looks)).toBeLessThan(2_900);
    }
  });
});
