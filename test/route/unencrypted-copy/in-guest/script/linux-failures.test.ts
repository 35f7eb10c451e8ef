import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commands, scratch, until } from '../../../ssm-triage/collector/collection.ts';
import {
  content,
  contentOf,
  copy,
  MIB,
  makeGuest,
  resultOf,
  SIZE,
  sha256,
  startCopier,
  toolsAreThere,
} from './guest.ts';

const dd = toolsAreThere ? execFileSync('sh', ['-c', 'command -v dd'], { encoding: 'utf8' }).trim() : '';

/** How `dd` is called for each part of the work, as the patterns of a shell. */
const READING = '"bs=4194304 count="*';
const READING_BACK = '"bs=4194304 iflag="* | "bs=4194304 "';
/** A `dd` that does something else where it is called so. */
const ddThat = (pattern: string, does: string) =>
  commands({
    dd: `case "$*" in *conv=*) ;; ${pattern}) ${does} ;; esac\nexec ${dd} "$@"`,
  });

afterAll(() => rmSync(scratch, { recursive: true }));

describe.skipIf(!toolsAreThere)('the copier of a Linux guest', () => {
  it('tells where the source could not be read', async () => {
    const guest = makeGuest(content);
    const bin = ddThat(READING, `${dd} bs=4194304 count=1 2>/dev/null; exit 1`);
    const { code, result } = await copy(guest, {}, { bin });
    expect({ code, result }).toMatchObject({
      code: 1,
      result: { copied: false, error: 'read error at byte 4194304', bytes: 4 * MIB, sha256: '', targetSha256: '' },
    });
  });

  it('tells a source that ends too early', async () => {
    const bin = ddThat(READING, `exec ${dd} bs=4194304 count=1`);
    const { result } = await copy(makeGuest(contentOf(8 * MIB)), { bytes: 8 * MIB }, { bin });
    expect(result).toMatchObject({ copied: false, error: 'the copy ended at byte 4194304' });
  });

  it('tells where the target could not be written', async () => {
    const guest = makeGuest(content);
    // No file may grow beyond 4 MiB, which is what a disk that fails looks like.
    const limit = join(scratch, 'limited.sh');
    writeFileSync(limit, 'trap "" XFSZ\nulimit -f 8192\nexec sh "$@"\n');
    const { code, result } = await copy(guest, {}, { shell: ['sh', limit] });
    expect({ code, result }).toMatchObject({
      code: 1,
      result: { copied: false, error: 'write error at byte 4194304', bytes: 4 * MIB },
    });
  });

  it('tells a copy that reads back otherwise, with both checksums', async () => {
    const guest = makeGuest(content);
    const bin = ddThat(READING_BACK, `${dd} "$@" | tr '\\001' '\\002'; exit`);
    const { code, result } = await copy(guest, {}, { bin });
    expect({ code, copied: result.copied, error: result.error, sha256: result.sha256 }).toEqual({
      code: 1,
      copied: false,
      error: 'the target reads back otherwise',
      sha256: sha256(content),
    });
    expect(result.targetSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(result.targetSha256).not.toBe(result.sha256);
  });

  it('tells a target that could not be read back to its end', async () => {
    const bin = ddThat(READING_BACK, `exec ${dd} bs=4194304 count=1`);
    const { result } = await copy(makeGuest(content), {}, { bin });
    expect(result).toMatchObject({ copied: false, error: 'the target was read back to byte 4194304 only' });
  });

  it('refuses a tool for SHA-256 that does not tell SHA-256', async () => {
    const bin = commands({ sha256sum: 'cat >/dev/null; echo nonsense' });
    expect((await copy(makeGuest(content), {}, { bin })).result.error).toBe('no tool for SHA-256');
  });

  it('ends itself before its time is over, and tells how far it came', async () => {
    const guest = makeGuest(content);
    const began = Date.now();
    const bin = ddThat(READING, `${dd} bs=4194304 count=1 2>/dev/null; exec sleep 300`);
    const { code, result } = await copy(guest, { RUN_SECONDS: 6 }, { bin });
    expect({ code, result }).toMatchObject({ code: 1, result: { copied: false, error: 'out of time', sha256: '' } });
    expect(result.bytes).toBe(4 * MIB);
    expect(Date.now() - began).toBeLessThan(6_000);
  });

  it.each([
    { name: 'SIGTERM to the shell', signal: 'SIGTERM' as const, group: 1, says: true },
    { name: 'SIGKILL to the process group, as the agent cancels', signal: 'SIGKILL' as const, group: -1, says: false },
  ])(
    '$name leaves a target half written, which the next run refuses, and nothing else',
    async ({ signal, group, says }) => {
      const guest = makeGuest(content);
      const before = guest.files();
      const marker = join(scratch, `${signal}-copy`);
      const bin = ddThat(READING, `${dd} bs=4194304 count=1 2>/dev/null; echo $$ >${marker}; exec sleep 300`);
      const { pid, ended } = startCopier({ root: guest.root, bytes: SIZE }, { bin });
      expect(await until(() => existsSync(marker) && readFileSync(marker, 'utf8') !== '')).toBe(true);
      expect(
        await until(() =>
          guest
            .read('dev/nvme1n1')
            .subarray(0, 4 * MIB)
            .equals(content.subarray(0, 4 * MIB)),
        ),
      ).toBe(true);
      process.kill(group * pid, signal);
      const { stdout } = await ended;
      if (says) expect(resultOf(stdout)).toMatchObject({ copied: false, error: 'interrupted', bytes: 4 * MIB });
      else expect(stdout).toBe('');

      const sleeper = Number(readFileSync(marker, 'utf8'));
      const alive = () =>
        existsSync(`/proc/${sleeper}`) && !readFileSync(`/proc/${sleeper}/status`, 'utf8').includes('zombie');
      expect(await until(() => !alive())).toBe(true);
      expect(guest.files()).toEqual(before);
      const half = sha256(guest.read('dev/nvme1n1'));
      expect((await copy(guest)).result).toMatchObject({ copied: false, bytes: 0, error: 'the target is not empty' });
      expect(sha256(guest.read('dev/nvme1n1'))).toBe(half);
    },
  );
});
