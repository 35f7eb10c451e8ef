import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { commands, scratch } from '../../../ssm-triage/collector/collection.ts';
import { byId, contentOf, MIB, resultOf, SOURCE, sha256, startCopier, TARGET, toolsAreThere } from './guest.ts';

const SIZE = 33 * MIB + 512;
const content = contentOf(SIZE);

const run = (command: string, ...options: string[]) => {
  const { status, stdout, stderr } = spawnSync(command, options, { encoding: 'utf8' });
  return { ok: status === 0, text: (stdout ?? '').trim(), stderr };
};

/** What is taken back after each test, the last first. */
const undo: (() => void)[] = [];

const attach = (file: string, ...options: string[]) => {
  const { ok, text } = run('losetup', '--find', '--show', ...options, file);
  if (!ok) return null;
  undo.push(() => {
    // The driver keeps the flag that the copier has set.
    run('blockdev', '--setrw', text);
    run('losetup', '--detach', text);
  });
  return text;
};

const takeBack = () => {
  for (const back of undo.splice(0).reverse()) back();
};

const loopsWork = () => {
  const file = join(scratch, 'probe');
  writeFileSync(file, Buffer.alloc(MIB));
  const device = process.getuid?.() === 0 && run('blockdev', '--version').ok ? attach(file) : null;
  const works = device !== null && run('test', '-b', device).ok && run('blockdev', '--getsize64', device).ok;
  takeBack();
  if (!works) process.stderr.write('skipped: no loop devices here, or no rights to them\n');
  return works;
};

afterEach(takeBack);
afterAll(() => rmSync(scratch, { recursive: true }));

/** Two block devices of this host's kernel, with the links that udev would make of them. */
const disks = (...options: string[]) => {
  const root = mkdtempSync(join(scratch, 'guest-'));
  mkdirSync(join(root, 'dev/disk/by-id'), { recursive: true });
  for (const folder of ['proc', 'sys']) symlinkSync(`/${folder}`, join(root, folder));
  writeFileSync(join(root, 'source.img'), content);
  writeFileSync(join(root, 'target.img'), '');
  truncateSync(join(root, 'target.img'), SIZE);
  const source = attach(join(root, 'source.img')) ?? '';
  const target = attach(join(root, 'target.img'), ...options) ?? '';
  symlinkSync(source, join(root, byId(SOURCE)));
  symlinkSync(target, join(root, byId(TARGET, '_1')));
  return { root, source, target, written: () => readFileSync(join(root, 'target.img')) };
};

const copy = async (root: string, settings = {}, how = {}) => {
  const { code, stdout, stderr } = await startCopier({ root, bytes: SIZE, ...settings }, how).ended;
  return { code, stderr, result: resultOf(stdout) };
};

describe.skipIf(!toolsAreThere || !loopsWork())('the copier between block devices', () => {
  it('copies one to the other, and nothing can be written to the copy until it is detached', async () => {
    const { root, source, target, written } = disks();
    const { code, stderr, result } = await copy(root);
    expect({ code, stderr, result }).toEqual({
      code: 0,
      stderr: '',
      result: {
        case: 'case-1',
        sha256: sha256(content),
        targetSha256: sha256(content),
        bytes: SIZE,
        sourceDevice: source,
        targetDevice: target,
        copied: true,
      },
    });
    expect(run('cmp', source, target)).toMatchObject({ ok: true });
    expect(run('blockdev', '--getro', target).text).toBe('1');
    expect(run('blockdev', '--getro', source).text).toBe('0');
    takeBack();
    expect(written().equals(content)).toBe(true);
  });

  it('goes past the page cache both ways, and waits for the disk', async () => {
    const { root } = disks();
    const calls = join(root, 'calls');
    const bin = commands({ dd: `echo "$*" >>${calls}\nexec ${run('which', 'dd').text} "$@"` });
    expect((await copy(root, {}, { bin })).result.copied).toBe(true);
    const called = readFileSync(calls, 'utf8').split('\n');
    expect(called.filter((call) => /^bs=4194304/.test(call)).sort()).toEqual([
      'bs=4194304 count=9 iflag=fullblock,direct',
      'bs=4194304 iflag=fullblock oflag=direct conv=notrunc,fsync',
      'bs=4194304 iflag=fullblock,direct',
    ]);
  });

  it('refuses a device that bears the name of another', async () => {
    const { root, source, target, written } = disks();
    const posing = join(root, source);
    const [minor = ''] = /\d+$/.exec(target) ?? [];
    expect(run('mknod', posing, 'b', '7', minor)).toMatchObject({ ok: true });
    rmSync(join(root, byId(TARGET, '_1')));
    symlinkSync(posing, join(root, byId(TARGET)));
    expect((await copy(root)).result).toMatchObject({ copied: false, bytes: 0, error: 'the target is another device' });
    expect(written().equals(Buffer.alloc(SIZE))).toBe(true);
  });

  it('leaves out blocks of zeros where it is told to', async () => {
    const { root, source, target } = disks();
    run('dd', 'if=/dev/zero', `of=${source}`, 'bs=1M', 'seek=8', 'count=16', 'conv=notrunc,fsync');
    const { code, result } = await copy(root, { SPARSE: 1 });
    expect({ code, copied: result.copied }).toEqual({ code: 0, copied: true });
    expect(run('cmp', source, target)).toMatchObject({ ok: true });
  });

  it('refuses disks of another size than it was told', async () => {
    const { root } = disks();
    const { code, result } = await copy(root, { bytes: SIZE + 512 });
    expect({ code, error: result.error }).toEqual({
      code: 1,
      error: `the source has ${SIZE} bytes instead of ${SIZE + 512}`,
    });
  });

  it('refuses a target that the kernel holds read-only', async () => {
    const { root } = disks('--read-only');
    expect((await copy(root)).result).toMatchObject({ copied: false, error: 'the target is read-only' });
  });

  it('refuses a second run, whose target holds the copy of the first', async () => {
    const { root, target } = disks();
    expect((await copy(root)).result.copied).toBe(true);
    run('blockdev', '--setrw', target);
    expect((await copy(root)).result).toMatchObject({ copied: false, error: 'the target is not empty' });
  });

  const formats = [
    { name: 'a file system', command: ['mkfs.ext4', '-q', '-F'] },
    { name: 'swap', command: ['mkswap'] },
  ].map((format) => ({ ...format, there: run('which', format.command[0] ?? '').ok }));
  it.each(formats)('refuses a target that holds $name', async ({ command: [command = '', ...options], there }) => {
    if (!there) return void process.stderr.write(`skipped: this host has no ${command}\n`);
    const { root, target, written } = disks();
    expect(run(command, ...options, target)).toMatchObject({ ok: true });
    const before = sha256(written());
    expect((await copy(root)).result).toMatchObject({ copied: false, bytes: 0, error: 'the target is not empty' });
    expect(sha256(written())).toBe(before);
  });

  it('refuses a target that is mounted', async ({ skip }) => {
    const { root, target } = disks();
    const place = join(root, 'mounted');
    mkdirSync(place);
    if (!run('mkfs.ext4', '-q', '-F', target).ok || !run('mount', target, place).ok)
      skip('this host makes or mounts no ext4');
    undo.push(() => run('umount', place));
    expect((await copy(root)).result).toMatchObject({ copied: false, bytes: 0, error: 'the target is mounted' });
  });
});
