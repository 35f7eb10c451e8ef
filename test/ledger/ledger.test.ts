import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerTable } from '#local/account/ledger-table';
import { type Ledger, ledgerOf } from '#shared/ledger/ledger';
import { openingOf } from '#shared/ledger/opening';
import { AcquiringCall, Denial, type Signal } from '#shared/signal/signal';
import { call, denial, origin, sample } from './samples.ts';

const outcome = sample('aws.ec2/ebs-create-volume-failed-with-disabled-key');

/** Every order of a few things. */
const ordersOf = <T>(things: readonly T[]): T[][] =>
  things.length === 0
    ? [[]]
    : things.flatMap((first, at) => ordersOf(things.toSpliced(at, 1)).map((rest) => [first, ...rest]));

let table: Awaited<ReturnType<typeof ledgerTable>>;
let client: DynamoDBClient;
let ledger: Ledger;
beforeAll(async () => {
  table = await ledgerTable('ledger');
  client = new DynamoDBClient({ endpoint: table.endpoint });
  ledger = ledgerOf(client, 'ledger', 30);
});
afterAll(async () => {
  client.destroy();
  await table.close();
});

const record = (joinKey: string, signal: Signal) =>
  ledger.record(joinKey, signal, signal.kind === 'call' ? origin : null);

describe('a join', () => {
  it('is empty before anything is reported', async () => {
    expect(await ledger.join('nothing')).toEqual({ call: null, origin: null, denials: [], outcomes: [] });
  });

  it('gathers call, denial and outcome to the same whole and the same opening, in any order', async () => {
    const orders = ordersOf([call, denial, outcome]);
    const joins = await Promise.all(
      orders.map(async (signals, at) => {
        const answers = [];
        for (const signal of signals) answers.push(await record(`order-${at}`, signal));
        expect(answers.at(-1)).toEqual(await ledger.join(`order-${at}`));
        return answers.at(-1);
      }),
    );
    const [join] = joins;
    expect(orders).toHaveLength(6);
    expect(joins).toEqual(orders.map(() => join));
    expect(join).toMatchObject({ call: { name: 'CreateVolume' }, origin, outcomes: [{ event: 'createVolume' }] });
    expect(join?.denials).toHaveLength(2);
    expect(join?.denials).toEqual(expect.arrayContaining([denial.denial, outcome.denial]));
    const openings = joins.map((each) => (each === undefined ? null : openingOf('k', each)));
    expect(openings[0]).toMatchObject({ joinKey: 'k', origin });
    expect(openings).toEqual(orders.map(() => openings[0]));
  });

  it('is told to whoever reports, as far as it is known', async () => {
    expect((await record('told', denial)).call).toBeNull();
    expect(await record('told', call)).toMatchObject({
      call: { name: 'CreateVolume' },
      denials: [{ layer: 'key-policy' }],
    });
  });

  it('holds copies of one report once, side by side or in turn', async () => {
    await Promise.all(Array.from({ length: 10 }, () => record('copies', denial)));
    await Promise.all(Array.from({ length: 10 }, () => record('copies', outcome)));
    const join = await ledger.join('copies');
    expect(join.denials).toHaveLength(2);
    expect(join.outcomes).toHaveLength(1);
  });

  it('keeps refusals apart that differ in what was refused', async () => {
    await record('refusals', denial);
    await record('refusals', sample('aws.kms/re-encrypt-from-not-allowed'));
    await record('refusals', sample('aws.kms/create-grant-not-allowed-by-boundary'));
    expect((await ledger.join('refusals')).denials.map(({ action, layer }) => `${action} ${layer}`).sort()).toEqual([
      'kms:CreateGrant key-policy',
      'kms:CreateGrant permissions-boundary',
      'kms:ReEncryptFrom key-policy',
    ]);
  });

  it('has nothing of another', async () => {
    await record('one', denial);
    expect((await ledger.join('another')).denials).toEqual([]);
  });

  it('keeps its origin when an outcome without one comes after', async () => {
    await record('origin', call);
    expect((await record('origin', outcome)).origin).toEqual(origin);
  });

  it('takes the origin that an outcome brings', async () => {
    const ended = sample('aws.ec2/instance-terminated');
    expect((await ledger.record('launch', ended, origin)).origin).toEqual(origin);
  });
});

const SESSION = 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/acquire-';
const callAt = (session: string, time: string | null, requestId = 'r') =>
  AcquiringCall.parse({
    name: 'CopySnapshot',
    principal: SESSION + session,
    requestId,
    accountId: '111122223333',
    region: 'eu-west-3',
    time,
    source: { snapshotId: null, volumeId: null, instanceId: null, region: 'eu-west-3' },
    makes: {
      snapshots: [{ snapshotId: 'snap-0123456789abcdef0', volumeId: null }],
      volumeId: 'vol-0fedcba9876543210',
      instanceIds: ['i-0fedcba9876543210'],
    },
    requestedKey: null,
    error: null,
  });

describe('lineage', () => {
  it('is unknown of what no call was seen to make', async () => {
    expect(await ledger.lineage('snapshot#snap-0aaaaaaaaaaaaaaaa')).toBeNull();
  });

  it('is known of each thing that a call made, and is the same when the call comes again', async () => {
    for (let times = 0; times < 2; times += 1) {
      await ledger.recordLineage(callAt('lineage', '2026-05-04T10:00:00.000Z'), origin);
      expect(await ledger.lineage('snapshot#snap-0123456789abcdef0')).toEqual(origin);
      expect(await ledger.lineage('volume#vol-0fedcba9876543210')).toEqual(origin);
      expect(await ledger.lineage('instance#i-0fedcba9876543210')).toEqual(origin);
      expect(await ledger.callsOf(`${SESSION}lineage`, { from: '2026', until: '2027' })).toHaveLength(1);
    }
  });
});

describe('the calls of a session', () => {
  const FROM = '2026-05-04T10:00:00.000Z';
  const UNTIL = '2026-05-04T11:00:00.000Z';
  const timesOf = async (session: string) =>
    (await ledger.callsOf(SESSION + session, { from: FROM, until: UNTIL })).map(
      ({ call: { time, requestId } }) => `${time} ${requestId}`,
    );

  it('are those within the span, both ends included, newest first', async () => {
    const times = [
      '2026-05-04T09:59:59.999Z',
      '2026-05-04T10:30:00.000Z',
      UNTIL,
      '2026-05-04T11:00:00.001Z',
      FROM,
      null,
    ];
    for (const time of times) await ledger.recordLineage(callAt('span', time), origin);
    expect(await timesOf('span')).toEqual([`${UNTIL} r`, '2026-05-04T10:30:00.000Z r', `${FROM} r`]);
  });

  it('come with their origin', async () => {
    const made = callAt('origin', FROM);
    await ledger.recordLineage(made, origin);
    expect(await ledger.callsOf(`${SESSION}origin`, { from: FROM, until: UNTIL })).toEqual([{ call: made, origin }]);
  });

  it('of one instant are all there', async () => {
    for (const id of ['a', 'b']) await ledger.recordLineage(callAt('instant', FROM, id), origin);
    expect(await timesOf('instant')).toEqual([`${FROM} b`, `${FROM} a`]);
  });

  it("are not another session's", async () => {
    await ledger.recordLineage(callAt('mine', FROM), origin);
    expect(await timesOf('yours')).toEqual([]);
  });

  it('are at most the latest 50', async () => {
    const minutes = Array.from({ length: 55 }, (_, at) => `2026-05-04T10:${String(at).padStart(2, '0')}:00.000Z`);
    await Promise.all(minutes.map((time) => ledger.recordLineage(callAt('many', time), origin)));
    const times = await timesOf('many');
    expect(times).toHaveLength(50);
    expect(times.at(0)).toBe('2026-05-04T10:54:00.000Z r');
    expect(times.at(-1)).toBe('2026-05-04T10:05:00.000Z r');
  });
});

describe('the loose denials of a session', () => {
  const span = { from: '2026-05-04T10:00:00.000Z', until: '2026-05-04T11:00:00.000Z' };
  const looseOf = (session: string, rest: object = {}) =>
    Denial.parse({ ...denial.denial, principal: SESSION + session, time: span.from, requestId: 'r', ...rest });
  const timesOf = async (session: string) =>
    (await ledger.looseDenialsOf(SESSION + session, span)).map(({ time, requestId }) => `${time} ${requestId}`);

  it('are those within the span, both ends included, newest first, each once', async () => {
    const times = [span.until, '2026-05-04T09:59:59.999Z', span.from, '2026-05-04T11:00:00.001Z', null, span.from];
    for (const time of times) await ledger.recordLoose(looseOf('loose', { time }));
    expect(await timesOf('loose')).toEqual([`${span.until} r`, `${span.from} r`]);
  });

  it('of one instant are all there, as they were reported', async () => {
    const denials = [looseOf('both'), looseOf('both', { requestId: 's' }), looseOf('both', { action: 'kms:Decrypt' })];
    for (const each of denials) await ledger.recordLoose(each);
    const found = await ledger.looseDenialsOf(`${SESSION}both`, span);
    expect(found).toHaveLength(3);
    expect(found).toEqual(expect.arrayContaining(denials));
  });

  it('do not mix with its calls', async () => {
    await ledger.recordLoose(looseOf('mixed'));
    await ledger.recordLineage(callAt('mixed', span.from), origin);
    expect(await timesOf('mixed')).toHaveLength(1);
    expect(await ledger.callsOf(`${SESSION}mixed`, span)).toHaveLength(1);
  });
});
