import type { GeneratedRequest } from './generated-requests.ts';
import {
  type ConditionText,
  isNegated,
  type PolicyText,
  partsOf,
  type StatementText,
  variable,
} from './policy-text.ts';
import {
  carriedBy,
  everyLine,
  everyStatement,
  firstLine,
  firstStatement,
  hasMissingVariable,
  listUnder,
  NO_ARN,
  nothingFor,
  openValue,
  type Respelling,
  variablesIn,
} from './respelling.ts';

/** Conditions, resources and variables that the two engines read in different ways, in words that they read alike. */

const withValues = (line: ConditionText, rewrite: (value: string) => string): ConditionText => {
  const values = line.values.map(rewrite);
  return values.every((value, index) => value === line.values[index]) ? line : { ...line, values };
};

const literally = (text: string): string => text.replaceAll('$' + '{', `${variable('$')}{`);

export const oldVariables = (request: GeneratedRequest): Respelling | null =>
  everyStatement(request, (statement, { policy }) => {
    const written = JSON.stringify(statement);
    if (policy.version === '2012-10-17' || !/\$\{(?!\$\})/.test(written)) return statement;
    const { resources, conditions } = statement;
    return {
      ...statement,
      resources: { ...resources, patterns: resources.patterns.map(literally) },
      conditions: conditions.map((line) => withValues(line, literally)),
    };
  });

const isCurrent = ({ version }: PolicyText): boolean => version === '2012-10-17';

export const missingVariables = (request: GeneratedRequest): Respelling | null =>
  everyStatement(request, (statement, { policy }) => {
    if (!isCurrent(policy)) return statement;
    const conditions = statement.conditions.map((line) =>
      isNegated(line)
        ? withValues(line, (value) => (hasMissingVariable(value, request) ? nothingFor(line) : value))
        : line,
    );
    return conditions.some((line, index) => line !== statement.conditions[index])
      ? { ...statement, conditions }
      : statement;
  });

const patternsRead = (
  request: GeneratedRequest,
  isOpen: (pattern: string, statement: StatementText) => boolean,
): Respelling | null =>
  firstStatement(request, (statement) => {
    const { negated, patterns } = statement.resources;
    const closed = patterns.filter((pattern) => !isOpen(pattern, statement));
    if (closed.length === patterns.length) return null;
    return ['*', NO_ARN].map((instead) => [{ ...statement, resources: { negated, patterns: [...closed, instead] } }]);
  });

/** The plain operator on a list, as if it were asked of any of its values. */
const askedOfAny = (request: GeneratedRequest, line: ConditionText, isMeant: (values: number) => boolean) => {
  const { quantifier, base } = partsOf(line.operator);
  const list = listUnder(request, line.key);
  if (quantifier !== null || base === 'Null' || list === null || !isMeant(list.length)) return null;
  return { ...line, operator: `ForAnyValue:${line.operator}` };
};

export const askedOfList = (request: GeneratedRequest): Respelling | null =>
  firstLine(request, (line) => {
    const ofAny = askedOfAny(request, line, (values) => values > 1);
    return ofAny === null ? null : [ofAny, false];
  });

export const anyIfExists = (request: GeneratedRequest): Respelling | null =>
  firstLine(request, ({ operator, key }) => {
    const { quantifier, ifExists } = partsOf(operator);
    const isMissing = [carriedBy(request, key) ?? []].flat().length === 0;
    return quantifier === 'ForAnyValue' && ifExists !== '' && isMissing ? [true, false] : null;
  });

/** Certain lines, and what the request carries under their keys, in other words. */
const bothSides = (
  request: GeneratedRequest,
  isAsked: (line: ConditionText) => boolean,
  rewrite: (value: string) => string,
): Respelling | null => {
  const keys = new Set<string>();
  const asked = everyLine(request, (line) => {
    if (!isAsked(line)) return line;
    keys.add(line.key.toLowerCase());
    return withValues(line, rewrite);
  });
  const entries = Object.entries(request.context).map(([key, value]) => [
    key,
    keys.has(key.toLowerCase()) && typeof value === 'string' ? rewrite(value) : value,
  ]);
  const context = Object.fromEntries(entries);
  const isAlike = Object.entries(request.context).every(([key, value]) => context[key] === value);
  return asked === null && isAlike ? null : { ...(asked ?? request), context };
};

const isDate = ({ operator }: ConditionText): boolean => partsOf(operator).base.startsWith('Date');
const isAddress = ({ operator }: ConditionText): boolean => operator.includes('IpAddress');

const inWords = (time: string): string =>
  /^\d{5,}$/.test(time) ? new Date(Number(time) * 1000).toISOString().replace('.000Z', 'Z') : time;

const block = (address: string): string =>
  address.includes('/') ? address : `${address}/${address.includes(':') ? 128 : 32}`;

export const dates = (request: GeneratedRequest): Respelling | null => bothSides(request, isDate, inWords);

export const addresses = (request: GeneratedRequest): Respelling | null =>
  everyLine(request, (line) => (isAddress(line) ? withValues(line, block) : line));

const ALL_ADDRESSES = '0.0.0.0/0';
const HALVES = ['0.0.0.0/1', '128.0.0.0/1'];

export const allAddresses = (request: GeneratedRequest): Respelling | null =>
  everyLine(request, (line) =>
    line.values.includes(ALL_ADDRESSES)
      ? { ...line, values: line.values.flatMap((value) => (value === ALL_ADDRESSES ? HALVES : [value])) }
      : line,
  );

export const emptyLists = (request: GeneratedRequest): GeneratedRequest | null => {
  const entries = Object.entries(request.context);
  const kept = entries.filter(([, value]) => typeof value === 'string' || value.length > 0);
  return kept.length === entries.length ? null : { ...request, context: Object.fromEntries(kept) };
};

const isPattern = (line: ConditionText): boolean =>
  partsOf(line.operator).base.startsWith('Arn') && line.values.some((value) => value.split(':').length < 6);

export const patternAsText = (request: GeneratedRequest): Respelling | null =>
  firstLine(request, (line) => (isPattern(line) ? [asText(line), { ...line, values: [NO_ARN] }] : null));

const asText = (line: ConditionText): ConditionText => ({
  ...line,
  operator: line.operator.replace(/Arn(Not)?(?:Equals|Like)/, 'String$1Like'),
});

export const listsOfOne = (request: GeneratedRequest): Respelling | null =>
  everyLine(request, (line) => askedOfAny(request, line, (values) => values === 1) ?? line);

export const variablesOfLists = (request: GeneratedRequest): Respelling | null =>
  openValue(request, (value) => variablesIn(value, request).some(({ carried }) => typeof carried === 'object'));

export const wildcardsBrought = (request: GeneratedRequest): Respelling | null =>
  openValue(request, (value) =>
    variablesIn(value, request).some(({ carried }) => typeof carried === 'string' && /[*?]/.test(carried)),
  );

export const variablesInBool = (request: GeneratedRequest): Respelling | null =>
  openValue(request, (value, { operator }) => /Bool/.test(operator) && value.includes('${'));

export const notResourcesMissing = (request: GeneratedRequest): Respelling | null =>
  patternsRead(request, (pattern, { resources }) => resources.negated && hasMissingVariable(pattern, request));

const OVER_A_COLON = /^arn:aws:\w+:\*:\w+\/\*$/;
export const starsOverColons = (request: GeneratedRequest): Respelling | null =>
  patternsRead(request, (pattern) => OVER_A_COLON.test(pattern));

const isNoNumber = (value: string): boolean => Number.isNaN(Number(value));

/** Whether it fits is open: where it does, the line is settled; where it does not, the other values are left. */
export const textBehindNumbers = (request: GeneratedRequest): Respelling | null =>
  firstLine(request, (line) => {
    const values = line.values.filter((value) => !isNoNumber(value));
    const isMissing = carriedBy(request, line.key) === undefined;
    if (!line.operator.includes('Numeric') || values.length === line.values.length || isMissing) return null;
    const negated = isNegated(line);
    return [!negated, values.length === 0 ? negated : { ...line, values }];
  });
