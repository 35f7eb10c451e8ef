import * as z from 'zod';
import { parse } from '#shared/signal/envelope';
import { AccountId, InstanceId, KeyArn, Region } from '#shared/signal/identifiers';

const RoleArn = z
  .string()
  .max(640)
  .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'expected the ARN of an IAM role');

const Document = z.looseObject({ Statement: z.unknown() }, 'expected a policy: a JSON object with a `Statement`');

/**
 * What a person, or a schedule, asks of readiness. An empty object is the whole configured scope.
 * `responseRoles`, `platformKeyArn`, `sessionPolicies` and `vpcEndpointPolicy` stand in for what the settings say, or what
 * cannot be read.
 */
const AskedFor = z
  .strictObject({
    instanceId: InstanceId.optional(),
    /** Of the instance; the default is Unlatch's own. */
    accountId: AccountId.optional(),
    region: Region.optional(),
    keyArn: KeyArn.optional(),
    accounts: z.array(AccountId).min(1).max(1_000).optional(),
    regions: z.array(Region).min(1).max(50).optional(),
    responseRoles: z.array(RoleArn).max(20).default([]),
    platformKeyArn: KeyArn.optional(),
    sessionPolicies: z.array(Document).max(11).default([]),
    /** Of the VPC endpoint through which the platform calls KMS. */
    vpcEndpointPolicy: Document.optional(),
  })
  .refine(
    ({ instanceId, accountId, region }) => instanceId !== undefined || (accountId ?? region) === undefined,
    'expected `instanceId` beside `accountId` or `region`, or else `accounts` or `regions`',
  )
  .refine(
    ({ instanceId, keyArn, accounts, regions }) =>
      [instanceId, keyArn, accounts ?? regions].filter((part) => part !== undefined).length <= 1,
    'expected one of `instanceId`, `keyArn`, and `accounts` or `regions`',
  );
export type ReadinessRequest = z.infer<typeof AskedFor>;

/** The fields of EventBridge's own schedules are no request. */
const isSchedule = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && 'source' in event && event.source === 'aws.events';

/** Reads what the function was started with. @throws MalformedEventError naming the field and what was expected. */
export const parseReadinessRequest = (event: unknown): ReadinessRequest =>
  parse(AskedFor, isSchedule(event) ? {} : event, '');
