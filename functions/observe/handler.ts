import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import middy from '@middy/core';
import { openerOf, retirerOf } from '#shared/aws/opener';
import type { Origin } from '#shared/case/case';
import { importsOf } from '#shared/ledger/imports';
import { ledgerOf } from '#shared/ledger/ledger';
import { type Observer, observe } from '#shared/observe';
import { settingsFrom } from '#shared/settings';
import { MalformedEventError } from '#shared/signal/envelope';

const settings = settingsFrom(process.env);
const logger = new Logger({ serviceName: 'observe' });
const metrics = new Metrics({ namespace: 'Unlatch', serviceName: 'observe', logger });

const lookUps = async () => (await import('#shared/aws/look-ups')).lookUpsOf(settings);

const dynamo = new DynamoDBClient({});
const lambda = new LambdaClient({});

const observer: Observer = {
  watch: {
    responseRole: settings.RESPONSE_ROLE,
    ownRoles: settings.OWN_ROLES,
    keyAliasPrefix: settings.KEY_ALIAS_PREFIX,
  },
  joinWait: settings.JOIN_WAIT,
  ledger: ledgerOf(dynamo, settings.LEDGER_TABLE, settings.LEDGER_DAYS),
  open: openerOf(lambda, settings.REMEDIATE_FUNCTION),
  machineOf: async (origin: Origin) => (await lookUps()).machineOf(origin),
  witness: {
    imports: importsOf(dynamo, settings.LEDGER_TABLE, settings.LEDGER_DAYS),
    retire: retirerOf(lambda, settings.RETIRE_FUNCTION),
  },
  endOf: async (instance: Parameters<Observer['endOf']>[0]) => (await lookUps()).endOf(instance),
};

/** EventBridge event → signal → ledger → case. Throws what Lambda shall try again and then keep in the dead-letter queue. */
export const handler = middy()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event) => {
    try {
      const observation = await observe(observer, event);
      metrics.addMetric(observation.observed, MetricUnit.Count, 1);
      logger.info('observed', { observation });
      return observation;
    } catch (error) {
      const malformed = error instanceof MalformedEventError;
      metrics.addMetric(malformed ? 'malformed' : 'failed', MetricUnit.Count, 1);
      logger.error(malformed ? error.message : 'the event could not be dealt with', { error });
      throw error;
    }
  });
