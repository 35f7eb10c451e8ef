import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { Call } from './call.ts';
import type { EmbeddedAccount, MadeCall } from './embedded-account.ts';
import { type Fault, faultOf, serviceError, spoiled, thrownBy } from './faults.ts';
import { running } from './lambda.ts';
import { refusalOf } from './permissions.ts';

export type { Fault };

/** The code with which each service refuses a caller. */
const REFUSALS: Readonly<Record<string, string>> = {
  ec2: 'UnauthorizedOperation',
  iam: 'AccessDenied',
  s3: 'AccessDenied',
  sts: 'AccessDenied',
};

/** Whatever a service answers: the types that count stand where the SDK's commands are sent. */
type Answer = ReturnType<typeof Reflect.apply>;

interface SentCommand {
  readonly input: unknown;
  readonly constructor: { readonly name: string };
}

const operationOf = (command: SentCommand): string => command.constructor.name.replace(/Command$/, '');

/** lib-dynamodb's names for DynamoDB's operations. */
const DOCUMENT_OPERATIONS: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Query: 'Query',
};

interface Configured {
  readonly config: { region(): Promise<string>; credentials?(): Promise<{ accessKeyId: string }> };
}

const isConfigured = (client: unknown): client is Configured =>
  typeof client === 'object' && client !== null && 'config' in client;

/** What is kept of a call's input: without the half megabyte of a block. */
const keptInput = (input: unknown): unknown =>
  typeof input === 'object' && input !== null && 'BlockData' in input ? { ...input, BlockData: undefined } : input;

const never = (): Promise<never> => new Promise(() => {});

/**
 * Leads every SDK client of this process to the account, with `aws-sdk-client-mock`: the functions' calls are judged by
 * the template's policies, counted, and answered. The ledger's go on to `dynalite` over HTTP.
 * @returns the way back
 */
export const leadClientsTo = (account: EmbeddedAccount, faults: readonly Fault[] = []): (() => void) => {
  const { ground, services, state, calls, endpoints } = account;
  const counts = new Map<string, number>();
  let place = 0;

  const answer = async (
    api: string,
    client: unknown,
    input: unknown,
    act: (call: Call) => Promise<unknown>,
  ): Promise<unknown> => {
    const invocation = running.getStore();
    if (invocation === undefined) throw new Error(`${api} was called outside of any function`);
    if (invocation.isDead()) return never();
    const config = isConfigured(client) ? client.config : undefined;
    const credentials = await config?.credentials?.();
    const session = state.sessions.get(credentials?.accessKeyId ?? '') ?? invocation.session;
    const call: Call = { input, session, region: (await config?.region()) ?? '', requestId: ground.uuid() };
    if (api === 'lambda:CheckpointDurableExecution') return act(call);

    const count = (counts.get(api) ?? 0) + 1;
    counts.set(api, count);
    const fault = faultOf(faults, api, count);

    place += 1;
    const { functionId, execution, run } = invocation;
    const made: MadeCall = {
      api,
      functionId,
      execution,
      run,
      account: session.role.accountId,
      input: keptInput(input),
      began: place,
      ended: place,
      at: ground.now(),
      error: null,
      fault,
    };
    calls.push(made);
    if (fault === 'crash-before') {
      invocation.kill(`${api} ${count}: killed before`);
      return never();
    }
    const startedAt = ground.now().getTime();
    try {
      const thrown = fault === null ? null : thrownBy(fault, api, call);
      if (thrown !== null) throw thrown;
      const refused = fault === 'refuse' ? `not authorized to perform: ${api}` : await refusalOf(api, call, ground);
      if (refused !== null)
        throw serviceError(REFUSALS[api.split(':')[0] ?? ''] ?? 'AccessDeniedException', refused, call.requestId);
      const output = await act(call);
      if (fault === 'crash-after') {
        invocation.kill(`${api} ${count}: killed after`);
        return never();
      }
      return fault === null ? output : await spoiled(fault, api, call, output, ground);
    } catch (error) {
      made.error = error instanceof Error ? error.name : String(error);
      throw error;
    } finally {
      place += 1;
      made.ended = place;
      ground.callPasses(startedAt);
      account.events.emit('called', made);
    }
  };

  const environment = {
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_REGION: account.region,
    AWS_ACCESS_KEY_ID: 'AKIAUNLATCHLOCAL0000',
    AWS_SECRET_ACCESS_KEY: 'unlatch-local',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const before = { ...process.env };
  Object.assign(process.env, environment);

  const answering = (service: keyof typeof services) => {
    return function (this: unknown, command: SentCommand): Promise<Answer> {
      const operation = operationOf(command);
      const handler: unknown = Reflect.get(services[service], operation);
      if (typeof handler !== 'function') throw new Error(`the embedded account has no ${service}:${operation}`);
      return answer(`${service}:${operation}`, this, command.input, (call) =>
        Reflect.apply(handler, undefined, [call]),
      );
    };
  };

  const ec2 = mockClient(EC2Client);
  const ebs = mockClient(EBSClient);
  const kms = mockClient(KMSClient);
  const cloudtrail = mockClient(CloudTrailClient);
  const iam = mockClient(IAMClient);
  const organizations = mockClient(OrganizationsClient);
  const tag = mockClient(ResourceGroupsTaggingAPIClient);
  const ssm = mockClient(SSMClient);
  const s3 = mockClient(S3Client);
  const sts = mockClient(STSClient);
  const sns = mockClient(SNSClient);
  const events = mockClient(EventBridgeClient);
  const lambda = mockClient(LambdaClient);
  ec2.send.callsFake(answering('ec2'));
  const answeringEbs = answering('ebs');
  ebs.send.callsFake(function (this: unknown, command: SentCommand): Promise<Answer> {
    // The mock remembers every call, and with it every block: more than a process has room for.
    return answeringEbs.call(this, command).finally(() => ebs.resetHistory());
  });
  kms.send.callsFake(answering('kms'));
  cloudtrail.send.callsFake(answering('cloudtrail'));
  iam.send.callsFake(answering('iam'));
  organizations.send.callsFake(answering('organizations'));
  tag.send.callsFake(answering('tag'));
  ssm.send.callsFake(answering('ssm'));
  s3.send.callsFake(answering('s3'));
  sts.send.callsFake(answering('sts'));
  sns.send.callsFake(answering('sns'));
  events.send.callsFake(answering('events'));
  lambda.send.callsFake(answering('lambda'));

  const { send } = DynamoDBDocumentClient.prototype;
  const documents = mockClient(DynamoDBDocumentClient);
  documents.send.callsFake(function (this: unknown, command: SentCommand): Promise<Answer> {
    const operation = DOCUMENT_OPERATIONS[operationOf(command)] ?? operationOf(command);
    return answer(`dynamodb:${operation}`, this, command.input, () => Reflect.apply(send, this, [command]));
  });

  return () => {
    for (const mock of [
      ec2,
      ebs,
      kms,
      cloudtrail,
      iam,
      organizations,
      tag,
      ssm,
      s3,
      sts,
      sns,
      events,
      lambda,
      documents,
    ]) {
      // Sinon holds every stub for good: without its behaviour, it does not hold the account.
      mock.reset();
      mock.restore();
    }
    for (const name of Object.keys(environment)) delete process.env[name];
    Object.assign(process.env, before);
  };
};
