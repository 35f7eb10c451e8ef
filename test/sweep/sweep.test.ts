import { describe, expect, it } from 'vitest';
import type { Key, Snapshot } from '#local/account/state';
import { parseSweepRequest } from '#shared/sweep/request';
import { madeKeys, OWN, rehearseDisks, sweepNow, TARGET } from '../case/re-encryptions.ts';
import type { Rehearsal } from '../rehearsal.ts';
import { recorded } from './recorded.ts';

const DAY = 86_400;

const scope = { ScopeAccountIds: TARGET };

/** A temporary key that the platform made with its own role, some days ago. */
const platformKey = async ({ account }: Rehearsal, role = 'myCadoResponseRole'): Promise<Key> => {
  const maker =
    account.state.roles.get(`arn:aws:iam::${OWN}:role/${role}`) ??
    account.addRole({
      accountId: OWN,
      name: role,
      identityPolicies: [
        {
          name: 'all',
          document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
        },
      ],
      permissionsBoundary: null,
    });
  maker.identityPolicies.push({
    name: 'keys',
    document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] },
  });
  const session = account.openSession(maker, 'import');
  const call = <Input>(input: Input) => ({ input, session, region: account.region, requestId: account.ground.uuid() });
  const { KeyMetadata } = await account.services.kms.CreateKey(call({}));
  const AliasName = 'alias/CadoResponse-KMS-Alias-4711';
  await account.services.kms.CreateAlias(call({ AliasName, TargetKeyId: KeyMetadata?.Arn }));
  const key = account.state.keys.get(KeyMetadata?.Arn ?? '');
  if (key === undefined) throw new Error('the key was not made');
  return key;
};

const leftSnapshot = ({ account }: Rehearsal, more: Partial<Snapshot> = {}): Snapshot => {
  const snapshot: Snapshot = {
    snapshotId: account.ground.resourceId('snap'),
    accountId: OWN,
    region: account.region,
    volumeId: 'vol-ffffffff',
    sizeGiB: 1,
    keyArn: null,
    description: 'left',
    startTime: new Date(account.ground.now().getTime() - 20 * DAY * 1_000),
    sharedWith: new Set(),
    tags: { 'unlatch:case': 'a-case-that-died', 'unlatch:volume': 'vol-0a1b2c3d4e5f60718' },
    blocks: new Map(),
    state: 'pending',
    stateMessage: null,
    ...more,
  };
  account.state.snapshots.set(snapshot.snapshotId, snapshot);
  return snapshot;
};

describe('a temporary key that the platform left behind', () => {
  const ways = [
    { name: 'is only told of without consent', parameters: {}, state: 'Enabled', list: 'reported' },
    { name: 'is ended with it', parameters: { SweepPlatformKeys: 'true' }, state: 'PendingDeletion', list: 'removed' },
  ] as const;

  it.each(ways)('$name', async ({ parameters, state, list }) => {
    const rehearsal = await rehearseDisks('default-key-cross-account', { parameters });
    const key = await platformKey(rehearsal);
    await rehearsal.account.ground.settle(8 * DAY);
    const report = await sweepNow(rehearsal);
    expect(report?.[list]).toMatchObject([{ kind: 'platform-key', id: key.arn }]);
    expect(key.state).toBe(state);
  });

  it('is let be where somebody else made it', async () => {
    const rehearsal = await rehearseDisks('default-key-cross-account', { parameters: { SweepPlatformKeys: 'true' } });
    const key = await platformKey(rehearsal, 'Administrator');
    await rehearsal.account.ground.settle(8 * DAY);
    expect(await sweepNow(rehearsal)).toMatchObject({ removed: [], reported: [] });
    expect(key.state).toBe('Enabled');
  });
});

describe('a sweep', () => {
  it('deletes a snapshot of EBS direct that nobody writes any more', async () => {
    const rehearsal = await rehearseDisks('default-key-cross-account');
    const left = leftSnapshot(rehearsal, { upload: null });
    const { snapshotId } = left;
    await recorded(rehearsal, left.snapshotId, left);
    const report = await sweepNow(rehearsal);
    expect(report?.removed).toMatchObject([{ kind: 'snapshot', id: snapshotId }]);
    expect(rehearsal.account.state.snapshots.has(snapshotId)).toBe(false);
  });

  it('lets a snapshot be that only bears the tags, and tells of it', async () => {
    const rehearsal = await rehearseDisks('default-key-cross-account');
    const { snapshotId } = leftSnapshot(rehearsal, { upload: null });
    const report = await sweepNow(rehearsal);
    expect(report?.removed).toEqual([]);
    expect(report?.reported).toMatchObject([{ id: snapshotId, because: expect.stringContaining('no record says') }]);
    expect(rehearsal.account.state.snapshots.has(snapshotId)).toBe(true);
  });

  it('touches no frozen snapshot and no copy that somebody tags as though it were over', async () => {
    const rehearsal = await rehearseDisks('default-key-cross-account');
    await rehearsal.acquire();
    const { snapshots } = rehearsal.account.state;
    const before = [...snapshots.keys()];
    for (const { tags } of snapshots.values()) {
      tags['unlatch:case'] ??= 'a-case-that-died';
      tags['unlatch:volume'] ??= 'vol-0a1b2c3d4e5f60718';
      tags['unlatch:part'] = 'passage';
      tags['unlatch:expires'] = '2020-01-01T00:00:00Z';
    }
    await rehearsal.account.ground.settle(15 * DAY);
    const report = await sweepNow(rehearsal);
    expect(report?.removed.filter(({ kind }) => kind === 'snapshot')).toEqual([]);
    expect(before.filter((snapshotId) => !snapshots.has(snapshotId))).toEqual([]);
  });

  it('tells of what it could not remove, and keeps a log of what it did', async () => {
    const faults = [{ api: 'ec2:DeleteSnapshot', nth: 'every' as const, what: 'refuse' as const }];
    const rehearsal = await rehearseDisks('default-key-cross-account', { faults });
    const left = leftSnapshot(rehearsal);
    const { snapshotId } = left;
    await recorded(rehearsal, left.snapshotId, left);
    const report = await sweepNow(rehearsal);
    expect(report?.failed).toMatchObject([
      { id: snapshotId, because: expect.stringContaining('could not be removed') },
    ]);
    expect(rehearsal.account.published.at(-1)).toMatchObject({ Message: expect.stringContaining(snapshotId) });
  });

  it('tells people of what it removed even where its report cannot be kept', async () => {
    const faults = [{ api: 's3:PutObject', nth: 'every' as const, what: 'refuse' as const }];
    const rehearsal = await rehearseDisks('default-key-cross-account', { faults });
    const left = leftSnapshot(rehearsal);
    await recorded(rehearsal, left.snapshotId, left);
    expect(await sweepNow(rehearsal)).toBeNull();
    expect(rehearsal.account.state.snapshots.has(left.snapshotId)).toBe(false);
    const told = rehearsal.account.published.filter(({ Message = '' }) => Message.includes(left.snapshotId));
    expect(told.length).toBeGreaterThan(0);
  });

  it('ends no key where a place could not be looked through', async () => {
    const rehearsal = await rehearseDisks('default-key-cross-account', {
      parameters: { ...scope, PlatformAccountId: '777788889999' },
    });
    await rehearsal.acquire();
    const [key] = madeKeys(rehearsal);
    for (const snapshot of [...rehearsal.account.state.snapshots.values()])
      if (snapshot.keyArn === key?.arn) rehearsal.account.state.snapshots.delete(snapshot.snapshotId);
    rehearsal.account.state.roles.delete(`arn:aws:iam::${TARGET}:role/UnlatchMember`);
    await rehearsal.account.ground.settle(2 * 3_600);
    const report = await sweepNow(rehearsal);
    expect(report?.kept).toMatchObject([{ kind: 'key', because: expect.stringContaining('could not be told') }]);
    expect(report?.failed.map(({ kind }) => kind)).toContain('account');
    expect(key?.state).toBe('Enabled');
  });

  it('lets a machine go whose case has died', async () => {
    const rehearsal = await rehearseDisks('default-key-cross-account', {
      faults: [{ api: 's3:PutObject', nth: 'every', what: 'refuse' }],
    });
    await rehearsal.acquire();
    expect(rehearsal.account.lambda.executions.all().map(({ status }) => status)).toEqual(['FAILED']);
    await rehearsal.account.ground.settle(30 * DAY);
    const { logicalId } = rehearsal.account.template.functions.find(({ folder }) => folder === 'sweep') ?? {
      logicalId: '',
    };
    const session = rehearsal.account.sessionOf(logicalId);
    const call = { input: {}, session, region: rehearsal.account.region, requestId: rehearsal.account.ground.uuid() };
    expect(await rehearsal.account.lambda.invoke(call, logicalId, { dryRun: true })).toMatchObject({
      removed: expect.arrayContaining([expect.objectContaining({ kind: 'claim' })]),
    });
  });

  it('as a dry run, tells what would go and changes nothing', async () => {
    const rehearsal = await rehearseDisks('default-key-cross-account');
    const { account } = rehearsal;
    const left = leftSnapshot(rehearsal);
    const { snapshotId } = left;
    await recorded(rehearsal, left.snapshotId, left);
    const { logicalId } = account.template.functions.find(({ folder }) => folder === 'sweep') ?? { logicalId: '' };
    const session = account.sessionOf(logicalId);
    const call = { input: {}, session, region: account.region, requestId: account.ground.uuid() };
    const report = await account.lambda.invoke(call, logicalId, { dryRun: true });
    expect(report).toMatchObject({ dryRun: true, removed: [{ id: snapshotId }] });
    expect(account.state.snapshots.has(snapshotId)).toBe(true);
    expect(account.store.latest().size).toBe(0);
  });
});

describe('what a sweep is started with', () => {
  it.each([
    { name: 'the clock', event: { source: 'aws.events', detail: {} }, dryRun: false },
    { name: 'nothing', event: {}, dryRun: false },
    { name: 'a wish to know', event: { dryRun: true }, dryRun: true },
  ])('$name', ({ event, dryRun }) => {
    expect(parseSweepRequest(event)).toEqual({ dryRun });
  });

  it.each([
    { name: 'a word that it does not know', event: { dryrun: true } },
    { name: 'a flag that is none', event: { dryRun: 'yes' } },
    { name: 'no object', event: 'sweep' },
  ])('is refused where it is $name', ({ event }) => {
    expect(() => parseSweepRequest(event)).toThrow();
  });
});
