import { describe, expect, it } from 'vitest';
import { Origin, SignalRequest } from '#shared/case/case';
import type { Join } from '#shared/ledger/ledger';
import { copiesBehind, copySpan, denialSpan, openingOf, traceable } from '#shared/ledger/opening';
import { AcquiringCall, Denial } from '#shared/signal/signal';

const KEY = 'arn:aws:kms:eu-west-3:111122223333:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/acquire-web-1';
const where = { accountId: '111122223333', region: 'eu-west-3' };

const denialOf = (rest: object = {}) =>
  Denial.parse({
    ...where,
    action: 'kms:CreateGrant',
    keyArn: KEY,
    layer: 'key-policy',
    explicit: false,
    policyArn: null,
    principal: SESSION,
    roleName: 'myCadoResponseRole',
    sessionName: 'acquire-web-1',
    via: null,
    requestId: null,
    roleArn: null,
    vpcEndpointId: null,
    inCall: null,
    time: '2026-05-04T10:20:00.000Z',
    message: 'refused',
    ...rest,
  });
const callOf = (requestId: string, rest: object = {}) =>
  AcquiringCall.parse({
    ...where,
    name: 'CopySnapshot',
    principal: SESSION,
    requestId,
    time: '2026-05-04T10:19:55.000Z',
    source: { snapshotId: 'snap-0123456789abcdef0', volumeId: null, instanceId: null, region: 'eu-west-3' },
    makes: { snapshots: [], volumeId: null, instanceIds: [] },
    requestedKey: KEY,
    error: null,
    ...rest,
  });
const originOf = (rest: object = {}) =>
  Origin.parse({ ...where, instanceId: null, volumeId: null, snapshotId: null, ...rest });

const evidence = originOf({ accountId: '444455556666', instanceId: 'i-0123456789abcdef0' });
const untraceable = originOf();
const behindOf = (requestId: string, rest?: object) => ({ call: callOf(requestId, rest), origin: evidence });
const joinOf = (rest: Partial<Join> = {}): Join => ({ call: null, origin: null, denials: [], outcomes: [], ...rest });

describe('copySpan', () => {
  it('reaches from ten minutes before the denial to one after it', () => {
    expect(copySpan(denialOf())).toEqual({ from: '2026-05-04T10:10:00.000Z', until: '2026-05-04T10:21:00.000Z' });
  });

  it('is none without a time', () => {
    expect(copySpan(denialOf({ time: null }))).toBeNull();
  });
});

describe('denialSpan', () => {
  it('reaches from a minute before the call to ten after it', () => {
    expect(denialSpan(callOf('r'))).toEqual({ from: '2026-05-04T10:18:55.000Z', until: '2026-05-04T10:29:55.000Z' });
  });
});

describe('the copies behind a denial', () => {
  const other = { requestedKey: KEY.replace('1f2e', '9999') };
  const ofSourceKey = { via: 'prod.kms-caller.ebs.eu-west-3.amazonaws.com' };
  it.each([
    { name: 'none among no calls', calls: [], denial: {}, found: [] },
    {
      name: 'those that asked for the denied key',
      calls: [behindOf('new', other), behindOf('old'), behindOf('older')],
      denial: {},
      found: ['old', 'older'],
    },
    { name: 'none where none asked for the key', calls: [behindOf('new', other)], denial: {}, found: [] },
    {
      name: 'none for a key that the refusal does not name',
      calls: [behindOf('new')],
      denial: { keyArn: null },
      found: [],
    },
    {
      name: 'all of the session for a source key, which stands in no call',
      calls: [behindOf('new', other), behindOf('old', { requestedKey: null })],
      denial: { ...ofSourceKey, keyArn: null },
      found: ['new', 'old'],
    },
    {
      name: 'no refused copy',
      calls: [behindOf('new', { error: { code: 'Client.AuthFailure', message: '' } })],
      denial: ofSourceKey,
      found: [],
    },
    {
      name: 'no call but a copy',
      calls: [behindOf('new', { name: 'CreateVolume' }), behindOf('old')],
      denial: {},
      found: ['old'],
    },
  ])('are $name', ({ calls, denial, found }) => {
    expect(copiesBehind(denialOf(denial), calls).map(({ call }) => call.requestId)).toEqual(found);
  });

  it('are bounded', () => {
    const calls = Array.from({ length: 100 }, (_, at) => behindOf(`r${at}`));
    expect(copiesBehind(denialOf(), calls)).toHaveLength(20);
  });
});

describe('traceable', () => {
  const instance = originOf({ instanceId: 'i-01234567' });
  const volume = originOf({ volumeId: 'vol-01234567', snapshotId: 'snap-01234567' });
  it.each([
    { name: 'nothing is not', origin: null, is: null },
    { name: 'an account and Region alone are not', origin: untraceable, is: null },
    { name: 'a snapshot alone is not', origin: originOf({ snapshotId: 'snap-01234567' }), is: null },
    { name: 'an instance is', origin: instance, is: instance },
    { name: 'a volume is', origin: volume, is: volume },
  ])('$name', ({ origin, is }) => {
    expect(traceable(origin)).toBe(is);
  });
});

describe('openingOf', () => {
  const denial = denialOf();
  const nameless = denialOf({ principal: null, roleName: null, sessionName: null });
  const opened = { joinKey: 'k', ...where, denial, origin: null };
  it.each([
    {
      name: 'nothing opens a case where nothing was refused',
      join: joinOf({ call: callOf('r'), origin: evidence }),
      opening: null,
    },
    { name: 'a refusal of somebody opens one', join: joinOf({ denials: [denial] }), opening: opened },
    {
      name: 'a refusal that its call has joined has the origin',
      join: joinOf({ denials: [denial], call: callOf('r'), origin: evidence }),
      opening: { ...opened, origin: evidence },
    },
    {
      name: 'an origin that tells nothing is none',
      join: joinOf({ denials: [denial], call: callOf('r'), origin: untraceable }),
      opening: opened,
    },
    { name: 'a refusal of nobody opens none by itself', join: joinOf({ denials: [nameless] }), opening: null },
    {
      name: 'a refusal of nobody counts once a call has joined it',
      join: joinOf({ denials: [nameless], call: callOf('r') }),
      opening: { ...opened, denial: nameless },
    },
    {
      name: 'a refusal of nobody counts once an origin has joined it',
      join: joinOf({ denials: [nameless], origin: evidence }),
      opening: { ...opened, denial: nameless, origin: evidence },
    },
    {
      name: 'somebody refused goes before nobody, while no call is known',
      join: joinOf({ denials: [nameless, denial] }),
      opening: opened,
    },
  ])('$name', ({ join, opening }) => {
    expect(openingOf('k', join)).toEqual(opening);
  });

  it('is a request that the case reads back as it is', () => {
    const opening = openingOf('k', joinOf({ denials: [denial], origin: evidence }));
    expect(SignalRequest.parse(JSON.parse(JSON.stringify(opening)))).toEqual(opening);
  });
});
