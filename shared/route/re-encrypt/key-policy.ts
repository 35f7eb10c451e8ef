/** Who uses a temporary key, and where. */
export interface KeyUse {
  readonly partition: string;
  /** The account that the key is made in. */
  readonly accountId: string;
  /** ARNs of the roles that copy under it: each must exist when the key is made. */
  readonly users: readonly string[];
  /** The Region of the key: policies of replicas are their own. */
  readonly region: string;
  /** Roles of the platform's account, by pattern, where a copy that it reads stays under the key. */
  readonly readers: { readonly accountId: string; readonly roles: string } | null;
}

/** What keeps and ends a key; none of it reads what stands under it. */
const KEEPING = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:GetKeyPolicy',
  'kms:ListGrants',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:ReplicateKey',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
];

/** What EBS asks of a key to copy a snapshot. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html */
const COPYING = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** What it asks of the key of what is read. */
const READING = ['kms:Decrypt', 'kms:DescribeKey', 'kms:ReEncryptFrom'];

/**
 * The policy of a temporary key. IAM of its own account decides who keeps and ends it, so that it can be ended when Unlatch
 * is gone; nobody uses it but through EC2, and grants are made for AWS's own resources alone.
 * https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
 */
export const temporaryKeyPolicy = ({ partition, accountId, users, region, readers }: KeyUse): string => {
  const viaEc2 = { StringEquals: { 'kms:ViaService': `ec2.${region}.amazonaws.com` } };
  const forAws = { ...viaEc2, Bool: { 'kms:GrantIsForAWSResource': 'true' } };
  const root = (account: string) => ({ AWS: `arn:${partition}:iam::${account}:root` });
  const through = (sid: string, principal: object, actions: readonly string[], more: object = {}) => [
    {
      Sid: sid,
      Effect: 'Allow',
      Principal: principal,
      Action: actions,
      Resource: '*',
      Condition: { ...viaEc2, ...more },
    },
    {
      Sid: `${sid}Grants`,
      Effect: 'Allow',
      Principal: principal,
      Action: 'kms:CreateGrant',
      Resource: '*',
      Condition: { ...forAws, ...more },
    },
  ];
  const statements = [
    { Sid: 'KeepAndEnd', Effect: 'Allow', Principal: root(accountId), Action: KEEPING, Resource: '*' },
    ...through('CopyThroughEbs', { AWS: users }, COPYING),
    ...(readers === null
      ? []
      : through('ReadThroughEbs', root(readers.accountId), READING, {
          ArnLike: { 'aws:PrincipalArn': `arn:${partition}:iam::${readers.accountId}:role/${readers.roles}` },
        })),
  ];
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
};
