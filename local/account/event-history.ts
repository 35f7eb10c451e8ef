import type { LookupEventsCommandInput, LookupEventsCommandOutput } from '@aws-sdk/client-cloudtrail';
import type { Call, Ground } from './call.ts';
import { callerPlace, isAt, pageOf } from './ec2-answer.ts';

/** "The last 90 days of management events", AWS CloudTrail API Reference, LookupEvents. */
const keptDays = 90;

/** "CloudTrail typically delivers events within an average of about 5 minutes of an API call". */
const lagSeconds = 300;

/** What CloudTrail has kept, newest first. */
export const eventHistory = (ground: Ground) => ({
  LookupEvents: async (call: Call<LookupEventsCommandInput>): Promise<LookupEventsCommandOutput> => {
    const { LookupAttributes = [], MaxResults = 50, NextToken } = call.input;
    const since = ground.now().getTime() - keptDays * 86_400_000;
    const until = ground.now().getTime() - lagSeconds * 1000;
    const found = ground.state.history
      .filter(
        (event) => isAt(event, callerPlace(call)) && event.time.getTime() >= since && event.time.getTime() <= until,
      )
      .filter(({ resources }) =>
        LookupAttributes.every(({ AttributeKey, AttributeValue = '' }) => {
          if (AttributeKey !== 'ResourceName') throw new Error(`no look-up by ${AttributeKey} in the embedded account`);
          return resources.includes(AttributeValue);
        }),
      )
      .toReversed();
    const { page, nextToken } = pageOf(found, MaxResults, NextToken);
    const Events = page.map(({ detail, time }) => ({
      EventName: String(detail.eventName),
      EventTime: time,
      CloudTrailEvent: JSON.stringify(detail),
    }));
    return { $metadata: { requestId: call.requestId }, Events, NextToken: nextToken };
  },
});
