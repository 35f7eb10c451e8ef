import { actionNamesFor } from '#local/lint/action-names';
import { asInput, readPolicyFile } from '#local/lint/policy-file';
import { type LintedFile, sarifOf } from '#local/lint/sarif';
import { BadInputError } from '#local/scenario/loading';
import { lintPolicy } from '#shared/policy/lint/lint';
import { oneLine } from '#shared/policy/policy-error';
import { accountOption, regionsOption } from './aws-options.ts';
import { type Command, type Output, readWords, stringOption, type Words } from './options.ts';

/** As programs read it: each finding with its lines in the file. */
const answerOf = ({ source, lint: { kind, findings, mended } }: LintedFile) => ({
  file: source.file,
  kind,
  findings: findings.map((finding) => ({ ...finding, lines: source.linesOf(finding.statement) })),
  mended,
});

/** As people do: where, how grave, which rule, what; then why. */
const linesOf = ({ source, lint: { findings } }: LintedFile): readonly string[] =>
  findings.flatMap(({ rule, severity, statement, sid, message, reason, source: written }) => {
    const where = `${source.file}:${source.linesOf(statement).start}`;
    const which = sid === null ? '' : ` (${oneLine(sid)})`;
    return [`${where}: ${severity}: ${message}${which} [${rule}]`, `    ${reason} ${written}`];
  });

const countOf = (files: readonly LintedFile[]): number =>
  files.reduce((sum, { lint: { findings } }) => sum + findings.length, 0);

const sayText = (files: readonly LintedFile[], output: Output): void => {
  for (const line of files.flatMap(linesOf)) output.say(line);
  const count = countOf(files);
  const where = files.length === 1 ? files[0]?.source.file : `${files.length} policies`;
  output.say(count === 0 ? `${where}: nothing found` : `${where}: ${count} finding${count === 1 ? '' : 's'}`);
};

const FORMATS: Readonly<Record<string, (files: readonly LintedFile[], output: Output) => void>> = {
  text: sayText,
  json: (files, output) => output.answer(files.map(answerOf)),
  sarif: (files, output) => output.answer(sarifOf(files)),
};

const formatOf = (words: Words) => {
  const name = stringOption(words, 'format', words.options.json === true ? 'json' : 'text');
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (format === undefined)
    throw new BadInputError(`lint: expected \`--format\` ${Object.keys(FORMATS).join(', ')}; found \`${name}\``);
  return format;
};

/**
 * `lint POLICY.json… [--format text|json|sarif] [--account ID] [--region REGION] [--platform-region REGION,…]`: what is
 * wrong with key policies, and with those of roles. Exit 0 where nothing is, 1 where something was found.
 */
export const lint: Command = async (args, output) => {
  const words = readWords(args, ['format', 'account', 'region', 'platform-region'], ['json']);
  if (words.words.length === 0) throw new BadInputError('lint: expected at least one file with a policy');
  const print = formatOf(words);
  const [keyRegion = null, ...others] = regionsOption(words, 'region');
  if (others.length > 0) throw new BadInputError('lint: expected one Region as `--region`: that of the key');
  const known = { account: accountOption(words, 'account'), keyRegion };
  const platformRegions = regionsOption(words, 'platform-region');
  const sources = words.words.map(readPolicyFile);
  const actionNames = await actionNamesFor(sources.map(({ document }) => document));
  const files = sources.map((source) => {
    const { file, document, isExcerpt } = source;
    const setting = { ...known, platformRegions, isExcerpt, actionNames };
    return { source, lint: asInput(file, () => lintPolicy(document, file, setting)) };
  });
  print(files, output);
  return countOf(files) === 0 ? 0 : 1;
};
