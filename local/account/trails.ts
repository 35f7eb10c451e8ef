import {
  type DescribeTrailsCommandInput,
  type GetEventSelectorsCommandInput,
  type GetTrailStatusCommandInput,
  TrailNotFoundException,
} from '@aws-sdk/client-cloudtrail';
import type { Call, Ground } from './call.ts';
import { callerPlace, isAt } from './ec2-answer.ts';
import type { Trail } from './state.ts';

const answered = (call: Call) => ({ httpStatusCode: 200, requestId: call.requestId });

/** CloudTrail's reading of trails, as the embedded account plays it. What trails take in does not bind its events. */
export const trailsService = ({ state }: Ground) => {
  const trailOf = (call: Call, name = ''): Trail => {
    const trail = state.trails.find(({ arn }) => arn === name);
    if (trail !== undefined && isAt(trail, callerPlace(call))) return trail;
    throw new TrailNotFoundException({ message: `Unknown trail: ${name}`, $metadata: answered(call) });
  };

  return {
    DescribeTrails: async (call: Call<DescribeTrailsCommandInput>) => ({
      $metadata: answered(call),
      trailList: state.trails
        .filter((trail) => isAt(trail, callerPlace(call)))
        .map(({ arn }) => ({ TrailARN: arn, Name: arn.split('/').at(-1) })),
    }),

    GetTrailStatus: async (call: Call<GetTrailStatusCommandInput>) => ({
      $metadata: answered(call),
      IsLogging: trailOf(call, call.input.Name).isLogging,
    }),

    GetEventSelectors: async (call: Call<GetEventSelectorsCommandInput>) => {
      const { arn, readWriteType, excluded } = trailOf(call, call.input.TrailName);
      return {
        $metadata: answered(call),
        TrailARN: arn,
        EventSelectors: [
          {
            ReadWriteType: readWriteType,
            IncludeManagementEvents: true,
            ExcludeManagementEventSources: [...excluded],
          },
        ],
      };
    },
  };
};
