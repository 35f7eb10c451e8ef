import { ARN_PARTS, mayReach, resourcePattern } from './arn-pattern.ts';
import type { Condition, Quantifier } from './condition.ts';
import { globOf } from './glob.ts';
import { readPrincipals } from './named-principal.ts';
import { operatorNamed, type Test } from './operators.ts';
import type { Policy, PolicyKind, Statement } from './policy.ts';
import { oneLine, type Place, refuse, shown, within } from './policy-error.ts';
import { fixedPieces, type Template, templateOf } from './template.ts';

/**
 * Reads policy documents as AWS publishes them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */

/** Above every quota of AWS for a policy of any kind, twice over. */
const MAX_CHARACTERS = 131_072;

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown, place: Place, allowed: readonly string[]): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(place, `expected an object, found ${shown(value)}`);
  const stranger = Object.keys(value).find((name) => !allowed.includes(name));
  if (stranger !== undefined)
    return refuse(within(place, stranger), `this element is not known; expected one of ${allowed.join(', ')}`);
  return { ...value };
};

const jsonIn = (text: string, place: Place): unknown => {
  if (text.length > MAX_CHARACTERS) return refuse(place, `expected at most ${MAX_CHARACTERS} characters`);
  const decoded = decodedOf(text.trim(), place);
  try {
    return JSON.parse(decoded);
  } catch (error) {
    return refuse(place, `expected JSON: ${oneLine(String(error))}`);
  }
};

/**
 * IAM answers documents URL-encoded, whose spaces may come first; JSON never begins with `%`.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
 */
const decodedOf = (text: string, place: Place): string => {
  if (!text.startsWith('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(place, 'expected JSON, URL-encoded: an escape in it cannot be read');
  }
};

/** A value, or each of several, with its place. */
const eachOf = <T>(value: unknown, place: Place, read: (item: unknown, at: Place) => T): readonly T[] =>
  Array.isArray(value) ? value.map((item: unknown, index) => read(item, within(place, index))) : [read(value, place)];

const textsOf = <T>(value: unknown, place: Place, read: (text: string, at: Place) => T): readonly T[] => {
  if (Array.isArray(value) && value.length === 0) return refuse(place, 'expected at least one value');
  return eachOf(value, place, (item, at) =>
    typeof item === 'string' ? read(item, at) : refuse(at, `expected text, found ${shown(item)}`),
  );
};

/** The one of two elements that a statement has, as Action or NotAction. */
const oneOf = <Name extends string>(
  fields: Fields,
  place: Place,
  [plain, negated]: readonly [Name, Name],
): { readonly name: Name; readonly negated: boolean; readonly value: unknown } => {
  const both = fields[plain] !== undefined && fields[negated] !== undefined;
  const neither = fields[plain] === undefined && fields[negated] === undefined;
  if (both || neither)
    return refuse(place, `expected either ${plain} or ${negated}, found ${both ? 'both' : 'neither'}`);
  const name = fields[plain] === undefined ? negated : plain;
  return { name, negated: name === negated, value: fields[name] };
};

const ACTION = /^(?:\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?-]+)$/;

const actionsOf = (fields: Fields, place: Place): Statement['actions'] => {
  const { name, negated, value } = oneOf(fields, place, ['Action', 'NotAction']);
  const matchers = textsOf(value, within(place, name), (text, at) =>
    ACTION.test(text)
      ? globOf([{ pattern: text.toLowerCase() }])
      : refuse(at, `expected an action such as \`kms:Decrypt\`, found ${shown(text)}`),
  );
  return { negated, matchers };
};

/** KMS keeps a key policy's statement that has no Resource, and gives it no effect. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html */
const WITHOUT_EFFECT: Statement['resources'] = { negated: false, tests: [] };

/** Variables stand after the fifth colon. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html */
const isEarly = (text: string): boolean => text.slice(0, text.indexOf('${')).split(':').length < ARN_PARTS;

const resourceTest = (text: string, variables: boolean): Test | Template => {
  const template = templateOf(text, variables);
  const pieces = fixedPieces(template);
  if (pieces !== null) return resourcePattern(pieces);
  return isEarly(text) ? mayReach(template) : template;
};

const resourcesOf = (fields: Fields, place: Place, kind: PolicyKind, variables: boolean): Statement['resources'] => {
  if (kind === 'resource' && fields.Resource === undefined && fields.NotResource === undefined) return WITHOUT_EFFECT;
  const { name, negated, value } = oneOf(fields, place, ['Resource', 'NotResource']);
  const tests = textsOf(value, within(place, name), (text) => resourceTest(text, variables));
  return { negated, tests };
};

const principalsOf = (fields: Fields, place: Place, kind: PolicyKind): Statement['principals'] => {
  if (kind === 'resource') {
    const { name, value } = oneOf(fields, place, ['Principal', 'NotPrincipal']);
    return readPrincipals(name, value, place);
  }
  const element = ['Principal', 'NotPrincipal'].find((name) => fields[name] !== undefined);
  return element === undefined ? null : refuse(within(place, element), 'a policy of this kind names no principal');
};

/** A variable where the operator takes none: AWS's pages do not agree on what it does. */
const NOT_DOCUMENTED: Test = () => 'unknown';

const QUANTIFIERS: Readonly<Record<string, Quantifier>> = { forallvalues: 'all', foranyvalue: 'any' };
const OPERATOR = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/i;

const scalarOf = (item: unknown, at: Place): string =>
  typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean'
    ? String(item)
    : refuse(at, `expected text, a number or a boolean, found ${shown(item)}`);

const missingTest = (key: string, value: unknown, place: Place): Condition => ({
  test: 'missing',
  key: key.toLowerCase(),
  name: key,
  wanted: eachOf(value, place, (item, at) => {
    const text = scalarOf(item, at).toLowerCase();
    return text === 'true' || text === 'false'
      ? text === 'true'
      : refuse(at, `expected true or false, found ${shown(item)}`);
  }),
});

const comparisonReader = (written: string, place: Place, variables: boolean) => {
  const [, quantifier = '', base = '', ifExists] = OPERATOR.exec(written) ?? [];
  if (base.toLowerCase() === 'null' && quantifier === '' && ifExists === undefined) return missingTest;
  const operator = operatorNamed(base);
  if (operator === undefined) return refuse(place, 'this condition operator is not known');
  return (key: string, value: unknown, at: Place): Condition => ({
    test: 'compare',
    key: key.toLowerCase(),
    name: key,
    quantifier: QUANTIFIERS[quantifier.toLowerCase()] ?? 'one',
    ifExists: ifExists !== undefined,
    operator,
    values: eachOf(value, at, (item, where) => {
      const template = templateOf(scalarOf(item, where), variables);
      const pieces = fixedPieces(template);
      if (pieces !== null) return operator.test(pieces);
      return operator.takesVariables ? template : NOT_DOCUMENTED;
    }),
  });
};

const conditionsOf = (value: unknown, place: Place, variables: boolean): readonly Condition[] => {
  if (value === undefined) return [];
  return entriesOf(value, place).flatMap(([written, keys]) => {
    const at = within(place, written);
    const read = comparisonReader(written, at, variables);
    return entriesOf(keys, at).map(([key, values]) => read(key, values, within(at, key)));
  });
};

const entriesOf = (value: unknown, place: Place): readonly (readonly [string, unknown])[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value)
    : refuse(place, `expected an object, found ${shown(value)}`);

const ELEMENTS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];

const statementOf = (value: unknown, index: number, place: Place, kind: PolicyKind, variables: boolean): Statement => {
  const fields = fieldsOf(value, place, ELEMENTS);
  const { Sid: sid, Effect: effect } = fields;
  if (sid !== undefined && typeof sid !== 'string')
    return refuse(within(place, 'Sid'), `expected text, found ${shown(sid)}`);
  if (effect !== 'Allow' && effect !== 'Deny')
    return refuse(within(place, 'Effect'), `expected \`Allow\` or \`Deny\`, found ${shown(effect)}`);
  return {
    index,
    sid: sid === undefined || sid === '' ? null : sid,
    effect,
    principals: principalsOf(fields, place, kind),
    actions: actionsOf(fields, place),
    resources: resourcesOf(fields, place, kind, variables),
    conditions: conditionsOf(fields.Condition, within(place, 'Condition'), variables),
  };
};

const VERSIONS: readonly unknown[] = [undefined, '2008-10-17', '2012-10-17'];

/** A document as JSON: text and URL-encoded text are parsed, and nothing is checked. @throws PolicyError */
export const parsedDocument = (document: unknown, name: string): unknown =>
  typeof document === 'string' ? jsonIn(document, { policy: name, path: '' }) : document;

/**
 * Reads a document: text, URL-encoded text, or what JSON.parse made of it.
 * @throws PolicyError which names the place and what was expected there
 */
export const readPolicy = (document: unknown, kind: PolicyKind, name: string): Policy => {
  const root: Place = { policy: name, path: '' };
  const fields = fieldsOf(parsedDocument(document, name), root, ['Version', 'Id', 'Statement']);
  if (!VERSIONS.includes(fields.Version))
    return refuse(within(root, 'Version'), `expected \`2012-10-17\` or \`2008-10-17\`, found ${shown(fields.Version)}`);
  const place = within(root, 'Statement');
  const { Statement: statements } = fields;
  if (statements === undefined) return refuse(place, 'expected statements, found nothing');
  const variables = fields.Version === '2012-10-17';
  return {
    name,
    statements: Array.isArray(statements)
      ? statements.map((item: unknown, index) => statementOf(item, index, within(place, index), kind, variables))
      : [statementOf(statements, 0, place, kind, variables)],
  };
};
