import { describe, expect, it } from 'vitest';
import { NEEDS, needsOf, type Stage } from '#shared/diagnosis/acquisition-needs';
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
