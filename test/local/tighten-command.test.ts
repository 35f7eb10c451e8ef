import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '#local/command-line';

const folder = mkdtempSync(join(tmpdir(), 'unlatch-tighten-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = async (...args: string[]) => {
  const said: string[] = [];
  const answered: unknown[] = [];
  const status = await runCommandLine(['explain', ...args], {
    say: (line) => said.push(line),
    answer: (value) => answered.push(JSON.parse(JSON.stringify(value))),
  });
  return { status, said, answered };
};

const EXAMPLE = 'docs/explain/response-role-of-more-than-is-used.json';
const facts = JSON.parse(readFileSync(EXAMPLE, 'utf8'));
const written = (name: string, value: unknown): string => {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(value));
  return file;
};

describe('explain --tighten', () => {
  it('prints narrower policies, what was done, the proof and what is lost', async () => {
    const { status, said, answered } = await run(EXAMPLE, '--tighten', '--feature', 'encrypted-disks,triage');
    expect({ status, answered }).toEqual({ status: 0, answered: [] });
    expect(said).toEqual(
      expect.arrayContaining([
        'Narrower: 1 of 1 policies.',
        '  response, `RequiredForLambdaImport`: left out: no feature in use needs it',
        '  response, `RequiredForTriageAndRunCommand`: commands only to machines with the tag',
        '  to a machine without the tag: ssm:SendCommand',
      ]),
    );
  });

  it('takes for used what the role serves where nothing is named, so that nothing is left out', async () => {
    const { status, answered } = await run(EXAMPLE, '--tighten', '--json');
    expect(status).toBe(1);
    expect(answered).toMatchObject([
      { features: ['default-key-disks', 'encrypted-disks', 'lambda', 'memory', 'triage'] },
    ]);
    expect(JSON.stringify(answered)).not.toContain('feature-removed');
  });

  it('exits 1 where what is in use was not allowed before either', async () => {
    const { status, said } = await run(EXAMPLE, '--tighten', '--feature', 'first-default-key');
    expect(status).toBe(1);
    expect(said).toContain(
      '  iam:CreateServiceLinkedRole, the service-linked role of multi-Region keys: was not allowed before either',
    );
  });

  it('takes the tag, the Regions and the aliases from its options', async () => {
    const { answered } = await run(
      EXAMPLE,
      ...['--tighten', '--json', '--feature', 'encrypted-disks,triage', '--tag', 'Forensics=yes'],
      ...['--region', 'eu-west-3,eu-west-1', '--key-alias', 'alias/pay*'],
    );
    const text = JSON.stringify(answered);
    expect(text).toContain('"ssm:resourceTag/Forensics":"yes"');
    expect(text).toContain('"kms:ViaService":["ec2.eu-west-3.amazonaws.com","ec2.eu-west-1.amazonaws.com"]');
    expect(text).toContain('"ForAnyValue:StringLike":{"kms:ResourceAliases":["alias/pay*"]}');
  });

  const { identityPolicies: _, ...unread } = facts.principal;
  it.each([
    {
      name: 'a feature that there is not',
      args: [EXAMPLE, '--tighten', '--feature', 'disk'],
      says: /`--feature`: expected platform, .*found `disk`/,
    },
    {
      name: 'an option without the tightening',
      args: [EXAMPLE, '--tag', 'a=b'],
      says: /expected `--tighten` beside `--tag`/,
    },
    { name: 'an alias that is none', args: [EXAMPLE, '--tighten', '--key-alias', 'payments'], says: /`--key-alias`/ },
    {
      name: 'facts without the policies of the role',
      args: [written('unread.json', { ...facts, principal: unread }), '--tighten'],
      says: /unread\.json: `principal\.identityPolicies`: expected the policies of the role/,
    },
    {
      name: 'facts without a key, where no Region is named',
      args: [
        written('no-key.json', { ...facts, request: { ...facts.request, action: 'kms:CreateKey', resource: '*' } }),
        '--tighten',
      ],
      says: /no-key\.json: names no key: expected `--region`/,
    },
  ])('refuses $name with exit 2 and one line', async ({ args, says }) => {
    const { status, said, answered } = await run(...args);
    expect({ status, answered, lines: said.length }).toEqual({ status: 2, answered: [], lines: 1 });
    expect(said[0]).toMatch(says);
  });
});
