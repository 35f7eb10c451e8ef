import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ledgerTable } from '#local/account/ledger-table';
import { type Made, type Making, madeOf, makingIn } from '#shared/ledger/made';

const DAYS = 30;
const id = 'snap-0123456789abcdef0';

let table: Awaited<ReturnType<typeof ledgerTable>>;
let client: DynamoDBClient;
let made: Made;
beforeAll(async () => {
  table = await ledgerTable('ledger');
  client = new DynamoDBClient({ endpoint: table.endpoint, region: 'eu-west-3' });
  made = madeOf(client, 'ledger', DAYS);
});
afterAll(async () => {
  client.destroy();
  await table.close();
});

const place = { accountId: '444455556666', region: 'eu-west-3' };
const tags = {
  'unlatch:case': 'case-1',
  'unlatch:volume': 'vol-0123456789abcdef0',
  'unlatch:expires': '2026-06-01T00:00:00Z',
  'unlatch:part': 'copy',
};

it('what was made is known by its id, with the case, the date and the part that its tags had', async () => {
  await made.keep(id, makingIn(tags), place);
  await made.keep(id, makingIn(tags), place);
  expect(await made.of(id)).toEqual({ caseId: 'case-1', expires: '2026-06-01T00:00:00.000Z', part: 'copy' });
});

it('what was not made is not known', async () => {
  expect(await made.of('snap-0123456789abcdef1')).toBeNull();
});

it('a record outlives the thing, so that its sweep still knows it', async () => {
  const Key = { pk: { S: `made#${id}` }, sk: { S: 'made' } };
  const { Item } = await client.send(new GetItemCommand({ TableName: 'ledger', Key }));
  expect(Number(Item?.expires?.N)).toBe(Date.parse('2026-06-01T00:00:00Z') / 1_000 + DAYS * 86_400);
});

it('where something was made is known until it is forgotten', async () => {
  expect(await made.places()).toEqual([place]);
  await made.forget(id);
  expect(await made.of(id)).toBeNull();
  expect(await made.places()).toEqual([]);
});

interface Case {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly making: Making;
}

const readings: readonly Case[] = [
  { name: 'no tags', tags: {}, making: { caseId: '', expires: null, part: null } },
  {
    name: 'tags that say nothing',
    tags: { 'unlatch:case': 'a', 'unlatch:expires': 'soon', 'unlatch:part': 'all of it' },
    making: { caseId: 'a', expires: null, part: null },
  },
];

it.each(readings)('$name are read as what they are', ({ tags: given, making }) => {
  expect(makingIn(given)).toEqual(making);
});
