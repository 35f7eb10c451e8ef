import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import linux from '#collector/linux.sh';
import windows from '#collector/windows.ps1';
import { has, scratch } from './collection.ts';

afterAll(() => rmSync(scratch, { recursive: true }));

const scripts = [
  {
    name: 'linux.sh',
    text: linux,
    settings: ['UNLATCH_CASE', 'UNLATCH_UPLOAD_URL', 'UNLATCH_MEMORY_TOOL', 'UNLATCH_MAX_BYTES', 'UNLATCH_RUN_SECONDS'],
  },
  {
    name: 'windows.ps1',
    text: windows,
    settings: ['$UnlatchCase', '$UnlatchUploadUrl', '$UnlatchMemoryTool', '$UnlatchMaxBytes', '$UnlatchRunSeconds'],
  },
];

describe.each(scripts)('$name', ({ text, settings }) => {
  // AWS Systems Manager, "Parameters for documents": what stands in double braces is replaced before it runs.
  it('has nothing that SSM would take for a parameter', () => {
    expect(text).not.toMatch(/\{\{|\}\}.*\{\{/);
  });

  it('is smaller than 16 KiB', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(16 * 1024);
  });

  it.each(settings)('reads %s', (setting) => {
    expect(text).toContain(setting);
  });

  it('asks for a write-once upload', () => {
    expect(text).toMatch(/If-None-Match'?(: \*| = '\*')/);
  });

  it('ends its output with the result line', () => {
    expect(text.match(/'unlatch-result /g)).toHaveLength(1);
  });
});

describe('the two scripts', () => {
  it('have Unix line ends, for a carriage return breaks sh', () => {
    for (const { text } of scripts) expect(text).not.toContain('\r\n');
  });

  it('windows.ps1 is plain ASCII, for Windows PowerShell reads a script without a byte order mark as ANSI', () => {
    expect([...windows].filter((character) => character.charCodeAt(0) > 126)).toEqual([]);
  });

  it.skipIf(!has('dash'))('linux.sh is accepted by dash, which knows no more than POSIX', () => {
    const { status, stderr } = spawnSync('dash', ['-n'], { input: linux, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('windows.ps1 never asks Win32_Product, which would start repairs', () => {
    expect(windows.replaceAll(/#.*$/gm, '')).not.toContain('Win32_Product');
  });
});
