import {
  ALL_OF_KMS,
  allow,
  allowed,
  type Case,
  DELEGATION,
  DIRECTLY,
  denied,
  deny,
  EVERYTHING,
  KEY_OF_TARGET,
  named,
  PLATFORM,
  ROLE,
  rootOf,
  STRANGER,
  silent,
  TARGET,
  THROUGH_EC2,
  UNREAD,
  undetermined,
} from './case.ts';
import {
  BLOG,
  CADO,
  DEFAULT_POLICY,
  EXTERNAL_ACCOUNTS,
  KEY_POLICY,
  KMS_CONDITIONS,
  SERVICE_LINKED,
} from './sources.ts';

const USE = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*'];
export const ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:Delete*',
  'kms:Describe*',
  'kms:Disable*',
  'kms:Enable*',
  'kms:Get*',
  'kms:List*',
  'kms:PutKeyPolicy',
  'kms:Revoke*',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:Update*',
];
const FOR_AWS_RESOURCES = { 'kms:GrantIsForAWSResource': 'true' };
const inRegion = (region: string) => ({ 'kms:ViaService': `ec2.${region}.amazonaws.com` });

/** The policy of the key `aws/ebs`. */
export const DEFAULT_EBS_KEY = [
  allow([...USE, 'kms:CreateGrant', 'kms:DescribeKey'], {
    sid: 'ThroughEbs',
    to: '*',
    if: { StringEquals: { ...inRegion('eu-west-3'), 'kms:CallerAccount': PLATFORM } },
  }),
];

const aboutTheDefaultKey: readonly Case[] = [
  {
    claim: 'the default EBS key is for everyone in the account through EC2 of its Region, without IAM',
    source: CADO,
    asks: 'kms:CreateGrant',
    context: THROUGH_EC2,
    given: { manager: 'AWS', key: DEFAULT_EBS_KEY },
    expect: allowed('ThroughEbs'),
    says: { 'key-policy': 'allows', 'identity-policy': 'silent' },
  },
  {
    claim: 'the default EBS key is for nobody through EC2 of another Region',
    source: CADO,
    asks: 'kms:CreateGrant',
    context: inRegion('eu-west-1'),
    given: { manager: 'AWS', key: DEFAULT_EBS_KEY, identity: ALL_OF_KMS },
    expect: silent('key-policy'),
    says: { 'key-policy': 'silent', 'identity-policy': 'allows' },
  },
  {
    claim: 'the default EBS key is for nobody who calls KMS directly',
    source: CADO,
    asks: 'kms:Decrypt',
    context: DIRECTLY,
    given: { manager: 'AWS', key: DEFAULT_EBS_KEY, identity: EVERYTHING },
    expect: silent('key-policy'),
  },
  {
    claim: 'the default EBS key is for nobody of another account, whatever its IAM allows',
    source: CADO,
    by: named(`arn:aws:iam::${TARGET}:role/myCadoResponseRole`),
    asks: 'kms:Decrypt',
    context: THROUGH_EC2,
    given: { manager: 'AWS', key: DEFAULT_EBS_KEY, identity: EVERYTHING },
    expect: silent('key-policy'),
  },
  {
    claim: 'the default EBS key is not for another service of the same Region',
    source: KMS_CONDITIONS,
    asks: 'kms:Decrypt',
    context: { 'kms:ViaService': 'rds.eu-west-3.amazonaws.com' },
    given: { manager: 'AWS', key: DEFAULT_EBS_KEY },
    expect: silent('key-policy'),
  },
  {
    claim: 'whether the default EBS key allows it is open where the service is not known',
    source: KMS_CONDITIONS,
    asks: 'kms:Decrypt',
    given: { manager: 'AWS', key: DEFAULT_EBS_KEY },
    expect: undetermined('the context key `kms:ViaService`, for statement `ThroughEbs` of the key policy'),
    says: { 'key-policy': 'unknown' },
  },
];

const aboutDelegation: readonly Case[] = [
  {
    claim: 'the default policy of a key allows nobody whom IAM does not allow',
    source: DEFAULT_POLICY,
    asks: 'kms:Decrypt',
    given: { key: [DELEGATION] },
    expect: silent('identity-policy'),
    says: { 'key-policy': 'delegates', 'identity-policy': 'silent' },
  },
  {
    claim: 'the default policy of a key leaves the decision to IAM',
    source: DEFAULT_POLICY,
    asks: 'kms:Decrypt',
    given: { key: [DELEGATION], identity: ALL_OF_KMS },
    expect: allowed('Delegation'),
    says: { 'key-policy': 'delegates', 'identity-policy': 'allows' },
  },
  {
    claim: 'an account written as its id is the account written as its root',
    source: KEY_POLICY,
    asks: 'kms:Decrypt',
    given: { key: [allow('kms:*', { sid: 'ById', to: PLATFORM })], identity: ALL_OF_KMS },
    expect: allowed('ById'),
  },
  {
    claim: 'the root user of the account needs no IAM policy where the key policy names the account',
    source: DEFAULT_POLICY,
    by: named(rootOf(PLATFORM)),
    asks: 'kms:PutKeyPolicy',
    given: { key: [DELEGATION] },
    expect: allowed('Delegation'),
    says: { 'identity-policy': 'not-asked', 'permissions-boundary': 'not-asked', 'session-policy': 'not-asked' },
  },
  {
    claim: 'not even the root user may use a key whose policy does not name it',
    source: KEY_POLICY,
    by: named(rootOf(PLATFORM)),
    asks: 'kms:Decrypt',
    given: { key: [allow('kms:*', { to: ROLE })] },
    expect: silent('key-policy'),
  },
  {
    claim: 'IAM allows in vain where the key policy does not leave the decision to it',
    source: BLOG,
    asks: 'kms:Decrypt',
    given: { key: [allow('kms:*', { to: `arn:aws:iam::${PLATFORM}:role/somebody-else` })], identity: EVERYTHING },
    expect: silent('key-policy'),
    says: { 'key-policy': 'silent', 'identity-policy': 'allows' },
  },
  {
    claim: 'a key policy that delegates to its own account does not delegate to another',
    source: EXTERNAL_ACCOUNTS,
    by: named(`arn:aws:iam::${STRANGER}:role/myCadoResponseRole`),
    asks: 'kms:Decrypt',
    given: { key: [DELEGATION], identity: EVERYTHING },
    expect: silent('key-policy'),
  },
  {
    claim: 'a statement of a key policy without a Resource has no effect',
    source: KEY_POLICY,
    asks: 'kms:Decrypt',
    given: {
      key: [{ Effect: 'Allow', Principal: { AWS: rootOf(PLATFORM) }, Action: 'kms:*' }],
      identity: ALL_OF_KMS,
    },
    expect: silent('key-policy'),
  },
];

/** The long policy in which every statement after the first changes nothing where IAM allows. */
export const ADMINISTRATOR = `arn:aws:iam::${PLATFORM}:role/Team-Admin-Role`;
export const POWER_USER = `arn:aws:iam::${PLATFORM}:role/Team-Power-User-Role`;
export const POWER_USER_POLICY = [
  DELEGATION,
  allow(
    [
      'kms:Create*',
      'kms:Describe*',
      'kms:Enable*',
      'kms:List*',
      'kms:Put*',
      'kms:Update*',
      'kms:Revoke*',
      'kms:Disable*',
      'kms:Get*',
      'kms:Delete*',
      'kms:TagResource',
      'kms:UntagResource',
      'kms:ScheduleKeyDeletion',
      'kms:CancelKeyDeletion',
    ],
    { sid: 'Administrators', to: ADMINISTRATOR },
  ),
  allow([...USE, 'kms:DescribeKey'], { sid: 'Use', to: POWER_USER }),
  allow(['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'], {
    sid: 'PersistentResources',
    to: POWER_USER,
    if: { Bool: FOR_AWS_RESOURCES },
  }),
];

const aboutThePowerUser: readonly Case[] = [
  {
    claim: 'a role that the long policy names may use the key even where IAM is silent',
    source: BLOG,
    by: named(POWER_USER),
    asks: 'kms:Decrypt',
    given: { key: POWER_USER_POLICY },
    expect: allowed('Use'),
  },
  {
    claim: 'a role that the long policy does not name may as well, where IAM allows it',
    source: BLOG,
    asks: 'kms:Decrypt',
    given: { key: POWER_USER_POLICY, identity: ALL_OF_KMS },
    expect: allowed('Delegation'),
  },
  {
    claim: 'the long policy seems to keep the administrator from using the key, and does not',
    source: BLOG,
    by: named(ADMINISTRATOR),
    asks: 'kms:Decrypt',
    given: { key: POWER_USER_POLICY, identity: ALL_OF_KMS },
    expect: allowed('Delegation'),
  },
];

const LAMBDA = `arn:aws:iam::${PLATFORM}:role/MyLambdaRole`;
export const SERVICE_KEY = [
  allow(ADMINISTRATION, { sid: 'Administration', to: rootOf(PLATFORM) }),
  allow(['kms:Decrypt', 'kms:GenerateDataKey*'], { sid: 'Use', to: LAMBDA }),
];

const aboutAServicesKey: readonly Case[] = [
  {
    claim: 'an administrator with all of KMS in IAM cannot decrypt with the key of an application',
    source: BLOG,
    by: named(ADMINISTRATOR),
    asks: 'kms:Decrypt',
    given: { key: SERVICE_KEY, identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'an administrator can change the policy of the key of an application',
    source: BLOG,
    by: named(ADMINISTRATOR),
    asks: 'kms:PutKeyPolicy',
    given: { key: SERVICE_KEY, identity: ALL_OF_KMS },
    expect: allowed('Administration'),
  },
  {
    claim: 'the role of the application decrypts without any IAM policy',
    source: BLOG,
    by: named(LAMBDA),
    asks: 'kms:Decrypt',
    given: { key: SERVICE_KEY },
    expect: allowed('Use'),
  },
  {
    claim: 'the role of the application cannot do what neither statement allows',
    source: BLOG,
    by: named(LAMBDA),
    asks: 'kms:Encrypt',
    given: { key: SERVICE_KEY, identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'the role of the application administers nothing that IAM does not give it',
    source: BLOG,
    by: named(LAMBDA),
    asks: 'kms:DisableKey',
    given: { key: SERVICE_KEY },
    expect: silent('identity-policy'),
  },
  {
    claim: 'the response role cannot acquire what lies under the key of an application',
    source: BLOG,
    asks: 'kms:CreateGrant',
    context: THROUGH_EC2,
    given: { key: SERVICE_KEY, identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
];

export const EBS_KEY = [
  allow(ADMINISTRATION, { sid: 'Administration', to: rootOf(PLATFORM) }),
  allow(USE, { sid: 'Use', to: rootOf(PLATFORM), if: { StringEquals: inRegion('eu-west-3') } }),
  allow(['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'], {
    sid: 'PersistentResources',
    to: rootOf(PLATFORM),
    if: { Bool: FOR_AWS_RESOURCES, StringEquals: inRegion('eu-west-3') },
  }),
];

const aboutAKeyForVolumes: readonly Case[] = [
  {
    claim: 'a key for volumes takes a grant through EC2 of its Region, by IAM',
    source: BLOG,
    asks: 'kms:CreateGrant',
    context: THROUGH_EC2,
    given: { key: EBS_KEY, identity: ALL_OF_KMS },
    expect: allowed('PersistentResources'),
  },
  {
    claim: 'a key for volumes takes no grant through EC2 where IAM is silent',
    source: BLOG,
    asks: 'kms:CreateGrant',
    context: THROUGH_EC2,
    given: { key: EBS_KEY },
    expect: silent('identity-policy'),
  },
  {
    claim: 'a key for volumes takes no grant through EC2 of another Region',
    source: BLOG,
    asks: 'kms:CreateGrant',
    context: inRegion('us-east-1'),
    given: { key: EBS_KEY, identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'a key for volumes takes no grant that is not for a resource of AWS',
    source: KMS_CONDITIONS,
    asks: 'kms:CreateGrant',
    context: { ...THROUGH_EC2, 'kms:GrantIsForAWSResource': 'false' },
    given: { key: EBS_KEY, identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'a key for volumes decrypts through EC2',
    source: BLOG,
    asks: 'kms:Decrypt',
    context: THROUGH_EC2,
    given: { key: EBS_KEY, identity: ALL_OF_KMS },
    expect: allowed('Use'),
  },
  {
    claim: 'a key for volumes does not decrypt for those who call KMS directly',
    source: BLOG,
    asks: 'kms:Decrypt',
    context: DIRECTLY,
    given: { key: EBS_KEY, identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'listing the grants on a key for volumes is administration, through EC2 or not',
    source: BLOG,
    asks: 'kms:ListGrants',
    context: DIRECTLY,
    given: { key: EBS_KEY, identity: ALL_OF_KMS },
    expect: allowed('Administration'),
  },
];

export const CUSTOM_KEY = [
  allow(USE, { sid: 'Required', to: ROLE }),
  allow('kms:CreateGrant', {
    sid: 'Attachment',
    to: ROLE,
    // A JSON boolean, as the page prints it.
    if: { Bool: { 'kms:GrantIsForAWSResource': true } },
  }),
];

const aboutTheCustomKey: readonly Case[] = [
  {
    claim: 'the two statements for a custom key let the response role decrypt without IAM',
    source: CADO,
    asks: 'kms:Decrypt',
    given: { key: CUSTOM_KEY },
    expect: allowed('Required'),
  },
  {
    claim: 'a glob in the two statements covers GenerateDataKeyWithoutPlaintext',
    source: CADO,
    asks: 'kms:GenerateDataKeyWithoutPlaintext',
    given: { key: CUSTOM_KEY },
    expect: allowed('Required'),
  },
  {
    claim: 'a condition written with a JSON boolean lets a grant pass that is for a resource of AWS',
    source: CADO,
    asks: 'kms:CreateGrant',
    context: THROUGH_EC2,
    given: { key: CUSTOM_KEY },
    expect: allowed('Attachment'),
  },
  {
    claim: 'the response role itself cannot create a grant by the two statements',
    source: CADO,
    asks: 'kms:CreateGrant',
    context: DIRECTLY,
    given: { key: CUSTOM_KEY, identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'the two statements do not allow to describe the key',
    source: CADO,
    asks: 'kms:DescribeKey',
    given: { key: CUSTOM_KEY, identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'the two statements are for the response role alone',
    source: CADO,
    by: named(`arn:aws:iam::${PLATFORM}:role/myCadoResponseRole2`),
    asks: 'kms:Decrypt',
    given: { key: CUSTOM_KEY, identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'on a key of the target account the two statements need IAM of the platform account besides',
    source: EXTERNAL_ACCOUNTS,
    asks: 'kms:Decrypt',
    of: KEY_OF_TARGET,
    given: { key: CUSTOM_KEY },
    expect: silent('identity-policy'),
    says: { 'key-policy': 'allows', 'identity-policy': 'silent' },
  },
  {
    claim: 'on a key of the target account the two statements and IAM together allow',
    source: EXTERNAL_ACCOUNTS,
    asks: 'kms:Decrypt',
    of: KEY_OF_TARGET,
    given: { key: CUSTOM_KEY, identity: ALL_OF_KMS },
    expect: allowed('Required'),
  },
];

const TEMPORARY_ALIAS = { 'kms:ResourceAliases': ['alias/CadoResponse-KMS-Alias*'] };
export const RESPONSE_ROLE_POLICY = [
  allow([...USE, 'kms:CreateGrant'], { sid: 'EncryptedImport' }),
  allow(['kms:CreateKey', 'kms:CreateAlias', 'kms:DescribeKey', 'kms:ListAliases'], { sid: 'CrossAccountImport' }),
  allow(['kms:DeleteAlias', 'kms:ReplicateKey', 'kms:ScheduleKeyDeletion'], {
    sid: 'TemporaryKeys',
    if: { 'ForAllValues:StringLike': TEMPORARY_ALIAS, 'ForAnyValue:StringLike': TEMPORARY_ALIAS },
  }),
];
const aliases = (...names: readonly string[]) => ({ 'kms:ResourceAliases': names });

const aboutTheRolesOwn: readonly Case[] = [
  {
    claim: "the role's own statements are enough where the key policy delegates",
    source: CADO,
    asks: 'kms:CreateGrant',
    given: { identity: RESPONSE_ROLE_POLICY },
    expect: allowed('Delegation'),
  },
  {
    claim: "the role's own statements are for nothing where the key policy does not know the role",
    source: CADO,
    asks: 'kms:CreateGrant',
    context: THROUGH_EC2,
    given: { key: SERVICE_KEY, identity: RESPONSE_ROLE_POLICY },
    expect: silent('key-policy'),
  },
  {
    claim: 'the role may make a key of its own, which has no policy to ask yet',
    source: CADO,
    asks: 'kms:CreateKey',
    of: '*',
    given: { key: UNREAD, grants: UNREAD, manager: UNREAD, state: UNREAD, identity: RESPONSE_ROLE_POLICY },
    expect: allowed('CrossAccountImport'),
    says: { 'key-policy': 'not-asked', grant: 'not-asked', 'key-state': 'not-asked' },
  },
  {
    claim: 'a temporary key may be deleted whose every alias is of the temporary kind',
    source: CADO,
    asks: 'kms:ScheduleKeyDeletion',
    context: aliases('alias/CadoResponse-KMS-Alias-1', 'alias/CadoResponse-KMS-Alias-2'),
    given: { identity: RESPONSE_ROLE_POLICY },
    expect: allowed('Delegation'),
  },
  {
    claim: 'a key may not be deleted that has another alias besides',
    source: CADO,
    asks: 'kms:ScheduleKeyDeletion',
    context: aliases('alias/CadoResponse-KMS-Alias-1', 'alias/payroll'),
    given: { identity: RESPONSE_ROLE_POLICY },
    expect: silent('identity-policy'),
  },
  {
    claim: 'a key may not be deleted that has no alias at all: ForAllValues alone would let it pass',
    source: CADO,
    asks: 'kms:ScheduleKeyDeletion',
    context: { 'kms:ResourceAliases': null },
    given: { identity: RESPONSE_ROLE_POLICY },
    expect: silent('identity-policy'),
  },
  {
    claim: 'whether a key may be deleted is open where its aliases are not known',
    source: CADO,
    asks: 'kms:ScheduleKeyDeletion',
    given: { identity: RESPONSE_ROLE_POLICY },
    expect: undetermined('the context key `kms:ResourceAliases`, for statement `TemporaryKeys` of own'),
    says: { 'identity-policy': 'unknown' },
  },
];

export const ONE_TIME = allow('iam:CreateServiceLinkedRole', {
  sid: 'OneTime',
  on: 'arn:aws:iam::*:role/aws-service-role/kms.amazonaws.com/*CadoResponse*',
  if: { StringLike: { 'iam:AWSServiceName': 'kms.amazonaws.com' } },
});
const linkedRole = (service: string): string =>
  `arn:aws:iam::${PLATFORM}:role/aws-service-role/${service}/AWSServiceRoleForCadoResponse`;
const FOR_KMS = { 'iam:AWSServiceName': 'kms.amazonaws.com' };

const aboutTheOneTimePermission: readonly Case[] = [
  {
    claim: 'the one-time permission makes the service-linked role for KMS, and needs no key',
    source: CADO,
    asks: 'iam:CreateServiceLinkedRole',
    of: linkedRole('kms.amazonaws.com'),
    context: FOR_KMS,
    given: { identity: [ONE_TIME], key: UNREAD, grants: UNREAD, state: UNREAD, rcp: UNREAD },
    expect: allowed('OneTime'),
    says: { 'key-policy': 'not-asked', 'resource-control-policy': 'not-asked', 'identity-policy': 'allows' },
  },
  {
    claim: 'without the one-time permission the service-linked role cannot be made',
    source: CADO,
    asks: 'iam:CreateServiceLinkedRole',
    of: linkedRole('kms.amazonaws.com'),
    context: FOR_KMS,
    given: { identity: RESPONSE_ROLE_POLICY },
    expect: silent('identity-policy'),
  },
  {
    claim: 'the one-time permission is for no other service',
    source: SERVICE_LINKED,
    asks: 'iam:CreateServiceLinkedRole',
    of: linkedRole('kms.amazonaws.com'),
    context: { 'iam:AWSServiceName': 'ec2.amazonaws.com' },
    given: { identity: [ONE_TIME] },
    expect: silent('identity-policy'),
  },
  {
    claim: 'the one-time permission is for no role under another path',
    source: SERVICE_LINKED,
    asks: 'iam:CreateServiceLinkedRole',
    of: linkedRole('ec2.amazonaws.com'),
    context: FOR_KMS,
    given: { identity: [ONE_TIME] },
    expect: silent('identity-policy'),
  },
  {
    claim: 'whether the one-time permission fits is open where the service is not known',
    source: SERVICE_LINKED,
    asks: 'iam:CreateServiceLinkedRole',
    of: linkedRole('kms.amazonaws.com'),
    given: { identity: [ONE_TIME] },
    expect: undetermined('the context key `iam:AWSServiceName`, for statement `OneTime` of own'),
  },
  {
    claim: 'a service control policy denies the one-time permission like any other',
    source: SERVICE_LINKED,
    asks: 'iam:CreateServiceLinkedRole',
    of: linkedRole('kms.amazonaws.com'),
    context: FOR_KMS,
    given: { identity: [ONE_TIME], scp: [[...EVERYTHING, deny('iam:*', { sid: 'NoIam' })]] },
    expect: denied('service-control-policy', 'NoIam'),
  },
  {
    claim: 'a boundary that does not allow it stops the one-time permission',
    source: SERVICE_LINKED,
    asks: 'iam:CreateServiceLinkedRole',
    of: linkedRole('kms.amazonaws.com'),
    context: FOR_KMS,
    given: { identity: [ONE_TIME], boundary: ALL_OF_KMS },
    expect: silent('permissions-boundary'),
  },
];

export const printedPolicies: readonly Case[] = [
  ...aboutTheDefaultKey,
  ...aboutDelegation,
  ...aboutThePowerUser,
  ...aboutAServicesKey,
  ...aboutAKeyForVolumes,
  ...aboutTheCustomKey,
  ...aboutTheRolesOwn,
  ...aboutTheOneTimePermission,
];
