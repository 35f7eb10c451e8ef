import { describe, expect, it } from 'vitest';
import { ACQUISITIONS, contextOfNeed, NEEDS, needsOf, type Stage } from '#shared/diagnosis/acquisition-needs';
import { acquire, type Path } from '../local/account/acquisition.ts';

const ACTIONS = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const;

/** The stages as the embedded account plays them; `sides`: where the path has a key of each. */
const played: readonly { stage: Stage; path: Path; ends: unknown; sides: readonly ('source' | 'target')[] }[] = [
  { stage: 'copy-snapshot', path: 'CopySnapshot of a shared snapshot', ends: 'completed', sides: ['source', 'target'] },
  { stage: 'create-volume', path: 'CreateVolume of a shared snapshot', ends: 'available', sides: ['source', 'target'] },
  { stage: 'run-instances', path: 'RunInstances with an encrypted root', ends: 'running', sides: ['target'] },
  { stage: 'create-snapshot', path: 'CreateSnapshot', ends: 'completed', sides: ['source'] },
];

const cases = played.flatMap(({ stage, path, ends, sides }) =>
  sides.flatMap((side) =>
    ACTIONS.map((action) => {
      const needed = NEEDS.some((need) => need.stage === stage && need.key === side && need.action === action);
      const claim = `${stage} ${needed ? 'fails' : 'succeeds'} without ${action} on the ${side} key`;
      return { claim, path, ends, side, action, needed };
    }),
  ),
);

describe('what a call asks', () => {
  it.each(cases)('$claim', async ({ path, ends, side, action, needed }) => {
    const { end } = await acquire(path, { denied: action, side });
    expect(end === ends).toBe(!needed);
  });

  it.each([
    { stage: 'read-blocks', path: 'GetSnapshotBlock' },
    { stage: 'write-blocks', path: 'StartSnapshot' },
  ] as const)('$stage fails without each of its actions, and with no other', async ({ stage, path }) => {
    const asked = NEEDS.filter((need) => need.stage === stage).map(({ action }) => action);
    for (const action of ACTIONS) {
      const { answer } = await acquire(path, { denied: action, side: 'every' });
      expect({ action, refused: answer.code !== null }).toEqual({ action, refused: asked.includes(action) });
    }
  });

  it('an attachment fails without CreateGrant on the key of its volume', async () => {
    const { answer } = await acquire('AttachVolume', { denied: 'kms:CreateGrant', side: 'target' });
    expect(answer.code).toBe('CustomerKeyHasBeenRevoked');
    expect(needsOf(['attach-volume'], ['target']).map(({ action }) => action)).toEqual([
      'kms:CreateGrant',
      'kms:Decrypt',
    ]);
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
