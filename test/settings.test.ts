import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ZodError } from 'zod';
import { loadTemplate } from '#local/template/template';
import { settingsFrom } from '#shared/settings';

const least = { ACCOUNT_ID: '111122223333', AWS_REGION: 'eu-west-3', LEDGER_TABLE: 'ledger' };

describe('settingsFrom', () => {
  it('has a default for all that an operator need not decide', () => {
    expect(settingsFrom(least)).toEqual({
      ...least,
      RESPONSE_ROLE: '*CadoResponse*',
      OWN_ROLES: [],
      PARTITION: 'aws',
      MEMBER_ROLE: 'UnlatchMember',
      EXTERNAL_ID: '',
      REMEDIATE_FUNCTION: '',
      EVIDENCE_BUCKET: '',
      TOPIC_ARN: '',
      COPY_FUNCTION: '',
      RETIRE_FUNCTION: '',
      RETIRE_AGAIN: false,
      EDIT_SHARED_POLICIES: false,
      POLICY_PATTERN: '*CadoResponse*',
      ALLOW_UNENCRYPTED_COPY: false,
      EVIDENCE_KEY_ARN: '',
      REQUIRE_APPROVAL: false,
      APPROVAL_WAIT: 240,
      PLATFORM_ACCOUNT: '',
      DRY_RUN: true,
      PLATFORM_REGION: '',
      RE_ENCRYPT: true,
      KEY_ALIAS_PREFIX: 'alias/CadoResponse-KMS-Alias',
      SCOPE_ACCOUNTS: [],
      SCOPE_REGIONS: [],
      SWEEP_PLATFORM_KEYS: false,
      PLATFORM_KEY_DAYS: 7,
      EVIDENCE_DAYS: 90,
      SSM_TAG_KEY: 'CadoResponseSSMEnabled',
      SSM_TAG_VALUE: 'True',
      MEMORY_TOOL_LINUX: '',
      MEMORY_TOOL_WINDOWS: '',
      ARCHIVE_MEBIBYTES: 4_096,
      JOIN_WAIT: 20,
      COMMAND_WAIT: 60,
      COOL_DOWN: 60,
      LEDGER_DAYS: 30,
      ON_FINDING: 'report',
      FINDING_SEVERITY: 7,
      FINDING_TYPES: [],
      PLATFORM_KEY_ARN: '',
      OPEN_SHARED: false,
      FEATURES_IN_USE: [],
      STACK_NAME: '',
    });
  });

  it.each(Object.keys(least))('needs %s', (name) => {
    expect(() => settingsFrom({ ...least, [name]: undefined })).toThrow(ZodError);
    expect(() => settingsFrom({ ...least, [name]: undefined })).toThrow(name);
    expect(() => settingsFrom({ ...least, [name]: '' })).toThrow(name);
  });

  const numbers = [
    { name: 'ARCHIVE_MEBIBYTES', most: 5_120 },
    { name: 'JOIN_WAIT', most: 240 },
    { name: 'COMMAND_WAIT', most: 1_440 },
    { name: 'COOL_DOWN', most: 10_080 },
    { name: 'APPROVAL_WAIT', most: 10_080 },
    { name: 'EVIDENCE_DAYS', most: 3_650 },
    { name: 'LEDGER_DAYS', most: 365 },
  ];

  it.each(numbers)('takes $name from 1 to $most', ({ name, most }) => {
    for (const value of [1, most])
      expect(settingsFrom({ ...least, [name]: String(value) })).toMatchObject({ [name]: value });
  });

  it.each(
    numbers.flatMap(({ name, most }) =>
      ['0', String(most + 1), '-1', '1.5', 'ten', '', 'Infinity', '1e9'].map((value) => ({ name, value })),
    ),
  )('refuses $name = `$value`, by its name', ({ name, value }) => {
    expect(() => settingsFrom({ ...least, [name]: value })).toThrow(name);
  });

  it.each([
    { OWN_ROLES: 'unlatch-*,UnlatchMember', list: ['unlatch-*', 'UnlatchMember'] },
    { OWN_ROLES: ' a , ,b,', list: ['a', 'b'] },
    { OWN_ROLES: '', list: [] },
  ])('reads the list `$OWN_ROLES`', ({ OWN_ROLES, list }) => {
    expect(settingsFrom({ ...least, OWN_ROLES }).OWN_ROLES).toEqual(list);
  });

  it.each([
    { name: 'RESPONSE_ROLE', value: '' },
    { name: 'ACCOUNT_ID', value: '1234' },
    { name: 'PARTITION', value: 'amazon' },
    { name: 'ALLOW_UNENCRYPTED_COPY', value: 'yes' },
    { name: 'REQUIRE_APPROVAL', value: '1' },
    { name: 'PLATFORM_ACCOUNT', value: '1234' },
    { name: 'ON_FINDING', value: 'everything' },
    { name: 'FINDING_SEVERITY', value: '11' },
    { name: 'OPEN_SHARED', value: 'yes' },
    { name: 'FEATURES_IN_USE', value: 'disks,everything' },
    { name: 'SSM_TAG_KEY', value: 'k'.repeat(129) },
    { name: 'SSM_TAG_VALUE', value: 'v'.repeat(257) },
    { name: 'MEMORY_TOOL_LINUX', value: 'x'.repeat(1_025) },
    { name: 'MEMORY_TOOL_WINDOWS', value: 'x'.repeat(1_025) },
  ])('refuses $name out of its bounds, by its name', ({ name, value }) => {
    expect(() => settingsFrom({ ...least, [name]: value })).toThrow(name);
  });

  it('reads an empty tag key as asking for no tag', () => {
    expect(settingsFrom({ ...least, SSM_TAG_KEY: '' }).SSM_TAG_KEY).toBe('');
  });
});

describe('the template', () => {
  const { functions } = loadTemplate(fileURLToPath(new URL('../template.yaml', import.meta.url)));
  const defaults = settingsFrom(least);
  const known = Object.keys(defaults);
  /** Read by Node.js itself. */
  const notOurs = ['NODE_OPTIONS'];
  /** Settings without a variable in the template, each with the reason. */
  const unset = { AWS_REGION: 'Lambda sets it, and does not let a template set it' };

  it.each(functions)('gives $folder only variables that are settings', ({ environment }) => {
    const variables = Object.keys(environment).filter((name) => !notOurs.includes(name));
    expect(variables.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('sets every setting for some function, but those that are listed', () => {
    const set = new Set(functions.flatMap(({ environment }) => Object.keys(environment)));
    expect(known.filter((name) => !set.has(name))).toEqual(Object.keys(unset));
  });

  it.each(functions)('gives $folder, by default, the defaults of the settings', ({ environment }) => {
    const settings = settingsFrom({ ...environment, AWS_REGION: 'eu-west-3' });
    const decided = [
      'ACCOUNT_ID',
      'LEDGER_TABLE',
      'OWN_ROLES',
      'REMEDIATE_FUNCTION',
      'COPY_FUNCTION',
      'RETIRE_FUNCTION',
      'EVIDENCE_BUCKET',
      'TOPIC_ARN',
      'STACK_NAME',
    ];
    const left = (all: object) => Object.fromEntries(Object.entries(all).filter(([name]) => !decided.includes(name)));
    expect(left(settings)).toEqual(left(defaults));
  });
});
