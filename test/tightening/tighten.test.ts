import { describe, expect, it } from 'vitest';
import type { ContextRecord } from '#shared/policy/context';
import { lintPolicy } from '#shared/policy/lint/lint';
import type { Written } from '#shared/policy/lint/subject';
import { PolicyError } from '#shared/policy/policy-error';
import type { Feature } from '#shared/tightening/catalogue';
import type { Use } from '#shared/tightening/paths';
import { tighten } from '#shared/tightening/tighten';
import { tighteningInWords } from '#shared/tightening/tightening-in-words';
import { KEY, ROLE } from '../policy/cases/case.ts';
import { ours, theirs } from '../policy/recommended/judges.ts';
import { PUBLISHED, policyOf, USE } from './response-role.ts';

const withFeatures = (...features: readonly Feature[]): Use => ({ ...USE, features: new Set(features) });
const VIA = { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' };
const ON_INSTANCES = 'arn:aws:ec2:*:*:instance/*';

/** One statement, tightened: what stands in its place. */
const becomes = (statement: Written, use: Use = USE) => {
  const [policy] = tighten([policyOf(statement)], use).policies;
  return policy?.document?.Statement ?? null;
};

describe('a policy', () => {
  it('gets no Sid twice: IAM takes each once', () => {
    const given = [
      { Sid: 'Keys', Effect: 'Allow', Action: ['kms:Decrypt', 'kms:CreateGrant', 's3:GetObject'], Resource: '*' },
      { Sid: 'KeysForAWSResources', Effect: 'Allow', Action: 's3:PutObject', Resource: '*' },
    ];
    const [tightened] = tighten([policyOf(...given)], USE).policies;
    const sids = JSON.stringify(tightened?.document).match(/"Sid":"[^"]*"/g) ?? [];
    expect(new Set(sids).size).toBe(sids.length);
    expect(sids).toContain('"Sid":"KeysForAWSResources"');
    expect(sids).toContain('"Sid":"KeysForAWSResources2"');
  });
});

describe('what is lost', () => {
  it.each([
    { claim: 'is told of a key that a statement names', Resource: KEY, action: 'kms:EnableKey' },
    {
      claim: 'is told of a key that only a statement names',
      Resource: KEY.replace(/.{4}$/, 'ffff'),
      action: 'kms:EnableKey',
    },
    { claim: 'is told of what is asked of no key', Resource: '*', action: 'kms:ListKeys' },
  ])('$claim', ({ Resource, action }) => {
    const use = { ...USE, keys: [{ arn: KEY, aliases: [] }] };
    const { lost } = tighten([policyOf({ Effect: 'Allow', Action: 'kms:*', Resource })], use);
    expect(lost.flatMap(({ actions }) => actions)).toContain(action);
  });
});

describe('a statement is narrowed', () => {
  const statement = (Action: string | readonly string[], more: Written = {}): Written => ({
    Effect: 'Allow',
    Action,
    Resource: '*',
    ...more,
  });

  it.each([
    {
      claim: 'a key is used through EC2 of the Regions',
      given: statement('kms:Decrypt'),
      becomes: [statement('kms:Decrypt', { Condition: { StringEquals: VIA } })],
    },
    {
      claim: 'in each Region where the platform acquires',
      given: statement('kms:ReEncrypt*'),
      use: { ...USE, regions: ['eu-west-3', 'us-east-1'] },
      becomes: [
        statement('kms:ReEncrypt*', {
          Condition: {
            StringEquals: { 'kms:ViaService': ['ec2.eu-west-3.amazonaws.com', 'ec2.us-east-1.amazonaws.com'] },
          },
        }),
      ],
    },
    {
      claim: 'grants are for AWS resources; conditions that are there stay',
      given: statement('kms:CreateGrant', { Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-west-3' } } }),
      becomes: [
        statement('kms:CreateGrant', {
          Condition: {
            StringEquals: { 'aws:RequestedRegion': 'eu-west-3', ...VIA },
            Bool: { 'kms:GrantIsForAWSResource': 'true' },
          },
        }),
      ],
    },
    {
      claim: 'a condition on the service that is there already is left to whoever wrote it',
      given: statement('kms:Decrypt', { Condition: { StringLike: { 'kms:ViaService': 'ec2.*' } } }),
      becomes: [statement('kms:Decrypt', { Condition: { StringLike: { 'kms:ViaService': 'ec2.*' } } })],
    },
    {
      claim: 'temporary keys are known by their alias, and by no other',
      given: statement('kms:ScheduleKeyDeletion'),
      becomes: [
        statement('kms:ScheduleKeyDeletion', {
          Condition: {
            'ForAllValues:StringLike': { 'kms:ResourceAliases': ['alias/CadoResponse-KMS-Alias*'] },
            'ForAnyValue:StringLike': { 'kms:ResourceAliases': ['alias/CadoResponse-KMS-Alias*'] },
          },
        }),
      ],
    },
    {
      claim: 'keys of disks too, where their aliases are named',
      given: statement('kms:Decrypt'),
      use: { ...USE, keyAliases: ['alias/pay*'] },
      becomes: [
        statement('kms:Decrypt', {
          Condition: {
            StringEquals: VIA,
            'ForAnyValue:StringLike': { 'kms:ResourceAliases': ['alias/pay*', 'alias/CadoResponse-KMS-Alias*'] },
          },
        }),
      ],
    },
    {
      claim: 'but not where the key in use has another alias: the change is not made',
      given: statement('kms:Decrypt'),
      use: { ...USE, keyAliases: ['alias/other*'] },
      becomes: [statement('kms:Decrypt')],
    },
    {
      claim: 'commands go to machines with the tag, and the documents stay as they are',
      given: statement('ssm:SendCommand', {
        Sid: 'Run',
        Resource: [ON_INSTANCES, 'arn:aws:ssm:*::document/AWS-RunShellScript'],
      }),
      becomes: [
        statement('ssm:SendCommand', {
          Sid: 'Run',
          Resource: ON_INSTANCES,
          Condition: { StringEquals: { 'ssm:resourceTag/CadoResponseSSMEnabled': 'True' } },
        }),
        statement('ssm:SendCommand', { Sid: 'RunRun', Resource: 'arn:aws:ssm:*::document/AWS-RunShellScript' }),
      ],
    },
    {
      claim: 'commands with every resource keep machines and the two documents',
      given: statement('ssm:SendCommand'),
      becomes: [
        statement('ssm:SendCommand', {
          Resource: ON_INSTANCES,
          Condition: { StringEquals: { 'ssm:resourceTag/CadoResponseSSMEnabled': 'True' } },
        }),
        statement('ssm:SendCommand', {
          Resource: ['arn:aws:ssm:*::document/AWS-RunShellScript', 'arn:aws:ssm:*::document/AWS-RunPowerShellScript'],
        }),
      ],
    },
    {
      claim: 'a denial is never touched',
      given: { ...statement('kms:Decrypt'), Effect: 'Deny' },
      becomes: [{ ...statement('kms:Decrypt'), Effect: 'Deny' }],
    },
    {
      claim: 'a denial under the Sid of a feature that is not in use is not, either',
      given: { ...statement('lambda:*'), Sid: 'RequiredForLambdaImport', Effect: 'Deny' },
      becomes: [{ ...statement('lambda:*'), Sid: 'RequiredForLambdaImport', Effect: 'Deny' }],
    },
    {
      claim: 'what an administrator may do is not told by what a platform asks',
      given: statement('*'),
      becomes: [statement('*')],
    },
    {
      claim: 'a statement that serves what is not simulated is kept whole',
      given: { ...statement(['kms:Decrypt', 'ec2:CreateVolume']), Sid: 'RequiredForEc2ImportAndAmiImport' },
      becomes: [{ ...statement(['kms:Decrypt', 'ec2:CreateVolume']), Sid: 'RequiredForEc2ImportAndAmiImport' }],
    },
    {
      claim: 'one for a feature that is not in use goes',
      given: { ...statement('lambda:GetFunction'), Sid: 'RequiredForLambdaImport' },
      becomes: null,
    },
  ])('$claim', ({ given, use, becomes: expected }) => {
    expect(becomes(given, use)).toEqual(expected);
  });

  it('a glob over all of KMS comes to what is in use, part by part', () => {
    expect(becomes(statement('kms:*', { Sid: 'Keys' }), withFeatures('encrypted-disks'))).toEqual([
      statement('kms:DescribeKey', { Sid: 'Keys' }),
      statement(
        [
          'kms:Decrypt',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
        ],
        { Sid: 'KeysThroughEC2', Condition: { StringEquals: VIA } },
      ),
      statement('kms:CreateGrant', {
        Sid: 'KeysForAWSResources',
        Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' }, StringEquals: VIA },
      }),
    ]);
  });

  it('of a statement for another feature only that is kept by which one in use lives', () => {
    const { policies, changes, notMade } = tighten([policyOf(...PUBLISHED)], withFeatures('encrypted-disks'));
    const kept = [policies[0]?.document?.Statement].flat();
    expect(kept).toContainEqual({
      Sid: 'RequiredForCrossAccountDefaultKmsEncryptedEc2Import',
      Effect: 'Allow',
      Action: 'kms:DescribeKey',
      Resource: '*',
    });
    expect(notMade).toEqual([
      expect.objectContaining({
        sid: 'RequiredForCrossAccountDefaultKmsEncryptedEc2Import',
        changes: ['feature-removed'],
        wouldRefuse: 'kms:DescribeKey: copy-snapshot, on the target key',
      }),
    ]);
    expect(changes.filter((change) => change.changes.includes('feature-removed')).map(({ sid }) => sid)).toEqual([
      'RequiredForEc2ImportAndAmiImport',
      'RequiredForOperationsOnTemporaryKMSResourcesduringDefaultEncryptedEc2Import',
      'RequiredForTriageAndRunCommand',
      'RequiredForLambdaImport',
      'AnyName',
    ]);
  });
});

describe('the published policy of a response role', () => {
  const tightening = tighten([policyOf(...PUBLISHED)], USE);

  it('allows all that is in use, after as before', () => {
    expect(tightening.proof.length).toBeGreaterThan(20);
    expect(new Set(tightening.proof.map(({ before, after }) => `${before} ${after}`))).toEqual(new Set(['yes yes']));
    expect(new Set(tightening.proof.map(({ feature }) => feature))).toEqual(
      new Set(['encrypted-disks', 'default-key-disks', 'first-default-key', 'triage']),
    );
    expect(tightening.notMade).toEqual([]);
  });

  it('and tells what it no longer allows', () => {
    expect(tightening.lost).toEqual([
      expect.objectContaining({ way: expect.stringContaining('`RequiredForLambdaImport`') }),
      // `RequiredForEc2ImportAndAmiImport` decrypts, and is kept whole.
      { way: 'of a key, called directly', actions: expect.not.arrayContaining(['kms:Decrypt']) },
      {
        way: 'of a key, through EC2 of another Region',
        actions: expect.arrayContaining(['kms:CreateGrant', 'kms:ReEncryptTo']),
      },
      { way: 'of a key, through another service', actions: expect.arrayContaining(['kms:GenerateDataKey']) },
      { way: 'of a temporary key, called directly', actions: expect.arrayContaining(['kms:CreateGrant']) },
      { way: 'to a machine without the tag', actions: ['ssm:SendCommand'] },
    ]);
  });

  it('names the statements that are missing, unused and strange', () => {
    const { survey } = tighten(
      [policyOf(...PUBLISHED, { Sid: 'Mine', Effect: 'Allow', Action: 's3:GetObject', Resource: '*' })],
      withFeatures('encrypted-disks', 'memory', 'guardduty'),
    );
    expect(survey.missing).toEqual([{ feature: 'guardduty', sids: ['RequiredForGuardDutyMonitoring'] }]);
    expect(survey.unused.map(({ sid }) => sid)).toEqual([
      'RequiredForEc2ImportAndAmiImport',
      'RequiredForCrossAccountDefaultKmsEncryptedEc2Import',
      'RequiredForOperationsOnTemporaryKMSResourcesduringDefaultEncryptedEc2Import',
      'RequiredForLambdaImport',
      'AnyName',
    ]);
    expect(survey.strange).toEqual([{ policy: 'response', statement: 8, sid: 'Mine' }]);
  });

  it('is told in words', () => {
    const words = tighteningInWords(tightening).join('\n');
    expect(words).toContain('Narrower: 1 of 1 policies.');
    expect(words).toContain(`${tightening.proof.length} of ${tightening.proof.length} requests`);
    expect(words).toContain('RequiredForTriageAndRunCommand`: commands only to machines with the tag');
  });

  it('has none of the findings any more that its tightening is for', () => {
    const found = (document: unknown) => lintPolicy(document, 'response').findings.map(({ rule }) => rule);
    const [after] = tightening.policies;
    expect(found(policyOf(...PUBLISHED).document)).toEqual(
      expect.arrayContaining(['grant-not-for-aws-resources', 'send-command-to-any-instance']),
    );
    const left = found(after?.document);
    expect(left).not.toContain('grant-not-for-aws-resources');
    expect(left).not.toContain('send-command-to-any-instance');
  });

  const KEY_POLICY = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kms:*', Resource: '*' }],
  };
  const INSTANCE = 'arn:aws:ec2:eu-west-3:111122223333:instance/i-0a1b2c3d4e5f60718';
  const requests: readonly {
    readonly action: string;
    readonly of?: string;
    readonly context: ContextRecord;
    readonly was: boolean;
    readonly is: boolean;
  }[] = [
    { action: 'kms:ReEncryptFrom', context: VIA, was: true, is: true },
    { action: 'kms:ReEncryptFrom', context: { 'kms:ViaService': null }, was: true, is: false },
    { action: 'kms:CreateGrant', context: { ...VIA, 'kms:GrantIsForAWSResource': 'true' }, was: true, is: true },
    {
      action: 'kms:CreateGrant',
      context: { 'kms:ViaService': null, 'kms:GrantIsForAWSResource': 'false' },
      was: true,
      is: false,
    },
    { action: 'kms:DescribeKey', context: VIA, was: true, is: true },
    { action: 'kms:PutKeyPolicy', context: {}, was: false, is: false },
    {
      action: 'ssm:SendCommand',
      of: INSTANCE,
      context: { 'ssm:resourceTag/CadoResponseSSMEnabled': 'True' },
      was: true,
      is: true,
    },
    { action: 'ssm:SendCommand', of: INSTANCE, context: {}, was: true, is: false },
  ];
  it.each(requests)(
    '$action, $context: $was before, $is after, to the authorizer and to another engine',
    async ({ action, of = KEY, context, was, is }) => {
      const asked = { principal: ROLE, action, resource: of, context, keyPolicy: of === KEY ? KEY_POLICY : null };
      const before = { ...asked, identityPolicy: policyOf(...PUBLISHED).document };
      const after = { ...asked, identityPolicy: tightening.policies[0]?.document ?? null };
      expect([ours(before), await theirs(before)]).toEqual([was, was]);
      expect([ours(after), await theirs(after)]).toEqual([is, is]);
    },
  );
});

describe('policies of a role', () => {
  it('are each kept or changed for themselves, and one of which nothing is left is told', () => {
    const lambda = { name: 'lambda', document: { Version: '2012-10-17', Statement: PUBLISHED[6] } };
    const other = {
      name: 'other',
      document: JSON.stringify(policyOf({ Effect: 'Allow', Action: 's3:*', Resource: '*' }).document),
    };
    const { policies } = tighten([lambda, other, policyOf(...PUBLISHED.slice(0, 1))], withFeatures('triage'));
    expect(policies.map(({ name, document, isChanged }) => [name, document === null, isChanged])).toEqual([
      ['lambda', true, true],
      ['other', false, false],
      ['response', false, false],
    ]);
  });

  it('that cannot be read are an error, and never an empty policy', () => {
    expect(() => tighten([{ name: 'broken', document: '{' }], USE)).toThrow(PolicyError);
  });

  it('that were too narrow before are told so, and made no wider', () => {
    const { proof, policies } = tighten([policyOf()], withFeatures('triage'));
    expect(new Set(proof.map(({ before, after }) => `${before} ${after}`))).toEqual(new Set(['no no']));
    expect(policies).toEqual([{ ...policyOf(), isChanged: false }]);
  });
});
