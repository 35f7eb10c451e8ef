import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ledgerTable } from '#local/account/ledger-table';
import { type Claims, claimsOf } from '#shared/ledger/claims';
import { Denial } from '#shared/signal/signal';

const denial = Denial.parse({
  action: 'kms:CreateGrant',
  keyArn: null,
  layer: 'key-policy',
  explicit: false,
  policyArn: null,
  principal: 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/acquire-web-1',
  roleName: 'myCadoResponseRole',
  sessionName: 'acquire-web-1',
  via: null,
  requestId: null,
  roleArn: null,
  vpcEndpointId: null,
  inCall: null,
  accountId: '111122223333',
  region: 'eu-west-3',
  time: null,
  message: 'refused',
});

const START = Date.parse('2026-05-04T10:00:00.000Z');
const HOLD = 3_600;
const DAYS = 30;

let table: Awaited<ReturnType<typeof ledgerTable>>;
let client: DynamoDBClient;
let claims: Claims;
beforeAll(async () => {
  table = await ledgerTable('ledger');
  client = new DynamoDBClient({ endpoint: table.endpoint });
  claims = claimsOf(client, 'ledger', DAYS);
});
afterAll(async () => {
  client.destroy();
  await table.close();
});
// Only the date is set by hand: the sockets between client and table need real timers.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

const passed = (seconds: number) => vi.setSystemTime(START + seconds * 1_000);
const claim = (target: string, by: string, byHand = false) =>
  claims.claim({ target, caseId: `case-${by}`, execution: `execution-${by}`, holdSeconds: HOLD, byHand });
const close = (target: string, by: string, coolDown = 600) => claims.close(target, `execution-${by}`, coolDown);

const won = (by: string) => ({ claimed: true, caseId: `case-${by}` });
const held = (by: string, state: 'open' | 'closed') => ({ claimed: false, caseId: `case-${by}`, state });

const recordOf = async (caseId: string) => {
  const Key = { pk: `case#${caseId}`, sk: 'record' };
  return (await DynamoDBDocumentClient.from(client).send(new GetCommand({ TableName: 'ledger', Key }))).Item;
};

describe('a claim', () => {
  it('is won by one of twenty at once, and the others are told by whom', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => claim('storm', String(at))));
    const winners = answers.filter(({ claimed }) => claimed);
    expect(winners).toHaveLength(1);
    const caseId = winners[0]?.caseId;
    const others = answers.filter(({ claimed }) => !claimed);
    expect(others).toEqual(Array.from({ length: 19 }, () => ({ claimed: false, caseId, state: 'open' })));
  });

  it('is won again by the execution that holds it', async () => {
    expect(await claim('again', 'a')).toEqual(won('a'));
    expect(await claim('again', 'a')).toEqual(won('a'));
    expect(await claim('again', 'b')).toEqual(held('a', 'open'));
  });

  it('of one target leaves the others free', async () => {
    await claim('one', 'a');
    expect(await claim('another', 'b')).toEqual(won('b'));
  });

  it('is taken over once it is past its time, and not before', async () => {
    await claim('abandoned', 'a');
    passed(HOLD);
    expect(await claim('abandoned', 'b')).toEqual(held('a', 'open'));
    passed(HOLD + 1);
    expect(await claim('abandoned', 'b')).toEqual(won('b'));
    expect(await claim('abandoned', 'a')).toEqual(held('b', 'open'));
  });

  it('that is won again holds anew', async () => {
    await claim('renewed', 'a');
    passed(HOLD - 10);
    await claim('renewed', 'a');
    passed(HOLD + 10);
    expect(await claim('renewed', 'b')).toEqual(held('a', 'open'));
  });
});

describe('a claim that is held longer', () => {
  const hold = (target: string, by: string, seconds: number) => claims.hold(target, `execution-${by}`, seconds);

  it('is not taken over before that time', async () => {
    await claim('longer', 'a');
    await hold('longer', 'a', 10 * HOLD);
    passed(10 * HOLD);
    expect(await claim('longer', 'b')).toEqual(held('a', 'open'));
    passed(10 * HOLD + 1);
    expect(await claim('longer', 'b')).toEqual(won('b'));
  });

  it('is held by its holder alone', async () => {
    await claim('held', 'a');
    await hold('held', 'b', 10 * HOLD);
    passed(HOLD + 1);
    expect(await claim('held', 'c')).toEqual(won('c'));
  });

  it('cannot be held again once it was let go', async () => {
    await claim('gone', 'a');
    await close('gone', 'a', 600);
    await hold('gone', 'a', 10 * HOLD);
    passed(601);
    expect(await claim('gone', 'b')).toEqual(won('b'));
  });
});

describe('a target that was let go', () => {
  it('absorbs refusals for the cool-down, from whoever comes, and is free after it', async () => {
    await claim('closed', 'a');
    await close('closed', 'a', 600);
    for (const seconds of [0, 600]) {
      passed(seconds);
      expect(await claim('closed', 'b')).toEqual(held('a', 'closed'));
      expect(await claim('closed', 'a')).toEqual(held('a', 'closed'));
    }
    passed(601);
    expect(await claim('closed', 'b')).toEqual(won('b'));
  });

  it('may be taken by hand at once, but not while its case is open', async () => {
    await claim('by-hand', 'a');
    expect(await claim('by-hand', 'b', true)).toEqual(held('a', 'open'));
    await close('by-hand', 'a');
    expect(await claim('by-hand', 'b', true)).toEqual(won('b'));
    expect(await claim('by-hand', 'c', true)).toEqual(held('b', 'open'));
  });

  it('is let go by its holder alone', async () => {
    await claim('mine', 'a');
    await close('mine', 'b', 0);
    passed(60);
    expect(await claim('mine', 'b')).toEqual(held('a', 'open'));
  });

  it('stays with the execution that has taken it over', async () => {
    await claim('taken', 'a');
    passed(HOLD + 1);
    await claim('taken', 'b');
    await close('taken', 'a', 0);
    passed(HOLD + 60);
    expect(await claim('taken', 'c')).toEqual(held('b', 'open'));
  });

  it('may be one that nobody has', async () => {
    await expect(close('nobody', 'a')).resolves.toBeUndefined();
    expect(await claim('nobody', 'b')).toEqual(won('b'));
  });
});

describe('the record of a case', () => {
  const expires = START / 1_000 + DAYS * 86_400;

  it('holds a refusal once, however often it is added', async () => {
    await Promise.all(Array.from({ length: 5 }, () => claims.addDenial('case-1', denial)));
    await claims.addDenial('case-1', { ...denial, action: 'kms:Decrypt' });
    const { pk, sk, expires: until } = (await recordOf('case-1')) ?? {};
    expect([pk, sk, until]).toEqual(['case#case-1', 'record', expires]);
    const denials = await claims.denialsOf('case-1');
    expect(denials).toHaveLength(2);
    expect(denials).toEqual(expect.arrayContaining([denial, { ...denial, action: 'kms:Decrypt' }]));
  });

  it('keeps what the case came to beside its refusals', async () => {
    await claims.addDenial('case-2', denial);
    await claims.record('case-2', { verdict: 'preserved', state: 'closed', size: { bytes: 7 } });
    const item = (await recordOf('case-2')) ?? {};
    expect(item).toMatchObject({ verdict: 'preserved', state: 'closed', size: { bytes: 7 }, expires });
    expect(await claims.denialsOf('case-2')).toEqual([denial]);
  });

  it('has no refusals before any was added', async () => {
    expect(await claims.denialsOf('case-3')).toEqual([]);
  });
});
