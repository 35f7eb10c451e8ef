import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '#local/command-line';

const folder = mkdtempSync(join(tmpdir(), 'unlatch-command-line-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The command line in this process; what a process makes of it is a test of its own. */
const unlatch = async (...args: string[]) => {
  const said: string[] = [];
  const answered: string[] = [];
  const status = await runCommandLine(args, {
    say: (line) => said.push(line),
    answer: (value) => answered.push(JSON.stringify(value)),
  });
  return { status, stdout: answered.join('\n'), stderr: said.join('\n') };
};

const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

describe('signal', () => {
  it('prints the rule, the function and the signal of each event, or why it is ignored', async () => {
    const { status, stdout } = await unlatch(
      'signal',
      '--json',
      'events/aws.kms/create-grant-denied-by-service-control-policy.json',
      'events/aws.ec2/create-snapshot.json',
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        rule: 'ObserveFunctionKmsRefused',
        function: 'ObserveFunction',
        signal: { kind: 'denial', action: 'kms:CreateGrant', layer: 'service-control-policy', explicit: true },
        ignored: null,
      },
      { rule: 'ObserveFunctionAcquisitionCalled', signal: { kind: 'call', name: 'CreateSnapshot' }, ignored: null },
    ]);
  });

  it('watches another role where it is told to', async () => {
    const { stdout } = await unlatch(
      'signal',
      '--json',
      '--response-role',
      'Forensics*',
      'events/aws.ec2/create-snapshot.json',
    );
    expect(JSON.parse(stdout)).toMatchObject([
      { rule: null, signal: null, ignored: expect.stringContaining('not a response role') },
    ]);
  });
});

describe('bad input exits 2 with one clear line: what, where, and what was expected', () => {
  const scenario = JSON.parse(readFileSync('local/scenario/custom-key-denied.json', 'utf8'));
  const cases = [
    {
      name: 'truncated JSON',
      args: () => ['signal', written('cut.json', '{"version":"0",')],
      says: /cut\.json: expected JSON/,
    },
    {
      name: 'a file that is not there',
      args: () => ['signal', join(folder, 'nowhere.json')],
      says: /nowhere\.json: cannot be read/,
    },
    {
      name: 'an event that is a list',
      args: () => ['signal', written('list.json', '[]')],
      says: /list\.json: expected one event/,
    },
    {
      name: 'a detail that fits no schema',
      args: () => [
        'signal',
        written(
          'detail.json',
          JSON.stringify({
            id: 'x',
            'detail-type': 'AWS API Call via CloudTrail',
            source: 'aws.kms',
            account: '111122223333',
            time: '',
            region: 'eu-west-3',
            detail: {},
          }),
        ),
      ],
      says: /detail\.json: `detail\.userIdentity`/,
    },
    {
      name: 'a scenario with an unknown key',
      args: () => [
        'drill',
        '--scenario',
        written('key.json', JSON.stringify({ ...scenario, speed: 'fast' })),
        '--out',
        join(folder, 'none'),
      ],
      says: /key\.json: .*speed/,
    },
    {
      name: 'a scenario that names a key it does not have',
      args: () => [
        'drill',
        '--scenario',
        written('name.json', JSON.stringify(scenario).replaceAll('"key":"payments-key"', '"key":"other-key"')),
        '--out',
        join(folder, 'none'),
      ],
      says: /name\.json: `instances\[0\]\.volumes\[0\]\.key`: there is no key `other-key`/,
    },
    {
      name: 'a parameter that the template does not have',
      args: () => [
        'drill',
        '--scenario',
        written('parameter.json', JSON.stringify({ ...scenario, parameters: { Speed: '9' } })),
        '--out',
        join(folder, 'none'),
      ],
      says: /Speed/,
    },
    {
      name: 'a function that is not there',
      args: () => ['invoke', 'nothing', 'events/by-hand/dry-run.json'],
      says: /there is no function `nothing`; there are `observe`, `remediate`/,
    },
    { name: 'an option that is not there', args: () => ['drill', '--fast'], says: /--fast/ },
    { name: 'no event', args: () => ['signal'], says: /expected at least one event file/ },
  ];

  it.each(cases)('$name', async ({ args, says }) => {
    const { status, stdout, stderr } = await unlatch(...args());
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(says)]);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('a command that is not there', async () => {
    const { status, stderr } = await unlatch('explode');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^unlatch: there is no command `explode`\n/);
  });
});

describe('explain', () => {
  const examples = 'docs/explain';
  const expected: Readonly<Record<string, object>> = {
    'allowed-but-for-what-is-not-known.json': { status: 1, decision: 'undetermined', cause: 'undetermined' },
    'default-key-of-another-region.json': { status: 1, decision: 'denied', cause: 'key-policy-silent' },
    'denied-by-the-organisation.json': { status: 1, decision: 'denied', cause: 'service-control-policy-deny' },
    'from-an-event.json': { status: 1, decision: 'denied', cause: 'key-policy-silent' },
    'key-policy-of-another-account.json': { status: 1, decision: 'denied', cause: 'key-policy-silent' },
    'response-role-of-more-than-is-used.json': { status: 0, decision: 'allowed', cause: null },
  };

  it.each(readdirSync(examples))('decides the example %s', async (name) => {
    const { status, stdout, stderr } = await unlatch('explain', join(examples, name), '--json');
    const { decision, cause, ...rest } = JSON.parse(stdout);
    expect({ status, decision, cause }).toEqual(expected[name]);
    expect(Object.keys(rest)).toEqual(['layer', 'explicit', 'statement', 'explanation', 'missing', 'fixes', 'trace']);
    expect(stderr).toBe('');
  });

  const facts = JSON.parse(readFileSync(join(examples, 'key-policy-of-another-account.json'), 'utf8'));
  it('ends with exit 0 where KMS allows it', async () => {
    const open = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kms:*', Resource: '*' };
    const key = { ...facts.key, policy: { Version: '2012-10-17', Statement: [open] } };
    const { status, stdout, stderr } = await unlatch(
      'explain',
      written('open.json', JSON.stringify({ ...facts, key })),
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toContain('KMS allows kms:CreateGrant');
    expect(stderr).toContain('What each layer says:');
  });

  it.each([
    { name: 'no file', args: [], says: 'expected one file of facts' },
    { name: 'two files', args: ['a.json', 'b.json'], says: 'expected one file of facts' },
    { name: 'a file that is not there', args: ['nowhere.json'], says: 'nowhere.json: cannot be read' },
    { name: 'no JSON', text: '{', says: 'expected JSON' },
    { name: 'an empty object', text: '{}', says: 'expected either `request`, `event` or `denial`' },
    { name: 'an event that is no refusal', text: JSON.stringify({ event: { source: 'aws.ec2' } }), says: '`event`: ' },
    {
      name: 'an unreadable policy',
      text: JSON.stringify({ ...facts, key: { policy: { Statement: [{ Effect: 'Deny' }] } } }),
      says: '`key.policy`: Statement[0]',
    },
  ])('refuses $name with exit 2 and one line', async ({ args, text, says }) => {
    const { status, stdout, stderr } = await unlatch('explain', ...(args ?? [written('bad.json', text ?? '')]));
    expect({ status, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ status: 2, stdout: '', lines: 1 });
    expect(stderr).toContain(says);
  });
});
