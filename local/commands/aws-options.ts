import { BadInputError } from '#local/scenario/loading';
import { stringOption, type Words } from './options.ts';

/** Options that name things of AWS, checked. */

/** The text of an option, if it is what is expected. @throws BadInputError */
export const checked = (name: string, text: string, pattern: RegExp, expected: string): string => {
  if (pattern.test(text)) return text;
  throw new BadInputError(`\`--${name}\`: expected ${expected}, found \`${text}\``);
};

const read = (words: Words, name: string, pattern: RegExp, expected: string): string | null => {
  const text = stringOption(words, name, '');
  return text === '' ? null : checked(name, text, pattern, expected);
};

/** @throws BadInputError */
export const accountOption = (words: Words, name: string): string | null =>
  read(words, name, /^\d{12}$/, 'an account id of twelve digits');

const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/;

/** Several are parted by commas. @throws BadInputError */
export const listOption = (words: Words, name: string): readonly string[] =>
  stringOption(words, name, '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');

/** @throws BadInputError */
export const regionsOption = (words: Words, name: string): readonly string[] =>
  listOption(words, name).map((text) => {
    if (REGION.test(text)) return text;
    throw new BadInputError(`\`--${name}\`: expected a Region such as \`eu-west-3\`, found \`${text}\``);
  });

const TAG = /^[\p{L}\p{Z}\p{N}_.:/+\-@]{1,128}=[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/** The tag of machines that may be sent commands. @throws BadInputError */
export const tagOption = (words: Words): { readonly key: string; readonly value: string } => {
  const text = stringOption(words, 'tag', 'CadoResponseSSMEnabled=True');
  checked('tag', text, TAG, 'a tag, such as `CadoResponseSSMEnabled=True`');
  const at = text.indexOf('=');
  return { key: text.slice(0, at), value: text.slice(at + 1) };
};

/** How the aliases of temporary keys begin. @throws BadInputError */
export const aliasOption = (words: Words): string =>
  checked(
    'alias',
    stringOption(words, 'alias', 'alias/CadoResponse-KMS-Alias'),
    /^alias\/[\w/-]{1,240}$/,
    'how aliases begin, such as `alias/CadoResponse-KMS-Alias`',
  );
