import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runCommandLine } from '#local/command-line';
import { RULES } from '#shared/policy/lint/lint';

const folder = mkdtempSync(join(tmpdir(), 'unlatch-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

const lint = async (...args: string[]) => {
  const said: string[] = [];
  const answered: unknown[] = [];
  const status = await runCommandLine(['lint', ...args], {
    say: (line) => said.push(line),
    answer: (value) => answered.push(JSON.parse(JSON.stringify(value))),
  });
  return { status, said, answered };
};

const DELEGATION =
  '{ "Sid": "Own", "Effect": "Allow", "Principal": { "AWS": "111122223333" }, "Action": "kms:*", "Resource": "*" }';
const USE =
  '{ "Sid": "Use", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:role/app" },\n  "Action": ["kms:Encrypt", "kms:Decrypt"],\n  "Resource": "*" }';
const POLICY = `{\n  "Version": "2012-10-17",\n  "Statement": [\n${DELEGATION},\n${USE}\n]}`;
const CLEAN = `{ "Version": "2012-10-17", "Statement": ${DELEGATION} }`;
const ROLE =
  '{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "ec2:Describe", "Resource": "*" }] }';

describe('lint', () => {
  it('says file, line, severity, statement and rule, then why; exit 1 where something is found', async () => {
    const file = written('policy.json', POLICY);
    const { status, said, answered } = await lint(file);
    expect({ status, answered }).toEqual({ status: 1, answered: [] });
    expect(said).toEqual([
      expect.stringMatching(/policy\.json:5: warning: statement 0 `Own` .* \(Use\) \[pointless-beside-delegation\]$/),
      expect.stringMatching(/^ {4}.*How To Write KMS Policies/),
      `${file}:5: note: \`kms:Encrypt\` stands where \`kms:Decrypt\` belongs (Use) [actions-unsorted]`,
      expect.stringMatching(/^ {4}/),
      `${file}: 2 findings`,
    ]);
  });

  it('exits 0 where nothing is found', async () => {
    const file = written('clean.json', CLEAN);
    expect(await lint(file)).toEqual({ status: 0, said: [`${file}: nothing found`], answered: [] });
  });

  it.each([['--format', 'json'], ['--json']])(
    'answers %s with the findings of each file, and the policy mended',
    async (...format) => {
      const [first, second] = [written('policy.json', POLICY), written('clean.json', CLEAN)];
      const { status, said, answered } = await lint(first, second, ...format);
      expect({ status, said }).toEqual({ status: 1, said: [] });
      expect(answered).toEqual([
        [
          {
            file: first,
            kind: 'key-policy',
            findings: [
              expect.objectContaining({ rule: 'pointless-beside-delegation', statement: 1, mend: null }),
              expect.objectContaining({ rule: 'actions-unsorted', sid: 'Use', lines: { start: 5, end: 7 } }),
            ],
            mended: {
              Version: '2012-10-17',
              Statement: [expect.anything(), expect.objectContaining({ Action: ['kms:Decrypt', 'kms:Encrypt'] })],
            },
          },
          { file: second, kind: 'key-policy', findings: [], mended: null },
        ],
      ]);
    },
  );

  const wrapped = JSON.stringify(JSON.parse(POLICY));
  const rules = ['pointless-beside-delegation', 'actions-unsorted'];
  it.each([
    { name: 'a document', text: POLICY, rules, start: 5 },
    { name: 'a list of statements', text: `[\n${USE}\n]`, rules: ['actions-unsorted'], start: 2 },
    { name: 'one statement', text: `\n${USE}`, rules: ['actions-unsorted'], start: 2 },
    {
      name: 'what `aws kms get-key-policy` prints',
      text: JSON.stringify({ Policy: wrapped, PolicyName: 'default' }, null, 2),
      rules,
      start: 2,
    },
    {
      name: 'what `aws iam get-role-policy` prints',
      text: `{"RoleName": "r", "PolicyName": "p",\n"PolicyDocument":\n${ROLE}}`,
      rules: ['action-matches-nothing'],
      start: 3,
    },
    {
      name: 'what `aws iam get-policy-version` prints',
      text: `{"PolicyVersion": {"VersionId": "v1",\n"Document": ${ROLE}}}`,
      rules: ['action-matches-nothing'],
      start: 2,
    },
    {
      name: 'a policy as IAM encodes it',
      text: JSON.stringify({ PolicyDocument: encodeURIComponent(ROLE) }),
      rules: ['action-matches-nothing'],
      start: 1,
    },
    { name: 'a policy of a role', text: `\n${ROLE}`, rules: ['action-matches-nothing'], start: 2 },
  ])('reads $name', async ({ text, rules, start }) => {
    const { answered } = await lint(written('form.json', text), '--json');
    const [[{ findings } = { findings: [] }] = []] = z
      .array(
        z.array(
          z.looseObject({
            findings: z.array(z.looseObject({ rule: z.string(), lines: z.looseObject({ start: z.number() }) })),
          }),
        ),
      )
      .parse(answered);
    expect(findings.map(({ rule }) => rule)).toEqual(rules);
    expect(findings.map(({ lines }) => lines.start)).toEqual(rules.map(() => start));
  });

  it('knows the Regions of key and platform, and the account, by options', async () => {
    const file = written(
      'region.json',
      JSON.stringify({
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Principal: { AWS: '111122223333' },
          Action: 'kms:*',
          Resource: '*',
          Condition: { StringEquals: { 'kms:ViaService': 'ec2.eu-west-1.amazonaws.com' } },
        },
      }),
    );
    const { said } = await lint(
      file,
      '--region',
      'eu-west-3',
      '--platform-region',
      'us-east-1,eu-west-3',
      '--account',
      '444455556666',
    );
    const ids = said.flatMap((line) => /\[([a-z-]+)\]$/.exec(line)?.[1] ?? []);
    expect(ids).toEqual([
      'nobody-administers',
      'all-of-kms-for-others',
      'service-of-another-region',
      'platform-region-left-out',
    ]);
  });

  it.each([
    { name: 'no file', args: [], says: /expected at least one file/ },
    { name: 'a format that there is not', args: ['a.json', '--format', 'xml'], says: /`--format` text, json, sarif/ },
    { name: 'a Region that is none', args: ['a.json', '--region', 'paris'], says: /`--region`: expected a Region/ },
    { name: 'an account that is none', args: ['a.json', '--account', '12'], says: /`--account`: expected an account/ },
    { name: 'two Regions of one key', args: ['a.json', '--region', 'eu-west-1,eu-west-3'], says: /one Region/ },
    { name: 'no JSON', text: '{', says: /bad\.json: expected JSON/ },
    { name: 'no policy', text: '{"a": 1}', says: /bad\.json: `a`: this element is not known/ },
    { name: 'a number', text: '7', says: /bad\.json: expected an object, found `7`/ },
    {
      name: 'an effect that is none',
      text: '[{"Effect": "Maybe"}]',
      says: /`Statement\[0\]\.Effect`: expected `Allow`/,
    },
    {
      name: 'a name that stands twice',
      text: '{"Version": "2012-10-17",\n "Statement": [],\n "Statement": []}',
      says: /line 3: `Statement` stands twice/,
    },
    { name: 'a policy deeper than the stack', text: '['.repeat(50_000) + ']'.repeat(50_000), says: /bad\.json: / },
    { name: 'a wrapped policy that is none', text: '{"Policy": "%zz"}', says: /bad\.json: expected JSON, URL-encoded/ },
  ])('refuses $name with exit 2 and one line', async ({ args, text, says }) => {
    const { status, said, answered } = await lint(...(args ?? [written('bad.json', text ?? '')]));
    expect({ status, answered, lines: said.length }).toEqual({ status: 2, answered: [], lines: 1 });
    expect(said[0]).toMatch(says);
  });
});

describe('SARIF', () => {
  const validate = (() => {
    const ajv = new Ajv.default({ strict: false });
    addFormats.default(ajv);
    return ajv.compile(JSON.parse(readFileSync('test/local/lint/sarif-schema-2.1.0.json', 'utf8')));
  })();
  const errorsIn = (log: unknown) => (validate(log) ? [] : validate.errors);

  it('is valid, and names rule, level, file and lines', async () => {
    const files = [written('policy with space.json', POLICY), written('clean.json', CLEAN), written('role.json', ROLE)];
    const { status, said, answered } = await lint(...files, '--format', 'sarif');
    expect({ status, said }).toEqual({ status: 1, said: [] });
    const [log] = answered;
    expect(errorsIn(log)).toEqual([]);
    expect(log).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'unlatch', rules: RULES.map(({ id }) => ({ id })) } },
          results: [
            {
              ruleId: 'pointless-beside-delegation',
              level: 'warning',
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: expect.stringMatching(/^file:\/\/.*policy%20with%20space\.json$/) },
                    region: { startLine: 5, endLine: 7 },
                  },
                },
              ],
            },
            { ruleId: 'actions-unsorted', level: 'note' },
            { ruleId: 'action-matches-nothing', level: 'warning' },
          ],
        },
      ],
    });
  });

  it('is valid where nothing and where the whole policy is found', async () => {
    for (const text of [CLEAN, '{ "Version": "2012-10-17", "Statement": [] , "Id": "none" }']) {
      const { answered } = await lint(written('other.json', text), '--format', 'sarif');
      expect(errorsIn(answered[0])).toEqual([]);
    }
  });

  it('of which the schema refuses what is none', () => {
    expect(errorsIn({ version: '2.1.0', runs: [{ tool: {} }] })).not.toEqual([]);
  });
});
