import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { flawsOf } from './flaws.ts';
import { grantedBy } from './granted.ts';
import { holdersOf, MEMBERS, memberAt, templateAt } from './holders.ts';
import { pageOfPermissions } from './permissions-page.ts';

const text = readFileSync('template.yaml', 'utf8');
const holders = holdersOf();
const granted = holders.flatMap(({ name, policies }) => grantedBy(policies).map((one) => ({ ...one, holder: name })));

/** Actions for which AWS has no resource to name. https://docs.aws.amazon.com/service-authorization/latest/reference/ */
const NOWHERE = new Set([
  'cloudtrail:DescribeTrails',
  'cloudtrail:LookupEvents',
  'ec2:DescribeInstances',
  'ec2:DescribeSnapshots',
  'ec2:DescribeVolumes',
  'ec2:DescribeVpcEndpoints',
  'ec2:GetEbsDefaultKmsKeyId',
  'ec2:GetEbsEncryptionByDefault',
  'events:ListRules',
  'iam:ListRoles',
  'kms:CreateKey',
  'kms:ListAliases',
  'kms:ListKeys',
  'organizations:DescribeOrganization',
  'ssm:CancelCommand',
  'ssm:DescribeInstanceInformation',
  'ssm:GetCommandInvocation',
  'ssm:ListCommands',
  'tag:GetResources',
]);

const linesOf = (all: typeof granted) => all.map(({ holder, sid, action }) => `${holder} ${sid} ${action}`);

describe('least privilege', () => {
  it('no action is a pattern', () => {
    expect(linesOf(granted.filter(({ action }) => action.includes('*')))).toEqual([]);
  });

  it('no resource is everything, but where AWS has none to name', () => {
    const wide = granted.filter(({ resources, action }) => resources.includes('*') && !NOWHERE.has(action));
    expect(linesOf(wide)).toEqual([]);
  });

  it('nobody may change the policy of a key', () => {
    expect(linesOf(granted.filter(({ action }) => /PutKeyPolicy/i.test(action)))).toEqual([]);
  });

  it('what writes to IAM is held to the patterns of the response role, or to the one linked role', () => {
    const writes = granted.filter(({ action }) => /^iam:(?!Get|List|Simulate)/.test(action));
    expect(writes.length).toBeGreaterThan(5);
    const wide = writes.filter(
      ({ resources }) =>
        !resources.every((resource) =>
          /:(role|policy)\/(\*\/)?\*CadoResponse\*$|\/AWSServiceRoleForKeyManagementServiceMultiRegionKeys$/.test(
            resource,
          ),
        ),
    );
    expect(linesOf(wide)).toEqual([]);
  });

  it('commands go by document, and to tagged instances alone', () => {
    const sending = granted.filter(({ action }) => action === 'ssm:SendCommand');
    expect(sending.length).toBeGreaterThan(2);
    for (const { resources, alone } of sending)
      if (resources.some((resource) => resource.includes(':instance/')))
        expect(JSON.stringify(alone)).toContain('ssm:resourceTag/CadoResponseSSMEnabled');
      else for (const resource of resources) expect(resource).toMatch(/::document\/AWS-Run(Shell|PowerShell)Script$/);
  });

  it('the policies of a role fit into what IAM takes', () => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    for (const { name, policies } of holders)
      expect({ name, fits: JSON.stringify(policies).length < 10_240 }).toEqual({ name, fits: true });
  });

  it('docs/permissions.md says what the templates say: `npm run permissions` writes it', () => {
    expect(readFileSync('docs/permissions.md', 'utf8')).toBe(pageOfPermissions());
  });
});

describe('rules', () => {
  const { rules } = templateAt();
  const [account] = MEMBERS;
  const member = memberAt(account);

  it('have patterns that EventBridge takes, with the longest names filled in', () => {
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
    for (const { name, patternText } of [...rules, ...member.rules])
      expect({ name, fits: patternText.length + 128 * 2 < 2_048 }).toEqual({ name, fits: true });
  });

  it('of member accounts forward all that is reported there and taken here, and nothing else', () => {
    const taken = rules.filter(({ patternText }) => !patternText.includes('"unlatch"'));
    const key = ({ patternText, readOnlyToo }: (typeof member.rules)[number]) => `${patternText} ${readOnlyToo}`;
    expect(member.rules.map(key).sort()).toEqual([...new Set(taken.map(key))].sort());
  });
});

const Trust = z.object({ Statement: z.tuple([z.looseObject({ Condition: z.record(z.string(), z.unknown()) })]) });

describe('the member role', () => {
  it('is assumed by roles of the stack of Unlatch alone, and with the external id', () => {
    const [account] = MEMBERS;
    const [statement] = Trust.parse(memberAt(account).trust).Statement;
    expect(statement).toMatchObject({ Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'sts:AssumeRole' });
    expect(statement.Condition).toEqual({
      StringEquals: { 'sts:ExternalId': 'rehearsal' },
      ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/unlatch-*' },
    });
  });
});

describe('the template', () => {
  it('has no flaw that is looked for', () => {
    expect(flawsOf(text)).toEqual([]);
  });

  const mistakes = [
    {
      name: 'a queue without its alarm',
      from: 'Dimensions: [{ Name: QueueName, Value: !GetAtt SweepDeadLetters.QueueName }]',
      to: 'Dimensions: [{ Name: QueueName, Value: other }]',
      flaw: 'the queue SweepDeadLetters has no alarm',
    },
    {
      name: 'a rule in plain ENABLED state',
      from: 'State: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
      to: 'State: ENABLED',
      flaw: 'the rule ObserveFunctionKmsRefused does not see calls that only read',
    },
    {
      name: 'an alarm that tells nobody',
      from: 'AlarmActions: [!Ref Alarms]',
      to: 'AlarmActions: []',
      flaw: 'the alarm CaseFailed tells nobody',
    },
    {
      name: 'a log that is kept for ever',
      from: `LogGroupName: !Sub "/aws/lambda/\${SweepFunction}"`,
      to: 'LogGroupName: /aws/lambda/other',
      flaw: 'the log of SweepFunction is kept for ever',
    },
  ] as const;

  it.each(mistakes)('is caught with $name', ({ from, to, flaw }) => {
    expect(text).toContain(from);
    expect(flawsOf(text.replace(from, to))).toEqual([flaw]);
  });
});
