import { describe, expect, it } from 'vitest';
import type { Scenario } from '#local/scenario/scenario';
import type { CaseReport } from '#shared/case/report';
import { readCustodyLog } from '#shared/evidence/custody-log';
import { type Rehearsal, rehearse } from '../rehearsal.ts';

const PAYMENTS = 'i-0b1c2d3e4f5a69788';
const SHOP = 'i-0a9f8e7d6c5b4a321';
type Step = Scenario['acquisition'][number];

const finding = (more: Partial<Extract<Step, { do: 'Finding' }>> = {}): Step => ({
  do: 'Finding',
  instance: 'payments-web-1',
  type: 'Backdoor:EC2/C&CActivity.B!DNS',
  severity: 8,
  id: 'd2c7e81a06f94b35',
  sample: false,
  archived: false,
  ...more,
});
const wait = (seconds: number): Step => ({ do: 'wait', seconds });

/** The scenario with other steps, and with what a finding may set off. */
const rehearsed = (steps: readonly Step[], OnFinding = 'preserve', faults: Parameters<typeof rehearse>[1] = {}) =>
  rehearse('finding-before-acquisition', {
    ...faults,
    alter: (scenario) => ({
      ...scenario,
      parameters: { ...scenario.parameters, OnFinding },
      acquisition: [...steps],
    }),
  });

const acquisition = async () => {
  const { loadScenario } = await import('#local/scenario/loading');
  return loadScenario('finding-before-acquisition').acquisition.filter((step) => 'by' in step || step.do === 'wait');
};

const opened = ({ account }: Rehearsal): readonly string[] => [
  ...new Set(account.lambda.executions.all().map(({ name }) => name)),
];
const only = (rehearsal: Rehearsal): CaseReport => {
  const [report, ...more] = rehearsal.reports();
  expect(more).toEqual([]);
  if (report === undefined) throw new Error('no case was opened');
  return report;
};
const snapshots = ({ account }: Rehearsal) => account.state.snapshots.size;
const subjects = ({ account }: Rehearsal) => account.published.map(({ Subject }) => Subject);

describe('a finding on a machine whose acquisition KMS would refuse', () => {
  it('opens a case before anyone has tried, and preserves the evidence where it may', async () => {
    const rehearsal = await rehearsed([finding()]);
    await rehearsal.acquire();
    const report = only(rehearsal);
    expect(report).toMatchObject({
      verdict: 'preserved',
      denials: [],
      finding: { id: 'd2c7e81a06f94b35', severity: 8, unscanned: [] },
      freeze: { frozen: true },
      diagnosis: { decision: 'denied', cause: 'key-policy-silent', fixes: [{ layer: 'key-policy' }] },
    });
    expect(opened(rehearsal)).toEqual([`finding-444455556666-${PAYMENTS}`]);
  });

  it('under `report` is explained, and nothing is changed', async () => {
    const rehearsal = await rehearsed([finding()], 'report');
    await rehearsal.acquire();
    const report = only(rehearsal);
    expect(report).toMatchObject({ verdict: 'planned', dryRun: false, freeze: { frozen: false }, outcomes: [] });
    expect(report.diagnosis?.cause).toBe('key-policy-silent');
    expect(report.todo[0]).toContain(`Start a case by hand for ${PAYMENTS}`);
    expect(snapshots(rehearsal)).toBe(0);
    expect(rehearsal.account.ssm.commands.size).toBe(0);
    expect(subjects(rehearsal)).toEqual([expect.stringContaining('a finding, and KMS would refuse the acquisition')]);
  });

  it('under `freeze` has its disks frozen, and nothing more', async () => {
    const rehearsal = await rehearsed([finding()], 'freeze');
    await rehearsal.acquire();
    expect(only(rehearsal)).toMatchObject({ verdict: 'planned', freeze: { frozen: true }, outcomes: [] });
    expect(snapshots(rehearsal)).toBe(2);
    expect(rehearsal.account.ssm.commands.size).toBe(0);
  });

  it('changes nothing while the stack is a dry run, whatever findings may set off', async () => {
    const rehearsal = await rehearse('finding-before-acquisition', {
      alter: (scenario) => ({
        ...scenario,
        parameters: { ...scenario.parameters, OnFinding: 'preserve', DryRun: 'true' },
        acquisition: [finding()],
      }),
    });
    await rehearsal.acquire();
    expect(only(rehearsal)).toMatchObject({ verdict: 'planned', dryRun: true, freeze: { frozen: false } });
    expect(snapshots(rehearsal)).toBe(0);
    expect(rehearsal.account.ssm.commands.size).toBe(0);
  });

  it.each(['report', 'freeze', 'preserve'])('under `%s` is one case however often it repeats', async (extent) => {
    const repeats = [finding(), finding({ account: '111122223333' }), wait(21_600), finding(), wait(21_600), finding()];
    const rehearsal = await rehearsed(repeats, extent);
    await rehearsal.acquire();
    expect(rehearsal.reports()).toHaveLength(1);
    expect(opened(rehearsal)).toHaveLength(1);
    expect(snapshots(rehearsal)).toBe(extent === 'report' ? 0 : 2);
  });

  it('is one case for several findings of one machine', async () => {
    const rehearsal = await rehearsed([
      finding(),
      wait(30),
      finding({ id: 'another', type: 'Trojan:EC2/DNSDataExfiltration' }),
    ]);
    await rehearsal.acquire();
    expect(rehearsal.reports()).toHaveLength(1);
  });

  it('keeps its facts in the form that `explain` reads, and a chained custody log', async () => {
    const rehearsal = await rehearsed([finding()], 'report');
    await rehearsal.acquire();
    const { caseId } = only(rehearsal);
    const file = (name: string) =>
      rehearsal.account.store.latest().get(`${rehearsal.account.bucket}/cases/${caseId}/${name}`)?.toString() ?? '';
    const { FactsInFile } = await import('#shared/diagnosis/facts-file');
    expect(FactsInFile.parse(JSON.parse(file('facts.json'))).request).toMatchObject({ action: 'kms:CreateGrant' });
    expect(readCustodyLog(file('custody.jsonl')).length).toBeGreaterThan(5);
  });
});

describe('a finding of malware that names volumes alone', () => {
  const found = async (rehearsal: Rehearsal, volumeIds: readonly string[]) => {
    const { account } = rehearsal;
    const volumes = volumeIds.map((id) => ({ volumeArn: `arn:aws:ec2:eu-west-3:444455556666:volume/${id}` }));
    const [scanned, ...skipped] = volumes;
    await account.lambda.deliver('FindingFunction', {
      version: '0',
      id: 'e58d1f60-a7c3-4292-8e4b-6f0c9d2a7b13',
      'detail-type': 'GuardDuty Finding',
      source: 'aws.guardduty',
      account: '444455556666',
      time: '2026-03-02T02:41:30Z',
      region: 'eu-west-3',
      resources: [],
      detail: {
        accountId: '444455556666',
        region: 'eu-west-3',
        id: 'b7f3a90c2e614d58f9a1',
        type: 'Execution:Container/MaliciousFile',
        severity: 8,
        updatedAt: '2026-03-02T02:40:58.702Z',
        resource: {
          resourceType: 'Container',
          ebsVolumeDetails: { scannedVolumeDetails: [scanned], skippedVolumeDetails: skipped },
        },
        service: {},
      },
    });
    await account.ground.settle();
  };

  it('is of the machine that holds them: one case, which tells what GuardDuty could not look into', async () => {
    const rehearsal = await rehearsed([], 'report');
    const volumes = rehearsal.account.state.instances.get(PAYMENTS)?.blockDevices.map(({ volumeId }) => volumeId) ?? [];
    await found(rehearsal, volumes);
    expect(opened(rehearsal)).toEqual([`finding-444455556666-${PAYMENTS}`]);
    expect(rehearsal.done('lambda:Invoke')).toBe(1);
    expect(only(rehearsal).finding?.unscanned).toEqual(volumes.slice(1));
  });

  it('is noted where nothing holds them', async () => {
    const rehearsal = await rehearsed([], 'report');
    await found(rehearsal, ['vol-0ffffffffffffffff']);
    expect(opened(rehearsal)).toEqual([]);
    expect(subjects(rehearsal)).toEqual(['Unlatch: finding on vol-0ffffffffffffffff, acquisition not-found']);
  });
});

describe('a refusal that comes after a finding', () => {
  it.each(['report', 'freeze'])(
    'finds the machine free where the finding could not preserve it: %s',
    async (extent) => {
      const rehearsal = await rehearsed([finding(), ...(await acquisition())], extent);
      await rehearsal.acquire();
      expect(
        rehearsal
          .reports()
          .map(({ verdict }) => verdict)
          .sort(),
      ).toEqual(['planned', 'preserved']);
    },
  );

  it('is absorbed where the finding’s case has preserved the machine', async () => {
    const rehearsal = await rehearsed([finding(), ...(await acquisition())]);
    await rehearsal.acquire();
    expect(only(rehearsal).verdict).toBe('preserved');
    expect(rehearsal.account.ssm.commands.size).toBe(1);
  });
});

describe('a finding is left alone', () => {
  it.each([
    { claim: 'as a sample', step: finding({ sample: true }) },
    { claim: 'where it is archived', step: finding({ archived: true }) },
    { claim: 'below the severity', step: finding({ severity: 6.9 }) },
  ])('$claim', async ({ step }) => {
    const rehearsal = await rehearsed([step]);
    await rehearsal.acquire();
    expect(rehearsal.account.calls).toEqual([]);
  });

  it('where its type is not watched', async () => {
    const rehearsal = await rehearse('finding-before-acquisition', {
      alter: (scenario) => ({
        ...scenario,
        parameters: { ...scenario.parameters, FindingTypes: 'CryptoCurrency:*,Trojan:EC2/*' },
        acquisition: [finding()],
      }),
    });
    await rehearsal.acquire();
    expect(rehearsal.account.calls).toEqual([]);
  });
});

describe('a note', () => {
  const shop = finding({ instance: 'shop-web-1', id: '17f0b4d95ce83a62' });

  it('is made where the acquisition would pass, once, however often the finding repeats', async () => {
    const rehearsal = await rehearsed([shop, wait(21_600), shop]);
    await rehearsal.acquire();
    expect(subjects(rehearsal)).toEqual([`Unlatch: finding on ${SHOP}, acquisition ready`]);
    expect(opened(rehearsal)).toEqual([]);
    expect(rehearsal.account.put?.map(({ DetailType }) => DetailType)).toEqual(['Finding Noted']);
  });

  it('says what cannot be read, where that leaves it open', async () => {
    const rehearsal = await rehearse('finding-before-acquisition', {
      alter: (scenario) => ({ ...scenario, delegatedAdministrators: [], acquisition: [shop] }),
    });
    await rehearsal.acquire();
    expect(subjects(rehearsal)).toEqual([`Unlatch: finding on ${SHOP}, acquisition undetermined`]);
    expect(rehearsal.account.published[0]?.Message).toContain('cannot be told without');
  });

  it('says of a machine that Unlatch may not look at that nothing can be told, and loses no other', async () => {
    const rehearsal = await rehearsed([shop, finding()], 'report', {
      faults: [{ api: 'ec2:DescribeInstances', nth: 1, what: 'refuse' }],
    });
    await rehearsal.acquire();
    expect(subjects(rehearsal)).toContain(`Unlatch: finding on ${SHOP}, acquisition undetermined`);
    expect(opened(rehearsal)).toEqual([`finding-444455556666-${PAYMENTS}`]);
    expect(rehearsal.account.lambda.deadLetters).toEqual([]);
  });

  it('of a machine that there is not says so', async () => {
    const rehearsal = await rehearsed([shop]);
    rehearsal.account.state.instances.delete(SHOP);
    await rehearsal.acquire();
    expect(subjects(rehearsal)).toEqual([`Unlatch: finding on ${SHOP}, acquisition not-found`]);
  });

  it('becomes a case when the key’s policy has changed by the next time', async () => {
    const rehearsal = await rehearsed([shop]);
    await rehearsal.acquire();
    const { state } = rehearsal.account;
    const key = [...state.keys.values()].find(({ aliases }) => aliases.includes('alias/shop'));
    if (key === undefined) throw new Error('the scenario has no such key');
    state.keys.set(key.arn, { ...key, policy: { Statement: [key.policy.Statement[0]] } });
    await rehearsal.acquire();
    expect(opened(rehearsal)).toEqual([`finding-444455556666-${SHOP}`]);
  });
});

describe('faults', () => {
  it.each([
    { api: 'lambda:Invoke', what: 'crash-before' },
    { api: 'lambda:Invoke', what: 'crash-after' },
    { api: 'dynamodb:PutItem', what: 'crash-before' },
    { api: 'dynamodb:PutItem', what: 'crash-after' },
    { api: 'dynamodb:GetItem', what: 'throttle' },
    { api: 'ec2:DescribeInstances', what: 'throttle' },
  ] as const)('$what $api: it is one case all the same', async ({ api, what }) => {
    const rehearsal = await rehearsed([finding(), wait(600)], 'freeze', { faults: [{ api, nth: 1, what }] });
    await rehearsal.acquire();
    expect(rehearsal.account.calls.filter(({ fault }) => fault === what)).toHaveLength(1);
    expect(rehearsal.reports()).toHaveLength(1);
    expect(snapshots(rehearsal)).toBe(2);
    expect(rehearsal.account.lambda.deadLetters).toEqual([]);
  });
});
