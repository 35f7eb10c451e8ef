import type { Call, Ground } from './call.ts';
import { recordCall } from './cloudtrail.ts';

/** IAM is a global service: all that is done to it is recorded in one Region. */
const IAM_REGION = 'us-east-1';

/** Records a call that changed something in IAM, under the names of what it was done to. */
export const recordIamChange = (
  ground: Ground,
  { session, requestId }: Call,
  eventName: string,
  names: readonly string[],
  requestParameters: Readonly<Record<string, unknown>>,
): void =>
  recordCall(ground, {
    eventSource: 'iam.amazonaws.com',
    eventName,
    identity: { session },
    region: IAM_REGION,
    requestId,
    invokedBy: null,
    requestParameters,
    responseElements: null,
    names,
    shared: false,
    internalEndpoint: false,
  });
