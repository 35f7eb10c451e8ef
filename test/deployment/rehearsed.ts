import type { Volume } from '#local/account/state';
import type { Scenario } from '#local/scenario/scenario';
import { SCENARIOS } from '#local/scenario/scenario';
import { closed, PLATFORM, rehearseCopies, SMALL } from '../case/disk-copies.ts';
import { sweepNow } from '../case/re-encryptions.ts';
import { type Rehearsal, rehearse } from '../rehearsal.ts';
import { recorded } from '../sweep/recorded.ts';

/**
 * Everything that Unlatch does somewhere, rehearsed once: every scenario; copies that are handed over and made volumes of;
 * the same at home, in Unlatch's own account; what is looked for after a crash, given up, and swept.
 */
const HOME = 'boundary-denied';
const DAY = 86_400;

const acquired = async (name: string, changes: Parameters<typeof rehearse>[1] = {}): Promise<void> => {
  const rehearsal = await rehearse(name, changes);
  await rehearsal.acquire();
  await rehearsal.end();
};

const withParameters =
  (parameters: Readonly<Record<string, string>>) =>
  (scenario: Scenario): Scenario => ({ ...scenario, parameters: { ...scenario.parameters, ...parameters } });

/** At home, KMS decrypts nothing for Unlatch: the disk is copied from within the machine. */
const shutAtHome = (scenario: Scenario): Scenario => ({
  ...withParameters({ AllowUnencryptedCopy: 'true' })(scenario),
  keys: scenario.keys.map((key) => ({
    ...key,
    policy: {
      ...key.policy,
      Statement: [
        ...key.policy.Statement,
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: 'kms:Decrypt',
          Resource: '*',
          Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/unlatch-*' } },
        },
      ],
    },
  })),
  instances: scenario.instances.map((instance) => ({
    ...instance,
    agent: 'Online' as const,
    tags: { ...instance.tags, CadoResponseSSMEnabled: 'True' },
    volumes: instance.volumes.map((volume) => ({ ...volume, sizeGiB: 1 })),
  })),
});

const foundAtHome = (scenario: Scenario): Scenario => ({
  ...withParameters({ OnFinding: 'report' })(scenario),
  acquisition: scenario.instances.map(({ name }) => ({
    do: 'Finding' as const,
    instance: name,
    type: 'Backdoor:EC2/C&CActivity.B!DNS',
    severity: 8,
    id: 'f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0',
    sample: false,
    archived: false,
  })),
});

const copies = async (): Promise<void> => {
  const parameters = { PlatformAccountId: PLATFORM };
  const byHand = { createVolume: { availabilityZone: 'eu-west-3a' } };
  const small = { agent: false, disks: [SMALL], parameters };
  for (const [scenario, changes] of [
    ['unencrypted-copy', small],
    ['unencrypted-copy-in-guest', { parameters, disks: [{ sizeGiB: 1, written: [0, 2_047] }] }],
    ['encryption-by-default', small],
  ] as const) {
    const rehearsal = await rehearseCopies(scenario, changes);
    await closed(rehearsal, byHand);
    await rehearsal.end();
  }
  const fails = [{ api: 'ebs:CompleteSnapshot', nth: 1, what: 'error-state' as const }];
  const failed = await rehearseCopies('unencrypted-copy', { ...small, faults: fails });
  await closed(failed);
  await failed.end();
};

/** A lone volume at home is frozen by itself. */
const loneVolume = (rehearsal: Rehearsal): void => {
  const { instances, volumes } = rehearsal.account.state;
  instances.clear();
  for (const volume of volumes.values()) {
    volume.attachment = null;
    volume.state = 'available';
  }
};

const atHome = async (): Promise<void> => {
  await acquired(HOME, { alter: withParameters({ AllowUnencryptedCopy: 'true', ReEncryptCopies: 'false' }) });
  await acquired(HOME, { alter: withParameters({ ReEncryptCopies: 'true', PlatformAccountId: PLATFORM }) });
  await acquired(HOME, { alter: shutAtHome });
  await acquired(HOME, { alter: shutAtHome, faults: [{ api: 'ec2:CreateSnapshot', nth: 1, what: 'error-state' }] });
  await acquired(HOME, { alter: foundAtHome });
  const alone = await rehearse(HOME);
  alone.account.events.once('delivered', () => loneVolume(alone));
  await alone.acquire();
  await alone.end();
};

const brokenOff = async (): Promise<void> => {
  await acquired('custom-key-denied', { faults: [{ api: 'ssm:SendCommand', nth: 1, what: 'crash-after' }] });
  await acquired(HOME, {
    alter: shutAtHome,
    faults: [{ api: 'ssm:SendCommand', nth: 1, what: 'crash-after' }],
  });
};

const swept = async (): Promise<void> => {
  const rehearsal = await rehearse('default-key-cross-account', {
    alter: withParameters({ SweepPlatformKeys: 'true', ScopeAccountIds: '444455556666' }),
    faults: [{ api: 's3:PutObject', nth: 'every', what: 'refuse' }],
  });
  const { account } = rehearsal;
  for (const accountId of ['111122223333', '444455556666']) {
    const role = account.addRole({
      accountId,
      name: 'otherCadoResponseRole',
      identityPolicies: [
        {
          name: 'keys',
          document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] },
        },
      ],
      permissionsBoundary: null,
    });
    const session = account.openSession(role, 'import');
    const call = <Input>(input: Input) => ({
      input,
      session,
      region: account.region,
      requestId: account.ground.uuid(),
    });
    const { KeyMetadata } = await account.services.kms.CreateKey(call({}));
    const AliasName = 'alias/CadoResponse-KMS-Alias-4711';
    await account.services.kms.CreateAlias(call({ AliasName, TargetKeyId: KeyMetadata?.Arn }));
  }
  await rehearsal.acquire();
  const caseId = [...account.state.snapshots.values()].flatMap(({ tags }) => tags['unlatch:case'] ?? [])[0] ?? '';
  for (const accountId of ['111122223333', '444455556666']) {
    const volumeId = account.ground.resourceId('vol');
    const left: Volume = {
      volumeId,
      accountId,
      region: account.region,
      sizeGiB: 1,
      keyArn: null,
      snapshotId: null,
      blocks: new Map(),
      tags: {
        'unlatch:case': caseId,
        'unlatch:volume': volumeId,
        'unlatch:expires': '2026-01-01T00:00:00Z',
      },
      state: 'available',
      attachment: null,
    };
    account.state.volumes.set(volumeId, left);
    await recorded(rehearsal, volumeId, left);
  }
  await account.ground.settle(30 * DAY);
  await sweepNow(rehearsal).catch(() => null);
  await rehearsal.end();
};

export const everythingRehearsed = async (): Promise<void> => {
  for (const scenario of SCENARIOS) await acquired(scenario);
  await copies();
  await atHome();
  await brokenOff();
  await swept();
};
