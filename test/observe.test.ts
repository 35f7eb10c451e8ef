import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, it, onTestFinished } from 'vitest';
import { ledgerTable } from '#local/account/ledger-table';
import type { SignalRequest } from '#shared/case/case';
import { importsOf } from '#shared/ledger/imports';
import { lateName } from '#shared/ledger/join-key';
import { ledgerOf } from '#shared/ledger/ledger';
import { type Observer, observe } from '#shared/observe';
import { InstanceId } from '#shared/signal/identifiers';
import type { Denial } from '#shared/signal/signal';

interface Sample {
  detail: Record<string, unknown>;
}

const A = {
  snapshot: 'snap-0a00000000000000a',
  volume: 'vol-0a00000000000000a',
  instance: InstanceId.parse('i-0a00000000000000a'),
};
const B = {
  snapshot: 'snap-0b00000000000000b',
  volume: 'vol-0b00000000000000b',
  instance: InstanceId.parse('i-0b00000000000000b'),
};
const KEY = 'arn:aws:kms:eu-west-3:111122223333:key/3f0c2a84-5d1e-4c0b-9a67-0e9d2b7c4a11';

const sample = (name: string, replace: Readonly<Record<string, string>> = {}): Sample =>
  JSON.parse(
    Object.entries(replace).reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      readFileSync(`events/${name}.json`, 'utf8'),
    ),
  );

const called = (event: Sample, requestID: string, eventTime = '2026-03-02T03:00:32Z'): Sample => ({
  ...event,
  detail: { ...event.detail, requestID, eventTime },
});

const snapshotOf = (machine: typeof A) =>
  called(
    sample('aws.ec2/create-snapshot', {
      'snap-0c4d7a1e9b2f36580': machine.snapshot,
      'vol-0a9e4c7b2d1f58360': machine.volume,
    }),
    `made-${machine.snapshot}`,
  );
const copyOf = (machine: typeof A, requestId: string, copy: string) =>
  called(
    sample('aws.ec2/copy-snapshot', { 'snap-0c4d7a1e9b2f36580': machine.snapshot, 'snap-0e6f9c3abd4158702': copy }),
    requestId,
  );
const volumeOf = (machine: typeof A, requestId: string) =>
  called(sample('aws.ec2/create-volume', { 'snap-0c4d7a1e9b2f36580': machine.snapshot }), requestId);

const sourceKeyDenial = sample('aws.kms/create-grant-on-source-key-of-a-copy');
const volumeDenial = (requestId: string) => called(sample('aws.kms/create-grant-not-allowed-by-key-policy'), requestId);

/** An observer on a real table; `opened` holds what it would have started. */
const observing = async (changes: Partial<Observer> = {}) => {
  const table = await ledgerTable('ledger');
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: table.endpoint, region: 'eu-west-3', credentials });
  onTestFinished(async () => {
    client.destroy();
    await table.close();
  });
  const opened: SignalRequest[] = [];
  const looks: string[] = [];
  const observer: Observer = {
    watch: { responseRole: '*CadoResponse*', ownRoles: [], keyAliasPrefix: 'alias/CadoResponse-KMS-Alias' },
    witness: { imports: importsOf(client, 'ledger', 30), retire: async () => 'opened' },
    joinWait: 1_000_000_000,
    ledger: ledgerOf(client, 'ledger', 30),
    open: async (request) => {
      opened.push(request);
      return 'opened';
    },
    machineOf: async ({ volumeId }) => {
      looks.push(volumeId ?? '');
      return [A, B].find(({ volume }) => volume === volumeId)?.instance ?? null;
    },
    endOf: async () => null,
    ...changes,
  };
  return {
    opened,
    looks,
    see: async (...events: Sample[]) => {
      for (const event of events) await observe(observer, event);
    },
  };
};

const cases = (opened: readonly SignalRequest[]) =>
  [...new Map(opened.map(({ joinKey, origin }) => [joinKey, origin?.instanceId ?? null]))].sort();

it('a refused volume is never taken for the copy of another machine that the same session made', async () => {
  const { opened, see } = await observing();
  await see(snapshotOf(A), snapshotOf(B), copyOf(A, 'copy-a', 'snap-0c00000000000000c'), volumeDenial('volume-b'));
  expect(cases(opened)).toEqual([['volume-b', null]]);
  await see(volumeOf(B, 'volume-b'));
  expect(cases(opened)).toEqual([['volume-b', B.instance]]);
});

it('copies of two machines by one session are two cases, one for each copy', async () => {
  const { opened, see } = await observing();
  await see(
    snapshotOf(A),
    snapshotOf(B),
    copyOf(A, 'copy-a', 'snap-0c00000000000000c'),
    copyOf(B, 'copy-b', 'snap-0d00000000000000d'),
    sourceKeyDenial,
  );
  expect(cases(opened)).toEqual([
    ['copy-a', A.instance],
    ['copy-b', B.instance],
  ]);
});

it('a refusal that comes before the record of its copy opens the same case when the record comes', async () => {
  const { opened, see } = await observing();
  await see(sourceKeyDenial, snapshotOf(A), copyOf(A, 'copy-a', 'snap-0c00000000000000c'));
  expect(opened.map(({ origin }) => origin?.instanceId ?? null)).toEqual([null, A.instance]);
  expect(opened.at(-1)?.joinKey).toBe('copy-a');
});

it('a copy that asked for another key is not behind a refusal that names its key', async () => {
  const { opened, see } = await observing();
  const ofAnotherKey = sample('aws.kms/create-grant-not-allowed-by-boundary', { [KEY]: KEY.replace('3f0c', '4f0c') });
  const { vpcEndpointId: _id, vpcEndpointAccountId: _account, ...detail } = ofAnotherKey.detail;
  await see(snapshotOf(A), copyOf(A, 'copy-a', 'snap-0c00000000000000c'), { ...ofAnotherKey, detail });
  expect(opened.map(({ origin }) => origin)).toEqual([null]);
});

it('an instance that KMS ended before its record came is looked at when the record comes', async () => {
  const denial: Denial = {
    action: null,
    keyArn: null,
    layer: null,
    explicit: false,
    policyArn: null,
    principal: null,
    roleName: null,
    sessionName: null,
    via: null,
    requestId: null,
    roleArn: null,
    vpcEndpointId: null,
    inCall: null,
    accountId: '111122223333' as Denial['accountId'],
    region: 'eu-west-3' as Denial['region'],
    time: null,
    message: 'Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state',
  };
  const { opened, see } = await observing({ endOf: async () => denial });
  await see(sample('aws.ec2/instance-terminated'));
  expect(opened).toEqual([]);
  await see(sample('aws.ec2/run-instances'));
  expect(opened).toHaveLength(1);
});

it('a record that comes after the case has waited for it opens another, for the first has ended without its machine', async () => {
  const { opened, see } = await observing({ joinWait: 20 });
  await see(snapshotOf(A), volumeDenial('volume-a'), volumeOf(A, 'volume-a'));
  expect(cases(opened)).toEqual(
    [
      [lateName('volume-a'), A.instance],
      ['volume-a', null],
    ].sort(),
  );
});

it('a snapshot is traced to its machine once, and a record that comes again changes nothing', async () => {
  const { looks, see } = await observing();
  await see(snapshotOf(A), snapshotOf(A), snapshotOf(A));
  expect(looks).toEqual([A.volume]);
});
