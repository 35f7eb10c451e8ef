import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import type { ClientConfig } from './session.ts';

/** CloudTrail's event history: 90 days of what changed, in every account, with or without a trail. */
export const eventHistoryOf = (config: ClientConfig) => {
  const cloudtrail = new CloudTrailClient(config);
  return {
    /** What was done to a resource of this name, newest first. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html */
    changesOf: (name: string, from: Date, NextToken?: string) =>
      cloudtrail.send(
        new LookupEventsCommand({
          LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: name }],
          StartTime: from,
          NextToken,
        }),
      ),
  };
};

export type EventHistory = ReturnType<typeof eventHistoryOf>;
