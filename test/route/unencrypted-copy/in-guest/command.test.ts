import { describe, expect, it } from 'vitest';
import linux from '#copier/linux.sh';
import windows from '#copier/windows.ps1';
import { type CopyInput, renderCopyCommand } from '#shared/route/unencrypted-copy/in-guest/command';
import { VolumeId } from '#shared/signal/identifiers';
import { hostileWords, inShell } from '../../shell-words.ts';

const GIB = 2 ** 30;
const input: CopyInput = {
  caseId: '20260504-i-0123456789abcdef0-3f9a1c2b',
  source: VolumeId.parse('vol-0a1b2c3d4e5f60718'),
  target: VolumeId.parse('vol-0fedcba9876543210'),
  bytes: 8 * GIB,
  runSeconds: 3_600,
  sparse: false,
};
const documents = ['AWS-RunShellScript', 'AWS-RunPowerShellScript'] as const;

const settings = (script: string, copier: string) => {
  expect(script.endsWith(`\n${copier}`)).toBe(true);
  return script.slice(0, -copier.length);
};

describe('renderCopyCommand', () => {
  it.each([
    { sparse: true, told: '1' },
    { sparse: false, told: '0' },
  ])('sets what the Linux copier reads, before the copier (sparse: $sparse)', ({ sparse, told }) => {
    const script = settings(renderCopyCommand('AWS-RunShellScript', { ...input, sparse }), linux);
    const names = ['CASE', 'SOURCE_VOLUME', 'TARGET_VOLUME', 'BYTES', 'RUN_SECONDS', 'SPARSE'];
    const print = names.map((name) => `printf '%s\\0' "$UNLATCH_${name}"`).join('\n');
    expect(inShell(script + print)).toEqual([input.caseId, input.source, input.target, '8589934592', '3600', told]);
  });

  it.each([
    { sparse: true, told: '$true' },
    { sparse: false, told: '$false' },
  ])('sets what the Windows copier reads, before the copier (sparse: $sparse)', ({ sparse, told }) => {
    const script = settings(renderCopyCommand('AWS-RunPowerShellScript', { ...input, sparse }), windows);
    expect(script.split('\n')).toEqual([
      `$UnlatchCase = '${input.caseId}'`,
      `$UnlatchSourceVolume = '${input.source}'`,
      `$UnlatchTargetVolume = '${input.target}'`,
      '$UnlatchBytes = 8589934592',
      '$UnlatchRunSeconds = 3600',
      `$UnlatchSparse = ${told}`,
      '',
    ]);
  });

  it.each(hostileWords)('lets `%s` do nothing in a shell', (caseId) => {
    const script = settings(renderCopyCommand('AWS-RunShellScript', { ...input, caseId }), linux);
    expect(inShell(`${script}printf '%s\\0' "$UNLATCH_CASE"`)).toEqual([caseId]);
  });

  it.each(['{{ ssm:parameter }}', 'a\nb', 'a\rb', '\0'].map((caseId) => ({ caseId, shown: JSON.stringify(caseId) })))(
    'refuses $shown',
    ({ caseId }) => {
      for (const document of documents)
        expect(() => renderCopyCommand(document, { ...input, caseId })).toThrow(RangeError);
    },
  );

  it.each([0, -GIB, GIB + 512, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'refuses %s bytes, which no volume has',
    (bytes) => {
      for (const document of documents)
        expect(() => renderCopyCommand(document, { ...input, bytes })).toThrow(RangeError);
    },
  );

  it.each([0, 1.5, Number.NaN])('refuses a run of %s seconds', (runSeconds) => {
    for (const document of documents)
      expect(() => renderCopyCommand(document, { ...input, runSeconds })).toThrow(RangeError);
  });

  it('writes the size of the largest volume in digits', () => {
    const bytes = 2 ** 46;
    expect(renderCopyCommand('AWS-RunShellScript', { ...input, bytes })).toContain('\nUNLATCH_BYTES=70368744177664\n');
  });
});
