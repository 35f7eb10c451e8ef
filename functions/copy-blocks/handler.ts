import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { STSClient } from '@aws-sdk/client-sts';
import middy from '@middy/core';
import { evidenceBucketOf, evidenceClient } from '#shared/aws/evidence-bucket';
import { sessionsOf } from '#shared/aws/session';
import { copyBlocks } from '#shared/route/unencrypted-copy/copy-blocks';
import { parseLaneRequest } from '#shared/route/unencrypted-copy/lane-request';
import { settingsFrom } from '#shared/settings';

const settings = settingsFrom(process.env);
const logger = new Logger({ serviceName: 'copy-blocks' });
const metrics = new Metrics({ namespace: 'Unlatch', serviceName: 'copy-blocks', logger });

const tools = {
  settings,
  sessions: sessionsOf(settings, new STSClient({})),
  bucket: evidenceBucketOf(evidenceClient(), settings.EVIDENCE_BUCKET),
  pacing: { sleep: (milliseconds: number) => sleep(milliseconds), random: Math.random },
};

/** A lane of a snapshot's copy, as far as this run's time allows. Asked by `remediate`, which goes on from the answer. */
export const handler = middy()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event, context) => {
    const request = parseLaneRequest(event);
    const answer = await copyBlocks(request, { ...tools, remaining: () => context.getRemainingTimeInMillis() });
    if ('part' in answer) metrics.addMetric('blocksCopied', MetricUnit.Count, answer.part?.blocks ?? 0);
    logger.info('lane', { do: request.do, lane: request.lane, answer: { ...answer, custody: undefined } });
    return answer;
  });
