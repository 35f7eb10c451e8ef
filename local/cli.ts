import { runCommandLine } from './command-line.ts';
import type { Output } from './commands/options.ts';

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

// The functions' own logs and metrics would stand between a command's lines.
process.env.POWERTOOLS_LOG_LEVEL ??= 'SILENT';
process.env.POWERTOOLS_METRICS_DISABLED ??= 'true';

const code = await runCommandLine(process.argv.slice(2), output);
await Promise.all([written(process.stdout), written(process.stderr)]);
// What is left then are timers of waits that the virtual time has passed already.
process.exit(code);
