import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import { noticeOf } from '#shared/aws/notice';
import { sessionsOf } from '#shared/aws/session';
import type { Settings } from '#shared/settings';
import type { Attendant } from './attend.ts';
import { machineReadiness } from './machine-readiness.ts';

/**
 * What `finding` asks of AWS, for the few findings that count; loaded only then, for the clients are what a cold start would
 * pay most for.
 */
export const lookingOf = (settings: Settings): Pick<Attendant, 'readiness' | 'note'> => {
  const sessions = sessionsOf(settings, new STSClient({}));
  const notice = noticeOf(new SNSClient({}), new EventBridgeClient({}), settings.TOPIC_ARN);
  return {
    readiness: async () => machineReadiness({ settings, sessions, sleep: (milliseconds) => sleep(milliseconds) }),
    note: async (finding, attention) =>
      notice.findingNoted([], await sessions.at(settings.ACCOUNT_ID, settings.AWS_REGION), finding, attention),
  };
};
