import { describe, expect, it } from 'vitest';
import type { Freeze, Target } from '#shared/case/case';
import { manualInstructions } from '#shared/route/manual';
import { AccountId, InstanceId, Region, SnapshotId, VolumeId } from '#shared/signal/identifiers';

const INSTANCE = InstanceId.parse('i-0123456789abcdef0');
const VOLUME = VolumeId.parse('vol-0123456789abcdef0');
const SNAPSHOT = SnapshotId.parse('snap-0123456789abcdef0');
const FOLDER = 's3://evidence/cases/case-1/';

const machine: Target = {
  accountId: AccountId.parse('444455556666'),
  region: Region.parse('eu-west-3'),
  instanceId: INSTANCE,
  volumes: [{ volumeId: VOLUME, device: '/dev/xvda' }],
  state: 'running',
  platform: 'linux',
  name: 'web',
  privateIp: '10.0.0.7',
  publicIp: null,
  tags: {},
};
const unfrozen: Freeze = { frozen: false, because: 'refused' };
const stepsFor = (target: Partial<Target>, freeze: Freeze = unfrozen, remedies: readonly string[] = []) =>
  manualInstructions({ ...machine, ...target }, freeze, remedies, FOLDER).steps;

describe('manualInstructions', () => {
  it.each([
    { name: 'the instance', target: {}, title: `Collect ${INSTANCE} in account 444455556666, eu-west-3, by hand` },
    {
      name: 'a lone volume',
      target: { instanceId: null },
      title: `Collect ${VOLUME} in account 444455556666, eu-west-3, by hand`,
    },
    {
      name: 'whatever is left',
      target: { instanceId: null, volumes: [] },
      title: 'Collect the volume in account 444455556666, eu-west-3, by hand',
    },
  ])('are titled after $name', ({ target, title }) => {
    expect(manualInstructions({ ...machine, ...target }, unfrozen, [], FOLDER).title).toBe(title);
  });

  it.each([
    { platform: 'linux', login: 'over SSH', collector: 'collector/linux.sh' },
    { platform: 'macos', login: 'over SSH', collector: 'the collector of your platform' },
    { platform: 'windows', login: 'port 3389', collector: 'collector/windows.ps1' },
    { platform: 'unknown', login: 'Log in to 10.0.0.7', collector: 'the collector of your platform' },
  ] as const)('for $platform: log in, collect, note the hash', ({ platform, login, collector }) => {
    const steps = stepsFor({ platform });
    expect(steps).toEqual([
      expect.stringContaining(login),
      expect.stringContaining(collector),
      `Note the archive's SHA-256 before it leaves the machine, and upload it below ${FOLDER}.`,
    ]);
  });

  it.each(
    (['linux', 'macos', 'windows'] as const).flatMap((platform) => [
      { platform, addresses: { publicIp: '198.51.100.7' }, address: '198.51.100.7' },
      { platform, addresses: {}, address: '10.0.0.7' },
      { platform, addresses: { privateIp: null }, address: INSTANCE },
    ]),
  )('for $platform log in at $address', ({ platform, addresses, address }) => {
    expect(stepsFor({ platform, ...addresses })[0]).toContain(address);
  });

  it('warn before an instance is started that does not run', () => {
    expect(stepsFor({ state: 'stopped' })).toHaveLength(4);
    expect(stepsFor({ state: 'stopped' })[0]).toContain('The instance is `stopped`');
    expect(stepsFor({ state: 'stopped' })[0]).toContain('starting changes evidence');
  });

  it('for a volume that hangs nowhere name no login', () => {
    expect(stepsFor({ instanceId: null })).toEqual([
      'The volume is attached to no instance: its snapshot can be read once the key allows it.',
    ]);
  });

  it('begin with what would let Unlatch do it, then with what is frozen', () => {
    const snapshots = [
      { snapshotId: SNAPSHOT, volumeId: VOLUME, encrypted: true },
      { snapshotId: SnapshotId.parse('snap-01234567'), volumeId: null, encrypted: false },
    ];
    const steps = stepsFor({}, { frozen: true, snapshots, at: '2026-05-04T10:00:00.000Z' }, ['set the tag']);
    expect(steps).toHaveLength(5);
    expect(steps[0]).toBe('To let Unlatch do it: set the tag.');
    expect(steps[1]).toContain(`${SNAPSHOT} of ${VOLUME}, snap-01234567. Do not delete these snapshots.`);
  });

  it('say nothing of a freeze that froze nothing', () => {
    expect(stepsFor({}, { frozen: true, snapshots: [], at: '2026-05-04T10:00:00.000Z' })).toEqual(stepsFor({}));
  });
});
