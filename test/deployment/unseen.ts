/** What is allowed and is not seen to be done in the rehearsals, and why it stays; keys are holder, statement and action. */
const because = (reason: string, holder: string, sid: string, ...actions: readonly string[]): [string, string][] =>
  actions.map((action) => [`${holder} ${sid} ${action}`, reason]);

const USERS = 'asked where an IAM user was refused: test/aws/principal-facts.test.ts';
const CANCEL = 'asked where a collector does not end in its time: test/case/scenarios.test.ts';
const ENDPOINT = 'asked where the refusal came through a VPC endpoint: test/aws/endpoint-facts.test.ts';
const RETIRE = 'each is seen in test/permission/permissions.test.ts';
const THERE =
  'as the function does it at home, which test/permission/permissions.test.ts shows; no test does it in a member account';

const holdersOfUsers = (holder: string) => [
  ...because(
    USERS,
    holder,
    'ReadResponseUsers',
    'iam:GetUser',
    'iam:GetUserPolicy',
    'iam:ListAttachedUserPolicies',
    'iam:ListGroupsForUser',
    'iam:ListUserPolicies',
  ),
  ...because(
    USERS,
    holder,
    'ReadTheirGroups',
    'iam:GetGroupPolicy',
    'iam:ListAttachedGroupPolicies',
    'iam:ListGroupPolicies',
  ),
];

const EDITS = ['iam:CreatePolicyVersion', 'iam:DeletePolicyVersion', 'iam:SetDefaultPolicyVersion'];

export const unseen: Readonly<Record<string, string>> = Object.fromEntries([
  ...holdersOfUsers('remediate'),
  ...holdersOfUsers('member'),
  ...because(CANCEL, 'remediate', 'CancelCollectors', 'ssm:CancelCommand'),
  ...because(CANCEL, 'member', 'CancelCollectors', 'ssm:CancelCommand'),
  ...because(ENDPOINT, 'remediate', 'Look', 'ec2:DescribeVpcEndpoints'),
  ...because(ENDPOINT, 'member', 'Look', 'ec2:DescribeVpcEndpoints'),
  ...because(
    'no call of its own: with it, S3 tells a missing object from a refused one',
    'remediate',
    'TellWhatIsMissing',
    's3:ListBucket',
  ),
  ...because(
    'asked where the platform keeps its copies in a member account, under the key of that account',
    'member',
    'Look',
    'ec2:GetEbsDefaultKmsKeyId',
  ),
  ...because(
    'AWS names them among what EBS needs; which step asks for them is not documented: docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html',
    'member',
    'UseKeysThroughEbs',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
  ),
  ...because(
    'asked where a managed policy is attached to the role: test/aws/principal-facts.test.ts',
    'member',
    'ReadTheirPolicies',
    'iam:GetPolicy',
    'iam:GetPolicyVersion',
  ),
  ...because(RETIRE, 'retire-permission', 'EditTheirPolicies', ...EDITS),
  ...because(RETIRE, 'retire-permission', 'EditResponseRoles', 'iam:DeleteRolePolicy'),
  ...because(RETIRE, 'retire-permission', 'SeeWhoElseHasThem', 'iam:ListEntitiesForPolicy', 'iam:ListPolicyVersions'),
  ...because(
    RETIRE,
    'retire-permission',
    'DetachTheirPoliciesAndPutThemBack',
    'iam:AttachRolePolicy',
    'iam:DetachRolePolicy',
  ),
  ...because(THERE, 'member', 'EditTheirPolicies', ...EDITS),
  ...because(THERE, 'member', 'EditResponseRoles', 'iam:DeleteRolePolicy', 'iam:PutRolePolicy', 'iam:TagRole'),
  ...because(THERE, 'member', 'SeeWhoElseHasThem', 'iam:ListEntitiesForPolicy', 'iam:ListPolicyVersions'),
  ...because(THERE, 'member', 'SimulateResponseRoles', 'iam:SimulatePrincipalPolicy'),
  ...because(THERE, 'member', 'LookForTheServiceLinkedRole', 'iam:GetRole'),
  ...because(THERE, 'member', 'DetachTheirPoliciesAndPutThemBack', 'iam:AttachRolePolicy', 'iam:DetachRolePolicy'),
]);
