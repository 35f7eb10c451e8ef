import * as z from 'zod';
import type { KeyArn } from '#shared/signal/identifiers';
import { rolePartsOf } from '#shared/signal/role-pattern';
import { type AwsSession, type Custody, recorded } from './session.ts';

const Page = z.object({
  Events: z.array(z.object({ EventName: z.string().optional(), CloudTrailEvent: z.string().optional() })).default([]),
  NextToken: z.string().optional(),
});

const Creation = z.object({ eventName: z.literal('CreateKey'), userIdentity: z.object({ arn: z.string() }) });

/** The creation is the oldest event of a key; the pages before it are bounded. */
const MOST_PAGES = 20;

const creationIn = (text: string | undefined): z.output<typeof Creation> | null => {
  try {
    return Creation.safeParse(JSON.parse(text ?? '')).data ?? null;
  } catch {
    return null;
  }
};

/**
 * The role that made a key, by name; `null` where CloudTrail does not tell: it looks back 90 days.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
export const creatorOf = async (session: AwsSession, custody: Custody, keyArn: KeyArn): Promise<string | null> => {
  const cloudTrail = await session.cloudTrail();
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { Events, NextToken } = Page.parse(
      await recorded(custody, session, 'cloudtrail:LookupEvents', keyArn, () => cloudTrail.eventsOf(keyArn, token)),
    );
    for (const { CloudTrailEvent } of Events) {
      const creation = creationIn(CloudTrailEvent);
      if (creation !== null) return rolePartsOf(creation.userIdentity.arn).roleName;
    }
    token = NextToken;
    if (token === undefined) return null;
  }
  return null;
};
