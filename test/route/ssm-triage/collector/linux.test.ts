import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBucket } from './bucket.ts';
import {
  barePath,
  commands,
  has,
  leftovers,
  outcomes,
  resultOf,
  scratch,
  startCollector,
  unpack,
  until,
} from './collection.ts';
import { changedAt, hostileNames, makeHostImage, pwned } from './host-image.ts';

const tools = ['tar', 'gzip', 'find', 'mkfifo', 'mktemp', 'head', 'curl'].map(has);

describe.skipIf(tools.includes(false))('the Linux collector', () => {
  const image = tools.includes(false) ? { directory: '', root: '' } : makeHostImage(scratch);
  let bucket: Awaited<ReturnType<typeof openBucket>>;
  let cases = 0;
  const settings = (more = {}) => {
    const id = `case-${process.pid}-${++cases}`;
    return { root: image.root, id, url: bucket.url(`/${id}?X-Amz-Signature=5ec2e7`), ...more };
  };
  const stored = (id: string) => bucket.objects.get(`/${id}?X-Amz-Signature=5ec2e7`) ?? Buffer.alloc(0);
  const collect = async (more = {}, how = {}) => {
    const chosen = settings(more);
    const end = await startCollector(chosen, how).ended;
    return { ...end, id: chosen.id, result: resultOf(end.stdout), left: leftovers(chosen.id) };
  };

  beforeAll(async () => {
    bucket = await openBucket();
  });
  afterAll(async () => {
    await bucket.close();
    rmSync(scratch, { recursive: true });
  });

  describe.each([['sh'], ['dash'], ['bash'], ['busybox', 'sh']].map((shell) => ({ shell, name: shell.join(' ') })))(
    'run by $name',
    ({ shell }) => {
      it.skipIf(!has(shell[0] ?? ''))('uploads a whole image, and hostile names execute nothing', async () => {
        const { code, result, id, left, stderr, stdout } = await collect({}, { shell });
        expect({ code, stderr, left, before: result.before }).toEqual({ code: 0, stderr: '', left: [], before: '' });
        expect(stdout).not.toContain('5ec2e7');
        const archive = stored(id);
        expect(result).toMatchObject({
          case: id,
          uploaded: true,
          bytes: archive.length,
          sha256: createHash('sha256').update(archive).digest('hex'),
        });
        expect(bucket.puts.at(-1)).toMatchObject({ method: 'PUT', ifNoneMatch: '*', status: 200 });

        const content = unpack(archive);
        expect(readdirSync(content)).toEqual([id]);
        const logs = Buffer.from(join(content, id, 'files/var/log/'));
        for (const name of hostileNames) {
          const path = Buffer.concat([logs, name]);
          expect(readFileSync(path)).toEqual(name);
          expect(lstatSync(path).mtimeMs).toBe(changedAt.getTime());
        }
        for (const directory of [scratch, tmpdir(), '/var/tmp', '.'])
          expect(readdirSync(directory)).not.toContain(pwned);
      });
    },
  );

  describe('the archive of one image', () => {
    let content = '';
    let id = '';
    let run: Awaited<ReturnType<typeof collect>>;
    const poison = join(scratch, 'poisoned');
    beforeAll(async () => {
      const names = [
        'ps',
        'ss',
        'netstat',
        'who',
        'w',
        'last',
        'lsof',
        'docker',
        'podman',
        'rpm',
        'ip',
        'systemctl',
        'uname',
      ];
      const bin = commands(Object.fromEntries(names.map((name) => [name, `echo ${name} >>${poison}`])));
      run = await collect({}, { bin });
      id = run.id;
      content = unpack(stored(id));
    });
    const read = (path: string) => readFileSync(join(content, id, path), 'utf8');

    it.each([
      { path: 'proc/1/cmdline', text: '/sbin/init\0splash\0' },
      { path: 'proc/666/status', text: 'Name:\tx\nPid:\t666\n' },
      { path: 'proc/net/tcp', text: '0100007F:1F90' },
      { path: 'proc/mounts', text: '/dev/nvme0n1p1' },
      { path: 'files/etc/ld.so.preload', text: '/lib/evil.so' },
      { path: 'files/etc/systemd/system/implant.service', text: 'ExecStart' },
      { path: 'files/etc/shadow', text: 'root:*' },
      { path: 'files/home/alice/.ssh/authorized_keys', text: 'ssh-ed25519' },
      { path: 'files/root/.bash_history', text: 'curl evil.example' },
      { path: 'files/srv/app/.bash_history', text: 'id' },
      { path: 'files/var/lib/dpkg/status', text: 'base-files' },
      { path: 'files/var/lib/docker/containers/abc/config.v2.json', text: 'abc' },
    ])('holds $path', ({ path, text }) => {
      expect(read(path)).toContain(text);
    });

    it.each([
      { path: 'proc/666/exe', target: '/tmp/.x (deleted)' },
      { path: 'proc/666/fd/3', target: '/etc/shadow' },
      { path: 'files/var/log/link.log', target: join(image.directory, 'outside/secret') },
      { path: 'files/etc/pam.d', target: join(image.directory, 'outside') },
    ])('keeps the link $path as a link', ({ path, target }) => {
      expect(readlinkSync(join(content, id, path))).toBe(target);
    });

    it('holds nothing that a link outside of the root leads to', () => {
      const tar = gunzipSync(stored(id)).toString('latin1');
      expect(tar).toContain('ExecStart=/tmp/.x');
      expect(tar).not.toContain('OUTSIDE CONTENT');
      expect(outcomes(content, id).log).toContain('leads out of the root');
    });

    it('lists the FIFO and the file beyond 64 MiB, and opens neither', () => {
      const { log } = outcomes(content, id);
      expect(log).toMatch(/^ {2}\| prw.*var\/log\/pipe\.log$/m);
      expect(log).toMatch(/^ {2}\| -rw.* 67108865 .*var\/log\/huge\.log$/m);
      const names = readdirSync(join(content, id, 'files/var/log'));
      expect(names).toContain('auth.log');
      expect(names).not.toContain('pipe.log');
      expect(names).not.toContain('huge.log');
    });

    it('tells of the collector that failed, and the rest went on', () => {
      const { of } = outcomes(content, id);
      expect(of).toMatchObject({
        memory: 'skipped 77',
        kernel_modules: 'failed 1',
        logs: 'ok 0',
        host_identity: 'ok 0',
      });
      const states = Object.values(of).map((state) => state.split(' ')[0]);
      const count = (state: string) => states.filter((one) => one === state).length;
      expect(run.result.collectors).toEqual({ ok: count('ok'), failed: count('failed'), skipped: count('skipped') });
      expect(states).toHaveLength(14);
    });

    it('was made without one command about the live host', () => {
      expect(existsSync(poison)).toBe(false);
      expect(existsSync(join(content, id, 'live'))).toBe(false);
    });
  });

  it('a collector that hangs is ended in time, and what others collected arrives', async () => {
    const bin = commands({ cat: 'case "$*" in */proc/net/tcp) sleep 300 ;; esac\nexec /bin/cat "$@"' });
    const { code, id, left } = await collect({ timeLimit: 4 }, { bin });
    const { of } = outcomes(unpack(stored(id)), id);
    expect({ code, left, sockets: of.sockets, logs: of.logs }).toEqual({
      code: 0,
      left: [],
      sockets: 'failed 124',
      logs: 'ok 0',
    });
  });

  it('collecting ends at 60 % of the time, and what came before it arrives', async () => {
    const bin = commands({ cat: 'case "$*" in */proc/net/tcp) sleep 300 ;; esac\nexec /bin/cat "$@"' });
    const { code, id, left, result } = await collect({ runSeconds: 16 }, { bin });
    expect({ code, left, uploaded: result.uploaded }).toEqual({ code: 0, left: [], uploaded: true });
    const content = unpack(stored(id));
    const { of, log } = outcomes(content, id);
    expect(existsSync(join(content, id, 'proc/666/cmdline'))).toBe(true);
    expect(of).toMatchObject({ processes: 'ok 0', sockets: 'failed 124' });
    const late = Object.keys(of).slice(Object.keys(of).indexOf('sockets') + 1);
    expect(late).toHaveLength(11);
    for (const name of late) expect(log).toMatch(new RegExp(`^${name} skipped \\d 77\n {2}\\| no time left$`, 'm'));
  });

  it('an upload that hangs is ended when the whole time is over', async () => {
    const bin = commands({ curl: 'exec sleep 300' });
    const { code, left, result } = await collect({ runSeconds: 6 }, { bin });
    const { uploaded, error } = result;
    expect({ code, left, uploaded, error }).toEqual({
      code: 1,
      left: [],
      uploaded: false,
      error: 'curl ended with 124',
    });
  });

  it('an archive beyond bounds goes without its logs, and says so', async () => {
    const whole = await collect();
    const { code, id, result } = await collect({ maxBytes: whole.result.bytes - 200 });
    const content = unpack(stored(id));
    expect({ code, uploaded: result.uploaded }).toEqual({ code: 0, uploaded: true });
    expect(result.collectors).toEqual({
      ...whole.result.collectors,
      ok: whole.result.collectors.ok - 1,
      skipped: whole.result.collectors.skipped + 1,
    });
    expect(existsSync(join(content, id, 'files/var/log'))).toBe(false);
    expect(existsSync(join(content, id, 'files/etc/passwd'))).toBe(true);
    expect(outcomes(content, id).log).toContain('logs dropped');
  });

  it.each([
    { name: 'an archive that is still too large', more: { maxBytes: 100 }, error: 'too large' },
    {
      name: 'an upload server that is down',
      more: { url: 'http://127.0.0.1:9/k?X-Amz-Signature=5ec2e7' },
      error: 'curl ended with 7',
    },
    {
      name: 'an upload URL that would break out of its quotes',
      more: { url: 'http://127.0.0.1/"\n-o x' },
      error: 'invalid URL',
    },
    { name: 'a time that is no number', more: { runSeconds: Number.NaN }, error: 'invalid time limit' },
    { name: 'a case id that is a path', more: { id: '../x' }, error: 'invalid case' },
    { name: 'a root that is not there', more: { root: '/nonexistent' }, error: 'invalid root' },
  ])('$name is told in the result, with exit 1 and nothing left', async ({ more, error }) => {
    const { code, result, left, stdout } = await collect(more);
    expect({ code, left, uploaded: result.uploaded, error: result.error }).toEqual({
      code: 1,
      left: [],
      uploaded: false,
      error,
    });
    expect(stdout).not.toContain('5ec2e7');
  });

  const uploaders = ['curl', 'wget', 'python3'];
  it.each(uploaders.map((name) => ({ name })))(
    'by $name, an object is written once: then it `exists`',
    async ({ name }) => {
      if (!has(name)) return;
      const path = barePath(name);
      const fixed = settings();
      const first = await startCollector(fixed, { path }).ended;
      const second = await startCollector(fixed, { path }).ended;
      expect(resultOf(first.stdout)).toMatchObject({ uploaded: true, bytes: stored(fixed.id).length });
      expect(first.code).toBe(0);
      expect(resultOf(second.stdout)).toMatchObject({ uploaded: false, error: 'exists' });
      expect(second.code).toBe(1);
    },
  );

  it.each([
    { name: 'SIGTERM to the shell', signal: 'SIGTERM' as const, group: 1, says: true },
    { name: 'SIGKILL to the process group, as the agent cancels', signal: 'SIGKILL' as const, group: -1, says: false },
  ])('$name in the middle leaves nothing on the host', async ({ signal, group, says }) => {
    if (!says && !has('setsid')) return;
    const marker = join(scratch, signal);
    const bin = commands({
      cat: `case "$*" in */proc/net/tcp) echo $$ >${marker}; exec sleep 300 ;; esac\nexec /bin/cat "$@"`,
    });
    const chosen = settings();
    const { pid, ended } = startCollector(chosen, { bin });
    expect(await until(() => existsSync(marker) && readFileSync(marker, 'utf8') !== '')).toBe(true);
    expect(leftovers(chosen.id)).toHaveLength(1);
    process.kill(group * pid, signal);
    const { stdout } = await ended;
    expect(await until(() => leftovers(chosen.id).length === 0)).toBe(true);
    if (says) expect(resultOf(stdout)).toMatchObject({ uploaded: false, error: 'interrupted' });
    const sleeper = Number(readFileSync(marker, 'utf8'));
    const alive = () =>
      existsSync(`/proc/${sleeper}`) && !readFileSync(`/proc/${sleeper}/status`, 'utf8').includes('zombie');
    expect(await until(() => !alive())).toBe(true);
  });
});
