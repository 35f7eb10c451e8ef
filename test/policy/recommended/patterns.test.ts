import { describe, expect, it } from 'vitest';
import type { ContextRecord } from '#shared/policy/context';
import { lintPolicy } from '#shared/policy/lint/lint';
import { type Parameters, type Pattern, type Recommended, recommended } from '#shared/policy/recommended/patterns';
import { ALL_OF_KMS, KEY, KEY_OF_TARGET, PLATFORM, ROLE, STRANGER, TARGET } from '../cases/case.ts';
import { type Asked, ours, theirs } from './judges.ts';

const TARGET_ROLE = `arn:aws:iam::${TARGET}:role/myCadoResponseRole`;
const OTHER_ROLE = `arn:aws:iam::${PLATFORM}:role/other`;
const STRANGERS_ROLE = `arn:aws:iam::${STRANGER}:role/myCadoResponseRole`;
const CALLERS = [ROLE, TARGET_ROLE, OTHER_ROLE, STRANGERS_ROLE];

const PARAMETERS: Parameters = {
  account: PLATFORM,
  roles: [ROLE],
  regions: ['eu-west-3'],
  targetAccount: TARGET,
  targetRole: TARGET_ROLE,
  key: null,
  tag: { key: 'CadoResponseSSMEnabled', value: 'True' },
  alias: 'alias/CadoResponse-KMS-Alias',
  isFirstTime: true,
};

const EBS = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'];
const USE = [...EBS, 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
const ADMINISTRATION = ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'kms:DisableKey', 'kms:RevokeGrant'];
const ACTIONS = [
  ...USE,
  'kms:DescribeKey',
  'kms:CreateGrant',
  'kms:ReplicateKey',
  'kms:RetireGrant',
  ...ADMINISTRATION,
];

/** The ways in which a key is asked: the first is the one that an acquisition goes. */
const THROUGH_EC2 = { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' };
const DIRECTLY = { 'kms:ViaService': null };
const WAYS: readonly ContextRecord[] = [
  THROUGH_EC2,
  DIRECTLY,
  { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com' },
  { 'kms:ViaService': 'rds.eu-west-3.amazonaws.com' },
];

/** A grant through a service is for a resource of AWS; one that a caller makes is not. */
const asked = (action: string, way: ContextRecord): ContextRecord =>
  action === 'kms:CreateGrant' || action === 'kms:RevokeGrant'
    ? { ...way, 'kms:GrantIsForAWSResource': way['kms:ViaService'] === null ? 'false' : 'true' }
    : way;

interface Question {
  readonly by: string;
  readonly action: string;
  readonly way: ContextRecord;
  /** Whether IAM of the caller allows all of KMS. */
  readonly iam: boolean;
}

const isAdministration = (action: string): boolean => [...ADMINISTRATION, 'kms:DescribeKey'].includes(action);
const isUse = (action: string): boolean => [...USE, 'kms:CreateGrant'].includes(action);
const isThroughEc2 = (way: ContextRecord): boolean => way === THROUGH_EC2;

/** What IAM of an account is left: administration, in whatever way. */
const byIam = ({ by, action, iam }: Question, account: string): boolean =>
  iam && by.includes(`::${account}:`) && isAdministration(action);

interface OfKey {
  readonly claim: string;
  readonly pattern: Pattern;
  readonly parameters?: Partial<Parameters>;
  readonly key?: string;
  /** The whole of what it is for. */
  readonly isFor: (question: Question) => boolean;
}

const ofKeys: readonly OfKey[] = [
  {
    claim: 'everyone of the account uses the key through EC2 of its Region, and nobody else or otherwise',
    pattern: 'default-key',
    isFor: (asked) =>
      byIam(asked, PLATFORM) ||
      (asked.by.includes(PLATFORM) &&
        isThroughEc2(asked.way) &&
        (isUse(asked.action) || asked.action === 'kms:DescribeKey')),
  },
  {
    claim: 'the response role uses the key, and makes grants through services only',
    pattern: 'custom-key',
    parameters: { regions: [] },
    isFor: (asked) =>
      byIam(asked, PLATFORM) ||
      (asked.by === ROLE &&
        (USE.includes(asked.action) ||
          asked.action === 'kms:DescribeKey' ||
          (asked.action === 'kms:CreateGrant' && asked.way['kms:ViaService'] !== null))),
  },
  {
    claim: 'with a Region named, the response role uses the key through EC2 there and not otherwise',
    pattern: 'custom-key',
    isFor: (asked) =>
      byIam(asked, PLATFORM) ||
      (asked.by === ROLE && isThroughEc2(asked.way) && (isUse(asked.action) || asked.action === 'kms:DescribeKey')),
  },
  {
    claim: 'both roles use the key of the target account, the one of the platform only with IAM of its own',
    pattern: 'cross-account-customer-key',
    key: KEY_OF_TARGET,
    isFor: (asked) =>
      byIam(asked, TARGET) ||
      ((asked.by === TARGET_ROLE || (asked.by === ROLE && asked.iam)) &&
        isThroughEc2(asked.way) &&
        (isUse(asked.action) || asked.action === 'kms:DescribeKey')),
  },
  {
    claim: 'the application decrypts and makes data keys, and nobody else does, whatever IAM says',
    pattern: 'service-key',
    isFor: (asked) =>
      byIam(asked, PLATFORM) ||
      (asked.by === ROLE &&
        ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'].includes(asked.action)),
  },
  {
    claim: 'whoever IAM allows it uses the key through EC2, and nobody directly',
    pattern: 'ebs-key',
    isFor: (asked) =>
      byIam(asked, PLATFORM) ||
      (asked.iam && asked.by.includes(PLATFORM) && isThroughEc2(asked.way) && isUse(asked.action)),
  },
];

const documentOf = (policies: readonly Recommended[], kind: Recommended['kind']): unknown =>
  policies.find((policy) => policy.kind === kind)?.document ?? null;

const IAM = { Version: '2012-10-17', Statement: ALL_OF_KMS };

describe('what recommended key policies allow', () => {
  it.each(ofKeys)('$pattern: $claim', async ({ pattern, parameters, key = KEY, isFor }) => {
    const policies = recommended(pattern, { ...PARAMETERS, ...parameters });
    const own = documentOf(policies, 'identity-policy');
    const wrong: object[] = [];
    let allowed = 0;
    for (const by of CALLERS)
      for (const action of ACTIONS)
        for (const way of WAYS)
          for (const iam of [false, true]) {
            // Who may retire a grant, the grant says.
            if (action === 'kms:RetireGrant') continue;
            // The role of the platform has the policy that comes with the pattern.
            const identityPolicy = !iam ? null : own !== null && by === ROLE ? own : IAM;
            const question: Asked = {
              principal: by,
              action,
              resource: key,
              context: asked(action, way),
              keyPolicy: documentOf(policies, 'key-policy'),
              identityPolicy,
            };
            const expected = isFor({ by, action, way, iam });
            const answers = [ours(question), await theirs(question)];
            if (answers.some((answer) => answer !== expected)) wrong.push({ by, action, way, iam, expected, answers });
            if (expected) allowed += 1;
          }
    expect(wrong).toEqual([]);
    expect(allowed).toBeGreaterThan(5);
  });
});

describe('what recommended policies of the response role allow', () => {
  const hand = recommended('cross-account-default-key', PARAMETERS);
  const once = documentOf(hand, 'identity-policy');
  const later = documentOf(
    recommended('cross-account-default-key', { ...PARAMETERS, isFirstTime: false }),
    'identity-policy',
  );
  const commands = documentOf(recommended('ssm-tagged', PARAMETERS), 'identity-policy');
  /** Keys that leave the decision to IAM. */
  const DELEGATION = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: PLATFORM }, Action: 'kms:*', Resource: '*' }],
  };
  const INSTANCE = `arn:aws:ec2:eu-west-3:${PLATFORM}:instance/i-0a1b2c3d4e5f60718`;
  const ALIAS = `arn:aws:kms:eu-west-3:${PLATFORM}:alias/CadoResponse-KMS-Alias-1`;
  const linked = (service: string, name: string) => `arn:aws:iam::${PLATFORM}:role/aws-service-role/${service}/${name}`;
  const MULTI_REGION = linked('mrk.kms.amazonaws.com', 'AWSServiceRoleForKeyManagementServiceMultiRegionKeys');
  const FOR_MULTI_REGION = { 'iam:AWSServiceName': 'mrk.kms.amazonaws.com' };
  const aliases = (...names: readonly string[]) => ({ ...DIRECTLY, 'kms:ResourceAliases': names });
  const TAGGED = { 'ssm:resourceTag/CadoResponseSSMEnabled': 'True' };
  const document = (name: string) => `arn:aws:ssm:eu-west-3::document/${name}`;

  const cases: readonly {
    readonly claim: string;
    readonly policy: unknown;
    readonly action: string;
    readonly of?: string;
    readonly context?: ContextRecord;
    readonly allowed: boolean;
  }[] = [
    ...[...USE, 'kms:CreateGrant'].flatMap((action) => [
      { claim: 'through EC2 of the Region', policy: once, action, context: asked(action, THROUGH_EC2), allowed: true },
      { claim: 'not directly', policy: once, action, context: asked(action, DIRECTLY), allowed: false },
    ]),
    { claim: 'makes keys', policy: once, action: 'kms:CreateKey', of: '*', context: DIRECTLY, allowed: true },
    { claim: 'names them', policy: once, action: 'kms:CreateAlias', context: DIRECTLY, allowed: true },
    { claim: 'looks at them', policy: once, action: 'kms:DescribeKey', context: DIRECTLY, allowed: true },
    ...['kms:ReplicateKey', 'kms:ScheduleKeyDeletion', 'kms:DeleteAlias'].flatMap((action) => [
      {
        claim: 'on a key of its own',
        policy: once,
        action,
        context: aliases('alias/CadoResponse-KMS-Alias-1'),
        allowed: true,
      },
      { claim: 'not on another', policy: once, action, context: aliases('alias/payroll'), allowed: false },
      {
        claim: 'not on one with another alias besides',
        policy: once,
        action,
        context: aliases('alias/CadoResponse-KMS-Alias-1', 'alias/payroll'),
        allowed: false,
      },
      { claim: 'not on one without an alias', policy: once, action, context: DIRECTLY, allowed: false },
    ]),
    { claim: 'changes no key policy', policy: once, action: 'kms:PutKeyPolicy', context: DIRECTLY, allowed: false },
    {
      claim: 'makes the service-linked role of multi-Region keys, the first time',
      policy: once,
      action: 'iam:CreateServiceLinkedRole',
      of: MULTI_REGION,
      context: FOR_MULTI_REGION,
      allowed: true,
    },
    {
      claim: 'does not make it later',
      policy: later,
      action: 'iam:CreateServiceLinkedRole',
      of: MULTI_REGION,
      context: FOR_MULTI_REGION,
      allowed: false,
    },
    {
      claim: 'makes none for another service',
      policy: once,
      action: 'iam:CreateServiceLinkedRole',
      of: linked('spot.amazonaws.com', 'AWSServiceRoleForEC2Spot'),
      context: { 'iam:AWSServiceName': 'spot.amazonaws.com' },
      allowed: false,
    },
    {
      claim: 'to a tagged machine',
      policy: commands,
      action: 'ssm:SendCommand',
      of: INSTANCE,
      context: TAGGED,
      allowed: true,
    },
    { claim: 'to no other', policy: commands, action: 'ssm:SendCommand', of: INSTANCE, allowed: false },
    {
      claim: 'to none whose tag says otherwise',
      policy: commands,
      action: 'ssm:SendCommand',
      of: INSTANCE,
      context: { 'ssm:resourceTag/CadoResponseSSMEnabled': 'False' },
      allowed: false,
    },
    {
      claim: 'a shell',
      policy: commands,
      action: 'ssm:SendCommand',
      of: document('AWS-RunShellScript'),
      allowed: true,
    },
    {
      claim: 'no other document',
      policy: commands,
      action: 'ssm:SendCommand',
      of: document('AWS-UpdateSSMAgent'),
      allowed: false,
    },
    { claim: 'lists machines', policy: commands, action: 'ssm:DescribeInstanceInformation', of: '*', allowed: true },
    {
      claim: 'deletes no document',
      policy: commands,
      action: 'ssm:DeleteDocument',
      of: document('AWS-RunShellScript'),
      allowed: false,
    },
  ];

  it.each(cases)('$action: $claim', async ({ policy, action, of = KEY, context = {}, allowed }) => {
    const keyPolicy = of === KEY || of === ALIAS ? DELEGATION : null;
    const question = { principal: ROLE, action, resource: of, context, keyPolicy, identityPolicy: policy };
    expect(ours(question)).toBe(allowed);
    // iam-simulate does not know the ARNs of AWS's own documents, in which no account stands.
    if (!of.includes('::document/')) expect(await theirs(question)).toBe(allowed);
  });
});

describe('what recommended policies look like', () => {
  const all: readonly Pattern[] = [
    'default-key',
    'custom-key',
    'cross-account-customer-key',
    'cross-account-default-key',
    'service-key',
    'ebs-key',
    'ssm-tagged',
  ];
  const variants: readonly Partial<Parameters>[] = [
    {},
    { isFirstTime: false, key: KEY_OF_TARGET },
    { regions: ['eu-west-3', 'eu-west-1'], roles: [ROLE, OTHER_ROLE] },
    { regions: ['us-gov-west-1'] },
  ];

  it.each(all)('%s passes the lint', (pattern) => {
    for (const variant of variants) {
      const parameters = { ...PARAMETERS, ...variant };
      for (const { kind, document } of recommended(pattern, parameters)) {
        const [keyRegion] = parameters.regions;
        // A default key serves its own Region alone.
        const platformRegions = pattern === 'default-key' ? [] : parameters.regions;
        const account = pattern === 'cross-account-customer-key' ? TARGET : PLATFORM;
        const found = lintPolicy(document, pattern, { account, keyRegion, platformRegions });
        expect(found).toEqual({ kind, findings: [], mended: null });
      }
    }
  });
});
