import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  LookupEventsCommand,
} from '@aws-sdk/client-cloudtrail';
import * as z from 'zod';
import type { Known } from '#shared/policy/known';
import { type Answered, askingIn, eachOf, followed, mapped } from './answers.ts';
import type { AwsSession, ClientConfig, Custody } from './session.ts';

/** What Unlatch reads of CloudTrail. */
export const cloudTrailOf = (config: ClientConfig) => {
  const cloudTrail = new CloudTrailClient(config);
  return {
    trails: () => cloudTrail.send(new DescribeTrailsCommand({})),
    status: (Name: string) => cloudTrail.send(new GetTrailStatusCommand({ Name })),
    /** The management events of the last 90 days about a resource, newest first. */
    eventsOf: (AttributeValue: string, NextToken?: string) =>
      cloudTrail.send(
        new LookupEventsCommand({
          LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue }],
          MaxResults: 50,
          NextToken,
        }),
      ),
    selectors: (TrailName: string) => cloudTrail.send(new GetEventSelectorsCommand({ TrailName })),
  };
};
export type CloudTrail = ReturnType<typeof cloudTrailOf>;

const Trails = z.object({ trailList: z.array(z.object({ TrailARN: z.string() })).default([]) });
const Status = z.object({ IsLogging: z.boolean().default(false) });

const Basic = z.object({
  ReadWriteType: z.enum(['All', 'ReadOnly', 'WriteOnly']).default('All'),
  IncludeManagementEvents: z.boolean().default(true),
  ExcludeManagementEventSources: z.array(z.string()).default([]),
});
const FieldSelector = z.object({
  Field: z.string(),
  Equals: z.array(z.string()).optional(),
  NotEquals: z.array(z.string()).optional(),
});
const Advanced = z.object({ FieldSelectors: z.array(FieldSelector).default([]) });
const Selectors = z.object({
  EventSelectors: z.array(Basic).default([]),
  AdvancedEventSelectors: z.array(Advanced).default([]),
});

/** What a trail takes in of what KMS does. */
export interface TrailReach {
  readonly trailArn: string;
  readonly isLogging: boolean;
  readonly kmsWrites: boolean;
  readonly kmsReads: boolean;
}

const KMS = 'kms.amazonaws.com';
type Reach = Pick<TrailReach, 'kmsWrites' | 'kmsReads'>;

const ofBasic = ({
  ReadWriteType,
  IncludeManagementEvents,
  ExcludeManagementEventSources,
}: z.output<typeof Basic>): Reach => {
  const kms = IncludeManagementEvents && !ExcludeManagementEventSources.includes(KMS);
  return { kmsWrites: kms && ReadWriteType !== 'ReadOnly', kmsReads: kms && ReadWriteType !== 'WriteOnly' };
};

/** Whether a field's selector lets a value in; a field that none selects lets everything in. */
const admits = ({ FieldSelectors }: z.output<typeof Advanced>, field: string, value: string): boolean =>
  FieldSelectors.filter(({ Field }) => Field === field).every(
    ({ Equals, NotEquals }) => (Equals?.includes(value) ?? true) && !(NotEquals?.includes(value) ?? false),
  );

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html */
const ofAdvanced = (selector: z.output<typeof Advanced>): Reach => {
  const kms = admits(selector, 'eventCategory', 'Management') && admits(selector, 'eventSource', KMS);
  return {
    kmsWrites: kms && admits(selector, 'readOnly', 'false'),
    kmsReads: kms && admits(selector, 'readOnly', 'true'),
  };
};

const reachOf = (trailArn: string, isLogging: boolean, selectors: z.output<typeof Selectors>): TrailReach => {
  const reaches = [...selectors.EventSelectors.map(ofBasic), ...selectors.AdvancedEventSelectors.map(ofAdvanced)];
  return {
    trailArn,
    isLogging,
    kmsWrites: reaches.some(({ kmsWrites }) => kmsWrites),
    kmsReads: reaches.some(({ kmsReads }) => kmsReads),
  };
};

/** The trails that reach into an account and Region, and what each takes in of KMS; or why that is not known. */
export const trailsIn = async (session: AwsSession, custody: Custody): Promise<Known<readonly TrailReach[]>> => {
  const ask = askingIn(session, custody);
  const found: Answered<z.output<typeof Trails>> = await ask(
    'cloudtrail:DescribeTrails',
    session.accountId,
    Trails,
    async () => (await session.cloudTrail()).trails(),
  );
  const reachOfTrail = async (trailArn: string): Promise<Known<TrailReach>> => {
    const [status, selectors] = await Promise.all([
      ask('cloudtrail:GetTrailStatus', trailArn, Status, async () => (await session.cloudTrail()).status(trailArn)),
      ask('cloudtrail:GetEventSelectors', trailArn, Selectors, async () =>
        (await session.cloudTrail()).selectors(trailArn),
      ),
    ]);
    return followed(status, async ({ IsLogging }) => mapped(selectors, (read) => reachOf(trailArn, IsLogging, read)));
  };
  return followed(found, ({ trailList }) => eachOf(trailList, ({ TrailARN }) => reachOfTrail(TrailARN)));
};
