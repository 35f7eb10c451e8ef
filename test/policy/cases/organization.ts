import {
  ALL_OF_KMS,
  allow,
  allowed,
  type Case,
  DELEGATION,
  denied,
  deny,
  EVERYTHING,
  KEY,
  named,
  PLATFORM,
  ROLE,
  rootOf,
  SESSION,
  silent,
  TARGET,
  UNREAD,
  undetermined,
} from './case.ts';
import { NOWHERE, RCP, RCP_OF_KMS, RESOURCE, SCP, SCP_LEVELS, SERVICE_LINKED } from './sources.ts';

const USABLE = { key: [allow('kms:*', { sid: 'Use', to: SESSION })] };
const STORAGE = [allow('s3:*', { sid: 'Storage' })];
const OUTSIDE_EUROPE = deny('*', {
  sid: 'EuropeOnly',
  if: { StringNotEquals: { 'aws:RequestedRegion': ['eu-west-3', 'eu-central-1'] } },
});
const KEY_IN_OHIO = KEY.replace('eu-west-3', 'us-east-2');
const LINKED = named(
  `arn:aws:iam::${PLATFORM}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
);
const LINKED_SESSION = named(`arn:aws:sts::${PLATFORM}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling`);

const aboutServiceControlPolicies: readonly Case[] = [
  {
    claim: 'every level of the organisation has to allow',
    source: SCP_LEVELS,
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: [EVERYTHING, ALL_OF_KMS, EVERYTHING] },
    expect: allowed('Use'),
    says: { 'service-control-policy': 'allows' },
  },
  {
    claim: 'an organisational unit that does not allow stops what root and account allow',
    source: SCP_LEVELS,
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: [EVERYTHING, STORAGE, EVERYTHING] },
    expect: silent('service-control-policy'),
    says: { 'service-control-policy': 'silent' },
  },
  {
    claim: 'a root of the organisation that does not allow stops what the lower levels allow',
    source: SCP_LEVELS,
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: [STORAGE, EVERYTHING] },
    expect: silent('service-control-policy'),
  },
  {
    claim: 'an account to which nothing is attached that allows is stopped',
    source: SCP_LEVELS,
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: [EVERYTHING, []] },
    expect: silent('service-control-policy'),
  },
  {
    claim: 'a denial at any level wins, also over the levels below',
    source: SCP_LEVELS,
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: [EVERYTHING, [...EVERYTHING, deny('kms:Decrypt', { sid: 'Never' })], EVERYTHING] },
    expect: denied('service-control-policy', 'Never'),
    says: { 'service-control-policy': 'denies' },
  },
  {
    claim: 'of several levels that deny the highest is named',
    source: SCP_LEVELS,
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: [EVERYTHING, [deny('*', { sid: 'Unit' })], [deny('*', { sid: 'Account' })]] },
    expect: denied('service-control-policy', 'Unit'),
  },
  {
    claim: 'an account without an organisation is asked for nothing',
    source: SCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: [] },
    expect: allowed('Use'),
    says: { 'service-control-policy': 'not-asked' },
  },
  {
    claim: 'a service control policy gives nothing by itself',
    source: SCP,
    asks: 'kms:Decrypt',
    given: { key: [DELEGATION], scp: [EVERYTHING] },
    expect: silent('identity-policy'),
  },
  {
    claim: 'a service control policy limits the Regions in which a key may be used',
    source: SCP,
    asks: 'kms:Decrypt',
    of: KEY_IN_OHIO,
    given: { ...USABLE, scp: [[...EVERYTHING, OUTSIDE_EUROPE]] },
    expect: denied('service-control-policy', 'EuropeOnly'),
  },
  {
    claim: 'a service control policy that limits the Regions lets its own pass',
    source: SCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: [[...EVERYTHING, OUTSIDE_EUROPE]] },
    expect: allowed('Use'),
  },
  {
    claim: 'a service control policy binds the root user of a member account',
    source: SCP,
    by: named(rootOf(PLATFORM)),
    asks: 'kms:Decrypt',
    given: {
      scp: [
        [...EVERYTHING, deny('*', { sid: 'NoRoot', if: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:root' } } })],
      ],
    },
    expect: denied('service-control-policy', 'NoRoot'),
  },
  {
    claim: 'a service control policy does not bind a service-linked role',
    source: SERVICE_LINKED,
    by: LINKED,
    asks: 'kms:Decrypt',
    given: { identity: ALL_OF_KMS, scp: [[deny('*')]] },
    expect: allowed('Delegation'),
    says: { 'service-control-policy': 'not-asked' },
  },
  {
    claim: 'a session of such a name, whose role is not known, is bound: anybody can give that name',
    source: SERVICE_LINKED,
    by: LINKED_SESSION,
    asks: 'kms:Decrypt',
    given: { identity: ALL_OF_KMS, scp: [[deny('*', { sid: 'Never' })]] },
    expect: denied('service-control-policy', 'Never'),
  },
  {
    claim: 'a role that only bears such a name, under another path, is bound',
    source: SERVICE_LINKED,
    by: named(`arn:aws:iam::${PLATFORM}:role/AWSServiceRoleForAutoScaling`),
    asks: 'kms:Decrypt',
    given: { identity: ALL_OF_KMS, scp: [[deny('*', { sid: 'Never' })]] },
    expect: denied('service-control-policy', 'Never'),
  },
  {
    claim: 'a role of which only the session is known is bound by its plain name',
    source: SCP,
    by: named(SESSION),
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: [[deny('*', { sid: 'Never' })]] },
    expect: denied('service-control-policy', 'Never'),
  },
  {
    claim: 'a user of such a path is no service-linked role',
    source: SERVICE_LINKED,
    by: named(`arn:aws:iam::${PLATFORM}:user/AWSServiceRoleForAutoScaling`),
    asks: 'kms:Decrypt',
    given: { identity: ALL_OF_KMS, scp: [[deny('*', { sid: 'Never' })]] },
    expect: denied('service-control-policy', 'Never'),
  },
  {
    claim: 'a service control policy does not bind a service',
    source: SCP,
    by: named('logs.eu-west-3.amazonaws.com'),
    asks: 'kms:Decrypt',
    given: { key: [allow('kms:*', { sid: 'Logs', toService: 'logs.eu-west-3.amazonaws.com' })], scp: [[deny('*')]] },
    expect: allowed('Logs'),
  },
  {
    claim: 'an allow behind a condition counts only where the condition holds',
    source: SCP,
    asks: 'kms:Decrypt',
    context: { 'aws:PrincipalTag/team': 'web' },
    given: { ...USABLE, scp: [[allow('*', { if: { StringEquals: { 'aws:PrincipalTag/team': 'forensics' } } })]] },
    expect: silent('service-control-policy'),
  },
  {
    claim: 'an allow for this key alone counts for it',
    source: RESOURCE,
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: [[allow('kms:*', { on: KEY })]] },
    expect: allowed('Use'),
  },
];

const rcp = (...statements: readonly object[]) => [statements.map((statement) => ({ ...statement }))];
const NOBODY = deny('kms:*', { sid: 'Nobody', to: '*' });
const NO_STRANGERS = deny('kms:*', {
  sid: 'NoStrangers',
  to: '*',
  if: {
    StringNotEqualsIfExists: { 'aws:PrincipalAccount': PLATFORM },
    BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
  },
});

const aboutResourceControlPolicies: readonly Case[] = [
  {
    claim: 'a resource control policy that denies wins over everything that allows',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, rcp: rcp(NOBODY) },
    expect: denied('resource-control-policy', 'Nobody'),
    says: { 'resource-control-policy': 'denies' },
  },
  {
    claim: 'a resource control policy that says nothing allows: an allow for everything is always attached',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, rcp: [[deny('s3:*', { to: '*' })], []] },
    expect: allowed('Use'),
    says: { 'resource-control-policy': 'allows' },
  },
  {
    claim: 'a denial at the second level counts as one at the first',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, rcp: [[], [NOBODY]] },
    expect: denied('resource-control-policy', 'Nobody'),
  },
  {
    claim: 'a key outside an organisation is asked for nothing',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, rcp: [], manager: UNREAD },
    expect: allowed('Use'),
    says: { 'resource-control-policy': 'not-asked' },
  },
  {
    claim: 'a resource control policy does not bind the keys that AWS manages',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, manager: 'AWS', rcp: rcp(NOBODY) },
    expect: allowed('Use'),
    says: { 'resource-control-policy': 'not-asked' },
  },
  {
    claim: 'whether it binds is open where it is not known who manages the key',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, manager: UNREAD, rcp: rcp(NOBODY) },
    expect: undetermined('who manages the key'),
    says: { 'resource-control-policy': 'unknown' },
  },
  {
    claim: 'who manages the key does not matter where no resource control policy denies',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, manager: UNREAD, rcp: rcp(NO_STRANGERS) },
    expect: allowed('Use'),
  },
  {
    claim: 'a resource control policy does not bind a service-linked role',
    source: RCP,
    by: LINKED,
    asks: 'kms:Decrypt',
    given: { identity: ALL_OF_KMS, rcp: rcp(NOBODY) },
    expect: allowed('Delegation'),
  },
  {
    claim: 'a resource control policy does not bind RetireGrant',
    source: RCP,
    asks: 'kms:RetireGrant',
    given: { ...USABLE, rcp: rcp(deny('*', { to: '*' })) },
    expect: undetermined('which grant it is, and who may retire it'),
    says: { 'resource-control-policy': 'not-asked' },
  },
  {
    claim: 'a resource control policy binds callers of other accounts',
    source: RCP_OF_KMS,
    by: named(`arn:aws:iam::${TARGET}:role/myCadoResponseRole`),
    asks: 'kms:Decrypt',
    given: { key: [allow('kms:*', { to: TARGET })], identity: ALL_OF_KMS, rcp: rcp(NO_STRANGERS) },
    expect: denied('resource-control-policy', 'NoStrangers'),
  },
  {
    claim: 'a resource control policy against strangers lets the own account pass',
    source: RCP_OF_KMS,
    asks: 'kms:Decrypt',
    given: { ...USABLE, rcp: rcp(NO_STRANGERS) },
    expect: allowed('Use'),
  },
  {
    claim: 'a resource control policy binds a service unless it says otherwise',
    source: RCP_OF_KMS,
    by: named('logs.eu-west-3.amazonaws.com'),
    asks: 'kms:Decrypt',
    given: { key: [allow('kms:*', { toService: 'logs.eu-west-3.amazonaws.com' })], rcp: rcp(NOBODY) },
    expect: denied('resource-control-policy', 'Nobody'),
  },
  {
    claim: 'a resource control policy that excepts services lets a service pass',
    source: RCP_OF_KMS,
    by: named('logs.eu-west-3.amazonaws.com'),
    asks: 'kms:Decrypt',
    given: {
      key: [allow('kms:*', { sid: 'Logs', toService: 'logs.eu-west-3.amazonaws.com' })],
      rcp: rcp(NO_STRANGERS),
    },
    expect: allowed('Logs'),
  },
  {
    claim: 'a denial that does not mean the caller changes nothing',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, rcp: rcp(deny('kms:*', { to: `${ROLE}2` })) },
    expect: allowed('Use'),
  },
  {
    claim: 'an allow in a resource control policy gives nothing',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { rcp: rcp(allow('kms:*', { to: ROLE })) },
    expect: silent('identity-policy'),
  },
];

const aboutUnreadOrganizations: readonly Case[] = [
  {
    claim: 'service control policies that could not be read leave it open',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: { ...USABLE, scp: UNREAD },
    expect: undetermined('the service control policies: it could not be read'),
    says: { 'service-control-policy': 'unknown' },
  },
  {
    claim: 'resource control policies that could not be read leave it open',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: { ...USABLE, rcp: UNREAD },
    expect: undetermined('the resource control policies: it could not be read'),
  },
  {
    claim: 'resource control policies that could not be read do not matter for a key that AWS manages',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, manager: 'AWS', rcp: UNREAD },
    expect: allowed('Use'),
  },
  {
    claim: 'where neither they nor the manager of the key are known, both are named',
    source: RCP,
    asks: 'kms:Decrypt',
    given: { ...USABLE, manager: UNREAD, rcp: UNREAD },
    expect: undetermined('who manages the key', 'the resource control policies: it could not be read'),
  },
  {
    claim: 'an organisation that could not be read does not save what the key policy refuses',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: { key: [], identity: EVERYTHING, scp: UNREAD, rcp: UNREAD },
    expect: silent('key-policy'),
  },
  {
    claim: 'of a level whose allow is sure, what else is open there is not named',
    source: NOWHERE,
    asks: 'kms:Decrypt',
    given: {
      ...USABLE,
      scp: [
        [...EVERYTHING, allow('kms:*', { sid: 'Tagged', if: { StringEquals: { 'aws:PrincipalTag/team': 'web' } } })],
        [allow('kms:*', { sid: 'FromOffice', if: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } })],
      ],
    },
    expect: undetermined('the context key `aws:SourceIp`, for statement `FromOffice` of policy of level 1'),
  },
];

export const organization: readonly Case[] = [
  ...aboutServiceControlPolicies,
  ...aboutResourceControlPolicies,
  ...aboutUnreadOrganizations,
];
