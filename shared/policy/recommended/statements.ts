/** The statements of which recommended policies are made. Each passes the lint, and is for one thing. */

/** A statement as it is pasted into a policy. */
export type StatementText = Readonly<Record<string, unknown>>;

/** What an administrator of a key does: everything but use it, and make grants. */
const ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:Delete*',
  'kms:DescribeKey',
  'kms:Disable*',
  'kms:Enable*',
  'kms:Get*',
  'kms:List*',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:Update*',
];

const CREATE_GRANT = 'kms:CreateGrant';
const USE = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'];
/** With what EBS looks at before it copies. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html */
const USE_BY_EBS = ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'];

const FOR_AWS_RESOURCES = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };

const alone = <T>(list: readonly T[]): T | readonly T[] => (list.length === 1 ? (list[0] ?? list) : list);

const PARTITIONS: readonly (readonly [string, string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
];
export const partitionOf = (region: string | undefined): string =>
  PARTITIONS.find(([prefix]) => region?.startsWith(prefix))?.[1] ?? 'aws';

const rootOf = (account: string, region: string | undefined): string =>
  `arn:${partitionOf(region)}:iam::${account}:root`;

/** Through EC2 of these Regions; of whichever where none is named. */
const throughEc2 = (regions: readonly string[]): StatementText =>
  regions.length === 0
    ? { StringLike: { 'kms:ViaService': 'ec2.*.amazonaws.com' } }
    : { StringEquals: { 'kms:ViaService': alone(regions.map((region) => `ec2.${region}.amazonaws.com`)) } };

const conditioned = (condition: StatementText): StatementText =>
  Object.keys(condition).length === 0 ? {} : { Condition: condition };

/**
 * Leaves administration to IAM of the account, so that nobody is locked out when a role is deleted, and nothing else.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
export const administration = (account: string, region: string | undefined): StatementText => ({
  Sid: 'AllowAdministrationByIAM',
  Effect: 'Allow',
  Principal: { AWS: rootOf(account, region) },
  Action: ADMINISTRATION,
  Resource: '*',
});

/** As AWS's own key for EBS: everyone of the account, through EC2 of the Region. */
export const everyoneThroughEc2 = (account: string, region: string): StatementText => ({
  Sid: 'AllowUseThroughEC2ByTheAccount',
  Effect: 'Allow',
  Principal: { AWS: '*' },
  Action: [CREATE_GRANT, ...USE_BY_EBS],
  Resource: '*',
  Condition: {
    StringEquals: { 'kms:CallerAccount': account, 'kms:ViaService': `ec2.${region}.amazonaws.com` },
  },
});

/** Whom a statement is for, and on what: in a key policy by name and on `*`, in an identity policy on the keys. */
interface Place {
  readonly Principal?: StatementText;
  readonly Resource: string | readonly string[];
}

const optionally = (regions: readonly string[]): StatementText => (regions.length === 0 ? {} : throughEc2(regions));

/** The pair: use of the key, and grants for AWS resources only. */
export const pairFor = (place: Place, regions: readonly string[]): readonly StatementText[] => {
  const { Principal, Resource } = place;
  const who = Principal === undefined ? {} : { Principal };
  return [
    {
      Sid: 'AllowUseForAcquisition',
      Effect: 'Allow',
      ...who,
      Action: USE_BY_EBS,
      Resource,
      ...conditioned(optionally(regions)),
    },
    {
      Sid: 'AllowGrantsForAWSResources',
      Effect: 'Allow',
      ...who,
      Action: CREATE_GRANT,
      Resource,
      Condition: { ...FOR_AWS_RESOURCES, ...optionally(regions) },
    },
  ];
};

export const pairForRoles = (roles: readonly string[], regions: readonly string[]): readonly StatementText[] =>
  pairFor({ Principal: { AWS: alone(roles) }, Resource: '*' }, regions);

export const pairOnKeys = (keys: readonly string[], regions: readonly string[]): readonly StatementText[] =>
  pairFor({ Resource: alone(keys) }, regions);

/** The two operations of an application that encrypts for itself. */
export const useByApplication = (roles: readonly string[]): StatementText => ({
  Sid: 'AllowUseByTheApplication',
  Effect: 'Allow',
  Principal: { AWS: alone(roles) },
  Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
  Resource: '*',
});

/** Use is left to IAM, but only through EC2: nobody has to be named, and nobody can use the key directly. */
export const useThroughEc2 = (account: string, regions: readonly string[]): readonly StatementText[] => {
  const Principal = { AWS: rootOf(account, regions[0]) };
  return [
    {
      Sid: 'AllowUseThroughEC2ByIAM',
      Effect: 'Allow',
      Principal,
      Action: USE,
      Resource: '*',
      Condition: throughEc2(regions),
    },
    {
      Sid: 'AllowGrantsForAWSResourcesByIAM',
      Effect: 'Allow',
      Principal,
      Action: [CREATE_GRANT, 'kms:ListGrants', 'kms:RevokeGrant'],
      Resource: '*',
      Condition: { ...FOR_AWS_RESOURCES, ...throughEc2(regions) },
    },
  ];
};

/** The response role's three for volumes under a default key: they are re-encrypted under a key made for the hand-over. */
export const defaultKeyImport = (regions: readonly string[], alias: string): readonly StatementText[] => {
  const aliases = { 'kms:ResourceAliases': [`${alias}*`] };
  return [
    {
      Sid: 'RequiredForKmsEncryptedEc2Import',
      Effect: 'Allow',
      Action: [CREATE_GRANT, ...USE],
      Resource: '*',
      Condition: throughEc2(regions),
    },
    {
      Sid: 'RequiredForCrossAccountDefaultKmsEncryptedEc2Import',
      Effect: 'Allow',
      Action: ['kms:CreateAlias', 'kms:CreateKey', 'kms:DescribeKey', 'kms:ListAliases'],
      Resource: '*',
    },
    {
      Sid: 'RequiredForOperationsOnTemporaryKMSResourcesduringDefaultEncryptedEc2Import',
      Effect: 'Allow',
      Action: ['kms:DeleteAlias', 'kms:ReplicateKey', 'kms:ScheduleKeyDeletion'],
      Resource: '*',
      // ForAllValues alone would hold for a key without any alias.
      Condition: { 'ForAllValues:StringLike': aliases, 'ForAnyValue:StringLike': aliases },
    },
  ];
};

const LINKED_ROLE = 'aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys';

/**
 * The one-time permission, for the service whose role it is: the first multi-Region key makes it, and no later one.
 * https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-auth-slr.html
 */
export const oneTimePermission = (region: string | undefined): StatementText => ({
  Sid: 'RequiredForFirstTimeKMSDefaultencryptedImportCanBeDeletedAfter',
  Effect: 'Allow',
  Action: 'iam:CreateServiceLinkedRole',
  Resource: `arn:${partitionOf(region)}:iam::*:role/${LINKED_ROLE}`,
  Condition: { StringEquals: { 'iam:AWSServiceName': 'mrk.kms.amazonaws.com' } },
});

/** The two documents with which a platform runs its collector. */
const DOCUMENTS = ['AWS-RunPowerShellScript', 'AWS-RunShellScript'];

/** Commands to machines that carry a tag. The listing of machines has no resource that could be named. */
export const commandsToTagged = (
  tag: { readonly key: string; readonly value: string },
  regions: readonly string[],
): readonly StatementText[] => {
  const partition = partitionOf(regions[0]);
  const places = regions.length === 0 ? ['*'] : regions;
  return [
    {
      Sid: 'RequiredForTriageAndRunCommandTagged',
      Effect: 'Allow',
      Action: 'ssm:SendCommand',
      Resource: alone(places.map((region) => `arn:${partition}:ec2:${region}:*:instance/*`)),
      Condition: { StringEquals: { [`ssm:resourceTag/${tag.key}`]: tag.value } },
    },
    {
      Sid: 'RequiredForTriageAndRunCommandRun',
      Effect: 'Allow',
      Action: 'ssm:SendCommand',
      Resource: places.flatMap((region) => DOCUMENTS.map((name) => `arn:${partition}:ssm:${region}::document/${name}`)),
    },
    {
      Sid: 'RequiredForTriageAndRunCommandList',
      Effect: 'Allow',
      Action: 'ssm:DescribeInstanceInformation',
      Resource: '*',
    },
  ];
};
