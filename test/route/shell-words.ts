import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';

/** Words that a shell would read otherwise, were they not quoted. */
export const hostileWords = [
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
export const inShell = (script: string): string[] => {
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], { encoding: 'utf8', env: { HOME: '/nowhere' } });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\0').slice(0, -1);
};
