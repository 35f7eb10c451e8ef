import { describe, expect, it } from 'vitest';
import { editorIn, MANAGED, withMark } from './editors.ts';
import { ROLE_NAME } from './generated.ts';
import { type Retiring, retiring, writesOf } from './retiring.ts';
import { ACQUIRE, document, ONE_TIME, ONE_TIME_MRK } from './roles.ts';

const both = document(ACQUIRE, ONE_TIME_MRK);
const without = document(ACQUIRE);
const byHand = { roleName: ROLE_NAME };
const restoration = { action: 'restore', ...byHand };
/** Does something once, right after the first call of an API. */
const rightAfter = ({ account }: Retiring, api: string, act: () => void): void => {
  let done = false;
  account.events.on('called', () => {
    if (done || account.calls.at(-1)?.api !== api) return;
    done = true;
    act();
  });
};

const putBackByTemplate = ({ role }: Retiring, name: string): void => {
  const at = role.identityPolicies.findIndex((policy) => policy.name === name);
  role.identityPolicies.splice(Math.max(0, at), 1, { name, text: both, document: JSON.parse(both) });
};

describe('a policy that is detached', () => {
  const attached = {
    policies: [
      { name: 'acquire', text: without },
      { name: MANAGED, text: document(ONE_TIME_MRK) },
    ],
  };

  it('stays where somebody has added to it since it was planned', async () => {
    const world = await retiring(attached);
    const { newVersion } = editorIn(world);
    rightAfter(world, 'iam:SimulatePrincipalPolicy', () => void newVersion(withMark(document(ONE_TIME_MRK))));
    // Reads of IAM may lag: either the edit sees it, or CloudTrail tells of it.
    const report = await world.start({ ...byHand, force: true });
    const isKept = Object.keys(world.texts()).includes(MANAGED);
    expect(isKept || (report.others.length > 0 && report.todo.length > 0)).toBe(true);
  });

  it('is not detached once its new version shows everywhere', async () => {
    const world = await retiring(attached);
    world.account.state.iam.lagSeconds = 0;
    const { newVersion } = editorIn(world);
    rightAfter(world, 'iam:SimulatePrincipalPolicy', () => void newVersion(withMark(document(ONE_TIME_MRK))));
    await world.start({ ...byHand, force: true });
    expect(world.texts()[MANAGED]).toBe(withMark(document()));
  });

  it('is not attached again where it has become another one', async () => {
    const world = await retiring(attached);
    await world.start(byHand);
    await editorIn(world).newVersion(document({ Effect: 'Allow', Action: 's3:*', Resource: '*' }));
    await world.account.ground.settle(60);
    const report = await world.start(restoration);
    expect(report).toMatchObject({ verdict: 'left', todo: [expect.stringContaining(MANAGED)] });
    expect(Object.keys(world.texts())).toEqual(['acquire']);
  });
});

describe('a write that was done and never answered', () => {
  it('is not forgotten where somebody edits over it', async () => {
    const world = await retiring({
      policies: [{ name: 'acquire', text: both }],
      faults: [{ api: 'iam:PutRolePolicy', nth: 1, what: 'crash-after' }],
    });
    const { putInline } = editorIn(world);
    rightAfter(world, 'iam:PutRolePolicy', () => void putInline('acquire', withMark(world.texts().acquire ?? '')));
    const report = await world.start({ ...byHand, force: true });
    expect(report).toMatchObject({
      verdict: 'left',
      edits: [{ policy: 'acquire' }],
      todo: [expect.stringContaining('`acquire` was changed by somebody else')],
    });
    expect(world.account.published).toHaveLength(1);
  });
});

describe('other editors', () => {
  it('are told of in a second retirement as in the first: an earlier edit of one’s own proves nothing', async () => {
    const meet = async (nth: number) => {
      const world = await retiring({ policies: [{ name: 'acquire', text: both }] });
      await world.start({ ...byHand, force: true });
      await world.start(restoration);
      await world.account.ground.settle(3 * 86_400);
      const offset = world.account.calls.length;
      const { putInline } = editorIn(world);
      let seen = 0;
      world.account.events.on('called', () => {
        seen += 1;
        if (seen === nth) void putInline('acquire', withMark(world.texts().acquire ?? ''));
      });
      const report = await world.start({ ...byHand, force: true });
      const write = world.account.calls.slice(offset).findIndex(({ api }) => api === 'iam:PutRolePolicy') + 1;
      await world.end();
      return { report, write };
    };
    const { write } = await meet(0);
    // Between the last look and the write.
    const { report } = await meet(write - 1);
    expect(report).toMatchObject({
      proof: { alone: false },
      others: [expect.objectContaining({ caller: expect.stringContaining('admin') })],
    });
  });
});

describe('what was retired in parts', () => {
  it('is put back whole', async () => {
    const world = await retiring({
      parameters: { RetireAgain: 'true' },
      policies: [
        { name: 'acquire', text: both },
        { name: 'once', text: document(ONE_TIME) },
      ],
    });
    const before = world.texts();
    await world.start(byHand);
    putBackByTemplate(world, 'acquire');
    expect(await world.start(byHand)).toMatchObject({ verdict: 'retired', edits: [{ policy: 'acquire' }] });
    expect(await world.start(restoration)).toMatchObject({ verdict: 'restored' });
    expect(world.texts()).toEqual(before);
  });
});

describe('a retirement that cannot be told', () => {
  it.each([
    { api: 'sns:Publish', times: 1 },
    { api: 's3:PutObject', times: 3 },
  ])('is known all the same, and holds the role no longer: $api', async ({ api, times }) => {
    const probe = await retiring({ policies: [{ name: 'acquire', text: both }] });
    await probe.start({ ...byHand, force: true });
    const done = probe.account.calls.map((call) => call.api);
    const before = done.slice(0, done.indexOf('iam:PutRolePolicy')).filter((one) => one === api).length;
    await probe.end();
    const faults = Array.from({ length: times }, (_, at) => ({ api, nth: before + 1 + at, what: 'refuse' as const }));
    const world = await retiring({ policies: [{ name: 'acquire', text: both }], faults });
    await expect(world.start({ ...byHand, force: true })).rejects.toThrow(api);
    expect(world.texts()).toEqual({ acquire: without });
    putBackByTemplate(world, 'acquire');
    // It is not taken for new, and asks for no waiting.
    const again = await world.start({ ...byHand, dryRun: true });
    expect(again).toMatchObject({ verdict: 'reported', because: expect.stringContaining('is back after it was') });
  });
});

describe('a simulator that no longer answers after the write', () => {
  it.each(['throttle', 'refuse'] as const)('does not disagree: %s', async (what) => {
    const probe = await retiring({ policies: [{ name: 'acquire', text: both }] });
    await probe.start({ ...byHand, force: true });
    const done = probe.account.calls.map(({ api }) => api);
    await probe.end();
    const simulator = 'iam:SimulatePrincipalPolicy';
    const asked = done.slice(0, done.indexOf('iam:PutRolePolicy')).filter((api) => api === simulator).length;
    const faults = Array.from({ length: 60 }, (_, at) => ({ api: simulator, nth: asked + 1 + at, what }));
    const world = await retiring({ policies: [{ name: 'acquire', text: both }], faults });
    expect(await world.start({ ...byHand, force: true })).toMatchObject({
      verdict: 'retired',
      proof: { simulated: { because: expect.stringContaining(simulator) } },
    });
  });
});

describe('an edit that was undone', () => {
  it('is not made again by the next import, and by hand it is', async () => {
    const world = await retiring({
      policies: [{ name: 'acquire', text: both }],
      faults: [{ api: 'iam:PutRolePolicy', nth: 1, what: 'refuse' }],
    });
    expect(await world.start(byHand)).toMatchObject({ verdict: 'undone' });
    const success = {
      success: {
        accountId: world.role.accountId,
        roleName: ROLE_NAME,
        by: 'a temporary key',
      },
    };
    const writes = writesOf(world).length;
    expect(await world.start(success)).toMatchObject({
      verdict: 'reported',
      because: expect.stringContaining('put back'),
    });
    expect(writesOf(world)).toHaveLength(writes);
    expect(await world.start(byHand)).toMatchObject({ verdict: 'retired' });
  });
});
