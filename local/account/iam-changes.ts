import type { LookupEventsCommandInput, LookupEventsCommandOutput } from '@aws-sdk/client-cloudtrail';
import type { Call, Ground } from './call.ts';
import { recordCall, seconds } from './cloudtrail.ts';
import { pageOf } from './ec2-answer.ts';

/** IAM is a global service: all that is done to it is recorded in one Region. */
const IAM_REGION = 'us-east-1';

/** "CloudTrail typically delivers … within an average of about 5 minutes"; event history shows it no sooner. */
const HISTORY_LAG_SECONDS = 300;

/** Records a call that changed something, on the bus and in the event history of the account. */
export const keepIamChange = (
  ground: Ground,
  call: Call,
  eventName: string,
  names: readonly string[],
  requestParameters: Readonly<Record<string, unknown>>,
): void => {
  const { session, requestId } = call;
  recordCall(ground, {
    eventSource: 'iam.amazonaws.com',
    eventName,
    identity: { session },
    region: IAM_REGION,
    requestId,
    invokedBy: null,
    requestParameters,
    responseElements: null,
    shared: false,
    internalEndpoint: false,
  });
  const record = {
    eventTime: seconds(ground.now()),
    eventSource: 'iam.amazonaws.com',
    eventName,
    awsRegion: IAM_REGION,
    requestID: requestId,
    userIdentity: { type: 'AssumedRole', arn: session.arn },
    requestParameters,
  };
  ground.state.iam.changes.push({
    at: ground.now(),
    accountId: session.role.accountId,
    names,
    eventId: ground.uuid(),
    eventName,
    caller: session.arn,
    record: JSON.stringify(record),
  });
};

/** CloudTrail's event history, of what is done to IAM: newest first, and minutes late. */
export const eventHistory = (ground: Ground) => ({
  LookupEvents: async (call: Call<LookupEventsCommandInput>): Promise<LookupEventsCommandOutput> => {
    const { LookupAttributes = [], StartTime, EndTime, MaxResults = 50, NextToken } = call.input;
    const name = LookupAttributes.find(({ AttributeKey }) => AttributeKey === 'ResourceName')?.AttributeValue;
    const from = StartTime?.getTime() ?? 0;
    const until = Math.min(
      EndTime?.getTime() ?? Number.POSITIVE_INFINITY,
      ground.now().getTime() - HISTORY_LAG_SECONDS * 1000,
    );
    const found = ground.state.iam.changes
      .filter(({ at, accountId, names }) => {
        const isIn = accountId === call.session.role.accountId && call.region === IAM_REGION;
        return isIn && at.getTime() >= from && at.getTime() <= until && (name === undefined || names.includes(name));
      })
      .toReversed();
    const { page, nextToken } = pageOf(found, MaxResults, NextToken);
    return {
      $metadata: { requestId: call.requestId },
      Events: page.map(({ at, eventId, eventName, caller, record }) => ({
        EventId: eventId,
        EventName: eventName,
        EventTime: at,
        EventSource: 'iam.amazonaws.com',
        Username: caller.split('/').at(-1),
        CloudTrailEvent: record,
      })),
      NextToken: nextToken,
    };
  },
});
