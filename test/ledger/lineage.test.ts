import { describe, expect, it } from 'vitest';
import { Origin } from '#shared/case/case';
import { lineageOf, originOf, sourceOf } from '#shared/ledger/lineage';
import { AcquiringCall } from '#shared/signal/signal';

const VOLUME = 'vol-0123456789abcdef0';
const OTHER = 'vol-0fedcba9876543210';
const SNAPSHOT = 'snap-0123456789abcdef0';
const COPY = 'snap-0fedcba9876543210';
const INSTANCE = 'i-0123456789abcdef0';

const nothing = { snapshotId: null, volumeId: null, instanceId: null };
const callOf = (name: string, source: object, makes: object = {}) =>
  AcquiringCall.parse({
    name,
    principal: 'arn:aws:sts::444455556666:assumed-role/myCadoResponseRole/acquire-web-1',
    requestId: 'r',
    accountId: '444455556666',
    region: 'eu-west-3',
    time: '2026-05-04T10:00:05.000Z',
    source: { ...nothing, region: 'eu-west-3', ...source },
    makes: { snapshots: [], volumeId: null, instanceIds: [], ...makes },
    requestedKey: null,
    error: null,
  });
const originAt = (rest: object) =>
  Origin.parse({ accountId: '444455556666', region: 'eu-west-3', ...nothing, ...rest });

const shot = callOf(
  'CreateSnapshot',
  { volumeId: VOLUME },
  { snapshots: [{ snapshotId: SNAPSHOT, volumeId: VOLUME }] },
);
const shots = callOf(
  'CreateSnapshots',
  { instanceId: INSTANCE },
  {
    snapshots: [
      { snapshotId: SNAPSHOT, volumeId: VOLUME },
      { snapshotId: COPY, volumeId: OTHER },
    ],
  },
);
const copy = callOf(
  'CopySnapshot',
  { snapshotId: SNAPSHOT, region: 'eu-west-1' },
  { snapshots: [{ snapshotId: COPY, volumeId: null }] },
);
const volume = callOf('CreateVolume', { snapshotId: COPY }, { volumeId: OTHER });
const attach = callOf('AttachVolume', { volumeId: OTHER });
const run = callOf('RunInstances', {}, { instanceIds: [INSTANCE] });

describe('sourceOf', () => {
  it.each([
    { call: shot, source: `volume#${VOLUME}` },
    { call: copy, source: `snapshot#${SNAPSHOT}` },
    { call: volume, source: `snapshot#${COPY}` },
    { call: attach, source: `volume#${OTHER}` },
    { call: shots, source: null },
    { call: run, source: null },
  ])('of $call.name is $source', ({ call, source }) => {
    expect(sourceOf(call)).toBe(source);
  });
});

describe('originOf', () => {
  it.each([
    { name: 'a snapshot is of its volume', call: shot, origin: { volumeId: VOLUME } },
    {
      name: 'snapshots of an instance are of the instance',
      call: shots,
      origin: { instanceId: INSTANCE, volumeId: VOLUME },
    },
    {
      name: 'a copy is of a snapshot in its own Region',
      call: copy,
      origin: { snapshotId: SNAPSHOT, region: 'eu-west-1' },
    },
    { name: 'a volume is of its snapshot', call: volume, origin: { snapshotId: COPY } },
    { name: 'an attached volume is no evidence', call: attach, origin: {} },
    { name: 'a launched instance is no evidence', call: run, origin: {} },
  ])('by the call alone, $name', ({ call, origin }) => {
    expect(originOf(call, null)).toEqual(originAt(origin));
  });

  it.each([shot, shots, copy, volume, attach, run])(
    'of $name is what is known of the source, where it is known',
    (call) => {
      const known = originAt({ instanceId: 'i-0aaaaaaaaaaaaaaaa', volumeId: 'vol-0aaaaaaaaaaaaaaaa' });
      expect(originOf(call, known)).toEqual(known);
    },
  );
});

describe('lineageOf', () => {
  const evidence = originAt({ instanceId: INSTANCE, volumeId: VOLUME });

  it('gives each snapshot of an instance its own volume', () => {
    expect(lineageOf(shots, originOf(shots, null))).toEqual([
      { subject: `snapshot#${SNAPSHOT}`, origin: originAt({ instanceId: INSTANCE, volumeId: VOLUME }) },
      { subject: `snapshot#${COPY}`, origin: originAt({ instanceId: INSTANCE, volumeId: OTHER }) },
    ]);
  });

  it.each([
    { call: shot, subject: `snapshot#${SNAPSHOT}` },
    { call: copy, subject: `snapshot#${COPY}` },
    { call: volume, subject: `volume#${OTHER}` },
    { call: run, subject: `instance#${INSTANCE}` },
  ])('of $call.name is $subject, of the evidence', ({ call, subject }) => {
    expect(lineageOf(call, evidence)).toEqual([{ subject, origin: evidence }]);
  });

  it.each([attach, callOf('ModifySnapshotAttribute', { snapshotId: SNAPSHOT })])('of $name is nothing', (call) => {
    expect(lineageOf(call, evidence)).toEqual([]);
  });

  it('of instances that are started is each by itself', () => {
    const started = callOf('StartInstances', {}, { instanceIds: [INSTANCE, 'i-01234567'] });
    expect(lineageOf(started, originAt({}))).toEqual([
      { subject: `instance#${INSTANCE}`, origin: originAt({ instanceId: INSTANCE }) },
      { subject: 'instance#i-01234567', origin: originAt({ instanceId: 'i-01234567' }) },
    ]);
  });

  it("leads from a snapshot of the platform's own volume back to the evidence", () => {
    const again = callOf('CreateSnapshot', { volumeId: OTHER }, { snapshots: [{ snapshotId: COPY, volumeId: OTHER }] });
    expect(lineageOf(again, originOf(again, evidence))).toEqual([{ subject: `snapshot#${COPY}`, origin: evidence }]);
  });

  it('leads from the last volume of a chain to the machine it began with', () => {
    const known = new Map<string, Origin>();
    for (const call of [shots, copy, volume]) {
      const origin = originOf(call, known.get(sourceOf(call) ?? '') ?? null);
      for (const made of lineageOf(call, origin)) known.set(made.subject, made.origin);
    }
    expect(known.get(`volume#${OTHER}`)).toEqual(evidence);
  });
});
