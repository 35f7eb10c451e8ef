import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { madeOf, makingIn, type Place } from '#shared/ledger/made';
import { readAs } from '../aws/reading.ts';
import type { Rehearsal } from '../rehearsal.ts';

/** A thing that stands in the account, recorded as a case records what it makes. */
export const recorded = async (
  rehearsal: Rehearsal,
  id: string,
  { tags, accountId, region }: Place & { readonly tags: Readonly<Record<string, string>> },
): Promise<void> => {
  const made = () => madeOf(new DynamoDBClient({}), 'unlatch-Ledger', 30);
  await readAs(rehearsal, () => made().keep(id, makingIn(tags), { accountId, region }));
};
