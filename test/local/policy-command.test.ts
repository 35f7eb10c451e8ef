import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '#local/command-line';

const folder = mkdtempSync(join(tmpdir(), 'unlatch-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = async (...args: string[]) => {
  const said: string[] = [];
  const answered: unknown[] = [];
  const status = await runCommandLine(args, {
    say: (line) => said.push(line),
    answer: (value) => answered.push(JSON.parse(JSON.stringify(value))),
  });
  return { status, said, answered };
};

const ROLE = 'arn:aws:iam::111122223333:role/forensics/Response';

describe('policy', () => {
  it.each([
    ['default-key', '--account', '111122223333', '--region', 'eu-west-3'],
    ['custom-key', '--role', ROLE, '--region', 'eu-west-3'],
    ['cross-account-customer-key', '--role', ROLE, '--target-account', '444455556666', '--region', 'eu-west-3'],
    ['cross-account-default-key', '--first-time'],
    ['service-key', '--role', ROLE],
    ['ebs-key', '--account', '111122223333', '--region', 'eu-west-3'],
    ['ssm-tagged', '--tag', 'Forensics=allowed'],
  ])('%s prints documents that lint finds nothing in', async (...args) => {
    const { status, said, answered } = await run('policy', ...args);
    expect(status).toBe(0);
    expect(said).toHaveLength(answered.length);
    for (const [index, document] of answered.entries()) {
      const file = join(folder, `${args[0]}-${index}.json`);
      writeFileSync(file, JSON.stringify(document));
      expect(await run('lint', file, '--region', 'eu-west-3', '--platform-region', 'eu-west-3')).toMatchObject({
        status: 0,
      });
    }
    const { answered: listed } = await run('policy', ...args, '--json');
    expect(listed).toEqual([answered.map((document) => expect.objectContaining({ document }))]);
  });

  it('names the role of the target account as that of the platform, unless it is told', async () => {
    const target = ['--target-account', '444455556666', '--region', 'eu-west-3', '--json'];
    const same = await run('policy', 'cross-account-customer-key', '--role', ROLE, ...target);
    expect(JSON.stringify(same.answered)).toContain('arn:aws:iam::444455556666:role/forensics/Response');
    const other = 'arn:aws:iam::444455556666:role/Entry';
    const told = await run('policy', 'cross-account-customer-key', '--role', ROLE, '--target-role', other, ...target);
    expect(JSON.stringify(told.answered)).toContain(other);
  });

  it('has the one-time permission only where it is asked for', async () => {
    const [once, later] = [
      await run('policy', 'cross-account-default-key', '--first-time'),
      await run('policy', 'cross-account-default-key'),
    ];
    expect(JSON.stringify(once.answered)).toContain('"iam:AWSServiceName":"mrk.kms.amazonaws.com"');
    expect(JSON.stringify(later.answered)).not.toContain('iam:');
  });

  it('lists its patterns', async () => {
    const { status, said } = await run('policy', 'help');
    expect({ status, lines: said.join('\n').split('\n').length }).toEqual({ status: 0, lines: 8 });
  });

  it.each([
    { name: 'no pattern', args: [], says: /expected one of default-key, custom-key/ },
    { name: 'a pattern that there is not', args: ['my-key'], says: /found `my-key`/ },
    { name: 'a pattern of the language', args: ['toString'], says: /found `toString`/ },
    { name: 'too little', args: ['ebs-key', '--region', 'eu-west-3'], says: /expected `--account ID`/ },
    { name: 'an option of another pattern', args: ['ebs-key', '--tag', 'a=b'], says: /--tag/ },
    { name: 'a word too many', args: ['ssm-tagged', 'now'], says: /found `now`/ },
    {
      name: 'a session in place of a role',
      args: ['service-key', '--role', 'arn:aws:sts::111122223333:assumed-role/a/b'],
      says: /`--role`: expected the ARN of a role/,
    },
    {
      name: 'a role with a wildcard',
      args: ['service-key', '--role', 'arn:aws:iam::111122223333:role/*'],
      says: /`--role`/,
    },
    { name: 'a tag that is none', args: ['ssm-tagged', '--tag', 'Forensics'], says: /`--tag`: expected a tag/ },
    { name: 'an alias with a wildcard', args: ['cross-account-default-key', '--alias', 'alias/*'], says: /`--alias`/ },
    {
      name: 'two Regions of a default key',
      args: ['default-key', '--account', '111122223333', '--region', 'eu-west-1,eu-west-3'],
      says: /one Region/,
    },
    {
      name: 'a key of another account',
      args: [
        'cross-account-customer-key',
        '--role',
        ROLE,
        '--target-account',
        '444455556666',
        '--region',
        'eu-west-3',
        '--key',
        'arn:aws:kms:eu-west-3:111122223333:key/a',
      ],
      says: /`--key`: expected a key of account 444455556666/,
    },
  ])('refuses $name with exit 2 and one line', async ({ args, says }) => {
    const { status, said, answered } = await run('policy', ...args);
    expect({ status, answered, lines: said.length }).toEqual({ status: 2, answered: [], lines: 1 });
    expect(said[0]).toMatch(says);
  });
});
