import { BadInputError, firstIssue, readJson } from '#local/scenario/loading';
import { diagnose } from '#shared/diagnosis/diagnose';
import { diagnosisInWords } from '#shared/diagnosis/diagnosis-in-words';
import { type AskedFacts, FactsInFile } from '#shared/diagnosis/facts-file';
import { type Question, questionAsked, questionOf } from '#shared/diagnosis/question';
import { principalOf } from '#shared/policy/principal';
import { MalformedEventError } from '#shared/signal/envelope';
import { readSignal } from '#shared/signal/read-signal';
import type { Denial } from '#shared/signal/signal';
import { type Command, readWords, type Words } from './options.ts';
import { TIGHTENING_OPTIONS, tightenRole } from './tighten-role.ts';

interface Asked {
  readonly denial: Denial | null;
  readonly question: Question | null;
}

/** Anybody's refusal can be explained, not a response role's alone. */
const EVERYBODY = { responseRole: '*', ownRoles: [] };

const refusalIn = (event: Readonly<Record<string, unknown>>, file: string): Denial => {
  try {
    const reading = readSignal(event, EVERYBODY);
    if ('ignored' in reading)
      throw new BadInputError(`${file}: \`event\`: expected a refusal by KMS; ${reading.ignored}`);
    const { denial } = reading.signal;
    if (denial === null) throw new BadInputError(`${file}: \`event\`: expected a refusal by KMS`);
    return denial;
  } catch (error) {
    if (error instanceof MalformedEventError) throw new BadInputError(`${file}: \`event\`: ${error.message}`);
    throw error;
  }
};

const askedBy = ({ request, event, denial: kept, keyArn }: AskedFacts, file: string): Asked => {
  const told = event === null ? kept : refusalIn(event, file);
  if (told !== null) {
    const denial = { ...told, keyArn: told.keyArn ?? keyArn };
    return { denial, question: questionOf(denial) };
  }
  const principal = principalOf(request?.principal ?? '');
  if (request === null || principal === null)
    throw new BadInputError(`${file}: expected either \`request\`, \`event\` or \`denial\``);
  return { denial: null, question: questionAsked({ ...request, principal }) };
};

const EXIT = { allowed: 0, denied: 1, undetermined: 1 } as const;

/** Options of a tightening, which are of no use without it. */
const checkOptions = ({ options }: Words): void => {
  const stray = TIGHTENING_OPTIONS.find((name) => options[name] !== undefined);
  if (options.tighten !== true && stray !== undefined)
    throw new BadInputError(`explain: expected \`--tighten\` beside \`--${stray}\``);
};

/**
 * `explain FACTS.json [--json]`: why KMS refuses, offline. Exit 0 where it allows, 1 where it does not or cannot be told.
 * With `--tighten`, narrower policies for the role in the file.
 */
export const explain: Command = async (args, output) => {
  const words = readWords(args, TIGHTENING_OPTIONS, ['json', 'tighten']);
  checkOptions(words);
  const [file, ...rest] = words.words;
  if (file === undefined || rest.length > 0) throw new BadInputError('explain: expected one file of facts');
  const parsed = FactsInFile.safeParse(readJson(file));
  if (!parsed.success) throw new BadInputError(`${file}: ${firstIssue(parsed.error)}`);
  const { denial, question } = askedBy(parsed.data, file);
  if (words.options.tighten === true) return tightenRole(file, question, parsed.data.record, words, output);
  const diagnosis = diagnose(denial, question, parsed.data.record);
  if (words.options.json === true) output.answer(diagnosis);
  else for (const line of diagnosisInWords(diagnosis)) output.say(line);
  return EXIT[diagnosis.decision];
};
