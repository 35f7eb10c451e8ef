import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Fault, leadClientsTo } from '#local/account/clients';
import { type EmbeddedAccount, embeddedAccount } from '#local/account/embedded-account';
import { ledgerTable } from '#local/account/ledger-table';
import { loadTemplate, type TemplateFunction, takingRules } from '#local/template/template';
import { refusingEndpoint } from './refusing-endpoint.ts';
import { type Ended, executionEnvironment } from './runtime-interface.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-west-3';
const TABLE = 'unlatch-Ledger';

/** As the embedded account deploys it: a function that acts asks more than one that rehearses. */
const template = loadTemplate('template.yaml', { DryRun: 'false' });
const events = globSync('events/*/*.json')
  .sort()
  .map((file) => ({ file, event: JSON.parse(readFileSync(file, 'utf8')) }));

/** Folders of events that are named after what they are, and not after their function. */
const FOLDERS: Readonly<Record<string, string>> = { 'by-hand': 'remediate' };

/** The functions that an event is for: by the rules that take it, or by its folder. */
const functionsOf = (file: string, event: object): readonly string[] => {
  const taking = takingRules(template, event).map(({ functionLogicalId }) => functionLogicalId);
  const [, folder = ''] = file.split('/');
  const named = template.functions.filter((fn) => fn.folder === (FOLDERS[folder] ?? folder));
  return [...new Set([...taking, ...named.map(({ logicalId }) => logicalId)])];
};

it.each(events)('$file is for a function', ({ file, event }) => {
  expect(functionsOf(file, event)).not.toEqual([]);
});

/** What nobody's event looks like. */
const MALFORMED: readonly unknown[] = ['a text', 7, [], { surprise: true }, { source: 'aws.kms', detail: null }];

/** Times of this very run are not the same in two runs. */
const START = Date.now();
const steady = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null).replace(/"(\d{4}-\d{2}-\d{2}T[\d:.]+Z)"/g, (whole, time: string) =>
      Date.parse(time) >= START - 1_000 ? '"now"' : whole,
    ),
  );

/** All that a ledger holds, without the second until which it does. */
const keptIn = async (endpoint: string) => {
  const client = new DynamoDBClient({ endpoint, region: REGION });
  const { Items = [] } = await client.send(new ScanCommand({ TableName: TABLE }));
  client.destroy();
  return Items.map(({ expires: _, until: __, ...item }) => steady(item)).sort((a, b) =>
    JSON.stringify(a) < JSON.stringify(b) ? -1 : 1,
  );
};

const serviceOf = (api: string): string => api.split(':')[0] ?? '';

/** Everything but the ledger refused, and asynchronous invocations: the ground on which both runs stand. */
const refusals = ({ services }: EmbeddedAccount): Fault[] =>
  Object.entries(services).flatMap(([service, operations]) =>
    service === 'lambda'
      ? []
      : Object.keys(operations).map((name): Fault => ({ api: `${service}:${name}`, nth: 'every', what: 'refuse' })),
  );

/** The function in this process, in an embedded account that refuses, as `npm run invoke` runs it. */
const inProcess = async ({ logicalId }: TemplateFunction) => {
  const account = await embeddedAccount({ accountId: ACCOUNT, region: REGION, startsAt: new Date() });
  const restore = leadClientsTo(account, refusals(account));
  return {
    account,
    async invoke(event: unknown): Promise<Ended> {
      const session = account.sessionOf(logicalId);
      const call = { input: {}, session, region: REGION, requestId: account.ground.uuid() };
      try {
        return { answer: await account.lambda.invoke(call, logicalId, event) };
      } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        return { errorType: name, errorMessage: message };
      }
    },
    told: () => account.calls.splice(0).flatMap(({ api }) => (api.startsWith('dynamodb:') ? [] : [serviceOf(api)])),
    async close() {
      restore();
      await account.close();
    },
  };
};

/** The bundle of the function, under the runtime interface client. */
const underRic = async ({ logicalId, environment, timeoutSeconds }: TemplateFunction, ric: string) => {
  const [table, endpoint] = await Promise.all([ledgerTable(TABLE), refusingEndpoint()]);
  const run = await executionEnvironment(ric, join(inject('bundles'), logicalId), timeoutSeconds, {
    ...environment,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'AKIAUNLATCHTEST00000',
    AWS_SECRET_ACCESS_KEY: 'unlatch-test',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: endpoint.url,
    AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
    POWERTOOLS_TRACE_ENABLED: 'false',
  });
  return {
    ...run,
    endpoint,
    table,
    async close() {
      await run.close();
      endpoint.close();
      await table.close();
    },
  };
};

const ric = inject('ric');

describe.skipIf(ric === null).each(template.functions.filter(({ durable }) => !durable))('$logicalId', (fn) => {
  let bundle: Awaited<ReturnType<typeof underRic>>;
  let beside: Awaited<ReturnType<typeof inProcess>>;
  beforeAll(async () => {
    bundle = await underRic(fn, ric ?? '');
    beside = await inProcess(fn);
  });
  afterAll(async () => {
    await bundle.close();
    await beside.close();
  });

  const both = async (event: unknown) => {
    const [ours, theirs] = [await beside.invoke(event), await bundle.invoke(event)];
    return {
      inProcess: { ended: steady(ours), asked: beside.told().sort() },
      bundle: { ended: steady(theirs), asked: bundle.endpoint.told().map(serviceOf).sort() },
    };
  };

  const fitting = events.filter(({ file, event }) => functionsOf(file, event).includes(fn.logicalId));
  it.each(fitting)('$file comes to the same as in this process, and asks the same of AWS', async ({ event }) => {
    const came = await both(event);
    expect(came.bundle).toEqual(came.inProcess);
  });

  it('and the ledgers hold the same after all of them', async () => {
    expect(await keptIn(bundle.table.endpoint)).toEqual(await keptIn(beside.account.endpoints.dynamodb));
  });

  it.each(MALFORMED.map((event) => ({ event })))(
    '$event is refused in one line, and nothing is asked',
    async ({ event }) => {
      const came = await both(event);
      expect(came.bundle).toEqual(came.inProcess);
      expect(came.bundle.asked).toEqual([]);
      expect(came.bundle.ended).toEqual({
        errorType: 'MalformedEventError',
        errorMessage: expect.stringMatching(/^[^\n]+$/),
      });
    },
  );
});

describe.skipIf(ric === null).each(template.functions.filter(({ durable }) => durable))(
  '$logicalId, whose events Lambda wraps into executions',
  (fn) => {
    let bundle: Awaited<ReturnType<typeof underRic>>;
    beforeAll(async () => {
      bundle = await underRic(fn, ric ?? '');
    });
    afterAll(() => bundle.close());

    /** As Lambda invokes it first. https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html */
    const begun = (event: unknown) => ({
      DurableExecutionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:unlatch-${fn.folder}:live/durable-execution/case/1`,
      CheckpointToken: 'token',
      InitialExecutionState: {
        Operations: [
          {
            Id: 'execution',
            Type: 'EXECUTION',
            Status: 'STARTED',
            StartTimestamp: START,
            ExecutionDetails: { InputPayload: JSON.stringify(event) },
          },
        ],
      },
    });

    it.each(MALFORMED.map((event) => ({ event })))(
      '$event is refused in one line, and nothing is asked',
      async ({ event }) => {
        expect(await bundle.invoke(begun(event))).toEqual({
          answer: {
            Status: 'FAILED',
            Error: { ErrorType: 'MalformedEventError', ErrorMessage: expect.stringMatching(/^[^\n]+$/) },
          },
        });
        expect(bundle.endpoint.told()).toEqual([]);
      },
    );

    it('an event that is no execution is refused', async () => {
      expect(await bundle.invoke({ instanceId: 'i-0b1c2d3e4f5a69788' })).toMatchObject({
        errorMessage: expect.stringContaining('Unexpected payload provided to start the durable execution'),
      });
    });

    const fitting = events.filter(({ file, event }) => functionsOf(file, event).includes(fn.logicalId));
    it.each(fitting)(
      '$file begins a case: its first checkpoint is asked of Lambda, and nothing before',
      async ({ event }) => {
        await bundle.invoke(begun(event));
        expect(bundle.endpoint.told()[0]).toBe('lambda');
      },
    );
  },
);
