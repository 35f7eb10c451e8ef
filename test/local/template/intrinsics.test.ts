import { describe, expect, it } from 'vitest';
import type { Template } from '#local/template/template';
import { load, stack } from './stack.ts';

/** The template with one more variable in a function's environment, and some resources to speak of. */
const withValue = (value: string, resources = '') => `${stack.replace(/^\s+COUNT: 5$/m, `          VALUE: ${value}`)}
  Queue: { Type: AWS::SQS::Queue }
  Bucket: { Type: AWS::S3::Bucket }
  Role: { Type: AWS::IAM::Role }
  Key: { Type: AWS::KMS::Key }
  NamedTable: { Type: AWS::DynamoDB::Table, Properties: { TableName: !Sub 'table-\${AWS::Region}' } }
  Alias: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !Ref ObserveFunction, Name: now } }
${resources}`;

const values = [
  { value: '!Ref ResponseRole', is: '*CadoResponse*' },
  { value: '!Ref ObserveFunction', is: 'unlatch-ObserveFunction' },
  {
    value: '!GetAtt ObserveFunction.Arn',
    is: 'arn:aws:lambda:eu-west-3:111122223333:function:unlatch-ObserveFunction',
  },
  {
    value: '{ "Fn::GetAtt": [ObserveFunction, Arn] }',
    is: 'arn:aws:lambda:eu-west-3:111122223333:function:unlatch-ObserveFunction',
  },
  {
    value: '!Ref RemediateFunction.Version',
    is: 'arn:aws:lambda:eu-west-3:111122223333:function:unlatch-RemediateFunction:1',
  },
  { value: '!Ref Alias', is: 'arn:aws:lambda:eu-west-3:111122223333:function:unlatch-ObserveFunction:now' },
  { value: '!GetAtt ObserveFunctionRole.Arn', is: 'arn:aws:iam::111122223333:role/unlatch-ObserveFunctionRole' },
  { value: '!Ref Queue', is: 'https://sqs.eu-west-3.amazonaws.com/111122223333/unlatch-Queue' },
  { value: '!GetAtt Queue.Arn', is: 'arn:aws:sqs:eu-west-3:111122223333:unlatch-Queue' },
  { value: '!GetAtt Queue.QueueName', is: 'unlatch-Queue' },
  { value: '!Ref Bucket', is: 'unlatch-bucket-111122223333' },
  { value: '!GetAtt Bucket.Arn', is: 'arn:aws:s3:::unlatch-bucket-111122223333' },
  { value: '!GetAtt Role.Arn', is: 'arn:aws:iam::111122223333:role/unlatch-Role' },
  { value: '!Ref NamedTable', is: 'table-eu-west-3' },
  { value: '!GetAtt NamedTable.Arn', is: 'arn:aws:dynamodb:eu-west-3:111122223333:table/table-eu-west-3' },
  { value: '!Join [".", !Ref Regions]', is: 'eu-west-3.eu-west-1' },
  { value: '!Join ["", [a, !If [Notifies, b, !Ref AWS::NoValue], c]]', is: 'ac' },
  { value: '!Select [1, !Split ["/", "a/b/c"]]', is: 'b' },
  { value: '!FindInMap [Sizes, !Ref AWS::Region, Segment]', is: '64' },
  { value: '!Select [0, !FindInMap [Sizes, eu-west-3, Names]]', is: 'a' },
  {
    value: `!Sub "\${!a} \${AWS::StackName} \${Table.Arn}"`,
    is: `\${a} unlatch arn:aws:dynamodb:eu-west-3:111122223333:table/unlatch-Table`,
  },
  { value: `!Sub ["\${A}-\${Seconds}", { A: !Ref Notify }]`, is: 'no-30' },
  {
    value: `!Sub "\${RemediateFunction.Alias}"`,
    is: 'arn:aws:lambda:eu-west-3:111122223333:function:unlatch-RemediateFunction:live',
  },
  { value: '!If [Either, yes, no]', is: 'yes' },
  { value: '!If [Both, 1, 2]', is: '2' },
  { value: `{ "Fn::Base64": !Sub "\${Notify}" }`, is: 'bm8=' },
  { value: '!Ref AWS::URLSuffix', is: 'amazonaws.com' },
];

const valueIn = (template: Template) => template.functions[0]?.environment.VALUE;

describe('a value', () => {
  it.each(values)('$value', ({ value, is }) => {
    expect(valueIn(load(withValue(value)))).toBe(is);
  });

  it('of a key is a UUID, the same each time, and its ARN holds it', () => {
    const id = valueIn(load(withValue('!Ref Key')));
    expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(valueIn(load(withValue('!GetAtt Key.Arn')))).toBe(`arn:aws:kms:eu-west-3:111122223333:key/${id}`);
  });
});

const place = 'template.yaml: Resources.ObserveFunction.Properties.Environment.Variables.VALUE';

const refusals = [
  { value: '!GetAtt X.Y', message: `${place}: cannot resolve !GetAtt X.Y` },
  { value: '!GetAtt Table.StreamArn', message: `${place}: cannot resolve !GetAtt Table.StreamArn` },
  { value: '!Ref Nothing', message: `${place}: cannot resolve !Ref Nothing` },
  { value: '!Ref ObserveFunction.Alias', message: `${place}: cannot resolve !Ref ObserveFunction.Alias` },
  { value: '!Ref Topic', message: `${place}: cannot resolve !Ref Topic: its condition is false` },
  { value: `!Sub "a\${Nothing}"`, message: `${place}: cannot resolve !Ref Nothing` },
  { value: `!Sub "\${Regions}"`, message: `${place}: cannot resolve !Sub \${Regions}: \`Regions\` is no text` },
  { value: '!ImportValue there', message: `${place}: cannot resolve !ImportValue there` },
  {
    value: '!FindInMap [Sizes, us-east-1, Segment]',
    message: `${place}: cannot resolve !FindInMap Sizes.us-east-1.Segment`,
  },
  { value: '!Select [5, [a]]', message: `${place}: cannot resolve !Select [5,["a"]]` },
  { value: '!If [Unheard, a, b]', message: `${place}: there is no condition \`Unheard\`` },
  { value: '!Nonsense a', message: 'template.yaml: Unresolved tag: !Nonsense at line 42, column 18' },
];

describe('loadTemplate refuses', () => {
  it.each(refusals)('$value', ({ value, message }) => {
    expect(() => load(withValue(value))).toThrow(expect.objectContaining({ name: 'TemplateError', message }));
  });
});
