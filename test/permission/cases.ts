import type { Reason } from '#shared/permission/grant';

/** A policy document, and what it is without the one-time permission. */
export interface Case {
  readonly name: string;
  readonly text: string;
  /** To the letter; `null` where nothing is left; `same` where nothing is taken. */
  readonly becomes: string | null;
  /** Statements that are reported, by index. */
  readonly wide?: Readonly<Record<number, Reason>>;
}

const KMS_ROLE = 'arn:aws:iam::*:role/aws-service-role/kms.amazonaws.com/*CadoResponse*';
const MRK_ROLE =
  'arn:aws:iam::*:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys';
const SCALING_ROLE = 'arn:aws:iam::*:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling';

const ACTION = 'iam:CreateServiceLinkedRole';
const like = (service: unknown) => ({ StringLike: { 'iam:AWSServiceName': service } });
const equals = (service: unknown) => ({ StringEquals: { 'iam:AWSServiceName': service } });
const allow = (Action: unknown, Resource: unknown, Condition?: unknown) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});

/** As CloudFormation and Terraform hand documents to IAM: without spaces. */
const policy = (...statements: readonly unknown[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });
const alone = (statement: unknown): string => JSON.stringify({ Version: '2012-10-17', Statement: statement });

const oneTime = allow(ACTION, KMS_ROLE, like('kms.amazonaws.com'));
const ec2 = { Sid: 'Acquire', ...allow(['ec2:CreateSnapshot', 'ec2:CopySnapshot'], '*') };
const kms = { Sid: 'RequiredForKmsEncryptedEc2Import', ...allow(['kms:Decrypt', 'kms:CreateGrant'], '*') };

const same = (name: string, text: string, wide?: Case['wide']): Case => ({
  name,
  text,
  becomes: text,
  ...(wide === undefined ? {} : { wide }),
});

const published: readonly Case[] = [
  {
    name: 'the form of the Cado guide goes, and its neighbours stay to the letter',
    text: `{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "RequiredForEC2ImportAndCorePlatform",
            "Effect": "Allow",
            "Action": ["ec2:CreateSnapshot", "ec2:CopySnapshot"],
            "Resource": "*"
        },
        {
            "Sid": "RequiredForFirstTimeKMSDefaultencryptedImportCanBeDeletedAfter",
            "Effect": "Allow",
            "Action": [
                "iam:CreateServiceLinkedRole"
            ],
            "Resource": "${KMS_ROLE}",
            "Condition": {
                "StringLike": {
                    "iam:AWSServiceName": "kms.amazonaws.com"
                }
            }
        },
        {
            "Sid": "RequiredForKmsEncryptedEc2Import",
            "Effect": "Allow",
            "Action":   [ "kms:Decrypt",   "kms:CreateGrant" ],
            "Resource": "*"
        }
    ]
}
`,
    becomes: `{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "RequiredForEC2ImportAndCorePlatform",
            "Effect": "Allow",
            "Action": ["ec2:CreateSnapshot", "ec2:CopySnapshot"],
            "Resource": "*"
        },
        {
            "Sid": "RequiredForKmsEncryptedEc2Import",
            "Effect": "Allow",
            "Action":   [ "kms:Decrypt",   "kms:CreateGrant" ],
            "Resource": "*"
        }
    ]
}
`,
  },
  {
    name: 'the form of the Terraform module goes',
    text: policy(ec2, { Sid: 'KmsMrk', ...allow(ACTION, MRK_ROLE, like('mrk.kms.amazonaws.com')) }, kms),
    becomes: policy(ec2, kms),
  },
  {
    name: 'both forms in one document go',
    text: policy({ Sid: 'A', ...oneTime }, ec2, { Sid: 'B', ...allow(ACTION, MRK_ROLE) }),
    becomes: policy(ec2),
  },
  {
    name: 'under a Sid that says nothing of it, it goes',
    text: policy({ Sid: 'Statement7', ...oneTime }, ec2),
    becomes: policy(ec2),
  },
  { name: 'without a Sid, it goes', text: policy(ec2, oneTime), becomes: policy(ec2) },
  same(
    'the published Sid over something else is left alone',
    policy({ Sid: 'RequiredForFirstTimeKMSDefaultencryptedImportCanBeDeletedAfter', ...allow('iam:GetRole', '*') }),
  ),
];

const scopes: readonly Case[] = [
  {
    name: 'scoped by resource alone, it goes',
    text: policy(ec2, allow(ACTION, KMS_ROLE)),
    becomes: policy(ec2),
  },
  {
    name: 'scoped by condition alone, it goes',
    text: policy(ec2, allow(ACTION, '*', equals('mrk.kms.amazonaws.com'))),
    becomes: policy(ec2),
  },
  {
    name: 'scoped to both services of KMS, it goes',
    text: policy(ec2, allow(ACTION, '*', equals(['kms.amazonaws.com', 'mrk.kms.amazonaws.com']))),
    becomes: policy(ec2),
  },
  {
    name: 'scoped by a pattern that only KMS fits, it goes',
    text: policy(ec2, allow(ACTION, '*', like('*kms.amazonaws.com'))),
    becomes: policy(ec2),
  },
  {
    name: 'with several resources of KMS, it goes',
    text: policy(allow(ACTION, [KMS_ROLE, MRK_ROLE]), ec2),
    becomes: policy(ec2),
  },
  {
    name: 'scoped by the name of the role under a wildcard path, it goes',
    text: policy(
      ec2,
      allow(ACTION, 'arn:aws:iam::*:role/aws-service-role/*/AWSServiceRoleForKeyManagementServiceMultiRegionKeys'),
    ),
    becomes: policy(ec2),
  },
  {
    name: 'of the China partition, it goes',
    text: policy(ec2, allow(ACTION, 'arn:aws-cn:iam::*:role/aws-service-role/kms.amazonaws.com.cn/*')),
    becomes: policy(ec2),
  },
  {
    name: 'with StringEqualsIgnoreCase and a key in small letters, it goes',
    text: policy(ec2, allow(ACTION, '*', { StringEqualsIgnoreCase: { 'iam:awsservicename': 'KMS.amazonaws.com' } })),
    becomes: policy(ec2),
  },
  {
    name: 'with IfExists it goes: every such request names its service',
    text: policy(ec2, allow(ACTION, '*', { StringEqualsIfExists: { 'iam:AWSServiceName': 'kms.amazonaws.com' } })),
    becomes: policy(ec2),
  },
  {
    name: 'with a quantifier it goes',
    text: policy(
      ec2,
      allow(ACTION, '*', { 'ForAnyValue:StringLike': { 'iam:AWSServiceName': ['mrk.kms.amazonaws.com'] } }),
    ),
    becomes: policy(ec2),
  },
  {
    name: 'under further conditions it goes',
    text: policy(
      ec2,
      allow(ACTION, MRK_ROLE, { ...like('mrk.kms.amazonaws.com'), Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
    ),
    becomes: policy(ec2),
  },
  {
    name: 'with NotResource and a condition on KMS it goes',
    text: policy(ec2, {
      Effect: 'Allow',
      Action: ACTION,
      NotResource: 'arn:aws:iam::*:role/team/*',
      Condition: equals('mrk.kms.amazonaws.com'),
    }),
    becomes: policy(ec2),
  },
];

const shapes: readonly Case[] = [
  {
    name: 'an action as text in an array of one goes with its statement',
    text: policy(allow([ACTION], KMS_ROLE), ec2),
    becomes: policy(ec2),
  },
  {
    name: 'the action in other letters is the same action',
    text: policy(allow('IAM:createservicelinkedrole', MRK_ROLE), ec2),
    becomes: policy(ec2),
  },
  {
    name: 'of a statement with other actions only this one goes, from the beginning',
    text: policy(allow([ACTION, 'iam:GetRole', 'iam:ListRoles'], MRK_ROLE)),
    becomes: policy(allow(['iam:GetRole', 'iam:ListRoles'], MRK_ROLE)),
  },
  {
    name: 'from the middle',
    text: policy(allow(['iam:GetRole', ACTION, 'iam:ListRoles'], MRK_ROLE)),
    becomes: policy(allow(['iam:GetRole', 'iam:ListRoles'], MRK_ROLE)),
  },
  {
    name: 'from the end',
    text: policy(allow(['iam:GetRole', 'iam:ListRoles', ACTION], MRK_ROLE)),
    becomes: policy(allow(['iam:GetRole', 'iam:ListRoles'], MRK_ROLE)),
  },
  {
    name: 'of two actions the other stays in an array',
    text: policy(allow([ACTION, 'kms:CreateKey'], '*', equals('mrk.kms.amazonaws.com'))),
    becomes: policy(allow(['kms:CreateKey'], '*', equals('mrk.kms.amazonaws.com'))),
  },
  {
    name: 'an action that stands twice goes twice',
    text: policy(allow([ACTION, 'iam:GetRole', 'iam:createServiceLinkedRole'], MRK_ROLE)),
    becomes: policy(allow(['iam:GetRole'], MRK_ROLE)),
  },
  {
    name: 'a statement that holds nothing but the action, twice, goes',
    text: policy(ec2, allow([ACTION, ACTION], MRK_ROLE)),
    becomes: policy(ec2),
  },
  { name: 'a document of this statement alone comes to nothing', text: policy(oneTime), becomes: null },
  { name: 'a document whose one statement stands in no array comes to nothing', text: alone(oneTime), becomes: null },
  {
    name: 'a document of both forms alone comes to nothing',
    text: policy(oneTime, allow([ACTION], MRK_ROLE)),
    becomes: null,
  },
  {
    name: 'a statement that stands in no array loses the action',
    text: alone(allow(['iam:GetRole', ACTION], MRK_ROLE)),
    becomes: alone(allow(['iam:GetRole'], MRK_ROLE)),
  },
  {
    name: 'an array of actions, one a line, keeps its lines',
    text: `{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": [
      "iam:GetRole",
      "iam:CreateServiceLinkedRole"
    ],
    "Resource": "${MRK_ROLE}"
  }
}`,
    becomes: `{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": [
      "iam:GetRole"
    ],
    "Resource": "${MRK_ROLE}"
  }
}`,
  },
  {
    name: 'the order of keys, escapes and an Id stay as they are',
    text: `{"Statement":[{"Resource":"*","Action":"s3:GetObject","Condition":{"StringLike":{"aws:PrincipalTag\\/team":"caf\\u00e9 %41"}},"Effect":"Allow"},{"Action":"${ACTION}","Resource":"${KMS_ROLE}","Effect":"Allow"}],"Id":"x","Version":"2012-10-17"}`,
    becomes: `{"Statement":[{"Resource":"*","Action":"s3:GetObject","Condition":{"StringLike":{"aws:PrincipalTag\\/team":"caf\\u00e9 %41"}},"Effect":"Allow"}],"Id":"x","Version":"2012-10-17"}`,
  },
  {
    name: 'tabs and Windows line breaks stay as they are',
    text: `{\r\n\t"Statement": [\r\n\t\t${JSON.stringify(ec2)},\r\n\t\t${JSON.stringify(oneTime)}\r\n\t]\r\n}\r\n`,
    becomes: `{\r\n\t"Statement": [\r\n\t\t${JSON.stringify(ec2)}\r\n\t]\r\n}\r\n`,
  },
  {
    name: 'a document without Version is read as any other',
    text: JSON.stringify({ Statement: [ec2, oneTime] }),
    becomes: JSON.stringify({ Statement: [ec2] }),
  },
];

const wide: readonly Case[] = [
  same('iam:* is reported', policy(allow('iam:*', '*')), { 0: 'wildcard' }),
  same('* is reported', policy(ec2, allow('*', '*')), { 1: 'wildcard' }),
  same('iam:Create* is reported', policy(allow(['iam:Create*', 'iam:GetRole'], '*')), { 0: 'wildcard' }),
  same('iam:CreateServiceLinkedRol? is reported', policy(allow('iam:CreateServiceLinkedRol?', MRK_ROLE)), {
    0: 'wildcard',
  }),
  same(
    'a wildcard beside the action itself is reported, and the action stays',
    policy(allow([ACTION, 'iam:C*'], KMS_ROLE)),
    {
      0: 'wildcard',
    },
  ),
  same('NotAction is reported', policy({ Effect: 'Allow', NotAction: 'ec2:*', Resource: '*' }), { 0: 'not-action' }),
  same('a grant for every service is reported', policy(allow(ACTION, '*')), { 0: 'unscoped' }),
  same(
    'a grant for every service-linked role is reported',
    policy(allow([ACTION, 'iam:GetRole'], 'arn:aws:iam::*:role/aws-service-role/*')),
    { 0: 'unscoped' },
  ),
  same(
    'a condition that leaves services out is no scope',
    policy(allow(ACTION, '*', { StringNotEquals: { 'iam:AWSServiceName': 'spot.amazonaws.com' } })),
    {
      0: 'unscoped',
    },
  ),
  same('a pattern that all services fit is no scope', policy(allow(ACTION, '*', like('*.amazonaws.com'))), {
    0: 'unscoped',
  }),
  same('NotResource alone is no scope', policy({ Effect: 'Allow', Action: ACTION, NotResource: SCALING_ROLE }), {
    0: 'unscoped',
  }),
  same(
    'a variable in the resource is no scope',
    policy(allow(ACTION, 'arn:aws:iam::*:role/aws-service-role/${aws:PrincipalTag/service}/*')),
    {
      0: 'unscoped',
    },
  ),
  same(
    'KMS beside another service is reported',
    policy(allow(ACTION, '*', equals(['kms.amazonaws.com', 'spot.amazonaws.com']))),
    {
      0: 'other-services',
    },
  ),
  same('roles of KMS beside those of another service are reported', policy(allow(ACTION, [MRK_ROLE, SCALING_ROLE])), {
    0: 'other-services',
  }),
  {
    name: 'the statement goes, and a wide one beside it is reported',
    text: policy(oneTime, allow('iam:*', '*')),
    becomes: policy(allow('iam:*', '*')),
    wide: { 1: 'wildcard' },
  },
];

const others: readonly Case[] = [
  same("Auto Scaling's role is another service's", policy(allow(ACTION, SCALING_ROLE))),
  same("Spot's role is another service's", policy(allow(ACTION, '*', equals('spot.amazonaws.com')))),
  same('a pattern of another service is not touched', policy(allow(ACTION, '*', like('autoscaling*')))),
  same(
    'another service stays beside KMS in a document',
    policy(allow(ACTION, '*', equals('ecs.amazonaws.com')), allow('iam:Create*', 'arn:aws:iam::*:role/team/*')),
  ),
  same(
    'a service whose name only begins like it is another',
    policy(allow(ACTION, '*', equals('kms.amazonaws.com.example.org'))),
  ),
  same(
    'a resource of KMS under the name of another service allows nothing',
    policy(allow(ACTION, MRK_ROLE, equals('ecs.amazonaws.com'))),
  ),
  same('roles that are not service-linked are not meant', policy(allow(ACTION, 'arn:aws:iam::*:role/team/*'))),
  same('a Deny is never touched', policy(ec2, { Effect: 'Deny', Action: ACTION, Resource: MRK_ROLE })),
  same('a Deny with a wildcard is never touched', policy({ Effect: 'Deny', Action: 'iam:*', Resource: '*' }, ec2)),
  same(
    'a NotAction that leaves the action out allows nothing of it',
    policy({ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }),
  ),
  same(
    'actions of the same beginning are others',
    policy(allow(['iam:CreateServiceLinkedRoles', 'iam:CreateRole'], MRK_ROLE)),
  ),
  {
    name: 'of two services in two statements KMS goes',
    text: policy(allow(ACTION, '*', equals('spot.amazonaws.com')), oneTime, allow(ACTION, SCALING_ROLE)),
    becomes: policy(allow(ACTION, '*', equals('spot.amazonaws.com')), allow(ACTION, SCALING_ROLE)),
  },
];

export const cases: readonly Case[] = [...published, ...scopes, ...shapes, ...wide, ...others];
