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
import { claimsOf } from '#shared/ledger/claims';
import { permissionRecordsOf } from '#shared/ledger/permission-record';
import { parsePermissionRequest } from '#shared/permission/apply/request';
import { retirement } from '#shared/permission/apply/retirement';
import { settingsFrom } from '#shared/settings';

const settings = settingsFrom(process.env);
const logger = new Logger({ serviceName: 'retire-permission' });
const metrics = new Metrics({ namespace: 'Unlatch', serviceName: 'retire-permission', logger });
const dynamo = new DynamoDBClient({});

const tools = {
  settings,
  sessions: sessionsOf(settings, new STSClient({})),
  claims: claimsOf(dynamo, settings.LEDGER_TABLE, settings.LEDGER_DAYS),
  records: permissionRecordsOf(dynamo, settings.LEDGER_TABLE),
  bucket: evidenceBucketOf(evidenceClient(), settings.EVIDENCE_BUCKET),
  notice: noticeOf(new SNSClient({}), new EventBridgeClient({}), settings.TOPIC_ARN),
};

/**
 * Takes the one-time permission from a response role, as a durable execution: started by `observe` after the first
 * success, or by hand with `{ "roleName": "…" }`; `{ "action": "restore", "roleName": "…" }` puts it back.
 */
export const handler = middy({ executionMode: executionModeDurableContext })
  .use(injectLambdaContext(logger))
  .handler(async (event, context) => {
    const answer = await retirement(flowOf(context), tools, parsePermissionRequest(event));
    const ended = 'verdict' in answer ? answer.verdict : 'absorbed';
    logger.info('permission', { verdict: ended, because: 'because' in answer ? answer.because : null });
    metrics.addMetric(`permission-${ended}`, MetricUnit.Count, 1);
    metrics.publishStoredMetrics();
    return answer;
  });
