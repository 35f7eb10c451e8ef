import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { leadClientsTo } from '#local/account/clients';
import { embeddedAccount } from '#local/account/embedded-account';
import type { Key, Snapshot, Volume } from '#local/account/state';

process.env.POWERTOOLS_METRICS_DISABLED = 'true';

const OWN = '111122223333';
const OTHER = '444455556666';
const REGION = 'eu-west-3';
const DAY = 86_400_000;

const FORGED = {
  'unlatch:case': 'a-case-that-died',
  'unlatch:volume': 'vol-0a1b2c3d4e5f60718',
  'unlatch:expires': '2020-01-01T00:00:00Z',
};

/** Everything that a stranger may have, among it what looks nearly like Unlatch's own. */
const strangeTags = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  { Name: 'Unlatch copy 20260101-i-0a1b2c3d4e5f60718-1a2b3c4d' },
  { 'unlatch:case': 'a case' },
  { 'unlatch:volume': 'vol-0a1b2c3d4e5f60718' },
  { 'Unlatch:Case': 'a case', 'Unlatch:Volume': 'a volume' },
  { 'unlatch:expires': '2020-01-01T00:00:00Z' },
  { CadoResponse: 'temporary' },
  // Whoever may tag a thing can write the very tags of a copy that is over.
  FORGED,
  { ...FORGED, 'unlatch:part': 'passage' },
);

const strangeAliases = fc.constantFrom<readonly string[]>(
  [],
  ['alias/payroll'],
  ['alias/CadoResponse-KMS'],
  ['alias/cadoresponse-kms-alias-1'],
  ['alias/payroll', 'alias/CadoResponse-KMS-Alias-1'],
  // Of the configured kind, and made by nobody that CloudTrail knows.
  ['alias/CadoResponse-KMS-Alias-1'],
);

const account = fc.constantFrom(OWN, OTHER);
const days = fc.integer({ min: 0, max: 400 });

const strangers = fc.record({
  keys: fc.array(
    fc.record({
      accountId: account,
      aliases: strangeAliases,
      tags: fc.constantFrom<Readonly<Record<string, string>>>(
        {},
        { 'unlatch:expires': '2020-01-01T00:00:00Z' },
        FORGED,
      ),
      state: fc.constantFrom<Key['state']>('Enabled', 'Disabled', 'PendingDeletion'),
    }),
    { maxLength: 6 },
  ),
  snapshots: fc.array(
    fc.record({
      accountId: account,
      tags: strangeTags,
      days,
      state: fc.constantFrom<Snapshot['state']>('pending', 'completed', 'error'),
    }),
    { maxLength: 6 },
  ),
  volumes: fc.array(
    fc.record({
      accountId: account,
      tags: strangeTags,
      state: fc.constantFrom<Volume['state']>('available', 'in-use'),
    }),
    { maxLength: 6 },
  ),
});

const world = async () => {
  const embedded = await embeddedAccount({
    accountId: OWN,
    region: REGION,
    parameters: { ScopeAccountIds: OTHER, SweepPlatformKeys: 'true' },
  });
  const restore = leadClientsTo(embedded);
  embedded.addMember(OTHER);
  const close = async () => {
    restore();
    await embedded.close();
  };
  return { embedded, close };
};

describe('a sweep', () => {
  it('touches nothing that Unlatch did not make, and no key of the platform that it is not sure of', async () => {
    const { embedded, close } = await world();
    onTestFinished(close);
    const { state, ground, lambda } = embedded;
    await fc.assert(
      fc.asyncProperty(strangers, async ({ keys, snapshots, volumes }) => {
        for (const map of [state.keys, state.snapshots, state.volumes]) map.clear();
        const taken = new Set<string>();
        for (const { accountId, aliases, tags, state: keyState } of keys) {
          const keyId = ground.uuid();
          const arn = `arn:aws:kms:${REGION}:${accountId}:key/${keyId}`;
          const free = aliases.filter((alias) => !taken.has(`${accountId} ${alias}`));
          for (const alias of free) taken.add(`${accountId} ${alias}`);
          const Statement = [
            { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: 'kms:*', Resource: '*' },
          ];
          state.keys.set(arn, {
            accountId,
            region: REGION,
            keyId,
            arn,
            manager: 'CUSTOMER',
            policy: { Version: '2012-10-17', Statement },
            aliases: [...free],
            grants: [],
            tags: { ...tags },
            state: keyState,
          });
        }
        for (const { days: age, tags, ...rest } of snapshots) {
          const snapshotId = ground.resourceId('snap');
          state.snapshots.set(snapshotId, {
            ...rest,
            snapshotId,
            region: REGION,
            volumeId: 'vol-ffffffff',
            sizeGiB: 1,
            keyArn: null,
            description: 'Unlatch?',
            startTime: new Date(ground.now().getTime() - age * DAY),
            sharedWith: new Set(),
            tags: { ...tags },
            blocks: new Map(),
            stateMessage: null,
          });
        }
        for (const { tags, ...rest } of volumes) {
          const volumeId = ground.resourceId('vol');
          state.volumes.set(volumeId, {
            ...rest,
            volumeId,
            region: REGION,
            sizeGiB: 1,
            keyArn: null,
            snapshotId: null,
            blocks: new Map(),
            tags: { ...tags },
            attachment: null,
          });
        }
        const before = structuredClone([state.keys, state.snapshots, state.volumes]);
        const calls = embedded.calls.length;
        const { logicalId } = embedded.template.functions.find(({ folder }) => folder === 'sweep') ?? { logicalId: '' };
        const session = embedded.sessionOf(logicalId);
        const call = { input: {}, session, region: REGION, requestId: ground.uuid() };
        const report = await lambda.invoke(call, logicalId, {});
        expect(report).toMatchObject({ removed: [], failed: [] });
        expect([state.keys, state.snapshots, state.volumes]).toEqual(before);
        const made = embedded.calls.slice(calls).map(({ api }) => api);
        expect(made.filter((api) => /Delete|Schedule|Disable|Put(?!Object)|Create|Modify|Update/.test(api))).toEqual(
          [],
        );
      }),
      { numRuns: 60 },
    );
  });
});
