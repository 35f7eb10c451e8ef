import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { chainToCommand } from '#local/account/call-chain';
import { SCENARIOS } from '#local/scenario/scenario';
import type { CaseReport } from '#shared/case/report';
import { custodyOf, type Rehearsal, rehearse } from '../rehearsal.ts';

const only = (rehearsal: Rehearsal): CaseReport => {
  const [report, ...more] = rehearsal.reports();
  expect(more).toEqual([]);
  if (report === undefined) throw new Error('no case was opened');
  return report;
};

const endings = [
  { scenario: 'custom-key-denied', verdict: 'preserved', cause: 'key-policy-silent', action: 'kms:ReEncryptFrom' },
  { scenario: 'copy-denied', verdict: 'preserved', cause: 'key-policy-silent', action: 'kms:CreateGrant' },
  {
    scenario: 'windows-untagged',
    verdict: 'by-hand',
    cause: 'key-policy-silent',
    action: 'kms:GenerateDataKeyWithoutPlaintext',
  },
  {
    scenario: 'boundary-denied',
    verdict: 'preserved',
    cause: 'permissions-boundary-silent',
    action: 'kms:CreateGrant',
  },
  { scenario: 'unencrypted-copy', verdict: 'preserved', cause: 'key-policy-silent', action: 'kms:ReEncryptFrom' },
  {
    scenario: 'unencrypted-copy-in-guest',
    verdict: 'preserved',
    cause: 'key-policy-silent',
    action: 'kms:ReEncryptFrom',
  },
  { scenario: 'encryption-by-default', verdict: 'preserved', cause: 'key-policy-silent', action: 'kms:ReEncryptFrom' },
  {
    scenario: 'default-key-cross-account',
    verdict: 'preserved',
    cause: 'default-key-not-shareable',
    action: 'ec2:ModifySnapshotAttribute',
  },
  {
    scenario: 'default-key-cross-region',
    verdict: 'preserved',
    cause: 'default-key-not-shareable',
    action: 'ec2:ModifySnapshotAttribute',
  },
  {
    scenario: 'customer-key-cross-account',
    verdict: 'preserved',
    cause: 'key-policy-silent',
    action: 'kms:CreateGrant',
  },
] as const;

describe('each scenario ends as AWS would have it', () => {
  it('and each is told of here', () => {
    // In `first-success` nothing is refused: `test/permission/first-success.test.ts` has it. Machines that nobody has tried
    // to acquire stand in `test/finding` and `test/readiness/agreement.ts`.
    const elsewhere = ['first-success', 'finding-before-acquisition', 'readiness'];
    expect(endings.map(({ scenario }) => scenario)).toEqual(SCENARIOS.filter((name) => !elsewhere.includes(name)));
  });

  // In one of them a shell copies a gigabyte: `copy-within.ts` has it, among the slow proofs.
  const quick = endings.filter(({ scenario }) => scenario !== 'unencrypted-copy-in-guest');
  it.each(quick)('$scenario: $verdict, for $cause', async ({ scenario, verdict, cause, action }) => {
    const rehearsal = await rehearse(scenario);
    await rehearsal.acquire();
    const report = only(rehearsal);
    expect(report).toMatchObject({ verdict, diagnosis: { decision: 'denied', cause }, freeze: { frozen: true } });
    expect(report.denials.map((denial) => denial.action)).toContain(action);
    expect(rehearsal.account.lambda.deadLetters).toEqual([]);
  });
});

describe('speed', () => {
  it.each(['custom-key-denied', 'copy-denied', 'boundary-denied'])(
    'in %s, at most 6 AWS calls stand in sequence between the refusal and SendCommand',
    async (scenario) => {
      const rehearsal = await rehearse(scenario);
      await rehearsal.acquire();
      const [execution] = rehearsal.account.lambda.executions.all();
      const chain = chainToCommand(rehearsal.account.calls, execution?.name ?? '').map(({ api }) => api);
      expect(chain.at(-1)).toBe('ssm:SendCommand');
      expect(chain.length).toBeGreaterThanOrEqual(4);
      expect(chain.length).toBeLessThanOrEqual(6);
    },
  );
});

describe('custody', () => {
  it('has a line for every change that the case made in AWS, with caller and request id', async () => {
    const rehearsal = await rehearse('custom-key-denied');
    await rehearsal.acquire();
    const entries = custodyOf(rehearsal, only(rehearsal).caseId);
    const caller = 'arn:aws:sts::444455556666:assumed-role/UnlatchMember/unlatch';
    for (const api of ['ec2:CreateSnapshots', 'ssm:SendCommand']) {
      expect(entries.filter((entry) => entry.api === api)).toEqual([
        expect.objectContaining({
          caller,
          accountId: '444455556666',
          result: 'ok',
          requestId: expect.stringMatching(/./),
        }),
      ]);
    }
    expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).sort());
  });
});

describe('what closes the way by Systems Manager', () => {
  it('names the tag that is missing, and the value it has to have', async () => {
    const rehearsal = await rehearse('windows-untagged');
    await rehearsal.acquire();
    const report = only(rehearsal);
    expect(report.todo[0]).toContain('`CadoResponseSSMEnabled` = `True`');
    expect(report.instructions?.steps.join('\n')).toContain('RDP');
    expect(rehearsal.account.calls.filter(({ api }) => api === 'ssm:SendCommand')).toEqual([]);
  });

  it('an agent that takes no command in time ends in instructions, and the command is taken back', async () => {
    const rehearsal = await rehearse('custom-key-denied');
    const instance = rehearsal.account.state.instances.get('i-0b1c2d3e4f5a69788');
    rehearsal.account.events.on('called', ({ api }) => {
      // The agent is there when it is asked for, and gone when the command comes.
      if (api === 'ssm:DescribeInstanceInformation' && instance?.agent) instance.agent.pingStatus = 'ConnectionLost';
    });
    await rehearsal.acquire();
    const report = only(rehearsal);
    expect(report.verdict).toBe('by-hand');
    expect(report.outcomes[0]?.note).toContain('did not take the command in time');
    expect(report.freeze.frozen).toBe(true);
  });

  it('a collector that never ends is cancelled, and the report says what may be left', async () => {
    const rehearsal = await rehearse('custom-key-denied');
    rehearsal.account.events.on('called', ({ api }) => {
      if (api !== 'ssm:SendCommand') return;
      for (const command of rehearsal.account.ssm.commands.values()) {
        // Whatever the guest does, the service goes on to say that it runs.
        Object.defineProperty(command, 'status', {
          get: () => (cancelled ? 'Cancelled' : 'InProgress'),
          set: (status) => {
            cancelled ||= status === 'Cancelled';
          },
        });
      }
    });
    let cancelled = false;
    await rehearsal.acquire();
    const report = only(rehearsal);
    expect(rehearsal.done('ssm:CancelCommand')).toBe(1);
    expect(report.verdict).toBe('by-hand');
    expect(report.cleanUp.left.join()).toContain('working folder');
  });
});

describe('what arrives counts only as reported', () => {
  it('an archive that somebody else put there is kept, and is no evidence', async () => {
    const rehearsal = await rehearse('custom-key-denied');
    rehearsal.account.events.on('called', ({ api, execution }) => {
      if (api !== 'ssm:SendCommand' || execution === null) return;
      const [command] = rehearsal.account.ssm.commands.values();
      const caseId = command?.comment.split(' ').at(-1);
      const key = `${rehearsal.account.bucket}/cases/${caseId}/ssm-triage/i-0b1c2d3e4f5a69788/triage.tar.gz`;
      rehearsal.account.store.plant(key, Buffer.from('planted'));
    });
    await rehearsal.acquire();
    const report = only(rehearsal);
    expect(report.verdict).toBe('by-hand');
    expect(report.artefacts).toEqual([]);
    expect(report.outcomes[0]?.note).toContain('is not the one the collector reported');
  });
});

describe('a stack that is deployed as a dry run', () => {
  const CHANGES = /^(ec2|ebs|kms|ssm|iam):(?!Describe|Get|List)/;

  it('explains and reports each refusal once, and changes nothing', async () => {
    const rehearsal = await rehearse('custom-key-denied', {
      alter: (scenario) => ({ ...scenario, parameters: { ...scenario.parameters, DryRun: 'true' } }),
    });
    await rehearsal.acquire();
    const report = only(rehearsal);
    expect(report).toMatchObject({ dryRun: true, verdict: 'planned', diagnosis: { cause: 'key-policy-silent' } });
    expect(rehearsal.account.calls.map(({ api }) => api).filter((api) => CHANGES.test(api))).toEqual([]);
    expect(rehearsal.account.published).toHaveLength(1);
    expect(rehearsal.account.published[0]).toMatchObject({ Subject: expect.stringContaining('dry run') });
  });
});

describe('a case by hand', () => {
  const event = { instanceId: 'i-0b1c2d3e4f5a69788', accountId: '444455556666', region: 'eu-west-3' };
  const invoke = (rehearsal: Rehearsal, request: unknown) => {
    const { account } = rehearsal;
    const session = account.sessionOf('RemediateFunction');
    return account.lambda.invoke(
      { input: {}, session, region: account.region, requestId: account.ground.uuid() },
      'remediate',
      request,
    );
  };

  it('preserves without any refusal', async () => {
    const rehearsal = await rehearse('custom-key-denied');
    expect(await invoke(rehearsal, event)).toMatchObject({ verdict: 'preserved' });
    expect(only(rehearsal).diagnosis).toBeNull();
  });

  it('as a dry run makes no call that changes anything', async () => {
    const rehearsal = await rehearse('custom-key-denied');
    expect(await invoke(rehearsal, { ...event, dryRun: true })).toMatchObject({
      verdict: 'planned',
      plan: [
        { route: 'ssm-triage', open: true },
        { route: 're-encrypt', open: false },
        { route: 'unencrypted-copy', open: false },
        { route: 'manual' },
      ],
    });
    const changes = rehearsal.account.calls.filter(({ api }) => !/:(Describe|Get|List|Assume)/.test(api));
    expect(changes).toEqual([]);
    expect(rehearsal.reports()).toEqual([]);
  });

  it.each([
    { name: 'no instance', request: { accountId: '444455556666' }, says: 'instanceId' },
    { name: 'a hostile instance id', request: { instanceId: 'i-0b1c2d3e4f5a69788; rm -rf /' }, says: 'instanceId' },
    { name: 'a key that nobody knows', request: { ...event, force: true }, says: 'force' },
  ])('with $name fails with one clear line, and makes nothing', async ({ request, says }) => {
    const rehearsal = await rehearse('custom-key-denied');
    await expect(invoke(rehearsal, request)).rejects.toThrow(says);
    expect(rehearsal.account.calls).toEqual([]);
  });

  it('may follow a closed one at once, while a refusal of the same machine is absorbed', async () => {
    const rehearsal = await rehearse('custom-key-denied');
    await invoke(rehearsal, event);
    const first = only(rehearsal).caseId;
    await rehearsal.acquire();
    const absorbed = rehearsal.account.lambda.executions.all().map(({ result }) => result);
    expect(absorbed).toContainEqual({ absorbedBy: first, state: 'closed' });
    expect(rehearsal.done('ssm:SendCommand')).toBe(1);
    expect(await invoke(rehearsal, event)).toMatchObject({ verdict: 'preserved' });
    expect(rehearsal.done('ssm:SendCommand')).toBe(2);
  });
});

describe('what goes wrong for good ends in a report all the same', () => {
  it('a key that cannot be described leaves the diagnosis to the message', async () => {
    const rehearsal = await rehearse('boundary-denied', {
      faults: [{ api: 'kms:DescribeKey', nth: 'every', what: 'throttle' }],
    });
    await rehearsal.acquire();
    expect(only(rehearsal)).toMatchObject({
      verdict: 'preserved',
      diagnosis: { cause: 'permissions-boundary-silent' },
    });
  });

  it('an agent that cannot be asked for closes the route, and the disks are frozen', async () => {
    const faults = [{ api: 'ssm:DescribeInstanceInformation', nth: 'every', what: 'throttle' }] as const;
    const rehearsal = await rehearse('custom-key-denied', { faults });
    await rehearsal.acquire();
    expect(only(rehearsal)).toMatchObject({ verdict: 'by-hand', freeze: { frozen: true } });
    expect(only(rehearsal).plan[0]?.because).toContain('ThrottlingException');
  });

  it('disks that cannot be frozen cost no triage; each attempt has its custody line, and a person is told', async () => {
    const faults = [{ api: 'ec2:CreateSnapshots', nth: 'every', what: 'throttle' }] as const;
    const rehearsal = await rehearse('custom-key-denied', { faults });
    await rehearsal.acquire();
    const report = only(rehearsal);
    expect(report).toMatchObject({ verdict: 'preserved', freeze: { frozen: false } });
    expect(report.todo[0]).toContain('Snapshot the disks by hand');
    const attempts = custodyOf(rehearsal, report.caseId).filter(({ api }) => api === 'ec2:CreateSnapshots');
    expect(attempts.map(({ result }) => result)).toEqual(Array.from({ length: 4 }, () => 'ThrottlingException'));
  });

  it('a collector that cannot be asked about for a while is waited for, not given up', async () => {
    const throttled = Array.from({ length: 8 }, (_, at) => at + 1);
    const faults = throttled.map((nth) => ({ api: 'ssm:GetCommandInvocation', nth, what: 'throttle' }) as const);
    const rehearsal = await rehearse('boundary-denied', { faults });
    await rehearsal.acquire();
    expect(only(rehearsal).verdict).toBe('preserved');
    expect(rehearsal.done('ssm:CancelCommand')).toBe(0);
  });

  it('a notice that cannot be sent fails the execution, but not before the evidence is written and the machine is free', async () => {
    const rehearsal = await rehearse('boundary-denied', {
      faults: [{ api: 'sns:Publish', nth: 'every', what: 'throttle' }],
    });
    await rehearsal.acquire();
    const { account } = rehearsal;
    expect(account.lambda.executions.all().map(({ status }) => status)).toEqual(['FAILED']);
    expect([...account.store.latest().keys()].some((key) => key.endsWith('/manifest.json'))).toBe(true);
    const last = account.calls.filter(({ execution }) => execution !== null).at(-1);
    expect(JSON.stringify(last?.input)).toContain('"closed"');
  });

  it('a machine that cannot be looked at is told, not passed over', async () => {
    const rehearsal = await rehearse('boundary-denied', {
      faults: [{ api: 'ec2:DescribeInstances', nth: 'every', what: 'throttle' }],
    });
    await rehearsal.acquire();
    expect(only(rehearsal)).toMatchObject({ verdict: 'diagnosed', location: { found: false } });
    expect(rehearsal.account.published).toHaveLength(1);
  });
});

describe('an event that fits no schema', () => {
  it.each([
    { name: 'no detail', event: { 'detail-type': 'EBS Volume Notification', source: 'aws.ec2' } },
    {
      name: 'a detail of another kind',
      event: {
        id: 'x',
        'detail-type': 'EBS Volume Notification',
        source: 'aws.ec2',
        account: '111122223333',
        time: '',
        region: 'eu-west-3',
        detail: { event: 7 },
      },
    },
  ])('is tried again, then kept in the dead-letter queue, and nothing is made: $name', async ({ event }) => {
    const rehearsal = await rehearse('custom-key-denied');
    await rehearsal.account.lambda.deliver('ObserveFunction', event);
    await rehearsal.account.ground.settle();
    expect(rehearsal.account.lambda.deadLetters).toEqual([
      { functionId: 'ObserveFunction', event, error: expect.stringMatching(/^`[a-z.-]+`: /) },
    ]);
    expect(rehearsal.account.calls).toEqual([]);
  });

  it('is counted in a metric of its own', async () => {
    const written: string[] = [];
    const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
    onTestFinished(() => {
      stdout.mockRestore();
      vi.unstubAllEnvs();
    });
    const rehearsal = await rehearse('custom-key-denied');
    await rehearsal.account.lambda.deliver('ObserveFunction', { source: 'aws.ec2' });
    const metrics = written.filter((line) => line.includes('CloudWatchMetrics')).map((line) => JSON.parse(line));
    expect(metrics).toContainEqual(expect.objectContaining({ service: 'observe', malformed: 1 }));
  });
});
