import {
  ALL_OF_KMS,
  allow,
  allowed,
  type Case,
  DELEGATION,
  denied,
  deny,
  KEY_OF_TARGET,
  named,
  PLATFORM,
  ROLE,
  rootOf,
  SESSION,
  STRANGER,
  silent,
  TARGET,
  UNIQUE_ID,
  UNREAD,
  USER,
  undetermined,
} from './case.ts';
import {
  BOUNDARIES,
  CROSS_ACCOUNT,
  DENY_OR_ALLOW,
  EVALUATION,
  KEY_POLICY,
  LOGIC,
  NOT_PRINCIPAL,
  NOWHERE,
  PRINCIPAL,
  SESSION_POLICIES,
} from './sources.ts';

const NOT_DOCUMENTED =
  'AWS does not document whether the boundary, the session policy or the IAM policies limit this allow';
const READS = [allow('s3:*', { sid: 'Elsewhere' })];
const use = (to: string, rest: object = {}) => [allow('kms:Decrypt', { sid: 'Use', to, ...rest })];
const TO_EVERYONE_WHO_IS_THE_ROLE = use('*', { if: { ArnLike: { 'aws:PrincipalArn': ROLE } } });

/** How the key policy names the one who asks decides which silences stop it. */
const aboutLimits: readonly Case[] = [
  {
    claim: 'named by its role: the silence of IAM does not matter',
    source: DENY_OR_ALLOW,
    asks: 'kms:Decrypt',
    given: { key: use(ROLE), identity: READS },
    expect: allowed('Use'),
  },
  {
    claim: 'named by its role: the silence of the boundary stops it',
    source: BOUNDARIES,
    asks: 'kms:Decrypt',
    given: { key: use(ROLE), boundary: READS },
    expect: silent('permissions-boundary'),
    says: { 'key-policy': 'allows', 'permissions-boundary': 'silent', 'session-policy': 'not-asked' },
  },
  {
    claim: 'named by its role: the silence of the session policy stops it',
    source: SESSION_POLICIES,
    asks: 'kms:Decrypt',
    given: { key: use(ROLE), session: READS },
    expect: silent('session-policy'),
    says: { 'permissions-boundary': 'not-asked', 'session-policy': 'silent' },
  },
  {
    claim: 'named by its role: a boundary and a session policy that allow are in the way of nothing',
    source: DENY_OR_ALLOW,
    asks: 'kms:Decrypt',
    given: { key: use(ROLE), boundary: ALL_OF_KMS, session: ALL_OF_KMS },
    expect: allowed('Use'),
    says: { 'permissions-boundary': 'allows', 'session-policy': 'allows' },
  },
  {
    claim: 'named as a session: neither boundary nor session policy limit it by their silence',
    source: SESSION_POLICIES,
    asks: 'kms:Decrypt',
    given: { key: use(SESSION), boundary: READS, session: READS, identity: READS },
    expect: allowed('Use'),
  },
  {
    claim: 'another session of the same role is not named',
    source: PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: use(`${SESSION}0`) },
    expect: silent('key-policy'),
  },
  {
    claim: 'whether it is the session that is named is open where only the role is known',
    source: PRINCIPAL,
    by: named(ROLE),
    asks: 'kms:Decrypt',
    given: { key: use(SESSION) },
    expect: undetermined('how AWS reads it here, for statement `Use` of the key policy'),
  },
  {
    claim: 'a user that is named is not limited by the silence of its boundary',
    source: DENY_OR_ALLOW,
    by: named(USER),
    asks: 'kms:Decrypt',
    given: { key: use(USER), boundary: READS },
    expect: allowed('Use'),
  },
  {
    claim: 'a user through the account needs IAM as a role does',
    source: KEY_POLICY,
    by: named(USER),
    asks: 'kms:Decrypt',
    given: { key: [DELEGATION] },
    expect: silent('identity-policy'),
  },
  {
    claim: 'everyone, without a limit of their own: allowed without IAM',
    source: PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: use('*') },
    expect: allowed('Use'),
  },
  {
    claim: 'everyone, with the principal picked by a condition: the boundary does not limit that',
    source: DENY_OR_ALLOW,
    asks: 'kms:Decrypt',
    given: { key: TO_EVERYONE_WHO_IS_THE_ROLE, boundary: READS },
    expect: allowed('Use'),
  },
  {
    claim: 'everyone, with the principal picked by a condition: the session policy does not limit that',
    source: DENY_OR_ALLOW,
    asks: 'kms:Decrypt',
    given: { key: TO_EVERYONE_WHO_IS_THE_ROLE, session: READS },
    expect: allowed('Use'),
  },
  {
    claim: 'everyone but one principal: nobody is picked, and what the boundary does is not documented',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: { key: use('*', { if: { ArnNotLike: { 'aws:PrincipalArn': USER } } }), boundary: READS },
    expect: undetermined(NOT_DOCUMENTED),
  },
  {
    claim: 'everyone, under another condition: what the boundary does is not documented',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: { key: use('*', { if: { StringEquals: { 'kms:CallerAccount': PLATFORM } } }), boundary: READS },
    expect: undetermined(NOT_DOCUMENTED),
  },
  {
    claim: 'everyone, asked whether a key of the policy is missing: nobody is picked by that',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: { key: use('*', { if: { Null: { 'aws:PrincipalArn': 'false' } } }), session: READS },
    expect: undetermined(NOT_DOCUMENTED),
  },
  {
    claim: 'through the account: the boundary has to allow as IAM has to',
    source: KEY_POLICY,
    asks: 'kms:Decrypt',
    given: { identity: ALL_OF_KMS, boundary: READS },
    expect: silent('permissions-boundary'),
  },
  {
    claim: 'through the account: the session policy has to allow as IAM has to',
    source: KEY_POLICY,
    asks: 'kms:Decrypt',
    given: { identity: ALL_OF_KMS, session: READS },
    expect: silent('session-policy'),
  },
  {
    claim: 'through the account: a boundary that allows gives nothing that IAM does not',
    source: BOUNDARIES,
    asks: 'kms:Decrypt',
    given: { boundary: ALL_OF_KMS, session: ALL_OF_KMS },
    expect: silent('identity-policy'),
  },
  {
    claim: 'one statement is enough that no limit stops, beside another that is stopped',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { key: [...use(ROLE), allow('kms:*', { sid: 'Session', to: SESSION })], boundary: READS },
    expect: allowed('Session'),
  },
  {
    claim: 'the first statement that is enough is named, not the first that allows',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { key: [DELEGATION, ...use(ROLE)], identity: READS },
    expect: allowed('Use'),
  },
];

const denialIn = (action: string) => [...ALL_OF_KMS, deny(action, { sid: 'Never' })];

const aboutDenials: readonly Case[] = [
  {
    claim: 'a denial in IAM wins over a key policy that names the role',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { key: use(ROLE), identity: denialIn('kms:Decrypt') },
    expect: denied('identity-policy', 'Never'),
    says: { 'key-policy': 'allows', 'identity-policy': 'denies' },
  },
  {
    claim: 'a denial in the boundary wins over a key policy that names the session',
    source: DENY_OR_ALLOW,
    asks: 'kms:Decrypt',
    given: { key: use(SESSION), boundary: denialIn('kms:*') },
    expect: denied('permissions-boundary', 'Never'),
  },
  {
    claim: 'a denial in the session policy wins over a key policy that names the session',
    source: DENY_OR_ALLOW,
    asks: 'kms:Decrypt',
    given: { key: use(SESSION), session: denialIn('*') },
    expect: denied('session-policy', 'Never'),
  },
  {
    claim: 'a denial in the key policy wins over everything that allows',
    source: EVALUATION,
    asks: 'kms:Decrypt',
    given: { key: [DELEGATION, ...use(ROLE), deny('kms:Decrypt', { sid: 'Never', to: ROLE })], identity: ALL_OF_KMS },
    expect: denied('key-policy', 'Never'),
    says: { 'key-policy': 'denies' },
  },
  {
    claim: 'a denial for the account is for everybody in it',
    source: PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: [...use(ROLE), deny('kms:*', { sid: 'Never', to: PLATFORM })] },
    expect: denied('key-policy', 'Never'),
  },
  {
    claim: 'a denial for another account is for nobody here',
    source: PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: [...use(ROLE), deny('kms:*', { to: TARGET })] },
    expect: allowed('Use'),
  },
  {
    claim: 'a denial of another action changes nothing',
    source: LOGIC,
    asks: 'kms:Decrypt',
    given: { key: use(ROLE), identity: denialIn('kms:Encrypt') },
    expect: allowed('Use'),
  },
  {
    claim: 'a denial whose condition does not hold changes nothing',
    source: LOGIC,
    asks: 'kms:Decrypt',
    context: { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' },
    given: {
      key: [...use(ROLE), deny('*', { to: '*', if: { StringNotLike: { 'kms:ViaService': 'ec2.*.amazonaws.com' } } })],
    },
    expect: allowed('Use'),
  },
];

const FROM_TARGET = named(`arn:aws:iam::${TARGET}:role/myCadoResponseRole`);

const aboutOtherAccounts: readonly Case[] = [
  {
    claim: 'across accounts both sides have to allow: the key policy alone is not enough',
    source: CROSS_ACCOUNT,
    by: FROM_TARGET,
    asks: 'kms:Decrypt',
    given: { key: use(`arn:aws:iam::${TARGET}:role/myCadoResponseRole`) },
    expect: silent('identity-policy'),
  },
  {
    claim: 'across accounts both sides have to allow: IAM alone is not enough',
    source: CROSS_ACCOUNT,
    by: FROM_TARGET,
    asks: 'kms:Decrypt',
    given: { key: [DELEGATION], identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'across accounts a key policy that names the account lets its IAM allow',
    source: CROSS_ACCOUNT,
    by: FROM_TARGET,
    asks: 'kms:Decrypt',
    given: { key: use(rootOf(TARGET)), identity: ALL_OF_KMS },
    expect: allowed('Use'),
    says: { 'key-policy': 'allows', 'identity-policy': 'allows' },
  },
  {
    claim: 'across accounts a key policy for everyone needs IAM besides',
    source: PRINCIPAL,
    by: FROM_TARGET,
    asks: 'kms:Decrypt',
    given: { key: use('*') },
    expect: silent('identity-policy'),
  },
  {
    claim: 'across accounts the boundary limits even one who is named as a session',
    source: CROSS_ACCOUNT,
    asks: 'kms:Decrypt',
    of: KEY_OF_TARGET,
    given: { key: use(SESSION), identity: ALL_OF_KMS, boundary: READS },
    expect: silent('permissions-boundary'),
  },
  {
    claim: 'across accounts the session policy limits even one who is named as a session',
    source: CROSS_ACCOUNT,
    asks: 'kms:Decrypt',
    of: KEY_OF_TARGET,
    given: { key: use(SESSION), identity: ALL_OF_KMS, session: READS },
    expect: silent('session-policy'),
  },
  {
    claim: 'the root user of another account needs the key policy alone',
    source: CROSS_ACCOUNT,
    by: named(rootOf(STRANGER)),
    asks: 'kms:Decrypt',
    given: { key: use(rootOf(STRANGER)) },
    expect: allowed('Use'),
  },
];

const BUT_THE_SESSION = { sid: 'AllBut', toAllBut: [SESSION, ROLE, rootOf(PLATFORM)] };
const allBut = (...names: readonly string[]) => [...use(ROLE), deny('kms:*', { sid: 'AllBut', toAllBut: names })];
const OPEN = undetermined('how AWS reads it here, for statement `AllBut` of the key policy');

const aboutNotPrincipal: readonly Case[] = [
  {
    claim: 'NotPrincipal leaves a session out of a denial that lists it, its role and its account',
    source: NOT_PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: [...use(ROLE), deny('kms:*', BUT_THE_SESSION)] },
    expect: allowed('Use'),
  },
  {
    claim: 'NotPrincipal denies one who is not listed at all',
    source: NOT_PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: allBut(USER) },
    expect: denied('key-policy', 'AllBut'),
  },
  {
    claim: 'NotPrincipal may deny a session of which only the role and the account are listed',
    source: NOT_PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: allBut(ROLE, rootOf(PLATFORM)) },
    expect: OPEN,
  },
  {
    claim: 'NotPrincipal may deny a session of which only itself and the account are listed',
    source: NOT_PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: allBut(SESSION, rootOf(PLATFORM)) },
    expect: OPEN,
  },
  {
    claim: 'NotPrincipal may deny a role whose account is not listed',
    source: NOT_PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: allBut(SESSION, ROLE) },
    expect: OPEN,
  },
  {
    claim: 'NotPrincipal leaves out a user whom it lists with the account',
    source: NOT_PRINCIPAL,
    by: named(USER),
    asks: 'kms:Decrypt',
    given: { key: [...use(USER), deny('kms:*', { toAllBut: [USER, PLATFORM] })] },
    expect: allowed('Use'),
  },
  {
    claim: 'NotPrincipal may deny a user whose account is not listed',
    source: NOT_PRINCIPAL,
    by: named(USER),
    asks: 'kms:Decrypt',
    given: { key: [...use(USER), deny('kms:*', { sid: 'AllBut', toAllBut: [USER] })] },
    expect: OPEN,
  },
  {
    claim: 'NotPrincipal leaves out the root user with the account',
    source: NOT_PRINCIPAL,
    by: named(rootOf(PLATFORM)),
    asks: 'kms:Decrypt',
    given: { key: [DELEGATION, deny('kms:*', { toAllBut: [PLATFORM] })], boundary: UNREAD },
    expect: allowed('Delegation'),
  },
  {
    claim: 'NotPrincipal always denies one who has a boundary, whomever it lists',
    source: NOT_PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: [...use(ROLE), deny('kms:*', BUT_THE_SESSION)], boundary: ALL_OF_KMS },
    expect: denied('key-policy', 'AllBut'),
  },
  {
    claim: 'whether NotPrincipal denies is open where it is not known if there is a boundary',
    source: NOT_PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: [...use(SESSION), deny('kms:*', BUT_THE_SESSION)], boundary: UNREAD },
    expect: undetermined(
      'how AWS reads it here, for statement `AllBut` of the key policy',
      'the permissions boundary: it could not be read',
    ),
  },
  {
    claim: 'NotPrincipal in a statement that allows is not documented',
    source: NOT_PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: [allow('kms:*', { sid: 'AllBut', toAllBut: [USER] })], identity: ALL_OF_KMS },
    expect: OPEN,
  },
];

const aboutUniqueIds: readonly Case[] = [
  {
    claim: 'a unique id is the role that has it, limited as the role is',
    source: PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: use(UNIQUE_ID), boundary: READS },
    expect: silent('permissions-boundary'),
  },
  {
    claim: 'a unique id is not the role that was made again under the same name',
    source: PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: use('AROAEXAMPLEDELETED001'), identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'whether a unique id is the role is open where the id of the role is not known',
    source: PRINCIPAL,
    by: named(SESSION),
    asks: 'kms:Decrypt',
    given: { key: use(UNIQUE_ID) },
    expect: undetermined('how AWS reads it here, for statement `Use` of the key policy'),
  },
  {
    claim: 'a unique id is no service',
    source: PRINCIPAL,
    by: named('dynamodb.amazonaws.com'),
    asks: 'kms:Decrypt',
    given: { key: use(UNIQUE_ID) },
    expect: silent('key-policy'),
  },
];

const aboutServices: readonly Case[] = [
  {
    claim: 'a service that the key policy names needs nothing else',
    source: PRINCIPAL,
    by: named('logs.eu-west-3.amazonaws.com'),
    asks: 'kms:Decrypt',
    given: {
      key: [allow('kms:Decrypt', { sid: 'Logs', toService: 'logs.eu-west-3.amazonaws.com' })],
      identity: UNREAD,
      boundary: UNREAD,
      session: UNREAD,
      scp: UNREAD,
    },
    expect: allowed('Logs'),
  },
  {
    claim: 'a service is not in an account',
    source: PRINCIPAL,
    by: named('logs.eu-west-3.amazonaws.com'),
    asks: 'kms:Decrypt',
    given: { key: [DELEGATION], identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'a role is not the service that is named',
    source: PRINCIPAL,
    asks: 'kms:Decrypt',
    given: { key: [allow('kms:*', { toService: 'ec2.amazonaws.com' })], identity: ALL_OF_KMS },
    expect: silent('key-policy'),
  },
  {
    claim: 'NotPrincipal leaves out the service that it lists',
    source: NOT_PRINCIPAL,
    by: named('logs.eu-west-3.amazonaws.com'),
    asks: 'kms:Decrypt',
    given: {
      key: [
        allow('kms:*', { sid: 'Logs', toService: 'logs.eu-west-3.amazonaws.com' }),
        { ...deny('kms:*'), NotPrincipal: { Service: 'logs.eu-west-3.amazonaws.com' } },
      ],
    },
    expect: allowed('Logs'),
  },
];

export const standing: readonly Case[] = [
  ...aboutLimits,
  ...aboutDenials,
  ...aboutOtherAccounts,
  ...aboutNotPrincipal,
  ...aboutUniqueIds,
  ...aboutServices,
  {
    claim: 'what a service does in its own name, without a key, no policy that can be read decides',
    source: PRINCIPAL,
    by: named('ec2.amazonaws.com'),
    asks: 'kms:CreateKey',
    of: '*',
    given: {},
    expect: undetermined('what AWS lets its service do'),
  },
];
