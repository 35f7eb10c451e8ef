import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import middy from '@middy/core';
import { starterOf } from '#shared/aws/opener';
import { type Attendant, attend } from '#shared/finding/attend';
import { findingsOf } from '#shared/ledger/findings';
import { settingsFrom } from '#shared/settings';
import { MalformedEventError } from '#shared/signal/envelope';

const settings = settingsFrom(process.env);
const logger = new Logger({ serviceName: 'finding' });
const metrics = new Metrics({ namespace: 'Unlatch', serviceName: 'finding', logger });

const looking = async () => (await import('#shared/finding/looking')).lookingOf(settings);

const attendant: Attendant = {
  watch: { severity: settings.FINDING_SEVERITY, types: settings.FINDING_TYPES },
  extent: settings.ON_FINDING,
  findings: findingsOf(new DynamoDBClient({}), settings.LEDGER_TABLE, settings.LEDGER_DAYS),
  readiness: async () => (await looking()).readiness(),
  open: starterOf(new LambdaClient({}), settings.REMEDIATE_FUNCTION),
  note: async (finding, attention) => (await looking()).note(finding, attention),
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
