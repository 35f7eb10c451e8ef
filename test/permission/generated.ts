import fc from 'fast-check';
import type { Sample } from '#shared/permission/proof';

/** Policies that hold the one-time permission among others, and requests that tell them apart. */

export const ACCOUNT = '111122223333';
export const ROLE_NAME = 'myCadoResponseRole';
export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/${ROLE_NAME}`;

const linked = (account: string, service: string, name: string) =>
  `arn:aws:iam::${account}:role/aws-service-role/${service}/${name}`;

const KMS_ROLE = linked('*', 'kms.amazonaws.com', '*CadoResponse*');
const MRK_ROLE = linked('*', 'mrk.kms.amazonaws.com', 'AWSServiceRoleForKeyManagementServiceMultiRegionKeys');
const SCALING_ROLE = linked('*', 'autoscaling.amazonaws.com', 'AWSServiceRoleForAutoScaling');

const actions = fc.oneof(
  { weight: 4, arbitrary: fc.constant(['iam:CreateServiceLinkedRole']) },
  {
    weight: 6,
    arbitrary: fc.uniqueArray(
      fc.constantFrom(
        'iam:CreateServiceLinkedRole',
        'iam:createservicelinkedrole',
        'iam:GetRole',
        'iam:PassRole',
        'iam:ListRoles',
        's3:GetObject',
        'ec2:DescribeVolumes',
      ),
      { minLength: 1, maxLength: 4 },
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(['iam:*'], ['iam:Create*', 'iam:GetRole'], ['*']) },
);

const resources = fc.oneof(
  fc.constantFrom(['*'], [KMS_ROLE], [MRK_ROLE], [SCALING_ROLE], [KMS_ROLE, MRK_ROLE], [MRK_ROLE, SCALING_ROLE]),
  fc.constantFrom(['arn:aws:iam::*:role/*'], [ROLE_ARN], ['arn:aws:s3:::evidence/*', '*']),
);

const service = fc.constantFrom<string | string[]>(
  'kms.amazonaws.com',
  'mrk.kms.amazonaws.com',
  'autoscaling.amazonaws.com',
  '*kms.amazonaws.com',
  ['kms.amazonaws.com', 'mrk.kms.amazonaws.com'],
  ['mrk.kms.amazonaws.com', 'spot.amazonaws.com'],
);
const condition = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 5,
    arbitrary: fc.record({ operator: fc.constantFrom('StringEquals', 'StringLike'), service }),
  },
);

const one = <T>(list: readonly T[]): T | readonly T[] => (list.length === 1 && list[0] !== undefined ? list[0] : list);

const statement = fc
  .record({
    sid: fc.option(fc.stringMatching(/^[A-Za-z0-9]{1,12}$/), { nil: undefined }),
    effect: fc.oneof({ weight: 9, arbitrary: fc.constant('Allow') }, { weight: 1, arbitrary: fc.constant('Deny') }),
    element: fc.oneof(
      { weight: 12, arbitrary: fc.constant('Action') },
      { weight: 1, arbitrary: fc.constant('NotAction') },
    ),
    actions,
    resources,
    condition,
  })
  .map((parts) => ({
    ...(parts.sid === undefined ? {} : { Sid: parts.sid }),
    Effect: parts.effect,
    [parts.element]: one(parts.actions),
    Resource: one(parts.resources),
    ...(parts.condition === undefined
      ? {}
      : { Condition: { [parts.condition.operator]: { 'iam:AWSServiceName': parts.condition.service } } }),
  }));

/** Compact, or with line breaks, as people and tools write it. */
export const generatedDocument = fc
  .record({
    statements: fc.array(statement, { minLength: 1, maxLength: 6 }),
    indent: fc.constantFrom<number | string | undefined>(undefined, 2, 4, '\t'),
  })
  .map(({ statements, indent }) => JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, indent));

const creation = (of: string, name: string): Sample => ({
  action: 'iam:CreateServiceLinkedRole',
  resource: linked(ACCOUNT, of, name),
  context: { 'iam:AWSServiceName': of },
});

const plain = (action: string, resource: string): Sample => ({
  action,
  resource,
  context: { 'iam:AWSServiceName': null },
});

export const requests: readonly Sample[] = [
  creation('mrk.kms.amazonaws.com', 'AWSServiceRoleForKeyManagementServiceMultiRegionKeys'),
  creation('kms.amazonaws.com', 'myCadoResponseRole'),
  creation('autoscaling.amazonaws.com', 'AWSServiceRoleForAutoScaling'),
  creation('spot.amazonaws.com', 'AWSServiceRoleForEC2Spot'),
  plain('iam:GetRole', ROLE_ARN),
  plain(
    'iam:GetRole',
    linked(ACCOUNT, 'mrk.kms.amazonaws.com', 'AWSServiceRoleForKeyManagementServiceMultiRegionKeys'),
  ),
  plain('iam:PassRole', ROLE_ARN),
  plain('iam:PassRole', linked(ACCOUNT, 'kms.amazonaws.com', 'myCadoResponseRole')),
  plain('iam:ListRoles', `arn:aws:iam::${ACCOUNT}:role/x`),
  plain('iam:CreateRole', ROLE_ARN),
  plain('s3:GetObject', 'arn:aws:s3:::evidence/disk'),
];
