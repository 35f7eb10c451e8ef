import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import middy from '@middy/core';
import { noticeOf } from '#shared/aws/notice';
import { starterOf } from '#shared/aws/opener';
import { sessionsOf } from '#shared/aws/session';
import { type Attendant, attend } from '#shared/finding/attend';
import { machineReadiness } from '#shared/finding/machine-readiness';
import { findingsOf } from '#shared/ledger/findings';
import { settingsFrom } from '#shared/settings';
import { MalformedEventError } from '#shared/signal/envelope';

const settings = settingsFrom(process.env);
const logger = new Logger({ serviceName: 'finding' });
const metrics = new Metrics({ namespace: 'Unlatch', serviceName: 'finding', logger });

const sessions = sessionsOf(settings, new STSClient({}));
const notice = noticeOf(new SNSClient({}), new EventBridgeClient({}), settings.TOPIC_ARN);

const attendant: Attendant = {
  watch: { severity: settings.FINDING_SEVERITY, types: settings.FINDING_TYPES },
  extent: settings.ON_FINDING,
  findings: findingsOf(new DynamoDBClient({}), settings.LEDGER_TABLE, settings.LEDGER_DAYS),
  readiness: () => machineReadiness({ settings, sessions, sleep: (milliseconds) => sleep(milliseconds) }),
  open: starterOf(new LambdaClient({}), settings.REMEDIATE_FUNCTION),
  note: async (finding, attention) =>
    notice.findingNoted([], await sessions.at(settings.ACCOUNT_ID, settings.AWS_REGION), finding, attention),
};

/** GuardDuty finding → readiness of its machines → a case before anyone tried, or a note. */
export const handler = middy()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event) => {
    try {
      const attending = await attend(attendant, event);
      for (const { did } of attending.attended ? attending.machines : []) metrics.addMetric(did, MetricUnit.Count, 1);
      if (!attending.attended) metrics.addMetric('ignored', MetricUnit.Count, 1);
      logger.info('attended', { attending });
      return attending;
    } catch (error) {
      const malformed = error instanceof MalformedEventError;
      metrics.addMetric(malformed ? 'malformed' : 'failed', MetricUnit.Count, 1);
      logger.error(malformed ? error.message : 'the finding could not be attended to', { error });
      throw error;
    }
  });
