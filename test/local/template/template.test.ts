import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matches } from '#local/account/event-pattern';
import { loadTemplate, type Template, takingRules } from '#local/template/template';
import { load, stack } from './stack.ts';

describe('functions', () => {
  const [observe, remediate, ...others] = load(stack).functions;

  it('have the globals merged in', () => {
    expect(observe?.environment).toEqual({
      LEVEL: 'DEBUG',
      TABLE: 'unlatch-Table',
      REMEDIATE: 'arn:aws:lambda:eu-west-3:111122223333:function:unlatch-RemediateFunction:live',
      COUNT: '5',
    });
    expect(remediate?.environment).toEqual({ LEVEL: 'INFO', TABLE: 'unlatch-Table' });
    expect([observe?.timeoutSeconds, remediate?.timeoutSeconds]).toEqual([30, 10]);
  });

  it('are found by their entry point', () => {
    expect([observe?.folder, remediate?.folder]).toEqual(['observe', 'remediate']);
  });

  it('are durable where they say so', () => {
    expect([observe?.durable, remediate?.durable]).toEqual([false, true]);
  });

  it('keep their inline policies only, resolved', () => {
    expect(observe?.policies).toEqual([
      {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'lambda:InvokeFunction',
            Resource: 'arn:aws:lambda:eu-west-3:111122223333:function:unlatch-RemediateFunction:*',
            Condition: { StringEquals: { 'aws:ResourceAccount': '111122223333' } },
          },
        ],
      },
    ]);
    expect(remediate?.policies).toEqual([]);
  });

  it('are left out where their condition is false', () => {
    expect(others).toEqual([]);
  });

  it('follow the parameters and the place', () => {
    const known = { accountId: '444455556666', region: 'us-east-1', stackName: 'other' };
    const [first, , third] = load(stack, { Notify: 'yes', Seconds: '45' }, known).functions;
    expect(third?.folder).toBe('notify');
    expect(first?.timeoutSeconds).toBe(45);
    expect(first?.environment).toMatchObject({
      TOPIC: 'arn:aws:sns:us-east-1:444455556666:other-Topic',
      TABLE: 'other-Table',
    });
    expect(first?.policies[1]).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'sns:Publish', Resource: 'arn:aws:sns:us-east-1:444455556666:other-Topic' },
      ],
    });
  });

  it('take their alias and durability from the globals too', () => {
    const [only] = load(`
Globals: { Function: { AutoPublishAlias: current, DurableConfig: { ExecutionTimeout: 60 }, CodeUri: functions/a } }
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: { Handler: handler.handler, Environment: { Variables: { SELF: !Ref F.Alias } } }
`).functions;
    expect(only?.durable).toBe(true);
    expect(only?.folder).toBe('a');
    expect(only?.environment.SELF).toBe('arn:aws:lambda:eu-west-3:111122223333:function:unlatch-F:current');
  });

  it('time out after three seconds where nothing says otherwise', () => {
    const [only] = load(
      'Resources: { F: { Type: AWS::Serverless::Function, Properties: { CodeUri: functions/a, Handler: handler.x } } }',
    ).functions;
    expect(only?.timeoutSeconds).toBe(3);
  });
});

describe('rules', () => {
  const brief = (template: Template) =>
    template.rules.map(({ name, functionLogicalId, enabled, readOnlyToo }) => [
      name,
      functionLogicalId,
      enabled,
      readOnlyToo,
    ]);

  it('come from the events of functions and from rules of their own', () => {
    expect(brief(load(stack))).toEqual([
      ['ObserveFunctionDenials', 'ObserveFunction', true, true],
      ['unlatch-copies', 'ObserveFunction', false, false],
      ['unlatch-FindingRule', 'ObserveFunction', true, false],
      ['unlatch-FindingRule', 'RemediateFunction', true, false],
    ]);
  });

  it('follow the conditions', () => {
    const rules = brief(load(stack, { Notify: 'yes' }));
    expect(rules).toContainEqual(['unlatch-copies', 'ObserveFunction', true, false]);
    expect(rules).toContainEqual(['NotifyFunctionAny', 'NotifyFunction', true, false]);
  });

  it('have the parameters in their patterns', () => {
    const arn = 'arn:aws:sts::111122223333:assumed-role/IncidentReader/acquire';
    const event = { source: 'aws.kms', detail: { errorCode: 'AccessDenied', userIdentity: { arn } } };
    const taken = (parameters: Record<string, string>) => {
      const [denials] = load(stack, parameters).rules;
      return denials !== undefined && matches(denials.pattern, event);
    };
    expect(taken({ ResponseRole: 'Incident*' })).toBe(true);
    expect(taken({})).toBe(false);
  });
});

it('parameters are told as they stand', () => {
  expect(load(stack, { Seconds: '60' }).parameters.slice(0, 2)).toEqual([
    {
      name: 'ResponseRole',
      type: 'String',
      default: '*CadoResponse*',
      description: "The role's name, with wildcards",
      allowedPattern: '[\\w*?+=,.@-]+',
      allowedValues: undefined,
    },
    {
      name: 'Seconds',
      type: 'Number',
      default: '30',
      description: undefined,
      allowedPattern: undefined,
      allowedValues: undefined,
    },
  ]);
});

describe('loadTemplate refuses', () => {
  const given: readonly { parameters: Readonly<Record<string, string>>; message: string }[] = [
    { parameters: { Nobody: 'x' }, message: 'template.yaml: Parameters: there is no parameter `Nobody`' },
    { parameters: { Notify: 'maybe' }, message: 'template.yaml: Parameters.Notify: `maybe` is none of yes, no' },
    {
      parameters: { ResponseRole: 'a b' },
      message: 'template.yaml: Parameters.ResponseRole: `a b` does not match `[\\w*?+=,.@-]+`',
    },
    { parameters: { Seconds: 'ten' }, message: 'template.yaml: Parameters.Seconds: `ten` is not a number' },
    { parameters: { Seconds: '901' }, message: 'template.yaml: Parameters.Seconds: `901` is more than 900' },
  ];
  it.each(given)('parameters: $message', ({ parameters, message }) => {
    expect(() => load(stack, parameters)).toThrow(expect.objectContaining({ message }));
  });

  const templates = [
    {
      name: 'a parameter without a value',
      yaml: 'Parameters: { A: { Type: String } }\nResources: {}',
      message: 'Parameters.A: no value given, and there is no default',
    },
    { name: 'no resources', yaml: 'Parameters: {}', message: 'Resources: ' },
    { name: 'an empty file', yaml: '', message: 'the template is empty' },
    { name: 'broken YAML', yaml: 'Resources: [', message: 'at line 1' },
    { name: 'a key given twice', yaml: 'Resources: {}\nResources: {}', message: 'Map keys must be unique at line 2' },
    {
      name: 'a condition in a circle',
      yaml: 'Conditions: { A: !Not [!Condition B], B: !Not [!Condition A] }\nResources: { F: { Type: X, Condition: A } }',
      message: 'Conditions.A refers to itself',
    },
    {
      name: 'a function without an entry point',
      yaml: 'Resources: { F: { Type: AWS::Serverless::Function, Properties: { Handler: index.handler } } }',
      message: 'Resources.F: no entry point of the form `functions/<name>/handler.ts`',
    },
    {
      name: 'a pattern that EventBridge refuses',
      yaml: stack.replace('wildcard:', 'wild:'),
      message:
        'Resources.ObserveFunction.Properties.Events.Denials: in the pattern, detail.userIdentity.arn[0]: unknown operator `wild`',
    },
    {
      name: 'a state that is none',
      yaml: stack.replace('ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS', 'ON'),
      message: 'Resources.ObserveFunction.Properties.Events.Denials.State: ',
    },
  ];
  it.each(templates)('$name', ({ yaml, message }) => {
    expect(() => load(yaml)).toThrow(`template.yaml: `);
    expect(() => load(yaml)).toThrow(message);
  });

  it('a path with no file, by its whole path', () => {
    const missing = join(tmpdir(), 'unlatch-nowhere', 'template.yaml');
    const message = `there is no template \`${missing}\``;
    expect(() => loadTemplate(missing)).toThrow(expect.objectContaining({ name: 'TemplateError', message }));
  });

  it('a path through a file, by its whole path', () => {
    const through = join(import.meta.filename, 'template.yaml');
    const message = `there is no template \`${through}\``;
    expect(() => loadTemplate(through)).toThrow(expect.objectContaining({ name: 'TemplateError', message }));
  });
});

describe('takingRules', () => {
  const pattern = '{ source: [aws.kms, aws.ec2, aws.iam] }';
  const rule = (name: string, state: string, itsPattern = pattern) =>
    `{ Type: AWS::Events::Rule, Properties: { Name: ${name}, State: ${state}, EventPattern: ${itsPattern}, Targets: [{ Arn: !GetAtt F.Arn }] } }`;
  const template = load(`
Resources:
  F: { Type: AWS::Serverless::Function, Properties: { CodeUri: functions/observe, Handler: handler.handler } }
  Plain: ${rule('plain', 'ENABLED')}
  All: ${rule('all', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS')}
  Off: ${rule('off', 'DISABLED')}
  Other: ${rule('other', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS', '{ source: [aws.s3] }')}
`);
  const call = (
    service: string,
    eventName: string,
    readOnly?: boolean,
    detailType = 'AWS API Call via CloudTrail',
  ) => ({
    source: `aws.${service}`,
    'detail-type': detailType,
    detail: { eventSource: `${service}.amazonaws.com`, eventName, readOnly },
  });

  const cases: readonly { name: string; event: object; rules: readonly string[] }[] = [
    {
      name: 'a write goes to every enabled rule that matches',
      event: call('kms', 'CreateGrant', false),
      rules: ['plain', 'all'],
    },
    { name: 'a read goes to the rules that want reads', event: call('kms', 'Decrypt', true), rules: ['all'] },
    {
      name: 'what the record says goes before the name',
      event: call('ec2', 'GetAway', false),
      rules: ['plain', 'all'],
    },
    { name: 'Describe is a read by its name', event: call('ec2', 'DescribeVolumes'), rules: ['all'] },
    { name: 'List is a read by its name', event: call('iam', 'ListRoles'), rules: ['all'] },
    { name: 'CreateGrant is no read by its name', event: call('kms', 'CreateGrant'), rules: ['plain', 'all'] },
    {
      name: 'GenerateDataKeyWithoutPlaintext is a read',
      event: call('kms', 'GenerateDataKeyWithoutPlaintext'),
      rules: ['all'],
    },
    { name: 'ReEncrypt is a read', event: call('kms', 'ReEncrypt'), rules: ['all'] },
    { name: "KMS's names mean nothing elsewhere", event: call('ec2', 'Encrypt'), rules: ['plain', 'all'] },
    {
      name: 'a notification is no call',
      event: call('ec2', 'GetX', true, 'EBS Volume Notification'),
      rules: ['plain', 'all'],
    },
    { name: 'an event that no pattern takes', event: call('sns', 'Publish', false), rules: [] },
  ];
  it.each(cases)('$name', ({ event, rules }) => {
    expect(takingRules(template, event).map(({ name }) => name)).toEqual(rules);
  });
});
