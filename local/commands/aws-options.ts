import { BadInputError } from '#local/scenario/loading';
import { stringOption, type Words } from './options.ts';

/** Options that name things of AWS, checked. */

const read = (words: Words, name: string, pattern: RegExp, expected: string): string | null => {
  const text = stringOption(words, name, '');
  if (text === '') return null;
  if (!pattern.test(text)) throw new BadInputError(`\`--${name}\`: expected ${expected}, found \`${text}\``);
  return text;
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
