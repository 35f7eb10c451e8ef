import { parseArgs } from 'node:util';
import { BadInputError } from '#local/scenario/loading';

/** What a command is run with: its options by name, and the words that belong to none. */
export interface Words {
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly words: readonly string[];
}

/** Reads a command's words. An option that it does not have, or a missing value, is one clear line. */
export const readWords = (args: readonly string[], strings: readonly string[], flags: readonly string[]): Words => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(strings.map((name) => [name, { type: 'string' as const }])),
        ...Object.fromEntries(flags.map((name) => [name, { type: 'boolean' as const }])),
      },
    });
    return { options: { ...values }, words: positionals };
  } catch (error) {
    const [line = 'unreadable options'] = (error instanceof Error ? error.message : '').split('\n');
    throw new BadInputError(line.replace(/\. To specify.*$/, '').replaceAll("'", '`'));
  }
};

export const stringOption = ({ options }: Words, name: string, fallback: string): string => {
  const value = options[name];
  return typeof value === 'string' ? value : fallback;
};

/** What a command prints on: JSON for programs on standard output, everything for people on standard error. */
export interface Output {
  /** A line for people. */
  say(line: string): void;
  /** The answer for programs, where `--json` asks for it. */
  answer(value: unknown): void;
}

/** Ended well; ran, and the answer is no; bad input. */
export type ExitCode = 0 | 1 | 2;

export type Command = (args: readonly string[], output: Output) => Promise<ExitCode>;
