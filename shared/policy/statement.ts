import { mayReach, resourcePattern } from './arn-pattern.ts';
import { conditionHolds, keysAsked } from './condition.ts';
import type { Test } from './operators.ts';
import type { Statement } from './policy.ts';
import type { Request } from './request.ts';
import { filled, type Template } from './template.ts';
import { and, every, not, some, type Truth } from './truth.ts';

const actionFits = ({ actions: { negated, matchers } }: Statement, action: string): boolean =>
  matchers.some((matches) => matches(action)) !== negated;

const resourceFits = (wanted: Test | Template, { resource, context }: Request, negated: boolean): Truth => {
  if (typeof wanted === 'function') return wanted(resource);
  const text = filled(wanted, context);
  if (text === 'unknown') return mayReach(wanted)(resource);
  // A Resource whose variable is missing takes in nothing. What a NotResource leaves out then is not documented.
  if (text === 'missing') return negated ? 'unknown' : 'no';
  return resourcePattern(text)(resource);
};

const resourcesFit = ({ resources: { negated, tests } }: Statement, request: Request): Truth => {
  const truth = some(tests, (wanted) => resourceFits(wanted, request, negated));
  return negated ? not(truth) : truth;
};

/** Whether a statement speaks of the request, whoever asks: its action, its resource, its conditions. */
export const speaksOf = (statement: Statement, request: Request): Truth => {
  if (!actionFits(statement, request.action.toLowerCase())) return 'no';
  return and(
    resourcesFit(statement, request),
    every(statement.conditions, (condition) => conditionHolds(condition, request.context)),
  );
};

/** The context keys that leave it open whether a statement speaks of the request. */
export const unknownKeys = (statement: Statement, { context }: Request): readonly string[] => {
  const inResources = statement.resources.tests.flatMap((wanted) =>
    typeof wanted === 'function' ? [] : wanted.flatMap((piece) => ('variable' in piece ? [piece.variable] : [])),
  );
  const open = statement.conditions.filter((condition) => conditionHolds(condition, context) === 'unknown');
  const asked = [...inResources, ...open.flatMap(keysAsked)];
  return [...new Set(asked)].filter((key) => context.get(key.toLowerCase()) === undefined);
};
