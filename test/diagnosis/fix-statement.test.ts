import { describe, expect, it } from 'vitest';
import { readFacts } from '#shared/diagnosis/facts-record';
import type { Missing } from '#shared/diagnosis/fix-statement';
import { mend } from '#shared/diagnosis/mends';
import type { ContextRecord } from '#shared/policy/context';
import type { Layer } from '#shared/policy/layer';
import type { Request } from '#shared/policy/request';
import { requestContext } from '#shared/policy/request-context';
import { delegating, factsWith, OWN_KEY, PLATFORM, principal, ROLE, TARGET, VIA } from './facts.ts';

const asked = (action: string, context: ContextRecord, resource = OWN_KEY): Request => {
  const request = { principal: principal(ROLE), action, resource };
  return { ...request, context: requestContext(context, request) };
};
const throughEc2 = (action: string) => asked(action, { 'kms:ViaService': VIA });
const byItself = (action: string) => asked(action, { 'kms:ViaService': null });

const statements = (layer: Layer, missing: Missing) =>
  mend(layer, missing, readFacts(factsWith({ keyPolicy: [delegating(TARGET)] }))).proposals.map(
    ({ statement }) => statement,
  );

describe('the statements for requests that came in different ways', () => {
  it('are apart, each for its way, and no two bear the same Sid', () => {
    const missing: Missing = [
      throughEc2('kms:Decrypt'),
      byItself('kms:DescribeKey'),
      throughEc2('kms:CreateGrant'),
      byItself('kms:CreateGrant'),
    ];
    const told = statements('key-policy', missing).map((statement) => [
      statement?.Sid,
      statement?.Action,
      statement?.Condition,
    ]);
    const through = { StringEquals: { 'kms:ViaService': VIA } };
    expect(told).toEqual([
      ['AllowUseForAcquisition', 'kms:Decrypt', through],
      ['AllowGrantsForAWSResources', 'kms:CreateGrant', { Bool: { 'kms:GrantIsForAWSResource': 'true' }, ...through }],
      ['AllowUseForAcquisition2', 'kms:DescribeKey', undefined],
      ['AllowGrantsForAWSResources2', 'kms:CreateGrant', undefined],
    ]);
  });

  it('where the way is not known, are for no service, and grants for AWS resources only', () => {
    const missing: Missing = [asked('kms:Decrypt', {}), asked('kms:CreateGrant', {})];
    expect(statements('identity-policy', missing).map((statement) => statement?.Condition)).toEqual([
      undefined,
      { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    ]);
  });
});

describe('the statement for the role that is linked to KMS', () => {
  const LINKED = `arn:aws:iam::${PLATFORM}:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys`;
  it.each<{ readonly name: string; readonly context: ContextRecord; readonly condition: object }>([
    {
      name: 'names the service for which it is made',
      context: { 'iam:AWSServiceName': 'mrk.kms.amazonaws.com' },
      condition: { Condition: { StringEquals: { 'iam:AWSServiceName': 'mrk.kms.amazonaws.com' } } },
    },
    { name: 'names no service where the request tells none', context: {}, condition: {} },
    { name: 'names no service where the request carries none', context: { 'iam:AWSServiceName': null }, condition: {} },
  ])('$name', ({ context, condition }) => {
    expect(statements('identity-policy', [asked('iam:CreateServiceLinkedRole', context, LINKED)])).toEqual([
      {
        Sid: 'RequiredForTheFirstMultiRegionKey',
        Effect: 'Allow',
        Action: 'iam:CreateServiceLinkedRole',
        Resource: LINKED,
        ...condition,
      },
    ]);
  });
});
