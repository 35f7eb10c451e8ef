import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeAll, expect, it } from 'vitest';
import { claimsOf } from '#shared/ledger/claims';
import { ledgerOf } from '#shared/ledger/ledger';
import { madeOf } from '#shared/ledger/made';
import { call, denial, origin } from '../ledger/samples.ts';
import { withMoto } from './account.ts';

const TABLE = 'unlatch-ledger';
withMoto('the ledger', () => {
  const client = new DynamoDBClient({});
  const ledger = ledgerOf(client, TABLE, 30);
  const claims = claimsOf(client, TABLE, 30);
  beforeAll(async () => {
    await client.send(
      new CreateTableCommand({
        TableName: TABLE,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
  });
  const claim = (target: string, by: string, holdSeconds = 3_600, byHand = false) =>
    claims.claim({ target, caseId: `case-${by}`, execution: `execution-${by}`, holdSeconds, byHand });

  it('a claim is won once, by the same execution again, and by another after its time alone', async () => {
    const answers = [];
    for (let at = 0; at < 20; at += 1) answers.push(await claim('storm', String(at)));
    expect(answers.filter(({ claimed }) => claimed)).toHaveLength(1);
    expect(await claim('storm', '0')).toEqual({ claimed: true, caseId: 'case-0' });
    expect(await claim('dead', 'a', -10)).toMatchObject({ claimed: true });
    expect(await claims.abandoned()).toMatchObject([{ target: 'dead', caseId: 'case-a' }]);
    expect(await claim('dead', 'b')).toEqual({ claimed: true, caseId: 'case-b' });
    expect(await claims.abandoned()).toEqual([]);
  });

  it('a closed claim absorbs what comes by itself, and lets a person in', async () => {
    await claim('closed', 'a');
    await claims.close('closed', 'execution-of-nobody', 600);
    expect(await claim('closed', 'b')).toEqual({ claimed: false, caseId: 'case-a', state: 'open' });
    await claims.close('closed', 'execution-a', 600);
    expect(await claim('closed', 'b')).toEqual({ claimed: false, caseId: 'case-a', state: 'closed' });
    expect(await claim('closed', 'b', 3_600, true)).toEqual({ claimed: true, caseId: 'case-b' });
  });

  it('a claim past its time is let go, one that holds is not', async () => {
    await claim('past', 'a', -10);
    await claims.release('past');
    expect(await claim('past', 'c', 3_600, true)).toMatchObject({ claimed: true });
    await claims.release('past');
    expect(await claim('past', 'd')).toMatchObject({ claimed: false, state: 'open' });
  });

  it('a case keeps its refusals and what it came to, and says whether it is open', async () => {
    if (denial.denial === null) throw new Error('the sample tells of no refusal');
    await claim('told', 'told');
    await claims.record('case-told', { target: 'told' });
    expect(await claims.stateOf('case-told')).toBe('open');
    await claims.addDenial('case-told', denial.denial);
    await claims.addDenial('case-told', denial.denial);
    expect(await claims.denialsOf('case-told')).toEqual([denial.denial]);
    await claims.record('case-told', { closedAt: '2026-03-02T03:00:00.000Z' });
    expect(await claims.stateOf('case-told')).toBe('closed');
    expect(await claims.stateOf('case-nobody')).toBe('unknown');
  });

  it('call and denial join to the same whole in either order', async () => {
    await ledger.record('one', call, origin);
    const one = await ledger.record('one', denial, null);
    await ledger.record('two', denial, null);
    const two = await ledger.record('two', call, origin);
    expect(one).toEqual(two);
    expect(await ledger.join('one')).toEqual(one);
    expect(one).toMatchObject({ call: { name: 'CreateVolume' }, origin, denials: [denial.denial] });
  });

  it('a call is found among those of its session, by its time, and what it made by its name', async () => {
    if (call.kind !== 'call') throw new Error('the sample is no call');
    const { principal, time, makes } = call.call;
    await ledger.recordLineage(call.call, origin);
    const span = { from: '2026-01-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' };
    expect(await ledger.callsOf(principal, span)).toEqual([{ call: call.call, origin }]);
    expect(
      await ledger.callsOf(principal, { from: '2025-01-01T00:00:00.000Z', until: '2025-02-01T00:00:00.000Z' }),
    ).toEqual([]);
    expect(await ledger.lineage(`volume#${makes.volumeId}`)).toMatchObject({ instanceId: origin.instanceId });
    expect(time).not.toBeNull();
  });

  it('what was made is known by its id, and nothing else is', async () => {
    const made = madeOf(client, TABLE, 30);
    const making = { caseId: 'case-1', expires: '2026-06-01T00:00:00.000Z', part: 'copy' } as const;
    const place = { accountId: '444455556666', region: 'eu-west-3' };
    await made.keep('snap-0123456789abcdef0', making, place);
    expect(await made.places()).toEqual([place]);
    expect(await made.of('snap-0123456789abcdef0')).toEqual(making);
    expect(await made.of('snap-0123456789abcdef1')).toBeNull();
    await made.forget('snap-0123456789abcdef0');
    expect(await made.of('snap-0123456789abcdef0')).toBeNull();
    expect(await made.places()).toEqual([]);
  });
});
