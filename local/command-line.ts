import { SCENARIOS } from '#local/scenario/scenario';
import type { Command, ExitCode, Output } from './commands/options.ts';

/** The commands, each loaded only when it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  drill: async () => (await import('./commands/drill.ts')).drill,
  explain: async () => (await import('./commands/explain.ts')).explain,
  invoke: async () => (await import('./commands/invoke.ts')).invoke,
  lint: async () => (await import('./commands/lint.ts')).lint,
  policy: async () => (await import('./commands/policy.ts')).policy,
  signal: async () => (await import('./commands/signal.ts')).signal,
  verify: async () => (await import('./commands/verify.ts')).verify,
};

const USAGE = `usage: npm run -s unlatch -- COMMAND

  drill [--scenario FILE|NAME] [--out DIR] [--json]    an acquisition is refused, and Unlatch reacts
  invoke FUNCTION EVENT.json [--scenario FILE|NAME]    one function with one event
  signal [--response-role PATTERN] [--json] EVENT.json…  would Unlatch react to these events?
  explain FACTS.json [--json]                          why does KMS refuse, and what would let it pass?
  explain FACTS.json --tighten [--feature NAME,…] [--region REGION,…] [--tag KEY=VALUE] [--alias PREFIX] [--key-alias PATTERN,…]
                                                       narrower policies for the role in the file
  lint POLICY.json… [--format text|json|sarif] [--account ID] [--region REGION] [--platform-region REGION,…]
                                                       what is wrong with these policies of keys and roles?
  policy PATTERN [options] [--json]                    prints a recommended policy; "policy help" lists them
  verify DIR [--json]                                  is the evidence of a case intact?

scenarios: ${SCENARIOS.join(', ')}
exit codes: 0 done; 1 it ran, and the answer is no; 2 bad input`;

/** Names of errors that a person's input caused and can mend. */
const BAD_INPUT: ReadonlySet<string> = new Set(['BadInputError', 'TemplateError']);

/** One command line: what it says and answers goes to `output`. Bad input is one line and exit 2; whatever else throws is a bug. */
export const runCommandLine = async ([name = '', ...args]: readonly string[], output: Output): Promise<ExitCode> => {
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
