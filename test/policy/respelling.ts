import type { GeneratedRequest } from './generated-requests.ts';
import { type ConditionText, type PolicyText, partsOf, type StatementText } from './policy-text.ts';

/**
 * A request in other words, of which both engines make the same. Where AWS documents what it does that is one request;
 * where it does not, several that have to be decided alike; and where one permission of several is enough, any of them.
 */
export type Respelling =
  | GeneratedRequest
  | { readonly alike: readonly Respelling[] }
  | { readonly anyOf: readonly Respelling[] };

/** What a rewriting may look at beside the statement. */
export interface Place {
  readonly request: GeneratedRequest;
  readonly policy: PolicyText;
}

type OfPolicy = (policy: PolicyText) => PolicyText;

const inPolicies = (request: GeneratedRequest, rewrite: OfPolicy): GeneratedRequest => {
  const orNull = (policy: PolicyText | null) => (policy === null ? null : rewrite(policy));
  const levels = (list: GeneratedRequest['serviceControlPolicies']) => list.map((policies) => policies.map(rewrite));
  return {
    ...request,
    keyPolicy: orNull(request.keyPolicy),
    identityPolicies: request.identityPolicies.map(rewrite),
    permissionsBoundary: orNull(request.permissionsBoundary),
    sessionPolicy: orNull(request.sessionPolicy),
    serviceControlPolicies: levels(request.serviceControlPolicies),
    resourceControlPolicies: levels(request.resourceControlPolicies),
    endpointPolicy: orNull(request.endpointPolicy),
  };
};

/** The request with every statement rewritten; `null` where no statement is another than before. */
export const everyStatement = (
  request: GeneratedRequest,
  rewrite: (statement: StatementText, place: Place) => StatementText,
): GeneratedRequest | null => {
  let changed = false;
  const result = inPolicies(request, (policy) => ({
    ...policy,
    statements: policy.statements.map((statement) => {
      const rewritten = rewrite(statement, { request, policy });
      changed ||= rewritten !== statement;
      return rewritten;
    }),
  }));
  return changed ? result : null;
};

/** The request with every line of its conditions rewritten; `null` where no line is another than before. */
export const everyLine = (
  request: GeneratedRequest,
  rewrite: (line: ConditionText) => ConditionText,
): GeneratedRequest | null =>
  everyStatement(request, (statement) => {
    const conditions = statement.conditions.map(rewrite);
    return conditions.every((line, index) => line === statement.conditions[index])
      ? statement
      : { ...statement, conditions };
  });

/** What may stand in place of a statement. */
export type Alternatives = readonly (readonly StatementText[])[];

/**
 * The requests in which the first statement that has several readings has one of them each; `null` where none has.
 * The others follow when the answer is asked again: each is open for itself.
 */
export const firstStatement = (
  request: GeneratedRequest,
  read: (statement: StatementText, place: Place) => Alternatives | null,
): Respelling | null => {
  let open: { readonly statement: StatementText; readonly alternatives: Alternatives } | null = null;
  everyStatement(request, (statement, place) => {
    const alternatives = open === null ? read(statement, place) : null;
    if (alternatives !== null) open = { statement, alternatives };
    return statement;
  });
  return open === null ? null : alternated(request, open);
};

const alternated = (
  request: GeneratedRequest,
  { statement: open, alternatives }: { readonly statement: StatementText; readonly alternatives: Alternatives },
): Respelling => ({
  alike: alternatives.map((instead) =>
    inPolicies(request, (policy) => ({
      ...policy,
      statements: policy.statements.flatMap((statement) => (statement === open ? instead : [statement])),
    })),
  ),
});

/** A line in other words, or whether it holds. */
export type LineReadings = readonly (ConditionText | boolean)[];

const withReading = (
  statement: StatementText,
  at: number,
  reading: ConditionText | boolean,
): readonly StatementText[] => {
  if (reading === false) return [];
  const instead = reading === true ? [] : [reading];
  return [{ ...statement, conditions: statement.conditions.toSpliced(at, 1, ...instead) }];
};

/** The same for the first line of a Condition block that has several readings. */
export const firstLine = (
  request: GeneratedRequest,
  read: (line: ConditionText) => LineReadings | null,
): Respelling | null =>
  firstStatement(request, (statement) => {
    for (const [at, line] of statement.conditions.entries()) {
      const readings = read(line);
      if (readings !== null) return readings.map((reading) => withReading(statement, at, reading));
    }
    return null;
  });

/** What a request carries under a key: one value, a list, or nothing. */
export const carriedBy = ({ context }: GeneratedRequest, key: string): string | readonly string[] | undefined =>
  Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];

export const listUnder = (request: GeneratedRequest, key: string): readonly string[] | null => {
  const carried = carriedBy(request, key);
  return carried === undefined || typeof carried === 'string' ? null : carried;
};

const VARIABLE = /\$\{([^{}*?$,]+)(,[^{}]*)?\}/g;

/** The variables in a text, with what the request carries for them. */
export const variablesIn = (text: string, request: GeneratedRequest) =>
  [...text.matchAll(VARIABLE)].map(([, key = '', otherwise]) => ({
    carried: carriedBy(request, key),
    hasDefault: otherwise !== undefined,
  }));

export const hasMissingVariable = (text: string, request: GeneratedRequest): boolean =>
  variablesIn(text, request).some(({ carried, hasDefault }) => carried === undefined && !hasDefault);

/** A value in which nothing fits; and one that is an ARN at that. */
export const NOTHING = 'nothing-of-the-kind';
export const NO_ARN = 'arn:aws:none:::none';

export const nothingFor = ({ operator }: ConditionText): string =>
  partsOf(operator).base.startsWith('Arn') ? NO_ARN : NOTHING;

/** Readings of a line of which a value is not known: it is everything that the request carries, or nothing. */
export const openValue = (request: GeneratedRequest, isOpen: (value: string, line: ConditionText) => boolean) =>
  firstLine(request, (line) => {
    const closed = line.values.filter((value) => !isOpen(value, line));
    const carried = [carriedBy(request, line.key) ?? []].flat();
    if (closed.length === line.values.length || carried.length === 0) return null;
    return [
      { ...line, values: [...closed, ...carried] },
      { ...line, values: [...closed, nothingFor(line)] },
    ];
  });
