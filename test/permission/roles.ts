import type { ManagedPolicy, RolePolicies, RolePolicy } from '#shared/permission/role-policies';
import { AccountId } from '#shared/signal/identifiers';
import { ACCOUNT, ROLE_ARN, ROLE_NAME } from './generated.ts';

export const document = (...statements: readonly unknown[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

export const ONE_TIME = {
  Sid: 'RequiredForFirstTimeKMSDefaultencryptedImportCanBeDeletedAfter',
  Effect: 'Allow',
  Action: ['iam:CreateServiceLinkedRole'],
  Resource: 'arn:aws:iam::*:role/aws-service-role/kms.amazonaws.com/*CadoResponse*',
  Condition: { StringLike: { 'iam:AWSServiceName': 'kms.amazonaws.com' } },
};
export const ONE_TIME_MRK = {
  Effect: 'Allow',
  Action: 'iam:CreateServiceLinkedRole',
  Resource:
    'arn:aws:iam::*:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys',
  Condition: { StringLike: { 'iam:AWSServiceName': 'mrk.kms.amazonaws.com' } },
};
export const ACQUIRE = {
  Sid: 'Acquire',
  Effect: 'Allow',
  Action: ['ec2:CopySnapshot', 'ec2:Describe*'],
  Resource: '*',
};

export const inline = (name: string, text: string): RolePolicy => ({ kind: 'inline', name, document: text });

export const managed = (
  name: string,
  text: string,
  { versions = 1, others = [], of = ACCOUNT }: { versions?: number; others?: readonly string[]; of?: string } = {},
): ManagedPolicy => ({
  kind: 'managed',
  arn: `arn:aws:iam::${of}:policy/${name}`,
  document: text,
  versionId: `v${versions + 7}`,
  versions: Array.from({ length: versions }, (_, at) => ({
    versionId: `v${at + 8}`,
    isDefault: at === versions - 1,
    createdAt: `2026-01-0${at + 1}T00:00:00.000Z`,
  })),
  others: [...others],
});

export const role = (...policies: readonly RolePolicy[]): RolePolicies => ({
  accountId: AccountId.parse(ACCOUNT),
  roleName: ROLE_NAME,
  roleArn: ROLE_ARN,
  policies: [...policies],
  boundary: null,
  tags: {},
});
