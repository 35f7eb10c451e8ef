import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyRecord, NamedDocument } from '#shared/diagnosis/facts-record';
import { known, unknown } from '#shared/policy/known';
import { type AccountFacts, examiner, type FactsRead, type Platform } from '#shared/readiness/examination';
import { type Verdict, worstOf } from '#shared/readiness/verdict';
import { allow, delegating, deny, named, PLATFORM, policy, TARGET } from '../diagnosis/facts.ts';

const REGION = 'eu-west-3';
const KEY = `arn:aws:kms:${REGION}:${TARGET}:key/6e5d4c3b-2a19-4807-9f6e-5d4c3b2a1908`;
const PLATFORM_KEY = `arn:aws:kms:${REGION}:${PLATFORM}:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6`;
const roleOf = (accountId: string) => `arn:aws:iam::${accountId}:role/CadoResponseRole`;

type Statement = Readonly<Record<string, unknown>>;

const everyone = { Principal: { AWS: `arn:aws:iam::${PLATFORM}:root` } };
const open: readonly Statement[] = [delegating(TARGET), allow('kms:*', everyone)];

interface Case {
  readonly keyPolicy?: readonly Statement[] | 'unread';
  readonly state?: string;
  readonly manager?: 'CUSTOMER' | 'AWS' | 'unread';
  readonly identity?: readonly Statement[];
  readonly ownerIdentity?: readonly Statement[];
  readonly roles?: AccountFacts['roles'];
  readonly session?: readonly Statement[];
  readonly endpoint?: readonly Statement[];
  /** Of the volume. */
  readonly region?: string;
  readonly owner?: string;
  readonly isOn?: Platform['ebsDefault']['isOn'];
  readonly platformKey?: Platform['keyArn'];
  readonly scp?: AccountFacts['organization']['serviceControlPolicies'];
  readonly encrypted?: boolean;
  readonly unnamed?: boolean;
}

const keyRecord = (statements: readonly Statement[], more: Partial<KeyRecord> = {}): KeyRecord => ({
  state: known('Enabled'),
  manager: known('CUSTOMER'),
  policy: known(policy(...statements)),
  grants: known([]),
  aliases: known([]),
  ...more,
});

const account = (
  accountId: string,
  identity: readonly Statement[],
  { roles = known([roleOf(accountId)]), scp = known([]) }: Pick<Case, 'roles' | 'scp'> = {},
): AccountFacts => ({
  roles,
  principals: new Map([
    [
      roleOf(accountId),
      {
        arn: roleOf(accountId),
        uniqueId: 'AROAEXAMPLE0000000000',
        identityPolicies: known([named('acquire', ...identity)]),
        permissionsBoundary: known(null),
        sessionPolicies: unknown('session policies cannot be read back'),
      },
    ],
  ]),
  organization: { serviceControlPolicies: scp, resourceControlPolicies: known([]) },
});

const examined = (one: Case) => {
  const {
    keyPolicy = open,
    state = 'Enabled',
    manager = 'CUSTOMER',
    identity = [allow('kms:*')],
    ownerIdentity = [allow('kms:*')],
    session = [],
    endpoint = [],
    region = REGION,
    owner = TARGET,
    isOn = known(false),
    platformKey = known(PLATFORM_KEY),
  } = one;
  const volumeKey = keyRecord(keyPolicy === 'unread' ? [] : keyPolicy, {
    state: known(state),
    manager: manager === 'unread' ? unknown('kms:DescribeKey was refused to Unlatch') : known(manager),
    ...(keyPolicy === 'unread' ? { policy: unknown('kms:GetKeyPolicy was refused to Unlatch') } : {}),
  });
  const sessionPolicies: readonly NamedDocument[] = session.length === 0 ? [] : [named('session', ...session)];
  const facts: FactsRead = {
    platform: {
      accountId: PLATFORM,
      region: REGION,
      partition: 'aws',
      keyArn: platformKey,
      ebsDefault: { keyArn: known(PLATFORM_KEY), isOn },
      opensShared: false,
      temporaryAlias: 'alias/CadoResponse-KMS-Alias',
      hasLinkedRole: known(true),
      sessionPolicies,
      endpointPolicy: endpoint.length === 0 ? null : named('endpoint', ...endpoint),
    },
    account: (accountId) =>
      accountId === PLATFORM ? account(PLATFORM, identity, one) : account(TARGET, ownerIdentity, { scp: known([]) }),
    key: (keyArn) => (keyArn === KEY ? volumeKey : keyRecord([delegating(PLATFORM)])),
  };
  const { encrypted = true, unnamed = false } = one;
  const keyArn = encrypted && !unnamed ? KEY : null;
  return examiner(facts).examine({ accountId: owner, region, encrypted, keyArn });
};

const defaultKey: Case = {
  manager: 'AWS',
  keyPolicy: [
    allow(['kms:CreateGrant', 'kms:DescribeKey', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Decrypt'], {
      Principal: { AWS: '*' },
      Condition: { StringEquals: { 'kms:CallerAccount': TARGET, 'kms:ViaService': `ec2.${REGION}.amazonaws.com` } },
    }),
  ],
};

describe('an acquisition', () => {
  it.each([
    { claim: 'that every layer allows is ready', verdict: 'ready' },
    { claim: 'of what is not encrypted asks its key for nothing', encrypted: false, verdict: 'ready' },
    {
      claim: 'is refused where the key does not know the platform',
      keyPolicy: [delegating(TARGET)],
      verdict: 'refused',
      cause: 'key-policy-silent',
    },
    {
      claim: 'is refused where the role has no permission for the key',
      identity: [allow('kms:*', { Resource: PLATFORM_KEY })],
      verdict: 'refused',
      cause: 'identity-policy-silent',
    },
    {
      claim: 'is refused where the platform’s own key is what the role may not use',
      identity: [allow('kms:*'), deny('kms:GenerateDataKeyWithoutPlaintext', { Resource: PLATFORM_KEY })],
      verdict: 'refused',
      cause: 'identity-policy-deny',
    },
    {
      claim: 'is refused by a session policy that the request names',
      session: [allow('kms:DescribeKey')],
      verdict: 'refused',
      cause: 'session-policy-silent',
    },
    { claim: 'is refused by the state of the key', state: 'Disabled', verdict: 'refused', cause: 'key-disabled' },
    {
      claim: 'is refused where the key cannot be reached, though a grant could still be made on it',
      state: 'Unavailable',
      verdict: 'refused',
      cause: 'key-unavailable',
    },
    {
      claim: 'is refused where there is no such key',
      state: 'NotFound',
      verdict: 'refused',
      cause: 'key-not-found',
    },
    {
      claim: 'under a default key passes by a temporary one',
      ...defaultKey,
      verdict: 'ready',
    },
    {
      claim: 'under a default key is refused where no temporary one may be made',
      ...defaultKey,
      identity: [allow('kms:*'), deny('kms:CreateKey')],
      verdict: 'refused',
      cause: 'default-key-not-shareable',
    },
    {
      claim: 'under a default key is refused where the owner’s role may not use the temporary one',
      ...defaultKey,
      ownerIdentity: [allow('kms:*', { Resource: KEY })],
      verdict: 'refused',
      cause: 'default-key-not-shareable',
    },
    {
      claim: 'under a default key is refused where the alias may not be given, though the key may be named',
      ...defaultKey,
      identity: [allow('kms:*', { Resource: 'arn:aws:kms:*:*:key/*' }), allow('kms:CreateKey')],
      verdict: 'refused',
      cause: 'default-key-not-shareable',
    },
    {
      claim: 'under a default key is refused where a key is to be named by an alias that it cannot bear yet',
      ...defaultKey,
      identity: [
        allow('kms:*', { Condition: { StringNotEquals: { 'kms:ViaService': 'none' } } }),
        deny('kms:CreateAlias', {
          Resource: 'arn:aws:kms:*:*:key/*',
          Condition: { 'ForAllValues:StringNotLike': { 'kms:ResourceAliases': 'alias/CadoResponse-KMS-Alias*' } },
        }),
      ],
      verdict: 'refused',
      cause: 'default-key-not-shareable',
    },
    {
      claim: 'under a default key of another Region is asked of the key in the platform’s Region, where it is made',
      ...defaultKey,
      keyPolicy: [allow('kms:*', { Principal: { AWS: '*' } })],
      region: 'eu-central-1',
      identity: [
        allow('kms:*'),
        deny(['kms:CreateAlias', 'kms:ReplicateKey', 'kms:DescribeKey'], {
          Resource: 'arn:aws:kms:eu-central-1:*:key/mrk-*',
        }),
      ],
      verdict: 'ready',
    },
    {
      claim: 'under a default key of another Region is refused where no replica may be made there',
      ...defaultKey,
      keyPolicy: [allow('kms:*', { Principal: { AWS: '*' } })],
      region: 'eu-central-1',
      identity: [
        allow('kms:*'),
        deny('kms:CreateKey', { Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-central-1' } } }),
      ],
      verdict: 'refused',
      cause: 'default-key-not-shareable',
    },
    ...[
      { named: '*', verdict: 'ready' as const },
      { named: '', verdict: 'undetermined' as const },
      { named: '-*', verdict: 'undetermined' as const },
    ].map(({ named, verdict }) => ({
      claim: `under a default key is ${verdict} where keys named \`${named}\` after the prefix may be made: how the name goes on, nothing tells`,
      ...defaultKey,
      identity: [
        allow('kms:*', { Resource: [KEY, PLATFORM_KEY, `arn:aws:kms:${REGION}:${PLATFORM}:key/*`] }),
        allow('kms:CreateKey'),
        allow('kms:CreateAlias', { Resource: `arn:aws:kms:*:*:alias/CadoResponse-KMS-Alias${named}` }),
      ],
      verdict,
      missing: verdict === 'ready' ? '' : 'how the platform names a temporary key',
    })),
    {
      claim: 'under a default key of another Region is refused where no replica may be made in just that one',
      ...defaultKey,
      keyPolicy: [allow('kms:*', { Principal: { AWS: '*' } })],
      region: 'eu-central-1',
      identity: [
        allow('kms:*'),
        deny('kms:ReplicateKey', { Condition: { StringNotEquals: { 'kms:ReplicaRegion': 'us-east-1' } } }),
      ],
      verdict: 'refused',
      cause: 'default-key-not-shareable',
    },
    {
      claim: 'is told both causes where the way is not known and each is refused for its own',
      manager: 'unread',
      keyPolicy: [delegating(TARGET)],
      ownerIdentity: [],
      verdict: 'refused',
      cause: 'key-policy-silent, default-key-not-shareable',
    },
    {
      claim: 'under a default key is refused where the VPC endpoint lets no key be made',
      ...defaultKey,
      endpoint: [allow(['kms:Decrypt', 'kms:DescribeKey'], { Principal: '*' })],
      verdict: 'refused',
      cause: 'vpc-endpoint-policy-silent',
    },
    {
      claim: 'under a default key is refused where the VPC endpoint denies it',
      ...defaultKey,
      endpoint: [allow('*', { Principal: '*' }), deny('kms:CreateKey', { Principal: '*' })],
      verdict: 'refused',
      cause: 'vpc-endpoint-policy-deny',
    },
    {
      claim: 'asks through EC2 past every VPC endpoint',
      endpoint: [allow('kms:DescribeKey', { Principal: '*' })],
      verdict: 'ready',
    },
    {
      claim: 'is not refused on a way that may not be the one: nobody says who manages the key',
      manager: 'unread',
      keyPolicy: [delegating(TARGET)],
      verdict: 'undetermined',
      missing: "whether AWS manages the volume's key: kms:DescribeKey was refused to Unlatch",
    },
    {
      claim: 'is refused where every way is',
      manager: 'unread',
      state: 'Disabled',
      verdict: 'refused',
      cause: 'key-disabled',
    },
    {
      claim: 'of what is not encrypted is not refused for a key that EBS may not use unasked',
      owner: PLATFORM,
      encrypted: false,
      isOn: unknown('ec2:GetEbsEncryptionByDefault was refused to Unlatch'),
      identity: [],
      verdict: 'undetermined',
      missing: 'whether EBS encrypts by default: ec2:GetEbsEncryptionByDefault was refused to Unlatch',
    },
    {
      claim: 'is undetermined where the key’s policy cannot be read',
      keyPolicy: 'unread',
      verdict: 'undetermined',
      missing: 'kms:GetKeyPolicy was refused to Unlatch',
    },
    {
      claim: 'is undetermined where the organisation cannot be read',
      scp: unknown('organizations:ListParents was refused to Unlatch'),
      verdict: 'undetermined',
      missing: 'organizations:ListParents was refused to Unlatch',
    },
    {
      claim: 'is undetermined where nobody is found who would acquire',
      roles: known([]),
      verdict: 'undetermined',
      missing: 'none has such a name',
    },
    {
      claim: 'is undetermined where the platform’s key is not known',
      platformKey: unknown('there is no session in account 111122223333'),
      verdict: 'undetermined',
      missing: 'the platform’s key'.replace('’', "'"),
    },
    {
      claim: 'is undetermined where EC2 names no key',
      unnamed: true,
      verdict: 'undetermined',
      missing: 'EC2 names none',
    },
  ] as readonly (Case & {
    readonly claim: string;
    readonly verdict: Verdict;
    readonly cause?: string;
    readonly missing?: string;
  })[])('$claim', ({ claim: _claim, verdict, cause, missing, ...one }) => {
    const outlook = examined(one);
    expect({
      verdict: outlook.verdict,
      causes: [...new Set(outlook.refusals.map((refusal) => refusal.cause))],
    }).toEqual({
      verdict,
      causes: cause === undefined ? [] : cause.split(', '),
    });
    expect(outlook.missing.join('; ')).toContain(missing ?? '');
    if (verdict === 'ready') expect(outlook.missing).toEqual([]);
    // Who looks at the steps alone is told no better.
    expect(worstOf(outlook.steps.map((step) => step.verdict))).toBe(verdict);
  });

  it('that is refused comes with a fix that lets all of it pass, and asks of the source key no more than a copy does', () => {
    const [refusal] = examined({ keyPolicy: [delegating(TARGET)] }).refusals;
    expect(refusal?.fixes.map(({ layer, target, verified }) => ({ layer, target, verified }))).toEqual([
      { layer: 'key-policy', target: KEY, verified: true },
    ]);
    expect(JSON.stringify(refusal?.fixes)).toContain('kms:CreateGrant');
    expect(JSON.stringify(refusal?.fixes)).not.toMatch(/GenerateDataKey|ReEncryptTo/);
  });

  it('that waits for a key says how to enable it, and widens nothing', () => {
    const [refusal] = examined({ state: 'Unavailable' }).refusals;
    expect(refusal?.fixes).toMatchObject([{ layer: 'key-state', statement: null, verified: false }]);
  });
});

describe('a verdict', () => {
  const verdicts = fc.array(fc.constantFrom<Verdict>('ready', 'refused', 'undetermined'));

  it('is ready only where every part is', () => {
    fc.assert(
      fc.property(verdicts, (parts) => {
        expect(worstOf(parts) === 'ready').toBe(parts.every((part) => part === 'ready'));
      }),
    );
  });

  it('gets no better by one part more', () => {
    const rank = { ready: 0, undetermined: 1, refused: 2 };
    fc.assert(
      fc.property(verdicts, fc.constantFrom<Verdict>('ready', 'refused', 'undetermined'), (parts, more) => {
        expect(rank[worstOf([...parts, more])]).toBeGreaterThanOrEqual(rank[worstOf(parts)]);
      }),
    );
  });
});

describe('questions', () => {
  it('that two volumes have in common are decided once', () => {
    const facts: FactsRead = {
      platform: {
        accountId: PLATFORM,
        region: REGION,
        partition: 'aws',
        keyArn: known(PLATFORM_KEY),
        ebsDefault: { keyArn: known(PLATFORM_KEY), isOn: known(false) },
        opensShared: false,
        temporaryAlias: 'alias/CadoResponse-KMS-Alias',
        hasLinkedRole: known(true),
        sessionPolicies: [],
        endpointPolicy: null,
      },
      account: (accountId) => account(accountId, [allow('kms:*')]),
      key: () => keyRecord(open),
    };
    const { examine, distinct } = examiner(facts);
    const keyArn = (index: number) => `arn:aws:kms:${REGION}:${TARGET}:key/00000000-0000-4000-8000-00000000000${index}`;
    examine({ accountId: TARGET, region: REGION, encrypted: true, keyArn: keyArn(1) });
    const first = distinct();
    examine({ accountId: TARGET, region: REGION, encrypted: true, keyArn: keyArn(2) });
    // Of a second key one thing is asked that was not asked before: a grant for the copy.
    expect(distinct() - first).toBe(1);
  });
});
