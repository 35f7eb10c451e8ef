import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import middy from '@middy/core';
import { evidenceBucketOf, evidenceClient } from '#shared/aws/evidence-bucket';
import { noticeOf } from '#shared/aws/notice';
import { sessionsOf } from '#shared/aws/session';
import { claimsOf } from '#shared/ledger/claims';
import { madeOf } from '#shared/ledger/made';
import { settingsFrom } from '#shared/settings';
import { parseSweepRequest } from '#shared/sweep/request';
import { sweep } from '#shared/sweep/sweep';

const settings = settingsFrom(process.env);
const logger = new Logger({ serviceName: 'sweep' });
const metrics = new Metrics({ namespace: 'Unlatch', serviceName: 'sweep', logger });
const dynamo = new DynamoDBClient({});

const tools = {
  settings,
  sessions: sessionsOf(settings, new STSClient({})),
  claims: claimsOf(dynamo, settings.LEDGER_TABLE, settings.LEDGER_DAYS),
  made: madeOf(dynamo, settings.LEDGER_TABLE, settings.LEDGER_DAYS),
  bucket: evidenceBucketOf(evidenceClient(), settings.EVIDENCE_BUCKET),
  notice: noticeOf(new SNSClient({}), new EventBridgeClient({}), settings.TOPIC_ARN),
};

/** Removes what no case owns any more: by a schedule, or by hand with `{ "dryRun": true }`. */
export const handler = middy()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event) => {
    const { dryRun } = parseSweepRequest(event);
    const report = await sweep(tools, { dryRun: dryRun || settings.DRY_RUN });
    metrics.addMetric('leftoversRemoved', MetricUnit.Count, report.dryRun ? 0 : report.removed.length);
    metrics.addMetric('leftoversReported', MetricUnit.Count, report.reported.length);
    metrics.addMetric('leftoversFailed', MetricUnit.Count, report.failed.length);
    logger.info('swept', { report: { ...report, kept: report.kept.length } });
    return report;
  });
