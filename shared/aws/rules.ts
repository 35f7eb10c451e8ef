import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import * as z from 'zod';
import type { Known } from '#shared/policy/known';
import { askingIn, listed, mapped } from './answers.ts';
import type { AwsSession, ClientConfig, Custody } from './session.ts';

/** What Unlatch reads of EventBridge's rules. */
export const rulesOf = (config: ClientConfig) => {
  const events = new EventBridgeClient(config);
  return {
    rules: (NamePrefix: string, NextToken?: string) => events.send(new ListRulesCommand({ NamePrefix, NextToken })),
  };
};
export type Rules = ReturnType<typeof rulesOf>;

const Page = z.object({
  Rules: z.array(z.object({ Name: z.string(), State: z.string() })).default([]),
  NextToken: z.string().optional(),
});

/** A bus has at most 300 rules unless asked for more. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const PAGES = { most: 20, beyond: 'there are more rules than were read' };

export interface RuleState {
  readonly name: string;
  readonly state: string;
}

/** The rules of the default bus whose names begin so, or why they are not known. */
export const rulesNamed = (
  session: AwsSession,
  custody: Custody,
  prefix: string,
): Promise<Known<readonly RuleState[]>> => {
  const ask = askingIn(session, custody);
  return listed(PAGES, async (token) => {
    const page = await ask('events:ListRules', prefix, Page, async () => (await session.rules()).rules(prefix, token));
    return mapped(page, ({ Rules, NextToken }) => ({
      items: Rules.map(({ Name, State }) => ({ name: Name, state: State })),
      next: NextToken,
    }));
  });
};
