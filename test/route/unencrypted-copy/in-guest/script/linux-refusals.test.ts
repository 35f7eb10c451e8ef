import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { scratch } from '../../../ssm-triage/collector/collection.ts';
import {
  byId,
  content,
  copy,
  type Guest,
  MIB,
  makeGuest,
  SIZE,
  SOURCE,
  serialOf,
  sha256,
  TARGET,
  toolsAreThere,
} from './guest.ts';

afterAll(() => rmSync(scratch, { recursive: true }));

describe.skipIf(!toolsAreThere)('the copier of a Linux guest', () => {
  /** What must be so before a byte is written, one fault each. */
  const refusals: readonly {
    name: string;
    error: string;
    prepare?: (guest: Guest) => void;
    settings?: Record<string, string | number>;
  }[] = [
    { name: 'a case id that is a path', error: 'invalid case', settings: { CASE: '../x' } },
    { name: 'no case id', error: 'invalid case', settings: { CASE: '' } },
    { name: 'a size that is no number', error: 'invalid size', settings: { bytes: Number.NaN } },
    { name: 'a size of less than a MiB', error: 'invalid size', settings: { bytes: MIB - 512 } },
    { name: 'a size of half a sector more', error: 'invalid size', settings: { bytes: MIB + 256 } },
    { name: 'a time that is no number', error: 'invalid time limit', settings: { RUN_SECONDS: '1h' } },
    { name: 'no time', error: 'invalid time limit', settings: { RUN_SECONDS: 0 } },
    { name: 'a root that is not there', error: 'invalid root', settings: { ROOT: '/nonexistent' } },
    ...[
      'nvme1n1',
      'vol-',
      'vol-0fedcba',
      `${TARGET}0`,
      'vol-0FEDCBA9876543210',
      'vol-../../nvme1',
      'vol-0fedcba98765432*',
    ].map((volume) => ({
      name: `\`${volume}\` for a volume`,
      error: 'invalid volume id',
      settings: { TARGET_VOLUME: volume },
    })),
    { name: 'one volume as both', error: 'the target is the source', settings: { TARGET_VOLUME: SOURCE } },
    {
      name: 'two volumes that are one disk',
      error: 'the target is the source',
      prepare: (guest) => {
        rmSync(guest.path('sys/block/nvme1n1/device'), { recursive: true });
        guest.link(byId(TARGET), '../../nvme0n1');
      },
    },
    {
      name: 'a source that is not attached',
      error: 'the source was not found',
      settings: { SOURCE_VOLUME: 'vol-0aaaaaaaaaaaaaaaa' },
    },
    {
      name: 'a target that is not attached, though a disk is free',
      error: 'the target was not found',
      settings: { TARGET_VOLUME: 'vol-0aaaaaaaaaaaaaaaa' },
    },
    {
      name: 'a target whose id begins as that of another',
      error: 'the target was not found',
      settings: { TARGET_VOLUME: TARGET.slice(0, -1) },
    },
    {
      name: 'a link to a partition only',
      error: 'the target was not found',
      prepare: (guest) => {
        rmSync(guest.path('sys/block/nvme1n1/device'), { recursive: true });
        for (const suffix of ['-part1', '_1-part1']) guest.link(byId(TARGET, suffix), '../../nvme1n1');
      },
    },
    {
      name: 'disks of Xen, which tell no volume id',
      error: 'the source was not found: disks of Xen carry no volume id',
      prepare: (guest) => {
        rmSync(guest.path('sys/block'), { recursive: true });
        guest.write('sys/block/xvda/dev', '202:0\n');
        guest.write('dev/xvda', '');
      },
    },
    {
      name: 'two disks that say they are the target',
      error: 'more than one disk says it is the target',
      prepare: (guest) => {
        guest.write('sys/block/nvme2n1/device/serial', serialOf(TARGET));
        guest.write('dev/nvme2n1', Buffer.alloc(SIZE));
      },
    },
    {
      name: 'two disks that say they are the source',
      error: 'more than one disk says it is the source',
      prepare: (guest) => {
        guest.write('sys/block/nvme2n1/device/serial', serialOf(SOURCE));
        guest.write('dev/nvme2n1', Buffer.alloc(SIZE));
      },
    },
    {
      name: 'a link that contradicts the serial number',
      error: 'more than one disk says it is the target',
      prepare: (guest) => {
        guest.write('dev/nvme2n1', Buffer.alloc(SIZE));
        guest.link(byId(TARGET), '../../nvme2n1');
      },
    },
    {
      name: 'a partition in the place of the target',
      error: 'the target is not a whole disk',
      prepare: (guest) => {
        rmSync(guest.path('sys/block/nvme1n1/device'), { recursive: true });
        guest.write('dev/nvme1n1p1', Buffer.alloc(SIZE));
        guest.link(byId(TARGET), '../../nvme1n1p1');
      },
    },
    {
      name: 'a named pipe in the place of the target',
      error: 'the target is no block device',
      prepare: (guest) => {
        rmSync(guest.path('dev/nvme1n1'));
        execFileSync('mkfifo', [guest.path('dev/nvme1n1')]);
      },
    },
    {
      name: 'a target that is smaller',
      error: `the target has ${SIZE - 512} bytes instead of ${SIZE}`,
      prepare: (guest) => truncateSync(guest.path('dev/nvme1n1'), SIZE - 512),
    },
    {
      name: 'a target that is larger',
      error: `the target has ${SIZE + MIB} bytes instead of ${SIZE}`,
      prepare: (guest) => truncateSync(guest.path('dev/nvme1n1'), SIZE + MIB),
    },
    {
      name: 'a source that has grown',
      error: `the source has ${SIZE + MIB} bytes instead of ${SIZE}`,
      prepare: (guest) => truncateSync(guest.path('dev/nvme0n1'), SIZE + MIB),
    },
    {
      name: 'a target that is read-only',
      error: 'the target is read-only',
      prepare: (guest) => guest.write('sys/block/nvme1n1/ro', '1\n'),
    },
    {
      name: 'no list of what is mounted',
      error: 'no list of what is mounted',
      prepare: (guest) => rmSync(guest.path('proc/mounts')),
    },
    {
      name: 'a target that is mounted',
      error: 'the target is mounted',
      prepare: (guest) => guest.write('proc/mounts', '/dev/nvme0n1p1 / xfs rw 0 0\n/dev/nvme1n1 /srv xfs rw 0 0\n'),
    },
    {
      name: 'a target that is mounted, in a line without an end',
      error: 'the target is mounted',
      prepare: (guest) => guest.write('proc/mounts', '/dev/nvme1n1'),
    },
    {
      name: 'a partition of the target that is mounted',
      error: 'the target is mounted',
      prepare: (guest) => guest.write('proc/mounts', '/dev/nvme1n1p3 /srv xfs rw 0 0\n'),
    },
    {
      name: 'a target that is mounted under another name, in a container',
      error: 'the target is mounted',
      prepare: (guest) => guest.write('proc/4711/mountinfo', '40 22 259:4 / /srv rw - xfs /dev/evidence rw\n'),
    },
    {
      name: 'a partition of the target that is mounted under another name',
      error: 'the target is mounted',
      prepare: (guest) => {
        guest.write('sys/block/nvme1n1/nvme1n1p1/dev', '259:5\n');
        guest.write('proc/4711/mountinfo', '40 22 259:5 / /srv rw - xfs /dev/root rw\n');
      },
    },
    {
      name: 'a target that is swap',
      error: 'the target is swap',
      prepare: (guest) => guest.write('proc/swaps', 'Filename Type\n/dev/nvme1n1 partition 1 0 -2\n'),
    },
    {
      name: 'a target with a partition',
      error: 'the target has partitions',
      prepare: (guest) => guest.write('sys/block/nvme1n1/nvme1n1p1/dev', '259:5\n'),
    },
    {
      name: 'a target that a volume manager holds',
      error: 'the target is in use',
      prepare: (guest) => mkdirSync(guest.path('sys/block/nvme1n1/holders/dm-0'), { recursive: true }),
    },
    ...[0, 1, 512, 65_536, MIB - 1, SIZE - MIB, SIZE - 4_096, SIZE - 1].map((at) => ({
      name: `a target with something at byte ${at}`,
      error: 'the target is not empty',
      prepare: (guest: Guest) => {
        const bytes = Buffer.alloc(SIZE);
        bytes[at] = 1;
        writeFileSync(guest.path('dev/nvme1n1'), bytes);
      },
    })),
  ];

  it.each(refusals)('refuses $name before a byte is written', async ({ error, prepare, settings = {} }) => {
    const guest = makeGuest(content);
    prepare?.(guest);
    const disks = () =>
      ['dev/nvme0n1', 'dev/nvme1n1', 'dev/nvme2n1', 'dev/nvme1n1p1'].map((path) => {
        const there = existsSync(guest.path(path)) && statSync(guest.path(path)).isFile();
        return there ? `${sha256(guest.read(path))} ${statSync(guest.path(path)).mtimeMs}` : null;
      });
    const before = { disks: disks(), files: guest.files() };
    const { code, result } = await copy(guest, settings);
    expect({ code, copied: result.copied, error: result.error, bytes: result.bytes, sha256: result.sha256 }).toEqual({
      code: 1,
      copied: false,
      error,
      bytes: 0,
      sha256: '',
    });
    expect({ disks: disks(), files: guest.files() }).toEqual(before);
  });

  it('tells a name of the host that would break out of its quotes without its quotes', async () => {
    const guest = makeGuest(content);
    rmSync(guest.path('sys/block/nvme1n1'), { recursive: true });
    const name = 'x","copied":true,"$(id)`id`\\';
    guest.write(`sys/block/${name}/device/serial`, serialOf(TARGET));
    renameSync(guest.path('dev/nvme1n1'), guest.path(`dev/${name}`));
    guest.write('proc/mounts', `/dev/${name} /srv xfs rw 0 0\n`.replace('\\', '\\\\'));
    const { result } = await copy(guest, { bytes: SIZE + 512 });
    expect(result).toMatchObject({ copied: false, targetDevice: '/dev/xcopiedtrueidid' });
  });
});
