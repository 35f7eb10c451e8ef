import type { Carried, Context } from './context.ts';
import type { Operator, Test } from './operators.ts';
import { filled, type Template } from './template.ts';
import { and, not, or, some, type Truth, truthOf } from './truth.ts';

/** How the values of a key in the request are asked: the one it has, all of them, or any. */
export type Quantifier = 'one' | 'all' | 'any';

/** One line of a Condition block: an operator, a key, and the values of which one has to fit. */
export type Condition =
  | { readonly test: 'missing'; readonly key: string; readonly name: string; readonly wanted: readonly boolean[] }
  | {
      readonly test: 'compare';
      /** In lower case; `name` is the key as it is written. */
      readonly key: string;
      readonly name: string;
      readonly quantifier: Quantifier;
      readonly ifExists: boolean;
      readonly operator: Operator;
      /** Tests, made once where they do not depend on the request. */
      readonly values: readonly (Test | Template)[];
    };

type Comparison = Extract<Condition, { test: 'compare' }>;

/** A value of the policy whose variable is missing from the request fits nothing: for a negated operator that is a match. */
const fits = (wanted: Test | Template, value: string, { operator }: Comparison, context: Context): Truth => {
  if (typeof wanted === 'function') return wanted(value);
  const text = filled(wanted, context);
  if (text === 'missing') return 'no';
  return text === 'unknown' ? 'unknown' : operator.test(text)(value);
};

/** Whether one value of the request satisfies the operator: any of the policy's values, or for a negated one none. */
const satisfies = (value: string, comparison: Comparison, context: Context): Truth => {
  const truth = some(comparison.values, (wanted) => fits(wanted, value, comparison, context));
  return comparison.operator.negated ? not(truth) : truth;
};

/** A key that is missing, or has no value at all. Of `ForAnyValue:…IfExists` AWS says both that it holds and that it does not. */
const whereMissing = ({ quantifier, ifExists, operator }: Comparison): Truth => {
  if (quantifier === 'any') return ifExists ? 'unknown' : 'no';
  return truthOf(ifExists || quantifier === 'all' || operator.negated);
};

const agreed = (truths: readonly Truth[]): Truth => {
  const [first = 'unknown', ...rest] = truths;
  return rest.every((truth) => truth === first) ? first : 'unknown';
};

/**
 * Several values under an operator that asks for one are not documented. Where none satisfies it, it cannot hold.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
const QUANTIFIED: Readonly<Record<Quantifier, (truths: readonly Truth[]) => Truth>> = {
  one: (truths) => (truths.length > 1 ? and(or(...truths), 'unknown') : or(...truths)),
  all: (truths) => and(...truths),
  any: (truths) => or(...truths),
};

const holdsFor = (carried: Carried, condition: Condition, context: Context): Truth => {
  const missing = carried === null || carried.length === 0;
  if (condition.test === 'missing') return truthOf(condition.wanted.includes(missing));
  if (missing) return whereMissing(condition);
  return QUANTIFIED[condition.quantifier](carried.map((value) => satisfies(value, condition, context)));
};

/** Whether a condition holds in a context. A key that is not known makes it unknown, never false. */
export const conditionHolds = (condition: Condition, context: Context): Truth => {
  const possible = context.get(condition.key);
  if (possible === undefined) return 'unknown';
  return agreed(possible.map((carried) => holdsFor(carried, condition, context)));
};

/** The keys that would have to be known for a sure answer. */
export const keysAsked = (condition: Condition): readonly string[] => {
  if (condition.test === 'missing') return [condition.name];
  const inValues = condition.values.flatMap((value) =>
    typeof value === 'function' ? [] : value.flatMap((piece) => ('variable' in piece ? [piece.variable] : [])),
  );
  return [condition.name, ...inValues];
};
