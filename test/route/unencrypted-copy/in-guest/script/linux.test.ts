import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { has, scratch } from '../../../ssm-triage/collector/collection.ts';
import {
  byId,
  content,
  contentOf,
  copy,
  type Guest,
  MIB,
  makeGuest,
  SIZE,
  serialOf,
  sha256,
  TARGET,
  toolsAreThere,
} from './guest.ts';

afterAll(() => rmSync(scratch, { recursive: true }));

describe.skipIf(!toolsAreThere)('the copier of a Linux guest', () => {
  describe.each(
    [['sh'], ['dash'], ['bash'], ['busybox', 'sh'], ['mksh']].map((shell) => ({ shell, name: shell.join(' ') })),
  )('run by $name', ({ shell }) => {
    it.skipIf(!has(shell[0] ?? ''))('copies a disk to the last sector, and makes no file', async () => {
      const guest = makeGuest(content);
      const before = guest.files();
      const { code, stderr, result } = await copy(guest, {}, { shell });
      expect({ code, stderr, result }).toEqual({
        code: 0,
        stderr: '',
        result: {
          case: 'case-1',
          sha256: sha256(content),
          targetSha256: sha256(content),
          bytes: SIZE,
          sourceDevice: '/dev/nvme0n1',
          targetDevice: '/dev/nvme1n1',
          copied: true,
        },
      });
      expect(guest.read('dev/nvme1n1').equals(content)).toBe(true);
      expect(guest.read('dev/nvme0n1').equals(content)).toBe(true);
      expect(guest.files()).toEqual(before);
    });
  });

  it.each([
    { name: 'one MiB', bytes: MIB },
    { name: 'a sector more than a MiB', bytes: MIB + 512 },
    { name: 'one chunk', bytes: 4 * MIB },
    { name: 'a sector less than two chunks', bytes: 8 * MIB - 512 },
    { name: 'two chunks', bytes: 8 * MIB },
  ])('copies a disk of $name', async ({ bytes }) => {
    const guest = makeGuest(contentOf(bytes));
    const { code, result } = await copy(guest, { bytes });
    expect({ code, bytes: result.bytes, sha256: result.sha256 }).toEqual({
      code: 0,
      bytes,
      sha256: sha256(contentOf(bytes)),
    });
    expect(guest.read('dev/nvme1n1').equals(contentOf(bytes))).toBe(true);
  });

  it('copies a disk of zeros', async () => {
    const zeros = Buffer.alloc(SIZE);
    const { code, result } = await copy(makeGuest(zeros));
    expect({ code, copied: result.copied, sha256: result.sha256 }).toEqual({
      code: 0,
      copied: true,
      sha256: sha256(zeros),
    });
  });

  describe('finds a disk by the volume id alone:', () => {
    it.each([
      { name: 'the link by id', suffix: '' },
      { name: 'the link by id of a namespace', suffix: '_1' },
      { name: 'the link by id of older rules', suffix: '-ns-1' },
    ])('$name', async ({ suffix }) => {
      const guest = makeGuest(content);
      rmSync(guest.path('sys/block/nvme1n1/device'), { recursive: true });
      guest.link(byId(TARGET, suffix), '../../nvme1n1');
      const { code, result } = await copy(guest);
      expect({ code, device: result.targetDevice }).toEqual({ code: 0, device: '/dev/nvme1n1' });
    });

    it('the serial number, padded as the controller tells it, whatever the name', async () => {
      const guest = makeGuest(content);
      renameSync(guest.path('dev/nvme1n1'), guest.path('dev/nvme26n1'));
      renameSync(guest.path('sys/block/nvme1n1'), guest.path('sys/block/nvme26n1'));
      guest.write('sys/block/nvme26n1/device/serial', `${serialOf(TARGET).trim()}  \n`);
      const { code, result } = await copy(guest);
      expect({ code, device: result.targetDevice }).toEqual({ code: 0, device: '/dev/nvme26n1' });
    });

    it('one disk of several paths, of which the others are hidden', async () => {
      const guest = makeGuest(content);
      guest.write('sys/block/nvme1c0n1/device/serial', serialOf(TARGET));
      guest.write('sys/block/nvme1c0n1/hidden', '1\n');
      expect((await copy(guest)).result).toMatchObject({ copied: true, targetDevice: '/dev/nvme1n1' });
    });

    it('a disk that appears while it is waited for', async () => {
      const guest = makeGuest(content);
      renameSync(guest.path('sys/block/nvme1n1'), guest.path('sys/nvme1n1'));
      const copying = copy(guest, { WAIT_SECONDS: 20 });
      await pause(1_500);
      renameSync(guest.path('sys/nvme1n1'), guest.path('sys/block/nvme1n1'));
      expect((await copying).result).toMatchObject({ copied: true });
    });
  });

  describe('told to leave out blocks of zeros', () => {
    const holes = Buffer.concat([content.subarray(0, 4 * MIB), Buffer.alloc(24 * MIB), content.subarray(0, 4 * MIB)]);
    const used = (guest: Guest) => statSync(guest.path('dev/nvme1n1')).blocks * 512;

    it('writes none of them, and the copy is the same', async () => {
      const guest = makeGuest(holes);
      const { result } = await copy(guest, { bytes: holes.length, SPARSE: 1 });
      expect(result).toMatchObject({ copied: true, bytes: holes.length, sha256: sha256(holes) });
      expect(guest.read('dev/nvme1n1').equals(holes)).toBe(true);
      expect(used(guest)).toBeLessThan(12 * MIB);
    });

    it('tells a copy that is not, for the target had more on it than it showed', async () => {
      const guest = makeGuest(holes);
      const bytes = Buffer.alloc(holes.length);
      bytes[16 * MIB] = 1;
      writeFileSync(guest.path('dev/nvme1n1'), bytes);
      const { code, result } = await copy(guest, { bytes: holes.length, SPARSE: 1 });
      expect({ code, copied: result.copied, error: result.error }).toEqual({
        code: 1,
        copied: false,
        error: 'the target reads back otherwise',
      });
      expect(result.targetSha256).toBe(sha256(guest.read('dev/nvme1n1')));
    });

    const otherwise: { settings: Record<string, number> }[] = [{ settings: { SPARSE: 0 } }, { settings: {} }];
    it.each(otherwise)('and told $settings, it writes them all', async ({ settings }) => {
      const guest = makeGuest(holes);
      expect((await copy(guest, { bytes: holes.length, ...settings })).result.copied).toBe(true);
      expect(used(guest)).toBeGreaterThanOrEqual(holes.length);
    });
  });
});
