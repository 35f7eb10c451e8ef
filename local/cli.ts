import { SCENARIOS } from '#local/scenario/scenario';
import type { Command, ExitCode, Output } from './commands/options.ts';

/** The commands, each loaded only when it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  drill: async () => (await import('./commands/drill.ts')).drill,
  explain: async () => (await import('./commands/explain.ts')).explain,
  invoke: async () => (await import('./commands/invoke.ts')).invoke,
  signal: async () => (await import('./commands/signal.ts')).signal,
  verify: async () => (await import('./commands/verify.ts')).verify,
};

const USAGE = `usage: npm run -s unlatch -- COMMAND

  drill [--scenario FILE|NAME] [--out DIR] [--json]    an acquisition is refused, and Unlatch reacts
  invoke FUNCTION EVENT.json [--scenario FILE|NAME]    one function with one event
  signal [--response-role PATTERN] [--json] EVENT.json…  would Unlatch react to these events?
  explain FACTS.json [--json]                          why does KMS refuse, and what would let it pass?
  verify DIR [--json]                                  is the evidence of a case intact?

scenarios: ${SCENARIOS.join(', ')}
exit codes: 0 done; 1 it ran, and the answer is no; 2 bad input`;

/** Control and direction characters from outside never reach a terminal. */
const plain = (text: string): string =>
  text.replace(/[^\n\x20-\x7e\u00a0-\u2027\u2030-\u2065\u2070-\ud7ff]/g, '\ufffd');

/** The same for JSON, in which they can be written as escapes. */
const escaped = (json: string): string =>
  json.replace(
    /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const output: Output = {
  say: (line) => process.stderr.write(`${plain(line)}\n`),
  answer: (value) => process.stdout.write(`${escaped(JSON.stringify(value, null, 2))}\n`),
};

/** A pipe takes a long answer in pieces; whoever exits before the last loses it. */
const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()));

/** Names of errors that a person's input caused and can mend. */
const BAD_INPUT: ReadonlySet<string> = new Set(['BadInputError', 'TemplateError']);

const main = async ([name = '', ...args]: readonly string[]): Promise<ExitCode> => {
  const load = COMMANDS[name];
  if (load === undefined) {
    const asked = name === '' || name === 'help' || name === '--help';
    output.say(asked ? USAGE : `unlatch: there is no command \`${name}\`\n\n${USAGE}`);
    return asked && name !== '' ? 0 : 2;
  }
  try {
    return await (await load())(args, output);
  } catch (error) {
    if (!(error instanceof Error) || !BAD_INPUT.has(error.name)) throw error;
    output.say(`unlatch: ${error.message}`);
    return 2;
  }
};

// The functions' own logs and metrics would stand between a command's lines.
process.env.POWERTOOLS_LOG_LEVEL ??= 'SILENT';
process.env.POWERTOOLS_METRICS_DISABLED ??= 'true';

const code = await main(process.argv.slice(2));
await Promise.all([written(process.stdout), written(process.stderr)]);
// What is left then are timers of waits that the virtual time has passed already.
process.exit(code);
