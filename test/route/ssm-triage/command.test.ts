import { describe, expect, it } from 'vitest';
import linux from '#collector/linux.sh';
import windows from '#collector/windows.ps1';
import { archiveName, type CollectorInput, renderCommand } from '#shared/route/ssm-triage/command';
import { hostileWords, inShell } from '../shell-words.ts';

const input: CollectorInput = {
  caseId: '20260504-i-0123456789abcdef0-3f9a1c2b',
  uploadUrl: 'https://evidence.s3.eu-west-3.amazonaws.com/cases/c/triage.tar.gz?X-Amz-Signature=0123&X-Amz-Expires=900',
  memoryTool: '',
  maxBytes: 2 ** 32,
  runSeconds: 3_600,
};

describe('renderCommand', () => {
  const settings = (script: string, collector: string) => {
    expect(script.endsWith(`\n${collector}`)).toBe(true);
    return script.slice(0, -collector.length);
  };

  it('sets what the Linux collector reads, before the collector', () => {
    const script = renderCommand('AWS-RunShellScript', { ...input, memoryTool: '/opt/avml', maxBytes: 10.9 });
    const variables = ['CASE', 'UPLOAD_URL', 'MEMORY_TOOL', 'MAX_BYTES', 'RUN_SECONDS'].map(
      (name) => `"$UNLATCH_${name}"`,
    );
    const print = variables.map((variable) => `printf '%s\\0' ${variable}`).join('\n');
    expect(inShell(settings(script, linux) + print)).toEqual([
      input.caseId,
      input.uploadUrl,
      '/opt/avml',
      '10',
      '3600',
    ]);
  });

  it('sets what the Windows collector reads, before the collector', () => {
    const script = renderCommand('AWS-RunPowerShellScript', { ...input, memoryTool: "C:\\it's.exe" });
    expect(settings(script, windows).split('\n')).toEqual([
      `$UnlatchCase = '${input.caseId}'`,
      `$UnlatchUploadUrl = '${input.uploadUrl}'`,
      "$UnlatchMemoryTool = 'C:\\it''s.exe'",
      '$UnlatchMaxBytes = 4294967296',
      '$UnlatchRunSeconds = 3600',
      '',
    ]);
  });

  it.each(hostileWords)('lets `%s` do nothing in a shell', (memoryTool) => {
    const script = settings(renderCommand('AWS-RunShellScript', { ...input, memoryTool }), linux);
    expect(inShell(`${script}printf '%s\\0' "$UNLATCH_MEMORY_TOOL"`)).toEqual([memoryTool]);
  });

  const refused = [
    '{{ ssm:parameter }}',
    '{{',
    'a\nb',
    'a\rb',
    'a\tb',
    '\0',
    '\u001b[2J',
    '\u007f',
    '\u0085',
    '\u009f',
  ];
  const fields = ['caseId', 'uploadUrl', 'memoryTool'] as const;
  const documents = ['AWS-RunShellScript', 'AWS-RunPowerShellScript'] as const;
  it.each(refused.map((value) => ({ value, shown: JSON.stringify(value) })))(
    'refuses $shown, wherever it stands',
    ({ value }) => {
      for (const document of documents) {
        for (const field of fields)
          expect(() => renderCommand(document, { ...input, [field]: `x${value}y` })).toThrow(RangeError);
      }
    },
  );

  it.each([1.5, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses a run of %s seconds', (runSeconds) => {
    for (const document of documents)
      expect(() => renderCommand(document, { ...input, runSeconds })).toThrow(RangeError);
  });

  it.each(documents)('leaves nothing that Systems Manager would replace in %s', (document) => {
    const memoryTool = "{'{ ssm:x }'} }}";
    expect(renderCommand(document, { ...input, memoryTool })).not.toContain('{{');
  });

  it.each([
    { document: 'AWS-RunShellScript', name: 'triage.tar.gz' },
    { document: 'AWS-RunPowerShellScript', name: 'triage.zip' },
  ] as const)('names the archive of $document $name', ({ document, name }) => {
    expect(archiveName(document)).toBe(name);
  });
});
