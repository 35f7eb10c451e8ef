import { BadInputError } from '#local/scenario/loading';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { type Question, withRecord } from '#shared/diagnosis/question';
import { oneLine } from '#shared/policy/policy-error';
import { FEATURES, type Feature, isFeature } from '#shared/tightening/catalogue';
import { regionOf } from '#shared/tightening/paths';
import { type Tightening, tighten, type Wanted } from '#shared/tightening/tighten';
import { tighteningInWords } from '#shared/tightening/tightening-in-words';
import { aliasOption, checked, listOption, regionsOption, tagOption } from './aws-options.ts';
import type { ExitCode, Output, Words } from './options.ts';

export const TIGHTENING_OPTIONS: readonly string[] = ['feature', 'region', 'tag', 'alias', 'key-alias'];

const featuresOf = (words: Words): ReadonlySet<Feature> | null => {
  const names = listOption(words, 'feature');
  const stranger = names.find((name) => !isFeature(name));
  if (stranger !== undefined)
    throw new BadInputError(`\`--feature\`: expected ${Object.keys(FEATURES).join(', ')}; found \`${stranger}\``);
  return names.length === 0 ? null : new Set(names.filter(isFeature));
};

const ALIAS_PATTERN = /^alias\/[\w/*?-]{1,240}$/;

const useOf = (file: string, { principal, resource }: Question, record: FactsRecord, words: Words): Wanted => {
  const isKey = /^arn:[^:]*:kms:[^:]*:[^:]*:key\//.test(resource);
  const named = regionsOption(words, 'region');
  const regions = named.length > 0 ? named : isKey ? [regionOf(resource)] : [];
  if (regions.length === 0)
    throw new BadInputError(`${file}: names no key: expected \`--region\`, where the platform acquires`);
  const { aliases } = record.key;
  return {
    principal: withRecord(principal, record.principal),
    features: featuresOf(words),
    regions,
    keys: isKey ? [{ arn: resource, aliases: aliases.known ? aliases.value : null }] : [],
    tag: tagOption(words),
    temporaryAlias: aliasOption(words),
    keyAliases: listOption(words, 'key-alias').map((text) =>
      checked('key-alias', text, ALIAS_PATTERN, 'a pattern of aliases, such as `alias/forensics-*`'),
    ),
  };
};

const isProven = ({ proof }: Tightening): boolean => proof.every(({ after }) => after === 'yes');

/** Narrower policies for the role of a facts file. Exit 0 where they allow all that is in use, 1 where they do not. */
export const tightenRole = (
  file: string,
  question: Question | null,
  record: FactsRecord,
  words: Words,
  output: Output,
): ExitCode => {
  if (question === null) throw new BadInputError(`${file}: expected a request that tells who asks`);
  const { identityPolicies } = record.principal;
  if (!identityPolicies.known)
    throw new BadInputError(
      `${file}: \`principal.identityPolicies\`: expected the policies of the role: ${oneLine(identityPolicies.because)}`,
    );
  const tightening = tighten(identityPolicies.value, useOf(file, question, record, words));
  if (words.options.json === true) output.answer(tightening);
  else for (const line of tighteningInWords(tightening)) output.say(line);
  return isProven(tightening) ? 0 : 1;
};
