import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ACQUISITIONS, contextOfNeed, NEEDS, needsOf, type Stage } from '#shared/diagnosis/acquisition-needs';

/** The table of docs/explain.md: call, actions on the key of what it reads, actions on the key of what it makes. */
const documented = readFileSync('docs/explain.md', 'utf8')
  .split('## What an acquisition asks')[1]
  ?.split('\n')
  .filter((line) => /^\| (?!call|-)/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, 4)
      .map((cell) => cell.trim()),
  );

const STAGES: Readonly<Record<string, Stage>> = {
  CreateSnapshot: 'create-snapshot',
  CopySnapshot: 'copy-snapshot',
  CreateVolume: 'create-volume',
  AttachVolume: 'attach-volume',
  RunInstances: 'run-instances',
  'EBS direct, reading': 'read-blocks',
  'EBS direct, writing': 'write-blocks',
};

const actionsIn = (cell: string): readonly string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => `kms:${name}`);
const asked = (stage: Stage, key: 'source' | 'target') =>
  NEEDS.filter((need) => need.stage === stage && need.key === key).map(({ action }) => action);

describe('what a call asks', () => {
  it('is documented call by call', () => {
    const calls = documented?.map(([call = '']) => call);
    expect(calls).toEqual(Object.keys(STAGES));
    for (const [call = '', reads = '', makes = ''] of documented ?? []) {
      const stage = STAGES[call] ?? 'create-snapshot';
      expect({ call, source: asked(stage, 'source'), target: asked(stage, 'target') }).toEqual({
        call,
        source: actionsIn(reads),
        target: actionsIn(makes),
      });
    }
  });

  it('is asked by EC2, and about a temporary key by the caller itself', () => {
    for (const { key, by } of NEEDS) expect(by).toBe(key === 'source' || key === 'target' ? 'ec2' : 'caller');
  });

  it.each([
    { basis: 'observed', stage: 'copy-snapshot' },
    { basis: 'observed', stage: 'create-volume' },
    { basis: 'documented', stage: 'attach-volume' },
    { basis: 'observed', stage: 'run-instances' },
    { basis: 'observed', stage: 'read-blocks' },
    { basis: 'observed', stage: 'write-blocks' },
    { basis: 'documented', stage: 'make-temporary-key' },
    { basis: 'documented', stage: 'remove-temporary-key' },
  ] as const)('is $basis of $stage, all of it', ({ basis, stage }) => {
    const bases = NEEDS.filter((need) => need.stage === stage).map((need) => need.basis);
    expect(new Set(bases)).toEqual(new Set([basis]));
  });
});

describe('the context of what is asked', () => {
  const [describeKey] = needsOf(['copy-snapshot'], ['target']);
  it.each([
    {
      claim: 'a copy asks for a grant to EC2 in its Region, bound to one encryption context',
      need: needsOf(['copy-snapshot'], ['source'])[0],
      context: {
        'kms:ViaService': 'ec2.eu-west-3.amazonaws.com',
        'kms:EncryptionContextKeys': ['aws:ebs:id'],
        'kms:GranteePrincipal': 'ec2.eu-west-3.amazonaws.com',
        'kms:GrantOperations': ['Decrypt'],
        'kms:GrantConstraintType': 'EncryptionContextEquals',
      },
    },
    {
      claim: 'a volume asks for a grant to EC2, bound to a part of the encryption context',
      need: needsOf(['create-volume'], ['target']).find(({ action }) => action === 'kms:CreateGrant'),
      context: {
        'kms:ViaService': 'ec2.eu-west-3.amazonaws.com',
        'kms:EncryptionContextKeys': ['aws:ebs:id'],
        'kms:GranteePrincipal': 'ec2.eu-west-3.amazonaws.com',
        'kms:GrantOperations': ['Decrypt'],
        'kms:GrantConstraintType': 'EncryptionContextSubset',
      },
    },
    {
      claim: 'DescribeKey carries no encryption context',
      need: describeKey,
      context: { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' },
    },
    {
      claim: 'the grantee of an attached volume is the instance, which is not known',
      need: needsOf(['attach-volume'], ['target'])[0],
      context: { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com', 'kms:EncryptionContextKeys': ['aws:ebs:id'] },
    },
    {
      claim: 'the grantee of the volumes of a launch is the instance, too',
      need: needsOf(['run-instances'], ['target'])[0],
      context: { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com', 'kms:EncryptionContextKeys': ['aws:ebs:id'] },
    },
    {
      claim: 'a temporary key is made by the caller, through no service',
      need: needsOf(['make-temporary-key'], ['none'])[0],
      context: { 'kms:ViaService': null },
    },
  ])('$claim', ({ need, context }) => {
    expect(need).toBeDefined();
    if (need !== undefined) expect(contextOfNeed(need, 'eu-west-3')).toEqual(context);
  });
});

describe('the ways of an acquisition', () => {
  it('begin with a snapshot, and lead over the calls that each needs', () => {
    expect(ACQUISITIONS).toEqual({
      'same-account': ['create-snapshot', 'create-volume', 'attach-volume'],
      'cross-account': ['create-snapshot', 'copy-snapshot', 'create-volume', 'attach-volume'],
      'cross-region': ['create-snapshot', 'copy-snapshot', 'create-volume', 'attach-volume'],
      'cross-account-default-key': [
        'create-snapshot',
        'make-temporary-key',
        'copy-snapshot',
        'create-volume',
        'attach-volume',
        'remove-temporary-key',
      ],
      'ebs-direct': ['create-snapshot', 'read-blocks', 'write-blocks'],
    });
  });

  it('make and remove a temporary key with these', () => {
    const actions = (stage: Stage) => needsOf([stage], ['none', 'temporary']).map(({ key, action }) => [key, action]);
    expect(actions('make-temporary-key')).toEqual([
      ['none', 'kms:CreateKey'],
      ['temporary', 'kms:CreateAlias'],
      ['temporary', 'kms:DescribeKey'],
      ['temporary', 'kms:ReplicateKey'],
    ]);
    expect(actions('remove-temporary-key')).toEqual([
      ['temporary', 'kms:ScheduleKeyDeletion'],
      ['temporary', 'kms:DeleteAlias'],
    ]);
  });

  it('each stage is known, and only that of a snapshot asks nothing of KMS', () => {
    const stages = new Set<Stage>(Object.values(ACQUISITIONS).flat());
    const silent = [...stages].filter(
      (stage) => needsOf([stage], ['source', 'target', 'temporary', 'none']).length === 0,
    );
    expect(silent).toEqual(['create-snapshot']);
  });

  it('a shared customer key asks two things of the key of the other account, and five of the own', () => {
    const asked = (key: 'source' | 'target') => [
      ...new Set(needsOf(ACQUISITIONS['cross-account'], [key]).map(({ action }) => action)),
    ];
    expect(asked('source')).toEqual(['kms:CreateGrant', 'kms:ReEncryptFrom']);
    expect(asked('target')).toEqual([
      'kms:DescribeKey',
      'kms:CreateGrant',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncryptTo',
      'kms:Decrypt',
    ]);
  });

  it('a default key leads over a temporary one, which is scheduled for deletion before its alias goes', () => {
    const temporary = needsOf(ACQUISITIONS['cross-account-default-key'], ['temporary']).map(({ action }) => action);
    expect(temporary.slice(-2)).toEqual(['kms:ScheduleKeyDeletion', 'kms:DeleteAlias']);
  });
});
