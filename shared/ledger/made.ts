import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { instant } from '#shared/signal/envelope';
import { isCollision } from './ledger.ts';

/** What Unlatch says of a thing that it makes, in the thing's tags and in the ledger. */
const Making = z.object({
  caseId: z.string(),
  /** ISO 8601 in UTC, until when it is kept; `null`: it bears no date. */
  expires: z.string().nullable(),
  /** `passage`: on its way through an account; `copy`: copied by EBS; `null`: anything else. */
  part: z.enum(['passage', 'copy']).nullable(),
});
export type Making = z.output<typeof Making>;

/** Where a thing stands. */
const Place = z.object({ accountId: z.string(), region: z.string() });
export type Place = z.output<typeof Place>;

export const makingIn = (tags: Readonly<Record<string, string>>): Making => ({
  caseId: tags['unlatch:case'] ?? '',
  expires: instant(tags['unlatch:expires']),
  part: Making.shape.part.safeParse(tags['unlatch:part']).data ?? null,
});

/**
 * What Unlatch has made, by id. Whoever may tag a thing can make it look like Unlatch's; nobody but Unlatch writes here. A
 * record outlives the thing's date by the ledger's days.
 */
export const madeOf = (client: DynamoDBClient, table: string, days: number) => {
  const documents = DynamoDBDocumentClient.from(client);
  const keyOf = (id: string) => ({ pk: `made#${id}`, sk: 'made' });

  return {
    async keep(id: string, making: Making, { accountId, region }: Place): Promise<void> {
      const from = making.expires === null ? Date.now() : Date.parse(making.expires);
      const expires = Math.floor(from / 1_000) + days * 86_400;
      await documents.send(
        new PutCommand({ TableName: table, Item: { ...keyOf(id), making, place: { accountId, region }, expires } }),
      );
    },

    /** A thing is gone again, and nobody need look for it. */
    async forget(id: string): Promise<void> {
      try {
        await documents.send(
          new UpdateCommand({
            TableName: table,
            Key: keyOf(id),
            // No function may delete what the ledger holds: an item ends by its time.
            UpdateExpression: 'REMOVE making, #place',
            ExpressionAttributeNames: { '#place': 'place' },
            ConditionExpression: 'attribute_exists(pk)',
          }),
        );
      } catch (error) {
        if (!isCollision(error)) throw error;
      }
    },

    /** Wherever something was made that may be there yet. */
    async places(): Promise<Place[]> {
      const found: Place[] = [];
      for (let ExclusiveStartKey: Readonly<Record<string, unknown>> | undefined; ; ) {
        const page = await documents.send(
          new ScanCommand({
            TableName: table,
            FilterExpression: 'sk = :made AND attribute_exists(#place)',
            ExpressionAttributeNames: { '#place': 'place' },
            ExpressionAttributeValues: { ':made': 'made' },
            ExclusiveStartKey,
          }),
        );
        found.push(...(page.Items ?? []).map(({ place }) => Place.parse(place)));
        ExclusiveStartKey = page.LastEvaluatedKey;
        if (ExclusiveStartKey === undefined) return found;
      }
    },

    /** What a thing was made for; `null`: nothing tells that Unlatch made it. */
    async of(id: string): Promise<Making | null> {
      const { Item } = await documents.send(new GetCommand({ TableName: table, Key: keyOf(id), ConsistentRead: true }));
      return Item?.making === undefined ? null : Making.parse(Item.making);
    },
  };
};

export type Made = ReturnType<typeof madeOf>;
