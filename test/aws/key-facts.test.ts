import { KMSClient, type ListGrantsCommandOutput } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import type { Grant, Key } from '#local/account/state';
import { readKeyFacts } from '#shared/aws/key-facts';
import { type Rehearsal, rehearse } from '../rehearsal.ts';
import { ACCOUNT, answer, awsError, lasting, ownSession, readAs, TARGET, told } from './reading.ts';

const keyOf = ({ stage }: Rehearsal): Key => {
  const [key] = stage.keys.values();
  if (key === undefined) throw new Error('the scenario has no key');
  return key;
};

const grants = (count: number, more: Partial<Grant> = {}): Grant[] =>
  Array.from({ length: count }, (_, at) => ({
    grantId: String(at).padStart(64, '0'),
    granteePrincipal: `arn:aws:iam::${ACCOUNT}:role/myCadoResponseRole`,
    retiringPrincipal: null,
    operations: ['Decrypt'],
    encryptionContextSubset: null,
    encryptionContextEquals: null,
    ...more,
  }));

const world = async (faults: readonly Fault[] = []) => {
  const rehearsal = await rehearse('boundary-denied', { faults });
  const key = keyOf(rehearsal);
  key.grants.push(...grants(1, { encryptionContextSubset: { 'aws:ebs:id': 'vol-0a9e4c7b2d1f58360' } }));
  const read = async () => {
    const { facts, custody } = await readAs(rehearsal, (session, lines) => readKeyFacts(session, lines, key.arn));
    return { facts, custody };
  };
  return { rehearsal, key, read };
};

const PARTS = {
  'kms:DescribeKey': ['state', 'manager'],
  'kms:GetKeyPolicy': ['policy'],
  'kms:ListGrants': ['grants'],
  'kms:ListAliases': ['aliases'],
} as const;

const all = Object.values(PARTS).flat();
const allBut = (parts: readonly string[], because: string) =>
  Object.fromEntries(all.map((part) => [part, parts.includes(part) ? because : 'known']));

describe('the facts of a key', () => {
  it('are read at once, each call with its custody line', async () => {
    const { key, read } = await world();
    const { facts, custody } = await read();
    expect(facts).toEqual({
      state: { known: true, value: 'Enabled' },
      manager: { known: true, value: 'CUSTOMER' },
      policy: { known: true, value: JSON.stringify(key.policy) },
      grants: {
        known: true,
        value: [
          {
            GrantId: '0'.repeat(64),
            GranteePrincipal: `arn:aws:iam::${ACCOUNT}:role/myCadoResponseRole`,
            Operations: ['Decrypt'],
            Constraints: { EncryptionContextSubset: { 'aws:ebs:id': 'vol-0a9e4c7b2d1f58360' } },
          },
        ],
      },
      aliases: { known: true, value: ['alias/orders'] },
    });
    expect(custody.map(({ api, result }) => `${api} ${result}`).sort()).toEqual(
      Object.keys(PARTS)
        .map((api) => `${api} ok`)
        .sort(),
    );
  });

  it.each(Object.entries(PARTS))('%s refused costs its own part alone', async (api, parts) => {
    const { read } = await world([{ api, nth: 'every', what: 'refuse' }]);
    const { facts, custody } = await read();
    expect(told(facts)).toEqual(allBut(parts, `${api} was refused to Unlatch`));
    expect(custody.find((line) => line.api === api)?.result).toBe('AccessDeniedException');
  });

  it.each(Object.entries(PARTS))('%s throttled costs its own part alone', async (api, parts) => {
    const { read } = await world([{ api, nth: 'every', what: 'throttle' }]);
    expect(told((await read()).facts)).toEqual(allBut(parts, `${api} was throttled`));
  });

  it('that does not exist are its state, and nothing else', async () => {
    const { key, rehearsal } = await world();
    const { facts } = await readAs(rehearsal, (session, custody) =>
      readKeyFacts(session, custody, `${key.arn.slice(0, -4)}ffff`),
    );
    expect(facts.state).toEqual({ known: true, value: 'NotFound' });
    expect(told(facts)).toMatchObject({
      manager: 'kms:DescribeKey found nothing',
      policy: 'kms:GetKeyPolicy found nothing',
      grants: 'kms:ListGrants found nothing',
    });
  });
});

describe('a key of another account', () => {
  const foreign = async (sessionAccount: string) => {
    const rehearsal = await rehearse('custom-key-denied');
    const key = [...rehearsal.stage.keys.values()].find(({ accountId }) => accountId === TARGET);
    if (key === undefined) throw new Error('the scenario has no key of another account');
    const read = await readAs(rehearsal, (session, lines) => readKeyFacts(session, lines, key.arn), sessionAccount);
    return { key, ...read };
  };

  it('is read with the member role there, policy and all', async () => {
    const { key, facts, custody } = await foreign(TARGET);
    expect(facts.policy).toEqual({ known: true, value: JSON.stringify(key.policy) });
    expect(told(facts)).toEqual(allBut([], ''));
    expect(new Set(custody.map(({ caller }) => caller))).toEqual(
      new Set([`arn:aws:sts::${TARGET}:assumed-role/UnlatchMember/unlatch`]),
    );
  });

  it('shows neither policy nor aliases from here, and they are not taken for empty', async () => {
    const { facts, custody } = await foreign(ACCOUNT);
    const because = 'it cannot be read from another account';
    expect(told(facts)).toMatchObject({ policy: because, aliases: because });
    expect(custody.map(({ api }) => api).sort()).toEqual(['kms:DescribeKey', 'kms:ListGrants']);
  });
});

describe('grants and aliases', () => {
  it('are read to the last page', async () => {
    const { key, rehearsal, read } = await world();
    key.grants.push(...grants(249));
    key.aliases.push(...Array.from({ length: 120 }, (_, at) => `alias/more-${at}`));
    const { facts } = await read();
    expect(facts.grants.known && facts.grants.value.length).toBe(250);
    expect(facts.aliases.known && facts.aliases.value.length).toBe(121);
    expect([rehearsal.done('kms:ListGrants'), rehearsal.done('kms:ListAliases')]).toEqual([3, 2]);
  });

  it('with a page missing are not known at all', async () => {
    const { key, read } = await world([{ api: 'kms:ListGrants', nth: 3, what: 'throttle' }]);
    key.grants.push(...grants(249));
    expect(told((await read()).facts)).toEqual(allBut(['grants'], 'kms:ListGrants was throttled'));
  });

  it('are counted up to a bound, and beyond it not known', async () => {
    const { key, rehearsal, read } = await world();
    key.grants.push(...grants(2_000));
    expect(told((await read()).facts)).toEqual(allBut(['grants'], 'the key has more than 2,000 grants'));
    expect(rehearsal.done('kms:ListGrants')).toBe(20);
  });

  it('too large for a durable step are not known', async () => {
    const { key, read } = await world();
    key.grants.push(...grants(900));
    const { facts } = await read();
    expect(told(facts)).toEqual(allBut(['grants'], expect.stringMatching(/^it is too large to be kept: \d+ bytes$/)));
  });

  it('of no interest are left out, and then there is room', async () => {
    const { key, rehearsal } = await world();
    key.grants.push(...grants(900, { granteePrincipal: 'ec2.eu-west-3.amazonaws.com' }));
    const { facts } = await readAs(rehearsal, (session, custody) =>
      readKeyFacts(session, custody, key.arn, ({ GranteePrincipal }) => GranteePrincipal.startsWith('arn:')),
    );
    expect(facts.grants.known && facts.grants.value.length).toBe(1);
  });
});

describe('what KMS may answer', () => {
  const grantsFrom = async (Grants: ListGrantsCommandOutput['Grants']) => {
    const session = await ownSession();
    lasting(mockClient(KMSClient)).onAnyCommand().resolves(answer({ Grants }));
    return (await readKeyFacts(session, [], `arn:aws:kms:eu-west-3:${ACCOUNT}:key/k`)).grants;
  };

  it('a constraint of another kind is told as one, and a service that is granted the key by its name', async () => {
    const SourceArn = `arn:aws:ec2:eu-west-3:${ACCOUNT}:volume/vol-0a9e4c7b2d1f58360`;
    const found = await grantsFrom([
      {
        GrantId: 'g',
        GranteeServicePrincipal: 'ec2.amazonaws.com',
        Operations: ['Decrypt'],
        Constraints: { SourceArn },
      },
    ]);
    expect(found).toEqual({
      known: true,
      value: [
        {
          GrantId: 'g',
          GranteePrincipal: 'ec2.amazonaws.com',
          Operations: ['Decrypt'],
          Constraints: { Other: true },
        },
      ],
    });
  });

  it('a grant that cannot be read leaves the grants unknown: it could be the one that allows', async () => {
    expect(await grantsFrom([{ GrantId: 'g' }])).toEqual({
      known: false,
      because: 'kms:ListGrants gave an answer that cannot be read',
    });
  });

  it('a network that fails is told by name, and never throws', async () => {
    const session = await ownSession();
    lasting(mockClient(KMSClient)).onAnyCommand().rejects(awsError('TimeoutError'));
    const facts = await readKeyFacts(session, [], `arn:aws:kms:eu-west-3:${ACCOUNT}:key/k`);
    expect(told(facts)).toMatchObject({
      state: 'kms:DescribeKey failed with `TimeoutError`',
      aliases: 'kms:ListAliases failed with `TimeoutError`',
    });
  });
});
