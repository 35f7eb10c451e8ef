import { fileURLToPath } from 'node:url';
import { BadInputError, readJson } from '#local/scenario/loading';
import { loadTemplate, takingRules } from '#local/template/template';
import { MalformedEventError } from '#shared/signal/envelope';
import { FINDING_DETAIL_TYPE, type FindingWatch, readFinding } from '#shared/signal/finding';
import { readSignal } from '#shared/signal/read-signal';
import type { Signal } from '#shared/signal/signal';
import { readSuccess } from '#shared/signal/success';
import { type Command, readWords, stringOption } from './options.ts';

interface Line {
  readonly file: string;
  readonly rule: string | null;
  readonly function: string | null;
  readonly signal: Readonly<Record<string, unknown>> | null;
  readonly ignored: string | null;
}

const TEMPLATE = fileURLToPath(new URL('../../template.yaml', import.meta.url));

/** A signal as it is printed: its kind and its facts side by side. */
const flat = (signal: Signal): Readonly<Record<string, unknown>> => {
  switch (signal.kind) {
    case 'call':
      return { kind: signal.kind, ...signal.call, denial: signal.denial };
    case 'denial':
      return { kind: signal.kind, ...signal.denial };
    case 'outcome':
      return { kind: signal.kind, ...signal.outcome, denial: signal.denial };
  }
};

const summary = ({ signal }: Line): string => {
  if (signal === null) return '';
  if (signal.kind === 'finding') return `finding ${signal.type}, severity ${signal.severity}`;
  const { kind, action, name, event, result, news, layer, explicit } = signal;
  const what = [action ?? name ?? event ?? news, result].filter((part) => typeof part === 'string').join(' ');
  return `${kind} ${what}${typeof layer === 'string' ? `, ${explicit ? 'denied' : 'not allowed'} by ${layer}` : ''}`;
};

/** Why the template leaves a signal out. */
const whyNoRule = (signal: Signal): string => {
  const succeeded = signal.kind === 'outcome' && signal.outcome.succeeded;
  if (succeeded)
    return `${signal.outcome.event} ${signal.outcome.result}: a success, and no rule of the template takes it`;
  return `no rule of the template takes this ${signal.kind}`;
};

const isFinding = (event: object): boolean => 'detail-type' in event && event['detail-type'] === FINDING_DETAIL_TYPE;

/** Which findings the template's function attends to, by default. */
const findingWatch = (template: ReturnType<typeof loadTemplate>): FindingWatch => {
  const environment = template.functions.find(({ folder }) => folder === 'finding')?.environment ?? {};
  const types = (environment.FINDING_TYPES ?? '').split(',').filter((type) => type !== '');
  return { severity: Number(environment.FINDING_SEVERITY ?? 1), types };
};

/**
 * `signal [--response-role PATTERN] [--json] EVENT.json…`: would Unlatch react? For each event, the rule of the template
 * that takes it, the function, and the signal it becomes, or why it is ignored.
 */
export const signal: Command = async (args, output) => {
  const words = readWords(args, ['response-role'], ['json']);
  if (words.words.length === 0) throw new BadInputError('signal: expected at least one event file');
  const responseRole = stringOption(words, 'response-role', '*CadoResponse*');
  const template = loadTemplate(TEMPLATE, { ResponseRolePattern: responseRole });
  const ownRoles = template.functions[0]?.environment.OWN_ROLES?.split(',') ?? [];
  const keyAliasPrefix = template.functions[0]?.environment.KEY_ALIAS_PREFIX ?? '';
  const findings = findingWatch(template);

  const lineOf = (file: string): Line => {
    const event = readJson(file);
    if (typeof event !== 'object' || event === null || Array.isArray(event)) {
      throw new BadInputError(`${file}: expected one event, a JSON object`);
    }
    const reading = (() => {
      try {
        return isFinding(event) ? readFinding(event, findings) : readSignal(event, { responseRole, ownRoles });
      } catch (error) {
        if (error instanceof MalformedEventError) throw new BadInputError(`${file}: ${error.message}`);
        throw error;
      }
    })();
    const [rule] = takingRules(template, event);
    const place = { file, rule: rule?.name ?? null, function: rule?.functionLogicalId ?? null };
    if ('ignored' in reading) {
      const news = rule === undefined ? null : readSuccess(event, { responseRole, ownRoles, keyAliasPrefix });
      return news === null
        ? { ...place, signal: null, ignored: reading.ignored }
        : { ...place, signal: { kind: 'success', ...news }, ignored: null };
    }
    if ('finding' in reading)
      return rule === undefined
        ? { ...place, signal: null, ignored: 'no rule of the template takes this finding' }
        : { ...place, signal: { kind: 'finding', ...reading.finding }, ignored: null };
    if (rule === undefined) return { ...place, signal: null, ignored: whyNoRule(reading.signal) };
    return { ...place, signal: flat(reading.signal), ignored: null };
  };

  const lines = words.words.map(lineOf);
  if (words.options.json === true) output.answer(lines);
  else {
    for (const line of lines) {
      output.say(
        `${line.file}: ${line.ignored === null ? `${line.rule} → ${line.function}: ${summary(line)}` : `ignored: ${line.ignored}`}`,
      );
    }
  }
  return 0;
};
