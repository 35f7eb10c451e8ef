import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

/** What is known of a role's one-time permission. It does not expire: what was taken must be there to be put back. */
const PermissionRecord = z.object({
  /** When an import under a temporary key was first seen to succeed. */
  succeededAt: z.string().nullable().default(null),
  state: z.enum(['retired', 'restored']).nullable().default(null),
  /** The cases that retired it since it was last put back, the oldest first: their evidence holds the documents as they were. */
  caseIds: z.array(z.string()).default([]),
  /** Fingerprint of edits that were made and put back again: no import makes the same ones once more. */
  undone: z.string().nullable().default(null),
  at: z.string().nullable().default(null),
  /** Fingerprint of what people were last told, so that each import does not tell it again. */
  told: z.string().nullable().default(null),
});
export type PermissionRecord = z.infer<typeof PermissionRecord>;

export const permissionRecordsOf = (client: DynamoDBClient, table: string) => {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const keyOf = (accountId: string, roleName: string) => ({ pk: `permission#${accountId}/${roleName}`, sk: 'record' });

  return {
    async read(accountId: string, roleName: string): Promise<PermissionRecord> {
      const { Item } = await documents.send(
        new GetCommand({ TableName: table, Key: keyOf(accountId, roleName), ConsistentRead: true }),
      );
      return PermissionRecord.parse(Item ?? {});
    },

    /** Keeps what has changed; the rest stays. `null` is kept as nothing known. */
    async keep(accountId: string, roleName: string, change: Partial<PermissionRecord>): Promise<void> {
      const named = Object.entries(change);
      if (named.length === 0) return;
      await documents.send(
        new UpdateCommand({
          TableName: table,
          Key: keyOf(accountId, roleName),
          UpdateExpression: `SET ${named.map((_, at) => `#a${at} = :v${at}`).join(', ')}`,
          ExpressionAttributeNames: Object.fromEntries(named.map(([name], at) => [`#a${at}`, name])),
          ExpressionAttributeValues: Object.fromEntries(named.map(([, value], at) => [`:v${at}`, value])),
        }),
      );
    },
  };
};

export type PermissionRecords = ReturnType<typeof permissionRecordsOf>;
