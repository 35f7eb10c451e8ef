import { createHash } from 'node:crypto';
import type { Known } from './parts.ts';

/** A resource with its name, and where it is. */
export interface Placed extends Required<Known> {
  readonly name: string;
}

interface Kind {
  /** The property that can name it. */
  readonly named: string;
  readonly arn?: (at: Placed) => string;
  /** What `Ref` gives where it is not the name. */
  readonly ref?: (at: Placed) => string;
  /** What `GetAtt` gives beside `Arn`. */
  readonly attributes?: Readonly<Record<string, (at: Placed) => string>>;
}

const regional =
  (service: string, resource: (name: string) => string) =>
  ({ partition, region, accountId, name }: Placed): string =>
    `arn:${partition}:${service}:${region}:${accountId}:${resource(name)}`;

export const iam =
  (kind: string) =>
  ({ partition, accountId, name }: Placed): string =>
    `arn:${partition}:iam::${accountId}:${kind}/${name}`;

export const lambdaArn = regional('lambda', (name) => `function:${name}`);
const queueUrl = ({ region, accountId, name }: Placed) => `https://sqs.${region}.amazonaws.com/${accountId}/${name}`;
const topicArn = regional('sns', (name) => name);
const nameOf = ({ name }: Placed) => name;

/** A key's id is a UUID; the same key has the same one in every run. */
const keyId = ({ stackName, name }: Placed): string =>
  createHash('sha256')
    .update(`${stackName}/${name}`)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

/** The "Return values" of each resource type. */
export const kinds: Readonly<Record<string, Kind>> = {
  'AWS::Serverless::Function': { named: 'FunctionName', arn: lambdaArn },
  'AWS::Lambda::Function': { named: 'FunctionName', arn: lambdaArn },
  'AWS::Serverless::SimpleTable': { named: 'TableName', arn: regional('dynamodb', (name) => `table/${name}`) },
  'AWS::DynamoDB::Table': { named: 'TableName', arn: regional('dynamodb', (name) => `table/${name}`) },
  'AWS::SQS::Queue': {
    named: 'QueueName',
    arn: regional('sqs', (name) => name),
    ref: queueUrl,
    attributes: { QueueUrl: queueUrl, QueueName: nameOf },
  },
  'AWS::SNS::Topic': {
    named: 'TopicName',
    arn: topicArn,
    ref: topicArn,
    attributes: { TopicArn: topicArn, TopicName: nameOf },
  },
  'AWS::S3::Bucket': { named: 'BucketName', arn: ({ partition, name }) => `arn:${partition}:s3:::${name}` },
  'AWS::IAM::Role': { named: 'RoleName', arn: iam('role') },
  'AWS::IAM::ManagedPolicy': { named: 'ManagedPolicyName', arn: iam('policy'), ref: iam('policy') },
  'AWS::KMS::Key': {
    named: '',
    arn: (at) => regional('kms', () => `key/${keyId(at)}`)(at),
    ref: keyId,
    attributes: { KeyId: keyId },
  },
  'AWS::KMS::Alias': { named: 'AliasName' },
  'AWS::Events::Rule': { named: 'Name', arn: regional('events', (name) => `rule/${name}`) },
  'AWS::Logs::LogGroup': { named: 'LogGroupName', arn: regional('logs', (name) => `log-group:${name}:*`) },
  'AWS::CloudWatch::Alarm': { named: 'AlarmName', arn: regional('cloudwatch', (name) => `alarm:${name}`) },
  'AWS::Scheduler::ScheduleGroup': {
    named: 'Name',
    arn: regional('scheduler', (name) => `schedule-group/${name}`),
  },
};

export const functionType = 'AWS::Serverless::Function';
