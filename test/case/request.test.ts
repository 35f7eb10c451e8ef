import { describe, expect, it } from 'vitest';
import { parseRequest } from '#shared/case/request';
import { MalformedEventError } from '#shared/signal/envelope';

const byHand = { instanceId: 'i-0123456789abcdef0' };
const where = { accountId: '111122223333', region: 'eu-west-3' };
const denial = {
  ...where,
  action: 'kms:CreateGrant',
  keyArn: null,
  layer: 'key-policy',
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
  time: null,
  message: 'refused',
};
const origin = { ...where, instanceId: 'i-0123456789abcdef0', volumeId: null, snapshotId: null };
const bySignal = { ...where, joinKey: 'k', denial, origin: null };

describe('parseRequest', () => {
  it.each([
    { name: 'an instance', request: byHand },
    { name: 'an instance of another account and Region', request: { ...byHand, ...where } },
    { name: 'a dry run', request: { ...byHand, dryRun: true } },
    { name: 'a signal without an origin', request: bySignal },
    { name: 'a signal with its origin', request: { ...bySignal, origin } },
  ])('takes $name as it stands', ({ request }) => {
    expect(parseRequest(request)).toEqual(request);
  });

  it.each([
    { name: 'nothing', request: undefined, at: '`event`' },
    { name: 'null', request: null, at: '`event`' },
    { name: 'a text', request: 'i-0123456789abcdef0', at: '`event`' },
    { name: 'a list', request: [byHand], at: '`event`' },
    { name: 'an empty request', request: {}, at: '`instanceId`' },
    { name: 'no instance id', request: { instanceId: 'web-1' }, at: '`instanceId`: expected an instance id such as' },
    { name: 'a list of instance ids', request: { instanceId: ['i-0123456789abcdef0'] }, at: '`instanceId`' },
    {
      name: 'an account by name',
      request: { ...byHand, accountId: 'payments' },
      at: '`accountId`: expected an account id',
    },
    { name: 'an account in figures', request: { ...byHand, accountId: 111122223333 }, at: '`accountId`' },
    { name: 'a Region by name', request: { ...byHand, region: 'Paris' }, at: '`region`: expected a Region such as' },
    { name: 'a dry run in words', request: { ...byHand, dryRun: 'true' }, at: '`dryRun`' },
    { name: 'a key it does not know', request: { ...byHand, dryrun: true }, at: '"dryrun"' },
    { name: 'a signal without a key', request: { ...bySignal, joinKey: '' }, at: '`joinKey`' },
    { name: 'a signal with too long a key', request: { ...bySignal, joinKey: 'k'.repeat(65) }, at: '`joinKey`' },
    { name: 'a signal without a denial', request: { ...bySignal, denial: null }, at: '`denial`' },
    {
      name: 'a denial by no layer there is',
      request: { ...bySignal, denial: { ...denial, layer: 'moon' } },
      at: '`denial.layer`',
    },
    { name: 'a signal without word of its origin', request: { ...bySignal, origin: undefined }, at: '`origin`' },
    {
      name: 'an origin at no volume',
      request: { ...bySignal, origin: { ...origin, volumeId: 'sda' } },
      at: '`origin.volumeId`',
    },
  ])('refuses $name, by its name', ({ request, at }) => {
    expect(() => parseRequest(request)).toThrow(MalformedEventError);
    expect(() => parseRequest(request)).toThrow(at);
  });
});
