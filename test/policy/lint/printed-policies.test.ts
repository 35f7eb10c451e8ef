import { describe, expect, it } from 'vitest';
import { lintPolicy } from '#shared/policy/lint/lint';
import type { Setting } from '#shared/policy/lint/subject';
import { allow, DELEGATION, type Written } from '../cases/case.ts';
import {
  CUSTOM_KEY,
  DEFAULT_EBS_KEY,
  EBS_KEY,
  ONE_TIME,
  POWER_USER_POLICY,
  RESPONSE_ROLE_POLICY,
  SERVICE_KEY,
} from '../cases/printed-policies.ts';
import { BLOG, CADO, DEFAULT_POLICY } from '../cases/sources.ts';

interface Printed {
  readonly claim: string;
  readonly source: string;
  readonly statements: readonly Written[];
  readonly setting?: Setting;
  /** Rules and the Sids of the statements. */
  readonly finds: readonly (readonly [string, string])[];
}

const EXCERPT: Setting = { isExcerpt: true };

/** As it is printed before it is scoped down: any command on any machine. */
const ANY_COMMAND: Written = {
  Sid: 'AnyCommand',
  Effect: 'Allow',
  Action: ['ssm:SendCommand', 'ssm:DescribeInstanceInformation'],
  Resource: [
    'arn:aws:ec2:*:*:instance/*',
    'arn:aws:ssm:*::document/AWS-RunShellScript',
    'arn:aws:ssm:*::document/AWS-RunPowerShellScript',
  ],
};
const TAGGED: readonly Written[] = [
  {
    ...ANY_COMMAND,
    Resource: 'arn:aws:ec2:*:*:instance/*',
    Condition: { StringLike: { 'ssm:resourceTag/CadoResponseSSMEnabled': ['True'] } },
  },
  { ...ANY_COMMAND, Sid: 'Documents', Resource: 'arn:aws:ssm:*::document/AWS-RunShellScript' },
];

const printed: readonly Printed[] = [
  {
    claim: 'the default policy of a key is as it has to be',
    source: DEFAULT_POLICY,
    statements: [DELEGATION],
    finds: [],
  },
  {
    claim: 'of the long policy, each statement beside the delegation is pointless, and the rest is style',
    source: BLOG,
    statements: POWER_USER_POLICY,
    finds: [
      ['pointless-beside-delegation', 'Administrators'],
      ['pointless-beside-delegation', 'Use'],
      ['pointless-beside-delegation', 'PersistentResources'],
      ['grant-not-for-aws-resources', 'Administrators'],
      ['glob-of-one-action', 'Administrators'],
      ['actions-unsorted', 'Administrators'],
      ['actions-unsorted', 'Use'],
    ],
  },
  {
    claim: 'of the key of an application only two globs can be one action each',
    source: BLOG,
    statements: SERVICE_KEY,
    finds: [['glob-of-one-action', 'Administration']],
  },
  {
    claim: 'of the key for volumes as well, and the order of what is used',
    source: BLOG,
    statements: EBS_KEY,
    setting: { keyRegion: 'eu-west-3', platformRegions: ['eu-west-3'] },
    finds: [
      ['glob-of-one-action', 'Administration'],
      ['actions-unsorted', 'Use'],
    ],
  },
  {
    claim: 'the key for volumes leaves out the Region of a platform elsewhere',
    source: CADO,
    statements: EBS_KEY,
    setting: { keyRegion: 'eu-west-3', platformRegions: ['us-east-1'] },
    finds: [
      ['platform-region-left-out', 'Use'],
      ['platform-region-left-out', 'PersistentResources'],
      ['glob-of-one-action', 'Administration'],
      ['actions-unsorted', 'Use'],
    ],
  },
  {
    claim: 'the default EBS key admits everyone of its account through EC2 of its Region, and is only not in order',
    source: CADO,
    statements: DEFAULT_EBS_KEY,
    setting: { ...EXCERPT, keyRegion: 'eu-west-3' },
    finds: [['actions-unsorted', 'ThroughEbs']],
  },
  {
    claim: 'the default EBS key serves no key of another Region',
    source: CADO,
    statements: DEFAULT_EBS_KEY,
    setting: { ...EXCERPT, keyRegion: 'us-east-1' },
    finds: [
      ['service-of-another-region', 'ThroughEbs'],
      ['actions-unsorted', 'ThroughEbs'],
    ],
  },
  {
    claim: 'the pair for a custom key withholds CreateGrant as it should, and forgets DescribeKey',
    source: CADO,
    statements: CUSTOM_KEY,
    setting: EXCERPT,
    finds: [
      ['describe-key-missing', 'Required'],
      ['actions-unsorted', 'Required'],
    ],
  },
  {
    claim: 'the pair alone would be a policy that nobody may change',
    source: DEFAULT_POLICY,
    statements: CUSTOM_KEY,
    finds: [
      ['nobody-administers', ''],
      ['describe-key-missing', 'Required'],
      ['actions-unsorted', 'Required'],
    ],
  },
  {
    claim:
      "the response role's own policy lets it make grants for anybody; what it does with keys of its own is scoped",
    source: CADO,
    statements: RESPONSE_ROLE_POLICY,
    finds: [
      ['grant-not-for-aws-resources', 'EncryptedImport'],
      ['actions-unsorted', 'EncryptedImport'],
      ['actions-unsorted', 'CrossAccountImport'],
    ],
  },
  {
    claim: 'the one-time permission is for one action of one service',
    source: CADO,
    statements: [ONE_TIME],
    finds: [],
  },
  {
    claim: 'any command on any machine is too wide',
    source: CADO,
    statements: [ANY_COMMAND],
    finds: [
      ['send-command-to-any-instance', 'AnyCommand'],
      ['actions-unsorted', 'AnyCommand'],
    ],
  },
  {
    claim: 'any command on machines that carry a tag is not',
    source: CADO,
    statements: TAGGED,
    finds: [
      ['actions-unsorted', 'AnyCommand'],
      ['actions-unsorted', 'Documents'],
    ],
  },
  {
    claim: 'an administrator who also uses the key is no administrator only',
    source: DEFAULT_POLICY,
    statements: [
      allow('kms:PutKeyPolicy', { sid: 'Delegation', to: '111122223333' }),
      allow(['kms:DisableKey', 'kms:ScheduleKeyDeletion'], { sid: 'Admins', to: 'arn:aws:iam::111122223333:role/a' }),
      allow('kms:Decrypt', { sid: 'Users', to: 'arn:aws:iam::111122223333:role/a' }),
    ],
    finds: [['administrator-is-user', 'Users']],
  },
];

describe('policies that are printed in public pages', () => {
  it.each(printed)('$claim', ({ statements, setting, finds }) => {
    const { findings } = lintPolicy({ Version: '2012-10-17', Statement: statements }, 'printed', setting);
    expect(findings.map(({ rule, sid }) => [rule, sid ?? ''])).toEqual(finds);
  });
});
