import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import linux from '#collector/linux.sh';
import windows from '#collector/windows.ps1';
import {
  archiveName,
  type CollectorInput,
  powerShellQuote,
  renderCommand,
  shQuote,
} from '#shared/route/ssm-triage/command';

const input: CollectorInput = {
  caseId: '20260504-i-0123456789abcdef0-3f9a1c2b',
  uploadUrl: 'https://evidence.s3.eu-west-3.amazonaws.com/cases/c/triage.tar.gz?X-Amz-Signature=0123&X-Amz-Expires=900',
  memoryTool: '',
  maxBytes: 2 ** 32,
  runSeconds: 3_600,
};

const hostile = [
  '',
  "'",
  "'; touch /tmp/owned; '",
  '$(id)',
  '`id`',
  '"; id; "',
  '\\',
  "\\'",
  "''''",
  '$HOME $PATH ~ * ? [a-z]',
  '-n',
  '%s%n%d',
  '# no comment',
  '! history',
  '{a,b}',
  'é — 世界 \u{1f512}',
  '\u2018; id; \u2019',
];

/** What a POSIX shell makes of words: it prints each as it took it, with NUL behind. */
const inShell = (script: string): string[] => {
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], { encoding: 'utf8', env: { HOME: '/nowhere' } });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\0').slice(0, -1);
};
const printed = (words: readonly string[]) =>
  inShell(words.map((word) => `printf '%s\\0' ${shQuote(word)}`).join('\n'));

const text = fc.string({
  unit: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom("'", '"', '\\', '$', '`', '(', ')', ';', '\n', ' ', '{', '}', '\u2018', '\u2019'),
    },
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((character) => character !== '\0'),
  ),
  maxLength: 40,
});

describe('shQuote', () => {
  it('makes a shell take hostile words literally', () => {
    expect(printed(hostile)).toEqual(hostile);
  });

  it('makes a shell take any words literally', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 20, maxLength: 60 }), (words) => {
        expect(printed(words)).toEqual(words);
      }),
      { numRuns: 15 },
    );
  });
});

/**
 * A single-quoted string as PowerShell reads it: it ends at a single quote that is not doubled, and five characters are
 * single quotes to it. PowerShell, "about_Quoting_Rules"; the typographic ones stand in its language specification.
 */
const asPowerShellReads = (quoted: string): { value: string; rest: string } => {
  const isQuote = (character: string | undefined) => /^['\u2018-\u201b]$/.test(character ?? '');
  expect(isQuote(quoted[0])).toBe(true);
  let value = '';
  for (let at = 1; at < quoted.length; at += 1) {
    if (isQuote(quoted[at])) {
      if (!isQuote(quoted[at + 1])) return { value, rest: quoted.slice(at + 1) };
      at += 1;
    }
    value += quoted[at];
  }
  return { value, rest: 'never closed' };
};

describe('powerShellQuote', () => {
  it.each([...hostile, '\u2018\u2019\u201a\u201b', "it's", '$env:PATH', '@(1)'])(
    'keeps `%s` in one string',
    (value) => {
      expect(asPowerShellReads(powerShellQuote(value))).toEqual({ value, rest: '' });
    },
  );

  it('keeps any text in one string', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(asPowerShellReads(powerShellQuote(value))).toEqual({ value, rest: '' });
      }),
      { numRuns: 1_000 },
    );
  });
});

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

  it.each(hostile)('lets `%s` do nothing in a shell', (memoryTool) => {
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
