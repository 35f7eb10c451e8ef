import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kmsActionNames } from '#shared/policy/lint/action-patterns';
import { lintPolicy, RULES } from '#shared/policy/lint/lint';
import type { Setting } from '#shared/policy/lint/subject';
import {
  allow,
  type Conditions,
  DELEGATION,
  deny,
  PLATFORM,
  ROLE,
  rootOf,
  STRANGER,
  TARGET,
  UNIQUE_ID,
  USER,
  type Written,
} from '../cases/case.ts';

interface Case {
  readonly claim: string;
  readonly rule: string;
  readonly statements: readonly Written[];
  readonly setting?: Setting;
  /** Places of the statements that are found; `null` is the policy as a whole. */
  readonly at: readonly (number | null)[];
  /** What takes the place of the first that is found. */
  readonly mend?: { readonly effect: 'same' | 'narrower'; readonly becomes: readonly Written[] };
}

const ADMIN = allow('kms:PutKeyPolicy', { to: rootOf(PLATFORM) });
const via = (...services: readonly string[]) => ({ StringEquals: { 'kms:ViaService': services } });
const OF_EBS = ['kms:CreateGrant', 'kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'];
const FOR_AWS = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };
const KEEPING_APART: readonly Conditions[] = [
  { StringEquals: { 'kms:CallerAccount': PLATFORM } },
  { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } },
  { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${PLATFORM}:role/*` } },
  { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': ['o-a1b2c3d4e5/*'] } },
];
const NOT_KEEPING_APART: readonly Conditions[] = [
  { StringNotEquals: { 'kms:CallerAccount': STRANGER } },
  { StringLike: { 'aws:PrincipalArn': '*' } },
  { Bool: { 'aws:SecureTransport': 'true' } },
];
const INSTANCES = 'arn:aws:ec2:*:*:instance/*';

const cases: readonly Case[] = [
  {
    claim: 'a policy without an administrator locks everybody out',
    rule: 'nobody-administers',
    statements: [allow('kms:Decrypt', { to: ROLE })],
    at: [null],
  },
  {
    claim: 'an excerpt may leave the administrators out',
    rule: 'nobody-administers',
    statements: [allow('kms:Decrypt', { to: ROLE })],
    setting: { isExcerpt: true },
    at: [],
  },
  {
    claim: 'an administrator of another account is none: PutKeyPolicy does not cross accounts',
    rule: 'nobody-administers',
    statements: [allow('kms:*', { to: rootOf(TARGET) })],
    setting: { account: PLATFORM },
    at: [null],
  },
  {
    claim: 'a deleted administrator is none',
    rule: 'nobody-administers',
    statements: [allow('kms:*', { to: UNIQUE_ID })],
    at: [null],
  },
  {
    claim: 'a service administers nothing',
    rule: 'nobody-administers',
    statements: [allow('kms:*', { toService: 'logs.eu-west-3.amazonaws.com' })],
    at: [null],
  },
  {
    claim: 'a denial for everybody locks out whoever is allowed',
    rule: 'nobody-administers',
    statements: [ADMIN, deny('kms:Put*', { to: '*' })],
    at: [null],
  },
  {
    claim: 'a denial with a condition leaves somebody',
    rule: 'nobody-administers',
    statements: [ADMIN, deny('kms:Put*', { to: '*', if: { Bool: { 'aws:MultiFactorAuthPresent': 'false' } } })],
    at: [],
  },
  {
    claim: 'a statement without a Resource administers nothing',
    rule: 'nobody-administers',
    statements: [{ Effect: 'Allow', Principal: { AWS: PLATFORM }, Action: 'kms:*' }],
    at: [null],
  },
  {
    claim: 'an administrator by NotPrincipal is nobody who can be named, and not nobody',
    rule: 'nobody-administers',
    statements: [allow('kms:*', { toAllBut: [ROLE] })],
    at: [],
  },
  {
    claim: 'administration by a role alone ends with the role',
    rule: 'only-named-administrators',
    statements: [allow('kms:PutKeyPolicy', { to: ROLE })],
    at: [null],
  },
  {
    claim: 'administration that is left to the account does not',
    rule: 'only-named-administrators',
    statements: [ADMIN, allow('kms:PutKeyPolicy', { to: ROLE })],
    at: [],
  },
  {
    claim: 'a user who administers by one statement and decrypts by another is both',
    rule: 'administrator-is-user',
    statements: [allow('kms:ScheduleKeyDeletion', { to: USER }), allow('kms:Decrypt', { to: [ROLE, USER] })],
    at: [1],
  },
  {
    claim: 'two roles, one for each, are not',
    rule: 'administrator-is-user',
    statements: [allow('kms:ScheduleKeyDeletion', { to: USER }), allow('kms:Decrypt', { to: ROLE })],
    at: [],
  },
  {
    claim: 'an account may be told both: IAM parts its people',
    rule: 'administrator-is-user',
    statements: [allow(['kms:Decrypt', 'kms:PutKeyPolicy'], { to: PLATFORM })],
    at: [],
  },
  {
    claim: '`kms:*` for the account of the key is its default',
    rule: 'all-of-kms-for-others',
    statements: [DELEGATION],
    at: [],
  },
  {
    claim: '`kms:*` for a role is everything in one',
    rule: 'all-of-kms-for-others',
    statements: [DELEGATION, allow('kms:*', { to: ROLE })],
    at: [1],
  },
  {
    claim: '`*` for another account is everything of the key, too',
    rule: 'all-of-kms-for-others',
    statements: [DELEGATION, allow('*', { to: STRANGER })],
    setting: { account: PLATFORM },
    at: [1],
  },
  {
    claim: 'a denial of `kms:*` is nothing of the kind',
    rule: 'all-of-kms-for-others',
    statements: [DELEGATION, deny('kms:*', { to: ROLE })],
    at: [],
  },
  {
    claim: 'a statement for a role is pointless where its account is left all of it',
    rule: 'pointless-beside-delegation',
    statements: [DELEGATION, allow('kms:Decrypt', { to: ROLE })],
    at: [1],
  },
  {
    claim: 'it is not where the account is left less',
    rule: 'pointless-beside-delegation',
    statements: [ADMIN, allow('kms:Decrypt', { to: ROLE })],
    at: [],
  },
  {
    claim: 'nor where the account is left it under a condition that the role does not have',
    rule: 'pointless-beside-delegation',
    statements: [
      allow('kms:Decrypt', { to: PLATFORM, if: via('ec2.eu-west-3.amazonaws.com') }),
      allow('kms:Decrypt', { to: ROLE }),
    ],
    at: [],
  },
  {
    claim: 'under the same condition it is',
    rule: 'pointless-beside-delegation',
    statements: [
      allow('kms:*', { to: PLATFORM, if: via('ec2.eu-west-3.amazonaws.com') }),
      allow('kms:Decrypt', { to: ROLE, if: { ...via('ec2.eu-west-3.amazonaws.com'), ...FOR_AWS } }),
    ],
    at: [1],
  },
  {
    claim: 'a role of another account is left nothing by the delegation to this one',
    rule: 'pointless-beside-delegation',
    statements: [DELEGATION, allow('kms:Decrypt', { to: `arn:aws:iam::${TARGET}:role/myCadoResponseRole` })],
    at: [],
  },
  {
    claim: 'of two equal statements the second is too much',
    rule: 'covered-by-another',
    statements: [allow('kms:Decrypt', { to: ROLE }), allow('kms:Decrypt', { to: ROLE })],
    at: [1],
    mend: { effect: 'same', becomes: [] },
  },
  {
    claim: 'a statement with one condition more is covered by the one without',
    rule: 'covered-by-another',
    statements: [allow('kms:CreateGrant', { to: ROLE, if: FOR_AWS }), allow('kms:Cr*', { to: ROLE })],
    at: [0],
    mend: { effect: 'same', becomes: [] },
  },
  {
    claim: 'a denial is not covered by an allow',
    rule: 'covered-by-another',
    statements: [DELEGATION, deny('kms:Decrypt', { to: rootOf(PLATFORM) })],
    at: [],
  },
  {
    claim: 'who is named and who is only of the account are not the same: one needs IAM',
    rule: 'covered-by-another',
    statements: [DELEGATION, allow('kms:Decrypt', { to: ROLE })],
    at: [],
  },
  {
    claim: 'one of another resource is not covered',
    rule: 'covered-by-another',
    statements: [allow('s3:GetObject', { on: 'arn:aws:s3:::a/*' }), allow('s3:GetObject', { on: 'arn:aws:s3:::b/*' })],
    at: [],
  },
  {
    claim: 'one of `*` is covered by nothing narrower',
    rule: 'covered-by-another',
    statements: [allow('s3:GetObject', { on: 'arn:aws:s3:::a/*' }), allow('s3:GetObject', { on: '*' })],
    at: [0],
    mend: { effect: 'same', becomes: [] },
  },
  {
    claim: 'everyone is everyone of every account',
    rule: 'everyone-without-account',
    statements: [allow('kms:Decrypt', { to: '*', if: via('ec2.eu-west-3.amazonaws.com') })],
    at: [0],
  },
  ...KEEPING_APART.map(
    (condition): Case => ({
      claim: `everyone is kept apart by ${JSON.stringify(condition)}`,
      rule: 'everyone-without-account',
      statements: [allow('kms:Decrypt', { to: '*', if: condition })],
      at: [],
    }),
  ),
  ...NOT_KEEPING_APART.map(
    (condition): Case => ({
      claim: `everyone is not kept apart by ${JSON.stringify(condition)}`,
      rule: 'everyone-without-account',
      statements: [allow('kms:Decrypt', { to: '*', if: condition })],
      at: [0],
    }),
  ),
  {
    claim: 'NotPrincipal is found in what allows and in what denies',
    rule: 'not-principal',
    statements: [allow('kms:Decrypt', { toAllBut: [ROLE] }), deny('kms:Decrypt', { toAllBut: [ROLE] }), DELEGATION],
    at: [0, 1],
  },
  {
    claim: 'a unique id is somebody who has been deleted',
    rule: 'deleted-principal',
    statements: [DELEGATION, allow('kms:Decrypt', { to: [ROLE, UNIQUE_ID] })],
    at: [1],
  },
  {
    claim: 'a statement of a key policy without a Resource has no effect',
    rule: 'no-resource',
    statements: [DELEGATION, { Effect: 'Allow', Principal: '*', Action: 'kms:Decrypt' }],
    at: [1],
  },
  {
    claim: 'a grant for whatever one likes is parted from the use of the key, and bound',
    rule: 'grant-not-for-aws-resources',
    statements: [DELEGATION, allow(['kms:CreateGrant', 'kms:Decrypt'], { sid: 'Use', to: ROLE })],
    at: [1],
    mend: {
      effect: 'narrower',
      becomes: [
        allow('kms:Decrypt', { sid: 'Use', to: ROLE }),
        allow('kms:CreateGrant', { sid: 'UseForAWSResources', to: ROLE, if: FOR_AWS }),
      ],
    },
  },
  {
    claim: 'conditions that are there stay',
    rule: 'grant-not-for-aws-resources',
    statements: [allow('kms:CreateGrant', { to: ROLE, if: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } })],
    at: [0],
    mend: {
      effect: 'narrower',
      becomes: [
        allow('kms:CreateGrant', {
          to: ROLE,
          if: { Bool: { 'aws:MultiFactorAuthPresent': 'true', 'kms:GrantIsForAWSResource': 'true' } },
        }),
      ],
    },
  },
  {
    claim: 'a glob that grants is found, and who wrote it decides what it was for',
    rule: 'grant-not-for-aws-resources',
    statements: [DELEGATION, allow('kms:Create*', { to: ROLE })],
    at: [1],
  },
  {
    claim: 'grants through a service are for what the service does',
    rule: 'grant-not-for-aws-resources',
    statements: [allow('kms:CreateGrant', { to: ROLE, if: via('ec2.eu-west-3.amazonaws.com') })],
    at: [],
  },
  {
    claim: 'a condition that only asks if the key is there does not bind a caller',
    rule: 'grant-not-for-aws-resources',
    statements: [allow('kms:Create*', { to: ROLE, if: { BoolIfExists: { 'kms:GrantIsForAWSResource': 'true' } } })],
    at: [0],
  },
  {
    claim: "a role's own `kms:*` makes grants for anybody; an administrator's `*` is somebody else's matter",
    rule: 'grant-not-for-aws-resources',
    statements: [allow('kms:*'), allow('*')],
    at: [0],
  },
  {
    claim: 'five actions are not six',
    rule: 'describe-key-missing',
    statements: [ADMIN, allow(OF_EBS, { to: ROLE })],
    at: [1],
  },
  {
    claim: 'the sixth may stand in another statement for the same role',
    rule: 'describe-key-missing',
    statements: [ADMIN, allow(OF_EBS, { to: ROLE }), allow('kms:Describe*', { to: [ROLE, USER] })],
    at: [],
  },
  {
    claim: 'the sixth may be left to IAM of its account',
    rule: 'describe-key-missing',
    statements: [allow('kms:Describe*', { to: PLATFORM }), allow(OF_EBS, { to: ROLE })],
    at: [],
  },
  {
    claim: 'four actions are no list of what EBS asks for',
    rule: 'describe-key-missing',
    statements: [ADMIN, allow(OF_EBS.slice(1), { to: ROLE })],
    at: [],
  },
  {
    claim: 'a service of another Region than the key never comes',
    rule: 'service-of-another-region',
    statements: [
      DELEGATION,
      allow('kms:Decrypt', { to: ROLE, if: via('ec2.eu-west-3.amazonaws.com', 'ec2.us-east-1.amazonaws.com') }),
    ],
    setting: { keyRegion: 'eu-west-3' },
    at: [1],
  },
  {
    claim: 'that of the platform may be meant for a copy',
    rule: 'service-of-another-region',
    statements: [DELEGATION, allow('kms:Decrypt', { to: ROLE, if: via('ec2.us-east-1.amazonaws.com') })],
    setting: { keyRegion: 'eu-west-3', platformRegions: ['us-east-1'] },
    at: [],
  },
  {
    claim: 'without a Region to compare nothing is said',
    rule: 'service-of-another-region',
    statements: [DELEGATION, allow('kms:Decrypt', { to: ROLE, if: via('ec2.us-east-1.amazonaws.com') })],
    at: [],
  },
  {
    claim: 'a Region that is kept out is none that is let in',
    rule: 'service-of-another-region',
    statements: [
      DELEGATION,
      deny('kms:*', { to: ROLE, if: { StringNotEquals: { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com' } } }),
    ],
    setting: { keyRegion: 'eu-west-3' },
    at: [],
  },
  {
    claim: 'a platform elsewhere is left out',
    rule: 'platform-region-left-out',
    statements: [DELEGATION, allow('kms:Decrypt', { to: ROLE, if: via('ec2.eu-west-3.amazonaws.com') })],
    setting: { platformRegions: ['us-east-1', 'eu-west-3'] },
    at: [1],
  },
  {
    claim: 'a pattern may take the Region of the platform in',
    rule: 'platform-region-left-out',
    statements: [allow('kms:Decrypt', { to: ROLE, if: { StringLike: { 'kms:ViaService': 'ec2.*.amazonaws.com' } } })],
    setting: { platformRegions: ['us-east-1'] },
    at: [],
  },
  {
    claim: 'a misspelled action is none, one without a key is none here, and one of another service is none either',
    rule: 'action-matches-nothing',
    statements: [
      DELEGATION,
      allow(['kms:Decript', 'kms:Decrypt'], { to: ROLE }),
      allow('kms:CreateKey', { to: ROLE }),
      allow('s3:GetObject', { to: ROLE }),
      allow(['*', '?ms:Decrypt'], { to: ROLE }),
    ],
    at: [1, 2, 3],
  },
  {
    claim: 'in an identity policy an action without a key is one, and of a service that is not known nothing is said',
    rule: 'action-matches-nothing',
    statements: [allow(['kms:CreateKey', 'ec2:Anything']), allow('kms:Creat')],
    at: [1],
  },
  {
    claim: 'a glob of one action says the action',
    rule: 'glob-of-one-action',
    statements: [DELEGATION, allow(['kms:Put*', 'kms:PutKeyPolicy', 'kms:Get*'], { to: ROLE })],
    at: [1],
    mend: { effect: 'same', becomes: [allow(['kms:PutKeyPolicy', 'kms:Get*'], { to: ROLE })] },
  },
  {
    claim: 'in an identity policy Describe* may also be about key stores',
    rule: 'glob-of-one-action',
    statements: [allow('kms:Describe*'), allow('kms:Sy*')],
    at: [1],
    mend: { effect: 'same', becomes: [allow('kms:SynchronizeMultiRegionKey')] },
  },
  {
    claim: 'actions out of order are put in order, whatever their case, and one that stands twice once',
    rule: 'actions-unsorted',
    statements: [allow(['kms:encrypt', 'kms:Decrypt', 'kms:Decrypt']), allow('kms:Decrypt'), { ...allow('x:Y') }],
    at: [0],
    mend: { effect: 'same', becomes: [allow(['kms:Decrypt', 'kms:encrypt'])] },
  },
  {
    claim: 'NotAction is put in order as well',
    rule: 'actions-unsorted',
    statements: [{ Effect: 'Deny', NotAction: ['kms:B', 'kms:A'], Resource: '*' }],
    at: [0],
    mend: { effect: 'same', becomes: [{ Effect: 'Deny', NotAction: ['kms:A', 'kms:B'], Resource: '*' }] },
  },
  {
    claim: 'a command to any instance is found, also through a glob; to one that is named, tagged or denied not',
    rule: 'send-command-to-any-instance',
    statements: [
      allow('ssm:Send*'),
      allow('ssm:SendCommand', { on: INSTANCES }),
      allow('ssm:SendCommand', { on: 'arn:aws:ec2:*:*:instance/i-0f1e2d3c4b5a69788' }),
      allow('ssm:SendCommand', { on: INSTANCES, if: { StringEquals: { 'ssm:resourceTag/Forensics': 'yes' } } }),
      deny('ssm:SendCommand', { on: INSTANCES }),
      allow('*'),
    ],
    at: [0, 1],
  },
];

describe('the rules', () => {
  it.each(cases)('$rule: $claim', ({ rule, statements, setting, at, mend }) => {
    const { findings } = lintPolicy({ Version: '2012-10-17', Statement: statements }, 'policy', setting);
    const found = findings.filter((finding) => finding.rule === rule);
    expect(found.map(({ statement }) => statement)).toEqual(at);
    if (mend !== undefined || found.length > 0) expect(found[0]?.mend ?? null).toEqual(mend ?? null);
    for (const { message } of found) expect(message).toMatch(/^[^\n]{10,}$/);
  });

  it('each rule has an id of its own, a reason, a source, and a case that finds it', () => {
    const ids = RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const found = new Set(cases.filter(({ at }) => at.length > 0).map(({ rule }) => rule));
    expect(ids.filter((id) => !found.has(id))).toEqual([]);
    for (const { title, reason, source } of RULES) expect([title, reason, source].every(Boolean)).toBe(true);
  });

  it('each rule stands in the documentation, with its severity', () => {
    const page = readFileSync('docs/lint.md', 'utf8');
    for (const { id, severity } of RULES) expect(page).toMatch(new RegExp(`\\| \`${id}\` +\\| ${severity} `));
  });

  it('a list of actions of other services finds what is misspelled there', () => {
    const actionNames = (service: string) => (service === 'ec2' ? ['ec2:CreateSnapshot'] : kmsActionNames(service));
    const { findings } = lintPolicy(
      { Version: '2012-10-17', Statement: allow(['ec2:CreateSnap', 'ec2:Create*']) },
      'own',
      { actionNames },
    );
    expect(findings.map(({ rule }) => rule)).toEqual([
      'action-matches-nothing',
      'glob-of-one-action',
      'actions-unsorted',
    ]);
  });
});
