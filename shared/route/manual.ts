import type { Freeze, Target } from '#shared/case/case';

/** What a person needs to collect by hand. */
export interface Instructions {
  readonly title: string;
  readonly steps: readonly string[];
}

const LOGINS = {
  linux: ({ privateIp, publicIp, instanceId }) =>
    `Log in over SSH from the response network: \`ssh ec2-user@${publicIp ?? privateIp ?? instanceId}\` (the user name depends on the image). Do not use a key that the attacker may hold.`,
  macos: ({ privateIp, publicIp, instanceId }) =>
    `Log in over SSH from the response network: \`ssh ec2-user@${publicIp ?? privateIp ?? instanceId}\`.`,
  windows: ({ privateIp, publicIp, instanceId }) =>
    `Log in over RDP from the response network: ${publicIp ?? privateIp ?? instanceId}, port 3389, as a local administrator.`,
  unknown: ({ privateIp, instanceId }) => `Log in to ${privateIp ?? instanceId} from the response network.`,
} as const satisfies Record<Target['platform'], (target: Target) => string>;

const COLLECTIONS = {
  linux:
    'Run the Linux collector as root (`shared/route/ssm-triage/collector/linux.sh`, see docs/by-hand.md), or the collector of your platform (Import > Forensic Artifacts).',
  macos: 'Run the collector of your platform (Import > Forensic Artifacts).',
  windows:
    'Run the Windows collector in an elevated PowerShell (`shared/route/ssm-triage/collector/windows.ps1`, see docs/by-hand.md), or the collector of your platform (Import > Forensic Artifacts).',
  unknown: 'Run the collector of your platform (Import > Forensic Artifacts).',
} as const satisfies Record<Target['platform'], string>;

/** The written instructions for a collection by SSH or RDP, where no other route is open or one has failed. */
export const manualInstructions = (
  target: Target,
  freeze: Freeze,
  remedies: readonly string[],
  destination: string,
): Instructions => {
  const frozen = freeze.frozen
    ? freeze.snapshots.map(({ snapshotId, volumeId }) => `${snapshotId}${volumeId === null ? '' : ` of ${volumeId}`}`)
    : [];
  const machine = target.instanceId ?? target.volumes[0]?.volumeId ?? 'the volume';
  const reach =
    target.instanceId === null
      ? ['The volume is attached to no instance: its snapshot can be read once the key allows it.']
      : [
          ...(target.state === 'running'
            ? []
            : [`The instance is \`${target.state}\`: decide whether it may be started; starting changes evidence.`]),
          LOGINS[target.platform](target),
          COLLECTIONS[target.platform],
          `Note the archive's SHA-256 before it leaves the machine, and upload it below ${destination}.`,
        ];
  return {
    title: `Collect ${machine} in account ${target.accountId}, ${target.region}, by hand`,
    steps: [
      ...remedies.map((remedy) => `To let Unlatch do it: ${remedy}.`),
      ...(frozen.length === 0
        ? []
        : [`The disks are frozen already, under their own keys: ${frozen.join(', ')}. Do not delete these snapshots.`]),
      ...reach,
    ],
  };
};
