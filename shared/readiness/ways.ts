import type { Stage } from '#shared/diagnosis/acquisition-needs';
import type { Known } from '#shared/policy/known';

/** Whose role makes a call: that of the account where the platform works, or that of the account that owns the volume. */
export type Party = 'platform' | 'owner';

/**
 * The keys of an acquisition: that of the volume, that under which the platform makes what it keeps, the one under which
 * EBS encrypts what nobody named a key for, and one that is made to hand over what is under a default key, which nobody
 * can share. `temporary-primary` is the key that is made, in the platform's Region; `temporary` is that key, or its replica
 * where the volume is.
 */
export type KeyPart = 'volume' | 'platform' | 'ebs-default' | 'temporary' | 'temporary-primary';

/** The columns of the matrix, in the order in which they are done. */
export const STEPS = ['snapshot', 'temporary-key', 're-encrypt', 'share', 'copy', 'volume', 'attach'] as const;
export type StepName = (typeof STEPS)[number];

/** One call of an acquisition, or several of one kind. */
export interface Step {
  readonly name: StepName;
  /** `null`: it asks nothing of KMS. */
  readonly stage: Stage | null;
  readonly by: Party;
  /** The key of what is read; `null` where nothing is. */
  readonly source: KeyPart | null;
  /** The key of what is made; `null` where nothing is. */
  readonly target: KeyPart | null;
}

const SNAPSHOT: Step = { name: 'snapshot', stage: 'create-snapshot', by: 'owner', source: null, target: null };
const SHARE: Step = { name: 'share', stage: null, by: 'owner', source: null, target: null };
const copied = (source: KeyPart): Step => ({
  name: 'copy',
  stage: 'copy-snapshot',
  by: 'platform',
  source,
  target: 'platform',
});
const opened = (source: KeyPart, target: KeyPart): readonly Step[] => [
  { name: 'volume', stage: 'create-volume', by: 'platform', source, target },
  { name: 'attach', stage: 'attach-volume', by: 'platform', source: null, target },
];
const HANDED_OVER: readonly Step[] = [
  { name: 'temporary-key', stage: 'make-temporary-key', by: 'platform', source: null, target: null },
  { name: 're-encrypt', stage: 'copy-snapshot', by: 'owner', source: 'volume', target: 'temporary' },
];

/**
 * The ways in which a platform comes by a volume. They are those of `ACQUISITIONS`, with a name to every key. Where the
 * platform makes a volume straight from a shared snapshot, no copy is made in between; a key serves one Region only, so
 * that another Region always takes a copy.
 * https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
 */
export const WAYS = {
  'same-account': [SNAPSHOT, ...opened('volume', 'volume')],
  'same-account-by-default': [SNAPSHOT, ...opened('volume', 'ebs-default')],
  'cross-region': [SNAPSHOT, copied('volume'), ...opened('platform', 'platform')],
  'cross-account': [SNAPSHOT, SHARE, copied('volume'), ...opened('platform', 'platform')],
  'cross-account-opened': [SNAPSHOT, SHARE, ...opened('volume', 'platform')],
  'cross-account-default-key': [
    SNAPSHOT,
    ...HANDED_OVER,
    SHARE,
    copied('temporary'),
    ...opened('platform', 'platform'),
  ],
  'cross-account-default-key-opened': [SNAPSHOT, ...HANDED_OVER, SHARE, ...opened('temporary', 'platform')],
} as const satisfies Record<string, readonly Step[]>;
export type Way = keyof typeof WAYS;

export interface Place {
  readonly accountId: string;
  readonly region: string;
}

/** What the way depends on beside the places. */
interface Manner {
  /** Whether AWS manages the volume's key. */
  readonly underDefaultKey: Known<boolean>;
  /** Whether the platform makes volumes straight from shared snapshots. */
  readonly opensShared: boolean;
  /** Whether EBS encrypts what is made of a volume that is not encrypted. */
  readonly becomesEncrypted: Known<boolean>;
}

/** The one way, or those of which it is one, and what is not known. */
export type Ways = { readonly way: Way } | { readonly anyOf: readonly [Way, Way]; readonly because: string };

const either = ({ no, yes }: Readonly<Record<'no' | 'yes', Way>>, told: Known<boolean>): Ways =>
  told.known ? { way: told.value ? yes : no } : { anyOf: [no, yes], because: told.because };

/** The way to a volume, as far as it is known. */
export const waysTo = (volume: Place, platform: Place, manner: Manner): Ways => {
  const sameRegion = volume.region === platform.region;
  if (volume.accountId === platform.accountId)
    return sameRegion
      ? either({ no: 'same-account', yes: 'same-account-by-default' }, manner.becomesEncrypted)
      : { way: 'cross-region' };
  return manner.opensShared && sameRegion
    ? either({ no: 'cross-account-opened', yes: 'cross-account-default-key-opened' }, manner.underDefaultKey)
    : either({ no: 'cross-account', yes: 'cross-account-default-key' }, manner.underDefaultKey);
};
