import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import middy from '@middy/core';
import { executionModeDurableContext } from '@middy/core/executionModeDurableContext';
import { evidenceBucketOf, evidenceClient } from '#shared/aws/evidence-bucket';
import { noticeOf } from '#shared/aws/notice';
import { sessionsOf } from '#shared/aws/session';
import { flowOf } from '#shared/case/flow';
import { parseReadinessRequest } from '#shared/readiness/request';
import { assessReadiness } from '#shared/readiness/run';
import type { ReadinessTools } from '#shared/readiness/run-context';
import { settingsFrom } from '#shared/settings';

const settings = settingsFrom(process.env);
const logger = new Logger({ serviceName: 'readiness' });
const metrics = new Metrics({ namespace: 'Unlatch', serviceName: 'readiness', logger });

const tools: ReadinessTools = {
  settings,
  sessions: sessionsOf(settings, new STSClient({})),
  bucket: evidenceBucketOf(evidenceClient(), settings.EVIDENCE_BUCKET),
  notice: noticeOf(new SNSClient({}), new EventBridgeClient({}), settings.TOPIC_ARN),
  progress: (said) => logger.info('progress', { ...said }),
};

/**
 * Which acquisitions would pass today, as a durable execution: by schedule the whole scope, by hand also one instance or
 * one key, with `{ "instanceId": "i-…" }` or `{ "keyArn": "arn:…" }`.
 */
export const handler = middy({ executionMode: executionModeDurableContext })
  .use(injectLambdaContext(logger))
  .handler(async (event, context) => {
    const summary = await assessReadiness(flowOf(context), tools, parseReadinessRequest(event));
    logger.info('readiness assessed', { summary });
    for (const [verdict, count] of Object.entries(summary.machines))
      metrics.addMetric(`${verdict}Machines`, MetricUnit.Count, count);
    for (const [verdict, count] of Object.entries(summary.volumes))
      metrics.addMetric(`${verdict}Volumes`, MetricUnit.Count, count);
    metrics.addMetric('badHealthChecks', MetricUnit.Count, summary.health.bad);
    metrics.publishStoredMetrics();
    return summary;
  });
