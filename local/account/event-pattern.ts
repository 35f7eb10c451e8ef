import { EventPatternError, fail } from './event-pattern-error.ts';
import { type Fields, isFields } from './event-values.ts';
import { operators, type ValueTest, valueTest } from './pattern-operators.ts';

export { EventPatternError } from './event-pattern-error.ts';
export { matches } from './pattern-matching.ts';

/**
 * EventBridge event patterns: which events a rule's pattern selects.
 *
 * Sources: Amazon EventBridge User Guide, "Comparison operators for use in event patterns in Amazon EventBridge",
 * "Best practices when defining Amazon EventBridge event patterns" and "Amazon EventBridge quotas".
 * Where those are silent this follows Event Ruler, the matcher that AWS publishes (github.com/aws/event-ruler):
 *
 * - Arrays are crushed out of an event: an element stands for the array, at any depth. An empty array is no field.
 * - Two fields inside objects must come from the same element of the array that holds them. `exists: false` is judged
 *   last, among the elements that the other fields chose: the same element lacks the field.
 * - A name with dots and nested names are the same field: `{ "a.b": … }` is `{ "a": { "b": … } }`.
 */
export interface EventPattern {
  /** The ways to match, `$or` multiplied out: one of them, with all of its fields. */
  readonly combinations: Combinations;
}

type Combinations = readonly (readonly FieldPattern[])[];

export interface FieldPattern {
  /** From the root, joined with dots. */
  readonly name: string;
  readonly admits: ValueTest;
  readonly admitsAbsence: boolean;
}

const quota = { characters: 2048, combinations: 1000 } as const;

/**
 * Parses an event pattern; throws an EventPatternError that names the place of what EventBridge would not accept.
 * @example parsePattern({ source: ['aws.ec2'], detail: { result: [{ 'anything-but': 'available' }] } })
 */
export const parsePattern = (json: unknown): EventPattern => {
  if (!isFields(json)) throw new EventPatternError('an event pattern is an object');
  const { length } = JSON.stringify(json);
  if (length > quota.characters) {
    throw new EventPatternError(`the pattern has ${length} characters, EventBridge accepts ${quota.characters}`);
  }
  return { combinations: combinationsOf(json, '', '') };
};

/** `place` is where it stands in the pattern, `name` which field of the event it is about: `$or` is in the first only. */
const combinationsOf = (fields: Fields, name: string, place: string): Combinations => {
  const entries = Object.entries(fields);
  if (entries.length === 0) fail(place, 'an empty object matches nothing');
  let combinations: Combinations = [[]];
  for (const [key, json] of entries) {
    const here = below(place, key);
    const alternatives = key === '$or' ? alternativesOf(json, name, here) : fieldOf(json, below(name, key), here);
    if (combinations.length * alternatives.length > quota.combinations) {
      fail(here, `the pattern has more than ${quota.combinations} combinations`);
    }
    combinations = combinations.flatMap((left) => alternatives.map((right) => [...left, ...right]));
  }
  return combinations;
};

const below = (parent: string, key: string): string => (parent === '' ? key : `${parent}.${key}`);

const alternativesOf = (json: unknown, name: string, place: string): Combinations => {
  if (!Array.isArray(json) || json.length < 2) return fail(place, 'expected a list of two or more patterns');
  return json.flatMap((alternative: unknown, index) => {
    const here = `${place}[${index}]`;
    if (!isFields(alternative)) return fail(here, 'expected an object of fields');
    const operator = Object.keys(alternative).find((key) => key === 'exists' || Object.hasOwn(operators, key));
    if (operator !== undefined) return fail(here, `\`${operator}\` is an operator, expected fields`);
    return combinationsOf(alternative, name, here);
  });
};

const fieldOf = (json: unknown, name: string, place: string): Combinations => {
  if (isFields(json)) return combinationsOf(json, name, place);
  if (!Array.isArray(json)) return fail(place, 'expected a list of values, or an object of fields');
  if (json.length === 0) return fail(place, 'an empty list matches nothing');
  const tests: ValueTest[] = [];
  let admitsAbsence = false;
  for (const [index, value] of json.entries()) {
    const here = `${place}[${index}]`;
    const existence = existenceOf(value, here);
    if (existence === false) admitsAbsence = true;
    else tests.push(existence === true ? () => true : valueTest(value, here));
  }
  return [[{ name, admits: (value) => tests.some((test) => test(value)), admitsAbsence }]];
};

/** `exists` asks about the field, every other operator about a value of it. */
const existenceOf = (json: unknown, place: string): boolean | undefined => {
  if (!isFields(json) || !Object.hasOwn(json, 'exists')) return undefined;
  if (Object.keys(json).length > 1) return fail(place, 'expected one operator');
  return typeof json.exists === 'boolean' ? json.exists : fail(`${place}.exists`, 'expected true or false');
};
