import { leadClientsTo } from '#local/account/clients';
import { embeddedAccount } from '#local/account/embedded-account';
import type { Key } from '#local/account/state';

process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
process.env.POWERTOOLS_METRICS_DISABLED = 'true';

/**
 * Readiness of a fleet in the embedded account: how many AWS calls it takes, and how much memory. What bears on a decision
 * is read once for each key and role, so that only the listing grows with the fleet; and that is read by the page.
 */
const PLATFORM = '111122223333';
const OWNERS = ['444455556666', '777788889999'] as const;
const REGION = 'eu-west-3';
const VOLUMES_EACH = 2;

/** Calls that list what there is; all others read what bears on a decision, or write the report. */
const LISTING = new Set([
  'ec2:DescribeInstances',
  'ec2:DescribeVolumes',
  'ssm:DescribeInstanceInformation',
  's3:PutObject',
  's3:GetObject',
]);
const MOST_PEAK_MIB = 512;

const statement = (Action: string | readonly string[], more: Readonly<Record<string, unknown>>) => ({
  Effect: 'Allow',
  Action,
  Resource: '*',
  ...more,
});
const root = (accountId: string) => ({ Principal: { AWS: `arn:aws:iam::${accountId}:root` } });
const uuidOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

interface Fleet {
  readonly volumes: number;
  readonly keys: number;
}

interface Measured extends Fleet {
  readonly listing: number;
  readonly facts: number;
  readonly seconds: number;
  readonly peakMiB: number;
  readonly verdicts: string;
}

const measure = async ({ volumes, keys }: Fleet): Promise<Measured> => {
  const account = await embeddedAccount({
    accountId: PLATFORM,
    region: REGION,
    parameters: { ScopeAccountIds: OWNERS.join(','), ScopeRegions: REGION },
  });
  const restore = leadClientsTo(account);
  try {
    const { state, ground } = account;
    const acquire = {
      Version: '2012-10-17',
      Statement: [statement(['ec2:*', 'kms:*'], { Sid: 'Acquire' })],
    };
    for (const owner of OWNERS) account.addMember(owner);
    for (const accountId of [PLATFORM, ...OWNERS]) {
      const identityPolicies = [{ name: 'acquire', document: acquire }];
      account.addRole({ accountId, name: 'CadoResponseRole', identityPolicies, permissionsBoundary: null });
      state.organization.set(accountId, { serviceControlPolicies: [], resourceControlPolicies: [] });
    }
    state.organizationHead.delegatedAdministrators.add(PLATFORM);

    const arns = Array.from({ length: keys }, (_, index) => {
      const accountId = OWNERS[index % OWNERS.length] ?? PLATFORM;
      const admits = index % 5 !== 0;
      const key: Key = {
        accountId,
        region: REGION,
        keyId: uuidOf(index),
        arn: `arn:aws:kms:${REGION}:${accountId}:key/${uuidOf(index)}`,
        manager: 'CUSTOMER',
        policy: {
          Version: '2012-10-17',
          Statement: [statement('kms:*', root(accountId)), ...(admits ? [statement('kms:*', root(PLATFORM))] : [])],
        },
        aliases: [`alias/team-${index}`],
        grants: [],
        state: 'Enabled',
      };
      state.keys.set(key.arn, key);
      return { arn: key.arn, accountId };
    });
    for (let index = 0; index < volumes / VOLUMES_EACH; index += 1) {
      const instanceId = `i-0${index.toString(16).padStart(16, '0')}`;
      const key = arns[index % arns.length];
      if (key === undefined) throw new Error('a fleet has at least one key');
      const { accountId } = key;
      const blockDevices = Array.from({ length: VOLUMES_EACH }, (_, at) => {
        const volumeId = `vol-0${(index * VOLUMES_EACH + at).toString(16).padStart(16, '0')}`;
        const device = `/dev/sd${String.fromCharCode(97 + at)}`;
        state.volumes.set(volumeId, {
          volumeId,
          accountId,
          region: REGION,
          sizeGiB: 8,
          keyArn: key.arn,
          snapshotId: null,
          blocks: new Map(),
          tags: {},
          state: 'in-use',
          attachment: { instanceId, device },
        });
        return { device, volumeId };
      });
      state.instances.set(instanceId, {
        instanceId,
        accountId,
        region: REGION,
        platform: 'linux',
        state: 'running',
        privateIp: null,
        tags: { Name: `machine-${index}` },
        agent: index % 3 === 0 ? null : { pingStatus: 'Online' },
        files: {},
        blockDevices,
        stateReason: null,
      });
    }

    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    let peak = before;
    account.events.on('called', () => {
      peak = Math.max(peak, process.memoryUsage().heapUsed);
    });
    const session = account.sessionOf('ReadinessFunction');
    const begun = performance.now();
    const call = { input: {}, session, region: REGION, requestId: ground.uuid() };
    const answer: unknown = await account.lambda.invoke(call, 'ReadinessFunction', {});
    const seconds = (performance.now() - begun) / 1_000;
    peak = Math.max(peak, process.memoryUsage().heapUsed);
    const machines = typeof answer === 'object' && answer !== null && 'machines' in answer ? answer.machines : null;
    const listing = account.calls.filter(({ api }) => LISTING.has(api)).length;
    return {
      volumes,
      keys,
      listing,
      facts: account.calls.length - listing,
      seconds,
      peakMiB: (peak - before) / 2 ** 20,
      verdicts: JSON.stringify(machines),
    };
  } finally {
    restore();
    await account.close();
  }
};

const FLEETS: readonly Fleet[] = [
  { volumes: 2_000, keys: 50 },
  { volumes: 2_000, keys: 500 },
  { volumes: 20_000, keys: 500 },
];

const measured: Measured[] = [];
for (const fleet of FLEETS) measured.push(await measure(fleet));

const row = (...cells: readonly string[]): string =>
  `${cells.map((cell, at) => (at === 0 ? cell.padEnd(28) : cell.padStart(14))).join('')}\n`;
process.stdout.write(row('readiness of', 'facts calls', 'listing calls', 'seconds', 'peak MiB'));
for (const { volumes, keys, listing, facts, seconds, peakMiB } of measured)
  process.stdout.write(
    row(`${volumes} volumes, ${keys} keys`, String(facts), String(listing), seconds.toFixed(1), peakMiB.toFixed(0)),
  );
const [, few, many] = measured;
process.stdout.write(`verdicts of the last: ${many?.verdicts}\n`);

const grows = (many?.facts ?? 1) > (few?.facts ?? 0);
const large = (many?.peakMiB ?? 0) > MOST_PEAK_MIB;
if (grows) process.stdout.write('the calls that read facts grow with the volumes: missed\n');
if (large) process.stdout.write(`more than ${MOST_PEAK_MIB} MiB: missed\n`);
if (grows || large) process.exitCode = 1;
