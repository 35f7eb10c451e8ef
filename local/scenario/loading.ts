import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { oneLine } from '#shared/policy/policy-error';
import { danglingIn } from './references.ts';
import { SCENARIOS, Scenario } from './scenario.ts';

/** Input that a person gave and can mend; the message names the file, the place and what was expected. */
export class BadInputError extends Error {
  override readonly name = 'BadInputError';
}

const FOLDER = new URL('./', import.meta.url);

const INPUT_BYTES = 4 * 2 ** 20;

/** Reads a file of text. @throws BadInputError */
export const readText = (file: string): string => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadInputError(`${file}: cannot be read: ${error instanceof Error ? error.message : 'unknown'}`);
  }
  if (text.length > INPUT_BYTES) throw new BadInputError(`${file}: larger than ${INPUT_BYTES} bytes`);
  return text;
};

/** Parses the text of a JSON file. @throws BadInputError */
export const parseJson = (text: string, file: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadInputError(
      `${file}: expected JSON: ${oneLine(error instanceof Error ? error.message : 'unreadable')}`,
    );
  }
};

/** Reads a JSON file. @throws BadInputError */
export const readJson = (file: string): unknown => parseJson(readText(file), file);

/** What zod found, as one line: the place, and what was expected there. */
export const firstIssue = (error: z.ZodError): string => {
  const [issue] = error.issues;
  const place = (issue?.path ?? []).reduce<string>(
    (path, part) =>
      typeof part === 'number' ? `${path}[${part}]` : path === '' ? String(part) : `${path}.${String(part)}`,
    '',
  );
  const message = issue?.message ?? 'unreadable';
  // What zod itself says quotes with `"`; what is said here has its backticks already.
  const quoted = issue?.code === 'custom' ? message : message.replaceAll('"', '`');
  return oneLine(`${place === '' ? 'the whole' : `\`${place}\``}: ${quoted.slice(0, 300)}`);
};

/** A scenario by the name of one that comes with the project, or by file. @throws BadInputError */
export const loadScenario = (nameOrFile: string): Scenario => {
  const known: readonly string[] = SCENARIOS;
  const file = known.includes(nameOrFile) ? fileURLToPath(new URL(`${nameOrFile}.json`, FOLDER)) : nameOrFile;
  const parsed = Scenario.superRefine((scenario, context) => {
    for (const { path, message } of danglingIn(scenario)) context.addIssue({ code: 'custom', path, message });
  }).safeParse(readJson(file));
  if (!parsed.success) throw new BadInputError(`${nameOrFile}: ${firstIssue(parsed.error)}`);
  return parsed.data;
};
