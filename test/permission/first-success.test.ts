import { describe, expect, it } from 'vitest';
import type { EventBridgeEvent } from '#local/account/call';
import type { Scenario } from '#local/scenario/scenario';
import { rehearse } from '../rehearsal.ts';
import { shuffled } from '../shuffled.ts';
import { ACCOUNT, ROLE_NAME } from './generated.ts';
import { retiring, textOf, writesOf } from './retiring.ts';

const ROLE = `arn:aws:iam::${ACCOUNT}:role/${ROLE_NAME}`;

const policyOf = ({ account }: Awaited<ReturnType<typeof rehearse>>): string =>
  account.state.roles.get(ROLE)?.identityPolicies.map(textOf).join() ?? '';

const steps = (scenario: Scenario, keep: (step: Scenario['acquisition'][number], at: number) => boolean): Scenario => ({
  ...scenario,
  acquisition: scenario.acquisition.filter(keep),
});

/** The first import alone: up to the wait after its key has ended. */
const firstImport = (scenario: Scenario): Scenario => steps(scenario, (_, at) => at < 11);

describe('the scenario first-success', () => {
  it('the first import succeeds, the permission goes, the second import works without it, and a person puts it back', async () => {
    const rehearsal = await rehearse('first-success');
    const before = policyOf(rehearsal);
    const verdicts: string[] = [];
    rehearsal.account.events.on('ended', ({ result }) => verdicts.push(String(Reflect.get(Object(result), 'verdict'))));
    const refused: string[] = [];
    await rehearsal.stage.acquire(({ answer }) => {
      if (answer.startsWith('refused')) refused.push(answer);
    });
    expect(refused).toEqual([]);
    expect(verdicts).toEqual(['retired', 'absent', 'restored']);
    expect(writesOf(rehearsal)).toEqual(['iam:PutRolePolicy', 'iam:PutRolePolicy']);
    expect(policyOf(rehearsal)).toBe(before);
    expect(rehearsal.account.lambda.deadLetters).toEqual([]);
    expect([...rehearsal.account.state.volumes.values()].filter(({ state }) => state === 'available')).toHaveLength(2);
  });

  it('without the permission the first import fails, and nothing is retired', async () => {
    const rehearsal = await rehearse('first-success', { alter: firstImport });
    const role = rehearsal.account.state.roles.get(ROLE);
    const [policy] = role?.identityPolicies ?? [];
    const stripped = JSON.parse(JSON.stringify(policy?.document).replace('iam:CreateServiceLinkedRole', 'iam:GetRole'));
    role?.identityPolicies.splice(0, 1, { name: 'acquire', document: stripped });
    const refused: string[] = [];
    await rehearsal.stage
      .acquire(({ answer, what }) => {
        if (answer.startsWith('refused')) refused.push(what);
      })
      // What was never made cannot be named by the steps after it.
      .catch(() => {});
    expect(refused).toContain('CreateKey');
    expect(writesOf(rehearsal)).toEqual([]);
  });
});

describe('nothing is edited', () => {
  const quiet = [
    {
      name: 'after an import under a customer key',
      alter: (scenario: Scenario) => ({
        ...steps(scenario, ({ do: what }) => what !== 'CreateAlias'),
      }),
    },
    {
      name: 'where the alias is none of a temporary key',
      alter: (scenario: Scenario) => ({
        ...scenario,
        acquisition: scenario.acquisition.map((step) =>
          step.do === 'CreateAlias' ? { ...step, alias: 'alias/evidence-for-ever' } : step,
        ),
      }),
    },
    {
      name: 'after a temporary key that nothing was copied under',
      alter: (scenario: Scenario) =>
        steps(scenario, ({ do: what }) => ['CreateKey', 'CreateAlias', 'wait', 'ScheduleKeyDeletion'].includes(what)),
    },
  ] as const;

  it.each(quiet)('$name', async ({ alter }) => {
    const rehearsal = await rehearse('first-success', {
      alter: (scenario) => steps(alter(scenario), ({ do: what }) => what !== 'by-hand'),
    });
    const before = policyOf(rehearsal);
    await rehearsal.stage.acquire(() => {}).catch(() => {});
    await rehearsal.account.ground.settle();
    expect(writesOf(rehearsal)).toEqual([]);
    expect(policyOf(rehearsal)).toBe(before);
    expect(rehearsal.account.lambda.deadLetters).toEqual([]);
  });

  it('after an import whose copy fails, and whose key is ended all the same', async () => {
    const rehearsal = await rehearse('first-success', {
      alter: (scenario) => ({
        ...steps(firstImport(scenario), ({ do: what }) => what !== 'ShareSnapshot' && what !== 'CreateVolume'),
        parameters: { ReEncryptCopies: 'false' },
        // EC2 accepts the copy; seconds later KMS refuses the grant that it needs.
        roles: JSON.parse(JSON.stringify(scenario.roles).replaceAll('"kms:CreateGrant",', '')),
      }),
    });
    const told: string[] = [];
    rehearsal.account.events.on('delivered', ({ detail }) =>
      told.push(`${detail.eventName ?? detail.event} ${detail.result ?? ''}`),
    );
    await rehearsal.acquire();
    expect(told).toEqual(expect.arrayContaining(['CreateAlias ', 'CopySnapshot ', 'ScheduleKeyDeletion ']));
    expect([...rehearsal.account.state.snapshots.values()].map(({ state }) => state)).toContain('error');
    expect(told).not.toContain('copySnapshot succeeded');
    expect(writesOf(rehearsal)).toEqual([]);
  });
});

/** The events of one import, as they were delivered. */
const eventsOfImport = async (): Promise<EventBridgeEvent[]> => {
  const rehearsal = await rehearse('first-success', { alter: firstImport });
  const events: EventBridgeEvent[] = [];
  rehearsal.account.events.on('delivered', (event) => events.push(event));
  await rehearsal.acquire();
  await rehearsal.end();
  return events.filter(({ source }) => source !== 'unlatch');
};

describe('success events that come often and in any order', () => {
  it.each([1])('two hundred of one import, shuffled (seed %i), are one retirement and one edit', async (seed) => {
    const events = await eventsOfImport();
    const storm = Array.from({ length: Math.ceil(200 / events.length) }, () => events).flat();
    expect(storm.length).toBeGreaterThanOrEqual(200);
    const world = await retiring();
    const all = shuffled(storm, seed);
    for (let at = 0; at < all.length; at += 25) {
      await Promise.all(all.slice(at, at + 25).map((event) => world.account.lambda.deliver('ObserveFunction', event)));
    }
    await world.account.ground.settle();
    const executions = world.account.lambda.executions.all();
    expect(executions.map(({ result }) => Reflect.get(Object(result), 'verdict'))).toEqual(['retired']);
    expect(writesOf(world)).toEqual(['iam:PutRolePolicy']);
    expect(world.account.lambda.deadLetters).toEqual([]);
    expect(world.account.published).toHaveLength(1);
  });

  it('any order of the three that matter is a success, and no two of them are', async () => {
    const events = (await eventsOfImport()).filter(
      ({ detail }) =>
        detail.eventName === 'CreateAlias' || detail.eventName === 'CopySnapshot' || detail.event === 'copySnapshot',
    );
    expect(events.map(({ detail }) => detail.eventName ?? detail.event)).toHaveLength(3);
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ] as const;
    for (const order of orders) {
      const world = await retiring();
      const started: number[] = [];
      for (const at of order) {
        await world.account.lambda.deliver('ObserveFunction', events[at]);
        started.push(world.account.lambda.executions.all().length);
      }
      expect(started).toEqual([0, 0, 1]);
      await world.account.ground.settle();
      expect(writesOf(world)).toEqual(['iam:PutRolePolicy']);
      await world.end();
    }
  });
});

describe('a case of Unlatch’s own that handed over by re-encryption', () => {
  const closed = (preservedBy: readonly string[], responseRole: string | null) => ({
    version: '0',
    id: 'c',
    'detail-type': 'Case Closed',
    source: 'unlatch',
    account: ACCOUNT,
    time: '2026-03-02T03:00:00Z',
    region: 'eu-west-3',
    resources: [],
    detail: { caseId: 'case-1', verdict: 'preserved', preservedBy, responseRole },
  });
  const session = `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE_NAME}/import`;

  it.each([
    ['is a success', closed(['ssm-triage', 're-encrypt'], session), ['iam:PutRolePolicy']],
    ['by another route is none', closed(['ssm-triage'], session), []],
    ['of a role that is no response role is none', closed(['re-encrypt'], session.replace(ROLE_NAME, 'admin')), []],
    ['of nobody is none', closed(['re-encrypt'], null), []],
  ] as const)('%s', async (_, event, writes) => {
    const world = await retiring();
    await world.account.lambda.deliver('ObserveFunction', event);
    await world.account.ground.settle();
    expect(writesOf(world)).toEqual(writes);
  });
});

describe('a stack that is a dry run', () => {
  it('says once what could go, however many imports succeed', async () => {
    const rehearsal = await rehearse('first-success', {
      alter: (scenario) => ({
        ...steps(scenario, ({ do: what }) => what !== 'by-hand'),
        parameters: { DryRun: 'true' },
      }),
    });
    await rehearsal.acquire();
    expect(writesOf(rehearsal)).toEqual([]);
    expect(rehearsal.account.published.map(({ Subject }) => Subject)).toEqual([
      `Unlatch: a dry run changed nothing (${ROLE_NAME})`,
    ]);
  });
});
