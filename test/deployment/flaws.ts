import { parseDocument } from 'yaml';
import { z } from 'zod';
import { shortFormTags } from '#local/template/yaml-tags';

/** What is wrong with a template for a stack that people rely on, each in one line. Nothing here is resolved: it is read as it stands. */
const Resource = z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
const Template = z.object({ Resources: z.record(z.string(), Resource) });
type Resources = z.infer<typeof Template>['Resources'];

const resourcesIn = (yaml: string): Resources =>
  Template.parse(parseDocument(yaml, { customTags: shortFormTags, logLevel: 'silent' }).toJS()).Resources;

const ofType = (resources: Resources, type: string) =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);
const text = (value: unknown): string => JSON.stringify(value ?? null);

/** A queue of events that were given up wakes nobody by itself. */
const queuesWithoutAlarm = (resources: Resources): string[] => {
  const alarms = ofType(resources, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => text(Properties));
  return ofType(resources, 'AWS::SQS::Queue')
    .filter(
      ([id]) => !alarms.some((alarm) => alarm.includes(`"${id}","QueueName"`) || alarm.includes(`${id}.QueueName`)),
    )
    .map(([id]) => `the queue ${id} has no alarm`);
};

const functionsWithoutQueue = (resources: Resources): string[] =>
  ofType(resources, 'AWS::Serverless::Function')
    .filter(([, { Properties }]) => 'Events' in Properties && !('DeadLetterQueue' in Properties))
    .map(([id]) => `the function ${id} is started by events and has no dead-letter queue`);

/** Calls that only read reach no rule in plain ENABLED state, and KMS's are among them. */
const READING = /AccessDenied/;
const rulesThatSeeNoReads = (resources: Resources): string[] => {
  const rules = [
    ...ofType(resources, 'AWS::Events::Rule').map(([id, { Properties }]) => ({ id, properties: Properties })),
    ...ofType(resources, 'AWS::Serverless::Function').flatMap(([id, { Properties }]) =>
      Object.entries(
        z
          .record(z.string(), z.object({ Properties: z.record(z.string(), z.unknown()).default({}) }))
          .parse(Properties.Events ?? {}),
      ).map(([event, { Properties: properties }]) => ({ id: `${id}${event}`, properties })),
    ),
  ];
  return rules
    .filter(({ properties }) => {
      const pattern = text(properties.Pattern ?? properties.EventPattern);
      return pattern.includes('kms.amazonaws.com') && READING.test(pattern);
    })
    .filter(({ properties }) => properties.State !== 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS')
    .map(({ id }) => `the rule ${id} does not see calls that only read`);
};

const functionsWithoutLog = (resources: Resources): string[] => {
  const logs = ofType(resources, 'AWS::Logs::LogGroup').map(([, { Properties }]) => text(Properties.LogGroupName));
  return ofType(resources, 'AWS::Serverless::Function')
    .filter(([id]) => !logs.some((log) => log.includes(`\${${id}}`)))
    .map(([id]) => `the log of ${id} is kept for ever`);
};

const alarmsThatTellNobody = (resources: Resources): string[] =>
  ofType(resources, 'AWS::CloudWatch::Alarm')
    .filter(([, { Properties }]) => !text(Properties.AlarmActions).includes('Alarms'))
    .map(([id]) => `the alarm ${id} tells nobody`);

export const flawsOf = (yaml: string): readonly string[] => {
  const resources = resourcesIn(yaml);
  return [
    queuesWithoutAlarm,
    functionsWithoutQueue,
    rulesThatSeeNoReads,
    functionsWithoutLog,
    alarmsThatTellNobody,
  ].flatMap((check) => check(resources));
};
