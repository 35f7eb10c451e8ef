import {
  ALL_OF_KMS,
  allow,
  allowed,
  type Case,
  DIRECTLY,
  denied,
  deny,
  named,
  PLATFORM,
  ROLE,
  rootOf,
  SESSION,
  silent,
  THROUGH_EC2,
  UNREAD,
  undetermined,
} from './case.ts';
import { CONDITION_KEYS, FORWARDED, KMS_CONDITIONS, LOGIC, NOWHERE, OPERATORS, SET_OPERATORS } from './sources.ts';

const USABLE = { key: [allow('kms:*', { sid: 'Use', to: SESSION })] };
const unread = (what: string): string => `${what}: it could not be read`;
const openIn = (key: string, statement: string): string => `the context key \`${key}\`, for ${statement}`;

const aboutParts: readonly Case[] = [
  {
    claim: 'a key policy that could not be read leaves everything open that others allow',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: { key: UNREAD, identity: ALL_OF_KMS },
    expect: undetermined(unread('the key policy')),
    says: { 'key-policy': 'unknown', 'identity-policy': 'allows' },
  },
  {
    claim: 'a key policy that could not be read may delegate: then IAM matters as much',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: { key: UNREAD, identity: UNREAD },
    expect: undetermined(unread('the key policy'), unread('the identity policies')),
  },
  {
    claim: 'everything that could not be read is named, and nothing twice',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: {
      key: UNREAD,
      grants: UNREAD,
      identity: UNREAD,
      boundary: UNREAD,
      session: UNREAD,
      scp: UNREAD,
      rcp: UNREAD,
      endpoint: UNREAD,
    },
    expect: undetermined(
      ...[
        'the service control policies',
        'the resource control policies',
        'the key policy',
        'the identity policies',
        'the permissions boundary',
        'the session policies',
        'the VPC endpoint policy',
        'the grants on the key',
      ].map(unread),
    ),
  },
  {
    claim: 'a key policy that could not be read cannot help where the organisation refuses',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { key: UNREAD, identity: UNREAD, scp: [[deny('kms:*', { sid: 'Never' })]] },
    expect: denied('service-control-policy', 'Never'),
  },
  {
    claim: 'IAM policies that could not be read may deny what the key policy allows',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { ...USABLE, identity: UNREAD },
    expect: undetermined(unread('the identity policies')),
    says: { 'key-policy': 'allows', 'identity-policy': 'unknown' },
  },
  {
    claim: 'IAM policies that could not be read cannot help where the key policy is silent',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { key: [], identity: UNREAD },
    expect: silent('key-policy'),
  },
  {
    claim: 'a boundary that could not be read cannot help where IAM is silent',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { boundary: UNREAD, session: UNREAD },
    expect: silent('identity-policy'),
  },
  {
    claim: 'a boundary that could not be read may deny even where its silence would not matter',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { ...USABLE, boundary: UNREAD },
    expect: undetermined(unread('the permissions boundary')),
  },
  {
    claim: 'session policies that could not be read leave open what IAM allows',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { identity: ALL_OF_KMS, session: UNREAD },
    expect: undetermined(unread('the session policies')),
    says: { 'session-policy': 'unknown', 'permissions-boundary': 'not-asked' },
  },
  {
    claim: 'the policies of a principal are not asked of the root user, known or not',
    source: LOGIC,
    by: named(rootOf(PLATFORM)),
    asks: 'kms:Decrypt',
    given: { identity: UNREAD, boundary: UNREAD, session: UNREAD },
    expect: allowed('Delegation'),
  },
  {
    claim: 'IAM that is silent is known, other than IAM that could not be read',
    source: LOGIC,
    asks: 'kms:CreateKey',
    of: '*',
    given: { identity: UNREAD },
    expect: undetermined(unread('the identity policies')),
  },
  {
    claim: 'where two parts are open and each alone changes nothing, both are named',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    context: { 'aws:PrincipalTag/team': 'web' },
    given: {
      key: [
        allow('kms:*', { sid: 'FromOffice', to: ROLE, if: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } }),
        allow('kms:*', { sid: 'ToIam', to: PLATFORM, if: { StringEquals: { 'aws:SourceVpc': 'vpc-1' } } }),
      ],
      identity: [allow('kms:*', { sid: 'WithMfa', if: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } })],
    },
    expect: undetermined(
      openIn('aws:SourceIp', 'statement `FromOffice` of the key policy'),
      openIn('aws:SourceVpc', 'statement `ToIam` of the key policy'),
      openIn('aws:MultiFactorAuthPresent', 'statement `WithMfa` of own'),
    ),
  },
];

const MFA = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };
const WITHOUT_MFA = { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } };

const aboutContext: readonly Case[] = [
  {
    claim: 'an allow behind a key that is not known is open',
    source: CONDITION_KEYS,
    asks: 'kms:Decrypt',
    given: { key: [allow('kms:*', { to: ROLE, if: MFA })] },
    expect: undetermined(openIn('aws:MultiFactorAuthPresent', 'statement 0 of the key policy')),
  },
  {
    claim: 'an allow behind a key that is known to be missing is none',
    source: OPERATORS,
    asks: 'kms:Decrypt',
    context: { 'aws:MultiFactorAuthPresent': null },
    given: { key: [allow('kms:*', { to: ROLE, if: MFA })] },
    expect: silent('key-policy'),
  },
  {
    claim: 'a denial behind a key that is not known is never taken for none',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { key: [...USABLE.key, deny('kms:*', { sid: 'NoMfa', to: '*', if: WITHOUT_MFA })] },
    expect: undetermined(openIn('aws:MultiFactorAuthPresent', 'statement `NoMfa` of the key policy')),
    says: { 'key-policy': 'unknown' },
  },
  {
    claim: 'a denial under IfExists holds where its key is known to be missing',
    source: OPERATORS,
    asks: 'kms:Decrypt',
    context: { 'aws:MultiFactorAuthPresent': null },
    given: { key: [...USABLE.key, deny('kms:*', { sid: 'NoMfa', to: '*', if: WITHOUT_MFA })] },
    expect: denied('key-policy', 'NoMfa'),
  },
  {
    claim: 'a denial whose other condition does not hold does not matter, whatever is not known',
    source: LOGIC,
    asks: 'kms:Decrypt',
    context: THROUGH_EC2,
    given: {
      key: [
        ...USABLE.key,
        deny('kms:*', { to: '*', if: { ...WITHOUT_MFA, StringNotLike: { 'kms:ViaService': 'ec2.*' } } }),
      ],
    },
    expect: allowed('Use'),
  },
  {
    claim: 'a denial that is open does not matter where nothing allows',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { identity: [deny('kms:*', { if: WITHOUT_MFA })] },
    expect: silent('identity-policy'),
    says: { 'identity-policy': 'unknown' },
  },
  {
    claim: 'a denial that is open does not matter where another is sure',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { ...USABLE, identity: [deny('kms:*', { if: WITHOUT_MFA }), deny('kms:*', { sid: 'Never' })] },
    expect: denied('identity-policy', 'Never'),
  },
  {
    claim: 'an allow that is open does not matter where another is sure',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { key: [allow('kms:*', { to: SESSION, if: MFA }), ...USABLE.key] },
    expect: allowed('Use'),
  },
  {
    claim: 'each key that is not known is named, with the statement that asks for it',
    source: CONDITION_KEYS,
    asks: 'kms:Decrypt',
    given: {
      key: [allow('kms:*', { sid: 'Both', to: ROLE, if: { ...MFA, IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } })],
    },
    expect: undetermined(
      openIn('aws:MultiFactorAuthPresent', 'statement `Both` of the key policy'),
      openIn('aws:SourceIp', 'statement `Both` of the key policy'),
    ),
  },
  {
    claim: 'the encryption context of a volume that is not made yet is not known',
    source: KMS_CONDITIONS,
    asks: 'kms:Decrypt',
    context: { 'kms:EncryptionContextKeys': ['aws:ebs:id'] },
    given: { key: [allow('kms:*', { to: ROLE, if: { StringLike: { 'kms:EncryptionContext:aws:ebs:id': 'vol-*' } } })] },
    expect: undetermined(openIn('kms:EncryptionContext:aws:ebs:id', 'statement 0 of the key policy')),
  },
  {
    claim: 'a request with another encryption context does not carry the key that is asked for',
    source: KMS_CONDITIONS,
    asks: 'kms:Decrypt',
    context: { 'kms:EncryptionContextKeys': ['purpose'] },
    given: { key: [allow('kms:*', { to: ROLE, if: { StringLike: { 'kms:EncryptionContext:aws:ebs:id': '*' } } })] },
    expect: silent('key-policy'),
  },
  {
    claim: 'a denial by the encryption context hits DescribeKey, which carries none',
    source: KMS_CONDITIONS,
    asks: 'kms:DescribeKey',
    given: {
      key: [
        ...USABLE.key,
        deny('kms:*', {
          sid: 'OnlyVolumes',
          to: '*',
          if: { StringNotLike: { 'kms:EncryptionContext:aws:ebs:id': '*' } },
        }),
      ],
    },
    expect: denied('key-policy', 'OnlyVolumes'),
  },
  {
    claim: 'whether a direct call says that its grant is not for AWS, or says nothing, is not documented',
    source: NOWHERE,
    asks: 'kms:CreateGrant',
    context: DIRECTLY,
    given: {
      key: [
        ...USABLE.key,
        deny('kms:*', { sid: 'OnlyForAws', to: '*', if: { Bool: { 'kms:GrantIsForAWSResource': 'false' } } }),
      ],
    },
    expect: undetermined('how AWS reads it here, for statement `OnlyForAws` of the key policy'),
  },
  {
    claim: 'under IfExists both come to the same',
    source: OPERATORS,
    asks: 'kms:CreateGrant',
    context: DIRECTLY,
    given: {
      key: [
        ...USABLE.key,
        deny('kms:*', { sid: 'OnlyForAws', to: '*', if: { BoolIfExists: { 'kms:GrantIsForAWSResource': 'false' } } }),
      ],
    },
    expect: denied('key-policy', 'OnlyForAws'),
  },
  {
    claim: 'ForAllValues holds where the request carries no value: an allow behind it is wide',
    source: SET_OPERATORS,
    asks: 'kms:CreateGrant',
    context: { 'kms:GrantOperations': null },
    given: {
      key: [
        allow('kms:*', {
          sid: 'Some',
          to: ROLE,
          if: { 'ForAllValues:StringEquals': { 'kms:GrantOperations': 'Decrypt' } },
        }),
      ],
    },
    expect: allowed('Some'),
  },
  {
    claim: 'the VPC of the first call is not that of the call which EC2 makes for it',
    source: FORWARDED,
    asks: 'kms:Decrypt',
    context: THROUGH_EC2,
    given: { key: [allow('kms:*', { to: ROLE, if: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } })] },
    expect: silent('key-policy'),
  },
];

const behindMfa = (sid: string) => allow('kms:*', { sid, if: MFA });
const FROM_OFFICE = allow('*', { sid: 'FromOffice', if: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } });
const OFFICE_IS_OPEN = openIn('aws:SourceIp', 'statement `FromOffice` of policy of level 0');

const aboutWhatDoesNotMatter: readonly Case[] = [
  {
    claim: 'an allow in IAM that is open is not named where the key policy is enough',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { ...USABLE, identity: [behindMfa('WithMfa')], scp: [[FROM_OFFICE]] },
    expect: undetermined(OFFICE_IS_OPEN),
  },
  {
    claim: 'an allow in IAM that is open is not named beside one that is sure',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { identity: [...ALL_OF_KMS, behindMfa('WithMfa')], scp: [[FROM_OFFICE]] },
    expect: undetermined(OFFICE_IS_OPEN),
  },
  {
    claim: 'a statement for somebody else is not named, whatever is open in it',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: {
      key: [
        allow('kms:*', { sid: 'Mine', to: ROLE, if: MFA }),
        allow('kms:*', { sid: 'Theirs', to: `${ROLE}2`, if: { StringEquals: { 'aws:PrincipalTag/team': 'web' } } }),
      ],
    },
    expect: undetermined(openIn('aws:MultiFactorAuthPresent', 'statement `Mine` of the key policy')),
  },
  {
    claim: 'whether the boundary allows is named where it would settle that a grant is enough',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: {
      key: [],
      grants: [{ GrantId: 'g-1', GranteePrincipal: ROLE, Operations: ['Decrypt'] }],
      boundary: [behindMfa('WithMfa')],
    },
    expect: undetermined(openIn('aws:MultiFactorAuthPresent', 'statement `WithMfa` of boundary')),
  },
  {
    claim: 'of several grants only those are named that may fit',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: {
      key: [],
      grants: [
        { GrantId: 'g-1', GranteePrincipal: `${ROLE}2`, Operations: ['Decrypt'] },
        { GrantId: 'g-2', GranteePrincipal: rootOf(PLATFORM), Operations: ['Decrypt'] },
      ],
    },
    expect: undetermined('whether the grant g-2 fits the request'),
  },
];

export const unknownThings: readonly Case[] = [...aboutParts, ...aboutContext, ...aboutWhatDoesNotMatter];
