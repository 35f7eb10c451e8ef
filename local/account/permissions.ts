import type { Call, Ground } from './call.ts';
import { EBS_NEEDS } from './ebs-needs.ts';
import { judge } from './judge.ts';
import { denialReason } from './kms-decision.ts';
import { multiRegionRoleArn } from './linked-roles.ts';
import { anywhere, type Input, type Need, type Needs, requestTags, text } from './needs.ts';
import { organizationArn, policyArn } from './organizations.ts';
import type { OrganizationPolicies, RoleSession } from './state.ts';

const table: (action: string) => Needs = (action) => (call, input) => [
  { action, resource: `arn:aws:dynamodb:${call.region}:${call.session.role.accountId}:table/${text(input.TableName)}` },
];

const object: (action: string) => Needs = (action) => (_call, input) => [
  { action, resource: `arn:aws:s3:::${text(input.Bucket)}/${text(input.Key)}` },
];

const freezing: (action: 'CreateSnapshot' | 'CreateSnapshots') => Needs =
  (action) =>
  (call, input, { state }) => {
    const { accountId } = call.session.role;
    const place = `arn:aws:ec2:${call.region}:${accountId}`;
    const specification = input.InstanceSpecification;
    const instanceId =
      typeof specification === 'object' && specification !== null && 'InstanceId' in specification
        ? text(specification.InstanceId)
        : '';
    const volumes =
      instanceId === ''
        ? [text(input.VolumeId)]
        : (state.instances.get(instanceId)?.blockDevices ?? []).map(({ volumeId }) => volumeId);
    const ec2Action = `ec2:${action}`;
    const snapshot = `arn:aws:ec2:${call.region}::snapshot/snap-00000000000000000`;
    return [
      ...(instanceId === '' ? [] : [{ action: ec2Action, resource: `${place}:instance/${instanceId}` }]),
      ...volumes.map((volumeId) => ({ action: ec2Action, resource: `${place}:volume/${volumeId}` })),
      { action: ec2Action, resource: snapshot, context: requestTags(input) },
      { action: 'ec2:CreateTags', resource: snapshot, context: { 'ec2:CreateAction': action, ...requestTags(input) } },
    ];
  };

const sending: Needs = (call, input, { state }) => {
  const [instanceId] = Array.isArray(input.InstanceIds) ? input.InstanceIds : [];
  const tags = state.instances.get(text(instanceId))?.tags ?? {};
  const context = Object.fromEntries(Object.entries(tags).map(([key, value]) => [`ssm:resourceTag/${key}`, value]));
  const { accountId } = call.session.role;
  return [
    { action: 'ssm:SendCommand', resource: `arn:aws:ssm:${call.region}::document/${text(input.DocumentName)}` },
    {
      action: 'ssm:SendCommand',
      resource: `arn:aws:ec2:${call.region}:${accountId}:instance/${text(instanceId)}`,
      context,
    },
  ];
};

/** Roles have no path here, but for those that are linked to a service. */
const roleArn = (call: Call, name: string, { state }: Ground): string =>
  [...state.linkedRoles].find((arn) => arn.endsWith(`/${name}`)) ??
  (name.startsWith('AWSServiceRoleFor')
    ? multiRegionRoleArn(call.session.role.accountId)
    : `arn:aws:iam::${call.session.role.accountId}:role/${name}`);

const onRole: (action: string) => Needs = (action) => (call, input, ground) => [
  { action, resource: roleArn(call, text(input.RoleName), ground) },
];

const onAttachment: (action: string) => Needs = (action) => (call, input, ground) => [
  {
    action,
    resource: roleArn(call, text(input.RoleName), ground),
    context: { 'iam:PolicyARN': text(input.PolicyArn) },
  },
];

const taggingRole: Needs = (call, input, ground) => [
  { action: 'iam:TagRole', resource: roleArn(call, text(input.RoleName), ground), context: requestTags(input) },
];

const onTrail: (operation: string, field: string) => Needs = (operation, field) => (_call, input) => [
  { action: `cloudtrail:${operation}`, resource: text(input[field]) },
];

const onPolicy: (action: string) => Needs = (action) => (_call, input) => [{ action, resource: text(input.PolicyArn) }];

const onTarget: (action: string, field: string) => Needs = (action, field) => (_call, input, ground) => [
  {
    action,
    resource: organizationArn(ground, text(input[field])),
    ...(typeof input.Filter === 'string' ? { context: { 'organizations:PolicyType': input.Filter } } : {}),
  },
];

const describingPolicy: Needs = (_call, input, ground) => {
  const resource = policyArn(ground, text(input.PolicyId));
  const type = resource.split('/').at(-2)?.toUpperCase() ?? '';
  return [{ action: 'organizations:DescribePolicy', resource, context: { 'organizations:PolicyType': type } }];
};

/**
 * What each call of a function must be allowed, by the policies that `template.yaml` gives it. KMS decides for itself
 * (the key policy has its say), and a function may always use Lambda's own bookkeeping of durable executions.
 */
const NEEDS: Readonly<Record<string, Needs>> = {
  ...EBS_NEEDS,
  'dynamodb:GetItem': table('dynamodb:GetItem'),
  'dynamodb:PutItem': table('dynamodb:PutItem'),
  'dynamodb:UpdateItem': table('dynamodb:UpdateItem'),
  'dynamodb:Query': table('dynamodb:Query'),
  'dynamodb:Scan': table('dynamodb:Scan'),
  'cloudtrail:LookupEvents': anywhere('cloudtrail:LookupEvents'),
  'lambda:Invoke': (_call, input) => [{ action: 'lambda:InvokeFunction', resource: text(input.FunctionName) }],
  'sts:AssumeRole': (_call, input) => [{ action: 'sts:AssumeRole', resource: text(input.RoleArn) }],
  'ec2:DescribeInstances': anywhere('ec2:DescribeInstances'),
  'ec2:CreateSnapshot': freezing('CreateSnapshot'),
  'ec2:CreateSnapshots': freezing('CreateSnapshots'),
  'ec2:DescribeVpcEndpoints': anywhere('ec2:DescribeVpcEndpoints'),
  'ec2:GetEbsDefaultKmsKeyId': anywhere('ec2:GetEbsDefaultKmsKeyId'),
  'cloudtrail:DescribeTrails': anywhere('cloudtrail:DescribeTrails'),
  'cloudtrail:GetTrailStatus': onTrail('GetTrailStatus', 'Name'),
  'cloudtrail:GetEventSelectors': onTrail('GetEventSelectors', 'TrailName'),
  'events:ListRules': anywhere('events:ListRules'),
  'iam:ListRoles': anywhere('iam:ListRoles'),
  'iam:GetRole': onRole('iam:GetRole'),
  'iam:ListRolePolicies': onRole('iam:ListRolePolicies'),
  'iam:GetRolePolicy': onRole('iam:GetRolePolicy'),
  'iam:ListAttachedRolePolicies': onRole('iam:ListAttachedRolePolicies'),
  'iam:PutRolePolicy': onRole('iam:PutRolePolicy'),
  'iam:DeleteRolePolicy': onRole('iam:DeleteRolePolicy'),
  'iam:AttachRolePolicy': onAttachment('iam:AttachRolePolicy'),
  'iam:DetachRolePolicy': onAttachment('iam:DetachRolePolicy'),
  'iam:TagRole': taggingRole,
  'iam:SimulatePrincipalPolicy': (_call, input) => [
    { action: 'iam:SimulatePrincipalPolicy', resource: text(input.PolicySourceArn) },
  ],
  'iam:ListPolicyVersions': onPolicy('iam:ListPolicyVersions'),
  'iam:ListEntitiesForPolicy': onPolicy('iam:ListEntitiesForPolicy'),
  'iam:CreatePolicyVersion': onPolicy('iam:CreatePolicyVersion'),
  'iam:DeletePolicyVersion': onPolicy('iam:DeletePolicyVersion'),
  'iam:SetDefaultPolicyVersion': onPolicy('iam:SetDefaultPolicyVersion'),
  'iam:GetPolicy': onPolicy('iam:GetPolicy'),
  'iam:GetPolicyVersion': onPolicy('iam:GetPolicyVersion'),
  'organizations:DescribeOrganization': anywhere('organizations:DescribeOrganization'),
  'organizations:ListParents': onTarget('organizations:ListParents', 'ChildId'),
  'organizations:ListPoliciesForTarget': onTarget('organizations:ListPoliciesForTarget', 'TargetId'),
  'organizations:DescribePolicy': describingPolicy,
  'tag:GetResources': anywhere('tag:GetResources'),
  'ssm:DescribeInstanceInformation': anywhere('ssm:DescribeInstanceInformation'),
  'ssm:GetCommandInvocation': anywhere('ssm:GetCommandInvocation'),
  'ssm:ListCommands': anywhere('ssm:ListCommands'),
  'ssm:CancelCommand': anywhere('ssm:CancelCommand'),
  'ssm:SendCommand': sending,
  's3:PutObject': object('s3:PutObject'),
  's3:GetObject': object('s3:GetObject'),
  'sns:Publish': (_call, input) => [{ action: 'sns:Publish', resource: text(input.TopicArn) }],
  'events:PutEvents': (call) => [
    {
      action: 'events:PutEvents',
      resource: `arn:aws:events:${call.region}:${call.session.role.accountId}:event-bus/default`,
    },
  ],
};

/** Calls that need no permission, or whose service decides for itself. */
const FREE: ReadonlySet<string> = new Set([
  'sts:GetCallerIdentity',
  'lambda:CheckpointDurableExecution',
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:CreateKey',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:GetKeyPolicy',
  'kms:ListAliases',
  'kms:ListKeys',
  'kms:ListGrants',
  'kms:ListResourceTags',
  'kms:ReplicateKey',
  'kms:ScheduleKeyDeletion',
]);

/** Calls that are made by the thousand, one a block: judged once, as long as the policies stay the same. */
const REPEATED: ReadonlySet<string> = new Set(['ebs:GetSnapshotBlock', 'ebs:PutSnapshotBlock']);

interface Judged {
  readonly policies: readonly unknown[];
  readonly refusals: Map<string, string | null>;
}

const judged = new WeakMap<RoleSession, Judged>();

/** What was said before to the same questions under the same policies. */
const saidBefore = (session: RoleSession, organization: OrganizationPolicies | undefined): Judged['refusals'] => {
  const { identityPolicies, permissionsBoundary } = session.role;
  const controls = organization?.serviceControlPolicies.flatMap(({ policies }) => policies) ?? [];
  const policies = [...identityPolicies, permissionsBoundary, session.sessionPolicy, ...controls];
  const known = judged.get(session);
  const isSame = known?.policies.length === policies.length && known.policies.every((one, at) => one === policies[at]);
  if (known !== undefined && isSame) return known.refusals;
  const refusals = new Map<string, string | null>();
  judged.set(session, { policies, refusals });
  return refusals;
};

/** The message with which AWS refuses a call, or `null` where the session may make it. A call of no table is an error. */
export const refusalOf = async (api: string, call: Call, ground: Ground): Promise<string | null> => {
  if (FREE.has(api)) return null;
  const needs = NEEDS[api];
  if (needs === undefined) throw new Error(`the embedded account does not know what ${api} must be allowed`);
  const { input } = call;
  const fields: Input = typeof input === 'object' && input !== null ? Object.fromEntries(Object.entries(input)) : {};
  const organization = ground.state.organization.get(call.session.role.accountId);
  const wanted = needs(call, fields, ground);
  if (!REPEATED.has(api)) return refusalAmong(wanted, call, organization);
  const before = saidBefore(call.session, organization);
  const question = JSON.stringify(wanted);
  const said = before.get(question);
  if (said !== undefined) return said;
  const refusal = await refusalAmong(wanted, call, organization);
  before.set(question, refusal);
  return refusal;
};

const refusalAmong = async (
  needs: readonly Need[],
  call: Call,
  organization: OrganizationPolicies | undefined,
): Promise<string | null> => {
  for (const { action, resource, context = {} } of needs) {
    const verdict = await judge({
      session: call.session,
      action,
      // A role to assume lives elsewhere; its trust policy is judged where it is assumed, this is the caller's side.
      resource: { arn: resource, accountId: call.session.role.accountId },
      resourcePolicy: null,
      context,
      serviceControlPolicies: organization?.serviceControlPolicies ?? [],
      resourceControlPolicies: [],
    });
    if (!verdict.allowed) {
      const reason = denialReason(
        action,
        verdict.explicit,
        verdict.layer === 'key-policy' ? 'identity-policy' : verdict.layer,
      );
      return `User: ${call.session.arn} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
    }
  }
  return null;
};
