import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { ImportSubject, Maker } from '#shared/signal/success';

const Subject = z.object({
  /** Keys of which the import is one. */
  keys: z.array(z.string()).default([]),
  succeeded: z.boolean().default(false),
});

const TemporaryKey = z.object({
  maker: z.object({ accountId: z.string(), roleName: z.string() }).nullable().default(null),
  succeeded: z.boolean().default(false),
});
export type TemporaryKey = z.infer<typeof TemporaryKey>;

/**
 * What has been reported of imports: things that were asked for and came about, and the keys behind them. Each report is
 * one write that answers with all that is known under the same name, so that the order in which they come does not matter.
 * @param days how long an item is kept
 */
export const importsOf = (client: DynamoDBClient, table: string, days: number) => {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const keyOf = (name: string) => ({ pk: `import#${name}`, sk: 'import' });

  const report = async (name: string, attributes: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const named = Object.entries({ ...attributes, expires: Math.floor(Date.now() / 1000) + days * 86_400 });
    const { Attributes } = await documents.send(
      new UpdateCommand({
        TableName: table,
        Key: keyOf(name),
        UpdateExpression: `SET ${named.map((_, at) => `#a${at} = :v${at}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(named.map(([attribute], at) => [`#a${at}`, attribute])),
        ExpressionAttributeValues: Object.fromEntries(named.map(([, value], at) => [`:v${at}`, value])),
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Attributes ?? {};
  };

  const found = async (name: string): Promise<unknown> => {
    const { Item = {} } = await documents.send(
      new GetCommand({ TableName: table, Key: keyOf(name), ConsistentRead: true }),
    );
    return Item;
  };

  return {
    asked: async (subject: ImportSubject, keys: readonly string[]) => Subject.parse(await report(subject, { keys })),
    succeeded: async (subject: ImportSubject) => Subject.parse(await report(subject, { succeeded: true })),
    keysOf: async (subject: ImportSubject) => Subject.parse(await found(subject)).keys,
    keyMade: async (key: string, maker: Maker) => TemporaryKey.parse(await report(`key#${key}`, { maker })),
    keySucceeded: async (key: string) => TemporaryKey.parse(await report(`key#${key}`, { succeeded: true })),
    key: async (key: string) => TemporaryKey.parse(await found(`key#${key}`)),
  };
};

export type Imports = ReturnType<typeof importsOf>;
