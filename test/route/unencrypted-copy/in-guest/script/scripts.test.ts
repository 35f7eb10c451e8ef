import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import linux from '#copier/linux.sh';
import windows from '#copier/windows.ps1';
import { has, scratch } from '../../../ssm-triage/collector/collection.ts';

afterAll(() => rmSync(scratch, { recursive: true }));

const names = ['Case', 'SourceVolume', 'TargetVolume', 'Bytes', 'RunSeconds', 'Sparse', 'WaitSeconds'];
const screaming = (name: string) => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
const scripts = [
  { name: 'linux.sh', text: linux, settings: names.map((name) => `\${UNLATCH_${screaming(name)}:-`) },
  { name: 'windows.ps1', text: windows, settings: names.map((name) => `$Unlatch${name}`) },
];
const codeOf = (text: string) => text.replaceAll(/(^|\s)#.*$/gm, '');

describe.each(scripts)('$name', ({ text, settings }) => {
  // AWS Systems Manager, "Parameters for documents": what stands in double braces is replaced before it runs.
  it('has nothing that SSM would take for a parameter', () => {
    expect(text).not.toContain('{{');
  });

  it('is smaller than 16 KiB', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(16 * 1024);
  });

  it.each(settings)('reads %s', (setting) => {
    expect(codeOf(text)).toContain(setting);
  });

  it('has no line of more than 120 characters, and no carriage return, which breaks sh', () => {
    expect(text.split('\n').filter((line) => line.length > 120)).toEqual([]);
    expect(text).not.toContain('\r');
  });

  it('tells its result in one place', () => {
    expect(text.match(/'unlatch-result /g)).toHaveLength(1);
  });

  const errors = [
    'invalid case',
    'invalid size',
    'invalid volume id',
    'invalid time limit',
    'the target is the source',
    'more than one disk says it is the $',
    'the target is read-only',
    'the target has partitions',
    'the target is in use',
    'the target is not empty',
    'read error',
    'write error at byte $',
    'the target reads back otherwise',
    'out of time',
  ];
  it.each(errors)('knows the error `%s`, in the words of the other script', (error) => {
    expect(codeOf(text)).toContain(error);
  });
});

describe('linux.sh', () => {
  it.skipIf(!has('dash'))('is accepted by dash, which knows no more than POSIX', () => {
    const { status, stderr } = spawnSync('dash', ['-n'], { input: linux, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.skipIf(!has('shellcheck'))('has no fault that shellcheck knows', () => {
    const { stdout } = spawnSync('shellcheck', ['--shell=sh', '--severity=warning', '-'], {
      input: linux,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
  });

  it('makes no file: every redirection leads to a descriptor, to nothing or to what it reads', () => {
    const targets = [...codeOf(linux).matchAll(/(?<![<>\d&])\d?>{1,2}\|?\s*(&?[^\s;)]+)/g)].map(([, target]) => target);
    expect([...new Set(targets)].sort()).toEqual(['&1', '&3', '&9', '/dev/null'].concat('&-').sort());
    expect(linux).not.toMatch(/mktemp|mkfifo|mkdir/);
  });
});

/** There is no PowerShell here: this is what can be told of the script without running it. */
describe('windows.ps1', () => {
  it('is plain ASCII, for Windows PowerShell reads a script without a byte order mark as ANSI', () => {
    expect([...windows].filter((character) => character.charCodeAt(0) > 126)).toEqual([]);
  });

  it('closes every brace, bracket and quote that it opens', () => {
    const bare = codeOf(windows)
      .replaceAll(/@'\n[\s\S]*?\n'@/g, '')
      .replaceAll(/'[^'\n]*'/g, '');
    for (const [open, close] of [
      ['{', '}'],
      ['(', ')'],
      ['[', ']'],
    ] as const)
      expect(bare.split(open).length, open).toBe(bare.split(close).length);
    expect(bare).not.toContain("'");
    expect((bare.match(/"/g) ?? []).length % 2).toBe(0);
  });

  it('uses what PowerShell 5.1 has', () => {
    expect(codeOf(windows)).not.toMatch(/\?\?|\?\.|&&|\|\||::new\(/);
  });

  it('takes the target offline, and opens it for writing only then', () => {
    const code = codeOf(windows).slice(codeOf(windows).lastIndexOf('Add-DiskType'));
    const steps = ['Assert-Empty $found', 'Set-Offline $target', '-Write', 'Copy-Disk $from $to'];
    const at = steps.map((step) => code.indexOf(step));
    expect(at).not.toContain(-1);
    expect([...at].sort((a, b) => a - b)).toEqual(at);
    expect(codeOf(windows).match(/-Write\b(?!-)/g)).toHaveLength(1);
  });
});
