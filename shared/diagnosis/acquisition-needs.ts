import type { ContextRecord } from '#shared/policy/context';

/**
 * What an acquisition asks of KMS: for each of its calls, which action on which key. In the name of whoever makes the
 * call; whether the keys lie in one account or two changes who has to allow it, and not what is asked.
 *
 * - `documented`: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html, for other accounts
 *   https://docs.aws.amazon.com/ebs/latest/userguide/share-kms-key.html
 * - `observed`: with the action denied on live AWS the call failed, and without any other denial it did not
 *   (https://github.com/radkawar/stackd, testdata/aws).
 */
export type Stage =
  | 'create-snapshot'
  | 'copy-snapshot'
  | 'create-volume'
  | 'attach-volume'
  | 'run-instances'
  | 'read-blocks'
  | 'write-blocks'
  | 'make-temporary-key'
  | 'remove-temporary-key';

export interface Need {
  readonly stage: Stage;
  /**
   * `source`: the key under which what is copied or opened is encrypted; `target`: the one under which the new thing is to
   * be; `temporary`: a key that is made for the hand-over; `none`: an action without a key.
   */
  readonly key: 'source' | 'target' | 'temporary' | 'none';
  readonly action: `kms:${string}`;
  /** By EC2 in the caller's name, or by the caller itself. */
  readonly by: 'ec2' | 'caller';
  /** What a grant is made for, and what `aws:ebs:id` names in the encryption context. */
  readonly grant: 'of-volume' | 'of-copy' | 'of-instance' | null;
  readonly basis: 'documented' | 'observed';
}

const need = (
  stage: Stage,
  key: Need['key'],
  action: Need['action'],
  basis: Need['basis'],
  grant: Need['grant'] = null,
): Need => ({ stage, key, action, by: 'ec2', grant, basis });

const own = (stage: Stage, key: Need['key'], action: Need['action']): Need => ({
  stage,
  key,
  action,
  by: 'caller',
  grant: null,
  basis: 'documented',
});

/** `create-snapshot` asks nothing of KMS: with all of KMS denied, a snapshot of an encrypted volume still completes. */
export const NEEDS: readonly Need[] = [
  need('copy-snapshot', 'source', 'kms:CreateGrant', 'observed', 'of-copy'),
  need('copy-snapshot', 'target', 'kms:DescribeKey', 'observed'),
  need('copy-snapshot', 'target', 'kms:CreateGrant', 'observed', 'of-copy'),
  need('copy-snapshot', 'target', 'kms:GenerateDataKeyWithoutPlaintext', 'observed'),

  need('create-volume', 'source', 'kms:ReEncryptFrom', 'observed'),
  need('create-volume', 'target', 'kms:ReEncryptTo', 'observed'),
  need('create-volume', 'target', 'kms:CreateGrant', 'observed', 'of-volume'),
  need('create-volume', 'target', 'kms:GenerateDataKeyWithoutPlaintext', 'observed'),

  need('attach-volume', 'target', 'kms:CreateGrant', 'documented', 'of-instance'),
  need('attach-volume', 'target', 'kms:Decrypt', 'documented'),

  need('run-instances', 'target', 'kms:CreateGrant', 'observed', 'of-instance'),
  need('run-instances', 'target', 'kms:GenerateDataKeyWithoutPlaintext', 'observed'),

  // https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-permissions.html; kms:ViaService is that of EC2, not of EBS.
  need('read-blocks', 'source', 'kms:DescribeKey', 'observed'),
  need('read-blocks', 'source', 'kms:Decrypt', 'observed'),
  need('write-blocks', 'target', 'kms:GenerateDataKey', 'observed'),

  // A default key's snapshot is copied under a key made for the hand-over, then shared.
  // https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
  own('make-temporary-key', 'none', 'kms:CreateKey'),
  own('make-temporary-key', 'temporary', 'kms:CreateAlias'),
  own('make-temporary-key', 'temporary', 'kms:DescribeKey'),
  own('make-temporary-key', 'temporary', 'kms:ReplicateKey'),
  own('remove-temporary-key', 'temporary', 'kms:ScheduleKeyDeletion'),
  own('remove-temporary-key', 'temporary', 'kms:DeleteAlias'),
];

/**
 * The ways in which a platform comes by a disk, as the calls that it makes. `read-blocks` and `write-blocks` stand apart:
 * they are a copy by EBS direct.
 */
export const ACQUISITIONS = {
  /** Same account and Region: the snapshot is opened where it lies. */
  'same-account': ['create-snapshot', 'create-volume', 'attach-volume'],
  /** A customer key, shared: the platform copies under a key of its own, then opens the copy. */
  'cross-account': ['create-snapshot', 'copy-snapshot', 'create-volume', 'attach-volume'],
  /** A key serves one Region only, so that the way leads over a copy, as between accounts. */
  'cross-region': ['create-snapshot', 'copy-snapshot', 'create-volume', 'attach-volume'],
  /** Under `aws/ebs`, which nobody can share: re-encrypted in the target account first. */
  'cross-account-default-key': [
    'create-snapshot',
    'make-temporary-key',
    'copy-snapshot',
    'create-volume',
    'attach-volume',
    'remove-temporary-key',
  ],
  'ebs-direct': ['create-snapshot', 'read-blocks', 'write-blocks'],
} as const satisfies Record<string, readonly Stage[]>;
export type Acquisition = keyof typeof ACQUISITIONS;

export const needsOf = (stages: readonly Stage[], keys: readonly Need['key'][]): readonly Need[] =>
  NEEDS.filter(({ stage, key }) => stages.includes(stage) && keys.includes(key));

/** What EBS and EC2 ask a grant for. The grantee of an attached volume is the instance, of which the name is not known. */
const GRANT_TERMS: Readonly<Record<NonNullable<Need['grant']>, (region: string) => ContextRecord>> = {
  'of-volume': (region) => ({
    'kms:GranteePrincipal': `ec2.${region}.amazonaws.com`,
    'kms:GrantOperations': ['Decrypt'],
    'kms:GrantConstraintType': 'EncryptionContextSubset',
  }),
  'of-copy': (region) => ({
    'kms:GranteePrincipal': `ec2.${region}.amazonaws.com`,
    'kms:GrantOperations': ['Decrypt'],
    'kms:GrantConstraintType': 'EncryptionContextEquals',
  }),
  'of-instance': () => ({}),
};

const WITHOUT_ENCRYPTION_CONTEXT: ReadonlySet<string> = new Set(['kms:DescribeKey']);

/** The context that a need's request carries, in a Region. `aws:ebs:id` names a thing that is yet to be made. */
export const contextOfNeed = ({ by, grant, action }: Need, region: string): ContextRecord =>
  by === 'caller'
    ? { 'kms:ViaService': null }
    : {
        'kms:ViaService': `ec2.${region}.amazonaws.com`,
        ...(WITHOUT_ENCRYPTION_CONTEXT.has(action) ? {} : { 'kms:EncryptionContextKeys': ['aws:ebs:id'] }),
        ...(grant === null ? {} : GRANT_TERMS[grant](region)),
      };
