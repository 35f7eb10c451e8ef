import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

const Attended = z.object({
  /** ISO 8601 in UTC: of the latest update that was attended to. */
  updatedAt: z.string(),
  /** By machine, what readiness said of it then. */
  verdicts: z.record(z.string(), z.string()).default({}),
});
export type Attended = z.infer<typeof Attended>;

/**
 * What findings came to, in the one table. GuardDuty repeats a finding every six hours, and the bus of the delegated
 * administrator gets it as well: the same update is attended to once.
 * https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
 */
export const findingsOf = (client: DynamoDBClient, table: string, days: number) => {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const keyOf = (id: string) => ({ pk: `finding#${id}`, sk: 'attended' });

  return {
    /** `null`: nobody has attended to it. */
    async attended(id: string): Promise<Attended | null> {
      const { Item } = await documents.send(new GetCommand({ TableName: table, Key: keyOf(id), ConsistentRead: true }));
      return Item === undefined ? null : Attended.parse(Item);
    },

    /** Kept when all is done, so that what died half-way is done again: every part of it comes to the same when repeated. */
    async keep(id: string, attended: Attended): Promise<void> {
      const expires = Math.floor(Date.now() / 1000) + days * 86_400;
      await documents.send(new PutCommand({ TableName: table, Item: { ...keyOf(id), ...attended, expires } }));
    },
  };
};

export type Findings = ReturnType<typeof findingsOf>;
