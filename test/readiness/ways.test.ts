import { describe, expect, it } from 'vitest';
import { ACQUISITIONS } from '#shared/diagnosis/acquisition-needs';
import { known, unknown } from '#shared/policy/known';
import { askedOn, type Cast, type Replication } from '#shared/readiness/asked';
import { STEPS, WAYS, type Way, waysTo } from '#shared/readiness/ways';

const HERE = { accountId: '111122223333', region: 'eu-west-3' };
const manner = { underDefaultKey: known(false), opensShared: false, becomesEncrypted: known(false) };

describe('the way to a volume', () => {
  it.each([
    { claim: 'in the own account and Region is opened where it lies', volume: HERE, way: 'same-account' },
    {
      claim: 'of another Region leads over a copy: a key serves one Region',
      volume: { ...HERE, region: 'eu-central-1' },
      way: 'cross-region',
    },
    {
      claim: 'of another account leads over a share and a copy',
      volume: { ...HERE, accountId: '444455556666' },
      way: 'cross-account',
    },
    {
      claim: 'of another account is opened straight where the platform does so',
      volume: { ...HERE, accountId: '444455556666' },
      told: { opensShared: true },
      way: 'cross-account-opened',
    },
    {
      claim: 'of another account and Region takes a copy, whatever the platform does',
      volume: { accountId: '444455556666', region: 'eu-central-1' },
      told: { opensShared: true },
      way: 'cross-account',
    },
    {
      claim: 'under the default key of another account leads over a temporary key',
      volume: { ...HERE, accountId: '444455556666' },
      told: { underDefaultKey: known(true) },
      way: 'cross-account-default-key',
    },
    {
      claim: 'under the default key of the own account needs none: nothing is shared',
      volume: HERE,
      told: { underDefaultKey: known(true) },
      way: 'same-account',
    },
    {
      claim: 'that is not encrypted, and is when copied, asks for the key of EBS',
      volume: HERE,
      told: { becomesEncrypted: known(true) },
      way: 'same-account-by-default',
    },
  ])('$claim', ({ volume, told = {}, way }) => {
    expect(waysTo(volume, HERE, { ...manner, ...told })).toEqual({ way });
  });

  const untold = unknown('nobody says');
  it.each([
    {
      claim: 'of another account is one of two where nobody says who manages the key',
      volume: { ...HERE, accountId: '444455556666' },
      told: { underDefaultKey: untold },
      anyOf: ['cross-account', 'cross-account-default-key'],
    },
    {
      claim: 'that is opened straight, too',
      volume: { ...HERE, accountId: '444455556666' },
      told: { underDefaultKey: untold, opensShared: true },
      anyOf: ['cross-account-opened', 'cross-account-default-key-opened'],
    },
    {
      claim: 'that is not encrypted is one of two where nobody says whether EBS encrypts by default',
      volume: HERE,
      told: { becomesEncrypted: untold },
      anyOf: ['same-account', 'same-account-by-default'],
    },
  ])('$claim', ({ volume, told, anyOf }) => {
    expect(waysTo(volume, HERE, { ...manner, ...told })).toEqual({ anyOf, because: 'nobody says' });
  });

  it('of the own account does not turn on who manages the key', () => {
    expect(waysTo(HERE, HERE, { ...manner, underDefaultKey: untold })).toEqual({ way: 'same-account' });
  });
});

describe('the steps of a way', () => {
  const stagesOf = (way: Way) => WAYS[way].flatMap(({ stage }) => stage ?? []);

  it.each([
    ['same-account', ACQUISITIONS['same-account']],
    ['cross-region', ACQUISITIONS['cross-region']],
    ['cross-account', ACQUISITIONS['cross-account']],
    [
      'cross-account-default-key-opened',
      ACQUISITIONS['cross-account-default-key'].filter((stage) => stage !== 'remove-temporary-key'),
    ],
  ] as const)('are those of an acquisition: %s', (way, stages) => {
    expect(stagesOf(way)).toEqual(stages);
  });

  it.each(Object.keys(WAYS) as Way[])('come in the order of the columns: %s', (way) => {
    const places = WAYS[way].map(({ name }) => STEPS.indexOf(name));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });
});

const OWNER_KEY = 'arn:aws:kms:eu-west-3:444455556666:key/6e5d4c3b-2a19-4807-9f6e-5d4c3b2a1908';
const PLATFORM_KEY = 'arn:aws:kms:eu-west-3:111122223333:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';
const PRIMARY = 'arn:aws:kms:eu-west-3:111122223333:key/mrk-00000000000000000000000000000000';
const TEMPORARY = PRIMARY.replace('eu-west-3', 'eu-central-1');
const ALIAS = 'arn:aws:kms:eu-west-3:111122223333:alias/CadoResponse-KMS-Alias';
const cast: Cast = {
  roles: { platform: ['arn:aws:iam::111122223333:role/P'], owner: ['arn:aws:iam::444455556666:role/O'] },
  keys: {
    volume: OWNER_KEY,
    platform: PLATFORM_KEY,
    'ebs-default': PLATFORM_KEY,
    temporary: TEMPORARY,
    'temporary-primary': PRIMARY,
  },
  aliasArn: ALIAS,
};

const HOME: Replication = { region: 'eu-west-3', to: null, makesLinkedRole: false };
const AWAY: Replication = { ...HOME, to: 'eu-central-1' };

describe('what a way asks', () => {
  it('of another account’s key is a grant for the copy, and nothing else', () => {
    const ofOwner = askedOn('cross-account', cast, HOME).filter(({ keyArn }) => keyArn === OWNER_KEY);
    expect(ofOwner.map(({ step, roleArn, action }) => ({ step, roleArn, action }))).toEqual([
      { step: 'copy', roleArn: 'arn:aws:iam::111122223333:role/P', action: 'kms:CreateGrant' },
    ]);
  });

  it('of the key of a shared snapshot that is opened straight is to re-encrypt from it', () => {
    const ofOwner = askedOn('cross-account-opened', cast, HOME).filter(({ keyArn }) => keyArn === OWNER_KEY);
    expect(ofOwner.map(({ action }) => action)).toEqual(['kms:ReEncryptFrom']);
  });

  it('of a default key is asked by the role of its own account, which alone may use it', () => {
    const ofOwner = askedOn('cross-account-default-key', cast, HOME).filter(({ keyArn }) => keyArn === OWNER_KEY);
    expect(ofOwner.map(({ step, roleArn }) => ({ step, roleArn }))).toEqual([
      { step: 're-encrypt', roleArn: 'arn:aws:iam::444455556666:role/O' },
    ]);
  });

  it('of a volume that is not encrypted is nothing where nothing becomes encrypted', () => {
    const keys = { ...cast.keys, volume: null };
    expect(askedOn('same-account', { ...cast, keys }, HOME)).toEqual([]);
  });

  it('of a temporary key holds its replication only where it has to serve another Region', () => {
    const actions = (replication: Replication) =>
      askedOn('cross-account-default-key', cast, replication).map(({ action }) => action);
    expect(actions(HOME)).not.toContain('kms:ReplicateKey');
    expect(actions(AWAY)).toContain('kms:ReplicateKey');
  });

  it('of a temporary key is asked where it is made: the key of the platform’s Region, and its alias', () => {
    const making = askedOn('cross-account-default-key', cast, AWAY).filter(({ step }) => step === 'temporary-key');
    expect(making.map(({ action, keyArn, resource = null }) => [action, keyArn ?? resource])).toEqual([
      ['kms:CreateKey', null],
      ['kms:CreateKey', null],
      ['kms:CreateAlias', ALIAS],
      ['kms:CreateAlias', PRIMARY],
      ['kms:DescribeKey', PRIMARY],
      ['kms:ReplicateKey', PRIMARY],
    ]);
    expect(making.slice(0, 2).map(({ context }) => context['aws:RequestedRegion'])).toEqual([
      'eu-west-3',
      'eu-central-1',
    ]);
  });

  it('of a key that gets its alias carries none yet', () => {
    const naming = askedOn('cross-account-default-key', cast, HOME).filter(
      ({ action }) => action === 'kms:CreateAlias',
    );
    expect(naming.find(({ keyArn }) => keyArn === PRIMARY)?.context).toMatchObject({ 'kms:ResourceAliases': null });
  });

  it('of IAM is the role that is linked to KMS, where the first multi-Region key is yet to make it', () => {
    const asked = askedOn('cross-account-default-key', cast, { ...AWAY, makesLinkedRole: true });
    expect(asked[0]).toMatchObject({ action: 'iam:CreateServiceLinkedRole', step: 'temporary-key' });
    expect(askedOn('cross-account', cast, { ...AWAY, makesLinkedRole: true })).toEqual(
      askedOn('cross-account', cast, HOME),
    );
  });

  it('of each role is asked of each: two that acquire are two that may be refused', () => {
    const roles = { ...cast.roles, platform: ['arn:aws:iam::111122223333:role/P', 'arn:aws:iam::111122223333:role/Q'] };
    expect(askedOn('cross-account', { ...cast, roles }, HOME)).toHaveLength(
      askedOn('cross-account', cast, HOME).length * 2,
    );
  });
});
