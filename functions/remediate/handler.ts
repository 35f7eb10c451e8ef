import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import middy from '@middy/core';
import { executionModeDurableContext } from '@middy/core/executionModeDurableContext';
import { evidenceBucketOf, evidenceClient } from '#shared/aws/evidence-bucket';
import { noticeOf } from '#shared/aws/notice';
import { sessionsOf } from '#shared/aws/session';
import { flowOf } from '#shared/case/flow';
import { measuresOf } from '#shared/case/measures';
import { remediate } from '#shared/case/remediation';
import { parseRequest, summaryOf } from '#shared/case/request';
import { claimsOf } from '#shared/ledger/claims';
import { ledgerOf } from '#shared/ledger/ledger';
import { madeOf } from '#shared/ledger/made';
import { settingsFrom } from '#shared/settings';

const settings = settingsFrom(process.env);
const logger = new Logger({ serviceName: 'remediate' });
const metrics = new Metrics({ namespace: 'Unlatch', serviceName: 'remediate', logger });
const dynamo = new DynamoDBClient({});

const tools = {
  settings,
  sessions: sessionsOf(settings, new STSClient({})),
  ledger: ledgerOf(dynamo, settings.LEDGER_TABLE, settings.LEDGER_DAYS),
  claims: claimsOf(dynamo, settings.LEDGER_TABLE, settings.LEDGER_DAYS),
  made: madeOf(dynamo, settings.LEDGER_TABLE, settings.LEDGER_DAYS),
  bucket: evidenceBucketOf(evidenceClient(), settings.EVIDENCE_BUCKET),
  notice: noticeOf(new SNSClient({}), new EventBridgeClient({}), settings.TOPIC_ARN),
};

/** One case, as a durable execution: started by `observe`, or by hand with `{ "instanceId": "i-…" }`. */
export const handler = middy({ executionMode: executionModeDurableContext })
  .use(injectLambdaContext(logger))
  .handler(async (event, context) => {
    const answer = await remediate(flowOf(context), tools, parseRequest(event));
    const summary = summaryOf(answer, tools);
    logger.info('case ended', { summary });
    const measures =
      'verdict' in answer ? measuresOf(answer) : [{ name: 'absorbed', unit: 'Count', value: 1 } as const];
    for (const { name, unit, value } of measures) metrics.addMetric(name, MetricUnit[unit], value);
    metrics.publishStoredMetrics();
    return summary;
  });
