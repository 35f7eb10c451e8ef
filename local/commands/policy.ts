import { BadInputError } from '#local/scenario/loading';
import { principalOf } from '#shared/policy/principal';
import {
  isPattern,
  PATTERNS,
  type Parameter,
  type Parameters,
  type Pattern,
  recommended,
  rowOf,
} from '#shared/policy/recommended/patterns';
import { accountOption, aliasOption, checked, listOption, regionsOption, tagOption } from './aws-options.ts';
import { type Command, readWords, stringOption, type Words } from './options.ts';

/** The option that gives each parameter. */
const OPTIONS: Readonly<Record<Parameter, { readonly name: string; readonly expected: string }>> = {
  account: { name: 'account', expected: 'ID' },
  roles: { name: 'role', expected: 'ARN,…' },
  regions: { name: 'region', expected: 'REGION,…' },
  targetAccount: { name: 'target-account', expected: 'ID' },
  targetRole: { name: 'target-role', expected: 'ARN' },
  key: { name: 'key', expected: 'ARN' },
  tag: { name: 'tag', expected: 'KEY=VALUE' },
  alias: { name: 'alias', expected: 'alias/PREFIX' },
  isFirstTime: { name: 'first-time', expected: '' },
};

const usageOf = (parameter: Parameter): string => {
  const { name, expected } = OPTIONS[parameter];
  return `--${name}${expected === '' ? '' : ` ${expected}`}`;
};

const ROLE_EXPECTED = 'the ARN of a role, such as `arn:aws:iam::111122223333:role/myCadoResponseRole`';

const roleIn = (name: string, text: string): string => {
  const principal = principalOf(text);
  if (principal?.kind === 'role' && principal.roleArn !== null) return text;
  throw new BadInputError(`\`--${name}\`: expected ${ROLE_EXPECTED}, found \`${text}\``);
};

const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;
/** The same role name in the target account, where no other is given. */
const targetRoleOf = (words: Words, role: string | undefined, account: string): string => {
  const text = stringOption(words, 'target-role', '');
  return text === '' ? (role ?? '').replace(/::\d{12}:/, `::${account}:`) : roleIn('target-role', text);
};

const keyOf = (words: Words, targetAccount: string): string | null => {
  const text = stringOption(words, 'key', '');
  if (text === '') return null;
  checked('key', text, KEY, 'the ARN of a KMS key');
  if (text.split(':')[4] === targetAccount) return text;
  throw new BadInputError(`\`--key\`: expected a key of account ${targetAccount}, found \`${text}\``);
};

const parametersOf = (words: Words): Parameters => {
  const roles = listOption(words, 'role').map((text) => roleIn('role', text));
  const targetAccount = accountOption(words, 'target-account') ?? '';
  return {
    // A role's own account, where none is given.
    account: accountOption(words, 'account') ?? roles[0]?.split(':')[4] ?? '',
    roles,
    regions: regionsOption(words, 'region'),
    targetAccount,
    targetRole: targetRoleOf(words, roles[0], targetAccount),
    key: keyOf(words, targetAccount),
    tag: tagOption(words),
    alias: aliasOption(words),
    isFirstTime: words.options['first-time'] === true,
  };
};

const isGiven = (value: Parameters[Parameter]): boolean =>
  typeof value === 'string' || Array.isArray(value) ? value.length > 0 : value !== null;

const patternsInWords = (): string => {
  const lines = Object.entries(PATTERNS).map(([name, { title }]) => `  ${name.padEnd(28)}${title}`);
  return ['patterns:', ...lines].join('\n');
};

const wordsOf = (pattern: Pattern, args: readonly string[]): Words => {
  const { needs, takes } = rowOf(pattern);
  const names = [...needs, ...takes].filter((parameter) => parameter !== 'isFirstTime');
  const flags = takes.includes('isFirstTime') ? ['json', OPTIONS.isFirstTime.name] : ['json'];
  const words = readWords(
    args,
    names.map((parameter) => OPTIONS[parameter].name),
    flags,
  );
  if (words.words.length > 0)
    throw new BadInputError(`policy ${pattern}: expected options only, found \`${words.words[0]}\``);
  return words;
};

/**
 * `policy PATTERN [options] [--json]`: prints recommended policies. The documents stand on standard output, one after the
 * other, and with `--json` in one list with what each is attached to; where they belong is said on standard error.
 */
export const policy: Command = async ([pattern = '', ...args], output) => {
  if (pattern === 'help' || pattern === '--help') {
    output.say(patternsInWords());
    return 0;
  }
  if (!isPattern(pattern)) {
    const known = Object.keys(PATTERNS).join(', ');
    throw new BadInputError(`policy: expected one of ${known}${pattern === '' ? '' : `; found \`${pattern}\``}`);
  }
  const words = wordsOf(pattern, args);
  const parameters = parametersOf(words);
  const missing = rowOf(pattern).needs.filter((parameter) => !isGiven(parameters[parameter]));
  if (missing.length > 0)
    throw new BadInputError(
      `policy ${pattern}: expected ${missing.map((name) => `\`${usageOf(name)}\``).join(' and ')}`,
    );
  if (pattern === 'default-key' && parameters.regions.length > 1)
    throw new BadInputError('policy default-key: expected one Region as `--region`: a key serves its own');
  const policies = recommended(pattern, parameters);
  if (words.options.json === true) output.answer(policies);
  else
    for (const { kind, attachTo, document } of policies) {
      output.say(`${kind === 'key-policy' ? 'Policy of' : 'Policy for'} ${attachTo}:`);
      output.answer(document);
    }
  return 0;
};
