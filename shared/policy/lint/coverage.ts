import type { NamedPrincipal } from '../policy.ts';
import { takesIn } from './action-patterns.ts';
import { type Linted, textsIn, type Written } from './subject.ts';

/** Whether one statement says all that another does. What is not sure is no. */

const isObject = (value: unknown): value is Written => typeof value === 'object' && value !== null;

const linesOf = (condition: unknown): ReadonlySet<string> =>
  new Set(
    Object.entries(isObject(condition) ? condition : {}).flatMap(([operator, keys]) =>
      Object.entries(isObject(keys) ? keys : {}).map(([key, values]) =>
        JSON.stringify([operator.toLowerCase(), key.toLowerCase(), [values].flat().map(String).sort()]),
      ),
    ),
  );

/** Each condition of the wide one stands in the narrow one too, so that it holds wherever that one does. */
export const hasFewerConditions = (wide: Linted, narrow: Linted): boolean => {
  const lines = linesOf(narrow.written.Condition);
  return [...linesOf(wide.written.Condition)].every((line) => lines.has(line));
};

/** In a key policy a statement without a Resource has no effect. */
export const hasEveryResource = ({ written }: Linted): boolean => textsIn(written.Resource).includes('*');

const hasResourcesOf = (wide: Linted, narrow: Linted): boolean => {
  if (hasEveryResource(wide)) return true;
  const resources = textsIn(wide.written.Resource);
  const wanted = textsIn(narrow.written.Resource);
  return wanted.length > 0 && wanted.every((resource) => resources.includes(resource));
};

const hasActionsOf = (wide: Linted, narrow: Linted): boolean =>
  !wide.statement.actions.negated &&
  !narrow.statement.actions.negated &&
  narrow.actions.every((action) => wide.actions.some((pattern) => takesIn(pattern, action)));

/** Of those who are nobody here it is not kept who they are. */
const isSame = (left: NamedPrincipal, right: NamedPrincipal): boolean =>
  left.kind !== 'elsewhere' && JSON.stringify(left) === JSON.stringify(right);

const hasPrincipalsOf = ({ statement: { principals: wide } }: Linted, { statement }: Linted): boolean => {
  const narrow = statement.principals;
  if (wide === null || narrow === null) return wide === narrow;
  if (wide.negated || narrow.negated) return false;
  return narrow.named.every((named) => wide.named.some((other) => isSame(other, named)));
};

/** Whether leaving the narrow statement out changes nothing. */
export const saysAllOf = (wide: Linted, narrow: Linted): boolean =>
  wide.statement.effect === narrow.statement.effect &&
  hasPrincipalsOf(wide, narrow) &&
  hasActionsOf(wide, narrow) &&
  hasResourcesOf(wide, narrow) &&
  hasFewerConditions(wide, narrow);
