import type { Written } from '#shared/policy/lint/subject';
import type { Use } from '#shared/tightening/paths';
import { KEY, RESPONSE_ROLE } from '../policy/cases/case.ts';

/** Statements of a response role under the Sids of the published policy. */
const allow = (Sid: string, Action: string | readonly string[], more: Written = {}): Written => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource: '*',
  ...more,
});

const ON_TEMPORARY_KEYS = { 'kms:ResourceAliases': ['alias/CadoResponse-KMS-Alias*'] };

export const PUBLISHED: readonly Written[] = [
  allow('Required', ['ec2:RunInstances', 'ec2:TerminateInstances']),
  allow('RequiredForEc2ImportAndAmiImport', ['ec2:CreateSnapshot', 'ec2:CreateVolume', 'kms:Decrypt']),
  allow('RequiredForKmsEncryptedEc2Import', [
    'kms:Encrypt',
    'kms:Decrypt',
    'kms:ReEncrypt*',
    'kms:GenerateDataKey*',
    'kms:CreateGrant',
  ]),
  allow('RequiredForCrossAccountDefaultKmsEncryptedEc2Import', [
    'kms:CreateKey',
    'kms:CreateAlias',
    'kms:DescribeKey',
    'kms:ListAliases',
  ]),
  allow(
    'RequiredForOperationsOnTemporaryKMSResourcesduringDefaultEncryptedEc2Import',
    ['kms:DeleteAlias', 'kms:ReplicateKey', 'kms:ScheduleKeyDeletion'],
    { Condition: { 'ForAllValues:StringLike': ON_TEMPORARY_KEYS, 'ForAnyValue:StringLike': ON_TEMPORARY_KEYS } },
  ),
  allow('RequiredForTriageAndRunCommand', ['ssm:SendCommand', 'ssm:DescribeInstanceInformation'], {
    Resource: [
      'arn:aws:ec2:*:*:instance/*',
      'arn:aws:ssm:*::document/AWS-RunShellScript',
      'arn:aws:ssm:*::document/AWS-RunPowerShellScript',
    ],
  }),
  allow('RequiredForLambdaImport', ['lambda:GetFunction', 'logs:FilterLogEvents']),
  allow('AnyName', 'iam:CreateServiceLinkedRole', {
    Resource:
      'arn:aws:iam::*:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys',
    Condition: { StringEquals: { 'iam:AWSServiceName': 'mrk.kms.amazonaws.com' } },
  }),
];

export const USE: Use = {
  principal: RESPONSE_ROLE,
  features: new Set(['disks', 'encrypted-disks', 'default-key-disks', 'first-default-key', 'triage']),
  regions: ['eu-west-3'],
  keys: [{ arn: KEY, aliases: ['alias/payments'] }],
  tag: { key: 'CadoResponseSSMEnabled', value: 'True' },
  temporaryAlias: 'alias/CadoResponse-KMS-Alias',
  keyAliases: [],
};

export const policyOf = (...statements: readonly Written[]) => ({
  name: 'response',
  document: { Version: '2012-10-17', Statement: statements },
});
