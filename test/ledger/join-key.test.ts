import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '#shared/aws/opener';
import { joinKeyOf, joinKeyOfRequest, lateName, mayBeOfACopy } from '#shared/ledger/join-key';
import { AcquiringCall, Denial, Outcome } from '#shared/signal/signal';

const KEY = 'arn:aws:kms:eu-west-3:111122223333:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';
const REQUEST = '6a7b8c9d-0e1f-4203-8415-263748596a7b';
const COPYING = 'prod.kms-caller.ebs.eu-west-3.amazonaws.com';
const EBS_DIRECT = 'ebs.amazonaws.com';

const where = { accountId: '111122223333', region: 'eu-west-3', time: '2026-05-04T10:00:05.000Z' };
const denialOf = (rest: object = {}) =>
  Denial.parse({
    ...where,
    action: 'kms:CreateGrant',
    keyArn: KEY,
    layer: 'key-policy',
    explicit: false,
    policyArn: null,
    principal: 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/acquire-web-1',
    roleName: 'myCadoResponseRole',
    sessionName: 'acquire-web-1',
    via: 'ec2-frontend-api.amazonaws.com',
    requestId: REQUEST,
    roleArn: null,
    vpcEndpointId: null,
    inCall: true,
    message: 'refused',
    ...rest,
  });
const outcomeOf = (rest: object = {}) =>
  Outcome.parse({
    ...where,
    event: 'createVolume',
    result: 'failed',
    succeeded: false,
    cause: '',
    requestId: REQUEST,
    snapshotId: null,
    volumeId: 'vol-0123456789abcdef0',
    instanceId: null,
    targetKeyArn: KEY,
    ...rest,
  });
const callOf = (rest: object = {}) =>
  AcquiringCall.parse({
    ...where,
    name: 'CreateVolume',
    principal: 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/acquire-web-1',
    requestId: REQUEST,
    source: { snapshotId: null, volumeId: null, instanceId: null, region: 'eu-west-3' },
    makes: { snapshots: [], volumeId: 'vol-0123456789abcdef0', instanceIds: [] },
    requestedKey: KEY,
    error: null,
    ...rest,
  });

const keyOf = {
  denial: (rest?: object) => joinKeyOf({ kind: 'denial', denial: denialOf(rest) }),
  outcome: (rest?: object) => joinKeyOf({ kind: 'outcome', outcome: outcomeOf(rest), denial: null }),
  call: (rest?: object) => joinKeyOf({ kind: 'call', call: callOf(rest), denial: null }),
};

describe('joinKeyOf', () => {
  it('is the request id for the call, the denial and the outcome of one request', () => {
    expect([keyOf.call(), keyOf.denial(), keyOf.outcome()]).toEqual([REQUEST, REQUEST, REQUEST]);
  });

  it.each([
    { name: 'snapshot', ids: { snapshotId: 'snap-0123456789abcdef0' }, key: 'snap-0123456789abcdef0' },
    { name: 'volume', ids: {}, key: 'vol-0123456789abcdef0' },
    { name: 'instance', ids: { volumeId: null, instanceId: 'i-0123456789abcdef0' }, key: 'i-0123456789abcdef0' },
  ])('is the $name of an outcome without a request id', ({ ids, key }) => {
    expect(keyOf.outcome({ requestId: null, ...ids })).toBe(key);
  });

  const own = { via: COPYING, requestId: 'a', inCall: false };
  it.each([
    { name: 'of a copy, whatever their request ids', one: own, other: { ...own, requestId: 'b' } },
    { name: 'of EBS direct', one: { ...own, via: EBS_DIRECT }, other: { ...own, via: EBS_DIRECT, requestId: null } },
    { name: 'without a request id', one: { requestId: null }, other: { requestId: null, action: 'kms:Decrypt' } },
    { name: 'within one hour', one: own, other: { ...own, time: '2026-05-04T10:59:59.999Z' } },
    { name: 'without a time', one: { ...own, time: null }, other: { ...own, time: null, message: 'again' } },
  ])('joins denials $name by session and key', ({ one, other }) => {
    expect(keyOf.denial(one)).toBe(keyOf.denial(other));
  });

  it.each([
    {
      name: 'another session',
      other: { ...own, principal: 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/b' },
    },
    { name: 'another key', other: { ...own, keyArn: KEY.replace('1f2e', '9999') } },
    { name: 'no key', other: { ...own, keyArn: null } },
    { name: 'another account', other: { ...own, accountId: '444455556666' } },
    { name: 'another Region', other: { ...own, region: 'eu-west-1' } },
    { name: 'the next hour', other: { ...own, time: '2026-05-04T11:00:00.000Z' } },
  ])('tells apart: $name', ({ other }) => {
    expect(keyOf.denial(other)).not.toBe(keyOf.denial(own));
  });

  it('is the request id of a denial that does not tell whether it came in a call', () => {
    expect(keyOf.denial({ inCall: null })).toBe(REQUEST);
    expect(joinKeyOfRequest(REQUEST)).toBe(REQUEST);
  });

  it('tells denials with request ids apart by nothing else', () => {
    expect(keyOf.denial({ requestId: 'b' })).not.toBe(keyOf.denial({ requestId: 'c' }));
    expect(keyOf.denial({ keyArn: null, time: null })).toBe(keyOf.denial());
  });

  it('is a name that a durable execution may have, whatever the ids are', () => {
    const ids = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.uuid(), fc.constantFrom(null, '-_-', 'é'));
    const via = fc.constantFrom(null, COPYING, EBS_DIRECT, 'AWS Internal');
    fc.assert(
      fc.property(ids, ids, via, fc.constantFrom(true, false, null), (requestId, principal, caller, inCall) => {
        const keys = [
          joinKeyOfRequest(requestId ?? ''),
          lateName(requestId ?? ''),
          keyOf.denial({ requestId, principal, via: caller, inCall }),
          keyOf.call({ requestId: requestId ?? '' }),
          keyOf.outcome({ requestId, volumeId: null }),
        ];
        for (const key of keys) expect(key).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
      }),
    );
  });

  it('keeps apart what cannot be a name, too', () => {
    expect(keyOf.denial({ requestId: 'a b' })).not.toBe(keyOf.denial({ requestId: 'a c' }));
  });
});

describe('the name of a second case', () => {
  it('is not that of the first, nor of any other', () => {
    const names = [lateName(REQUEST), lateName('r'), lateName(lateName(REQUEST)), REQUEST, 'r'];
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('mayBeOfACopy', () => {
  it.each([
    { name: 'a denial by the copying service', rest: { via: COPYING, inCall: false }, may: true },
    { name: 'a denial by EC2 that does not tell its call', rest: { inCall: null }, may: true },
    { name: 'a denial in a call', rest: { inCall: true }, may: false },
    { name: 'a denial by EBS direct', rest: { via: EBS_DIRECT, inCall: false }, may: false },
    { name: 'a denial of nobody', rest: { principal: null, inCall: false }, may: false },
  ])('$name: $may', ({ rest, may }) => {
    expect(mayBeOfACopy(denialOf(rest))).toBe(may);
  });
});

/** The same value with the keys of its objects in reverse. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, reversed(part)]),
  );
};

describe('canonicalJson', () => {
  it('is the same for any order of keys, at any depth, and means the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('sorts keys, and leaves lists as they are', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }, 0], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1},0]}');
  });
});
