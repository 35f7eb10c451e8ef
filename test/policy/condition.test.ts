import { describe, expect, it } from 'vitest';
import { type Condition, conditionHolds, keysAsked } from '#shared/policy/condition';
import { type Context, type ContextRecord, contextOf } from '#shared/policy/context';
import { readPolicy } from '#shared/policy/read-policy';
import type { Truth } from '#shared/policy/truth';

/** The one line of a Condition block, as a policy writes it. */
const conditionIn = (operator: string, key: string, values: unknown, version = '2012-10-17'): Condition => {
  const Condition = { [operator]: { [key]: values } };
  const statement = { Effect: 'Allow', Action: '*', Resource: '*', Condition };
  const [read] = readPolicy({ Version: version, Statement: statement }, 'attached', 'p').statements;
  const [condition] = read?.conditions ?? [];
  if (condition === undefined) throw new Error('no condition was read');
  return condition;
};

interface Case {
  readonly name: string;
  readonly operator: string;
  readonly values: unknown;
  readonly carried: ContextRecord[string];
  readonly is: Truth;
}

const holds = ({ operator, values, carried }: Case): Truth =>
  conditionHolds(conditionIn(operator, 'k:Key', values), contextOf({ 'K:kEY': carried }));

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html */
describe('a key with one value', () => {
  it.each<Case>([
    { name: 'fits one value', operator: 'StringEquals', values: 'a', carried: 'a', is: 'yes' },
    { name: 'does not fit another', operator: 'StringEquals', values: 'a', carried: 'b', is: 'no' },
    { name: 'fits any of several', operator: 'StringEquals', values: ['a', 'b'], carried: 'b', is: 'yes' },
    { name: 'fits none of several', operator: 'StringEquals', values: ['a', 'b'], carried: 'c', is: 'no' },
    { name: 'fits none where there is none', operator: 'StringEquals', values: [], carried: 'c', is: 'no' },
    { name: 'of a negated operator differs', operator: 'StringNotEquals', values: 'a', carried: 'b', is: 'yes' },
    { name: 'of a negated operator is equal', operator: 'StringNotEquals', values: 'a', carried: 'a', is: 'no' },
    {
      name: 'of a negated operator is none of several',
      operator: 'StringNotLike',
      values: ['a*', 'b*'],
      carried: 'c',
      is: 'yes',
    },
    {
      name: 'of a negated operator is one of several',
      operator: 'StringNotLike',
      values: ['a*', 'b*'],
      carried: 'bc',
      is: 'no',
    },
    {
      name: 'with IfExists is asked all the same',
      operator: 'StringEqualsIfExists',
      values: 'a',
      carried: 'b',
      is: 'no',
    },
    { name: 'may be a list of one', operator: 'StringEquals', values: 'a', carried: ['a'], is: 'yes' },
    { name: 'may be an empty text', operator: 'StringEquals', values: '', carried: '', is: 'yes' },
    { name: 'is compared with JSON of its type', operator: 'Bool', values: true, carried: 'true', is: 'yes' },
    {
      name: 'is compared with numbers of JSON',
      operator: 'NumericLessThan',
      values: [5, '7'],
      carried: '6',
      is: 'yes',
    },
    { name: 'of the wrong type is unknown', operator: 'NumericEquals', values: 5, carried: 'five', is: 'unknown' },
    {
      name: 'of the wrong type is so when negated',
      operator: 'NumericNotEquals',
      values: 5,
      carried: 'x',
      is: 'unknown',
    },
    { name: 'fits beside what is unknown', operator: 'Bool', values: ['maybe', 'true'], carried: 'true', is: 'yes' },
  ])('$name: $operator is $is', (row) => {
    expect(holds(row)).toBe(row.is);
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
describe('a key that is missing', () => {
  it.each<Omit<Case, 'name' | 'values' | 'carried'>>([
    { operator: 'StringEquals', is: 'no' },
    { operator: 'StringNotEquals', is: 'yes' },
    { operator: 'StringEqualsIfExists', is: 'yes' },
    { operator: 'StringNotEqualsIfExists', is: 'yes' },
    { operator: 'Bool', is: 'no' },
    { operator: 'BoolIfExists', is: 'yes' },
    { operator: 'ArnLike', is: 'no' },
    { operator: 'ArnNotLike', is: 'yes' },
    { operator: 'NotIpAddress', is: 'yes' },
    { operator: 'ForAllValues:StringEquals', is: 'yes' },
    { operator: 'ForAllValues:StringNotEquals', is: 'yes' },
    { operator: 'ForAllValues:StringEqualsIfExists', is: 'yes' },
    { operator: 'ForAnyValue:StringEquals', is: 'no' },
    { operator: 'ForAnyValue:StringNotEquals', is: 'no' },
    // "If the key is not present, evaluate the condition element as true", and ForAnyValue "returns false".
    { operator: 'ForAnyValue:StringEqualsIfExists', is: 'unknown' },
  ])('under $operator is $is, and so is one without a value', ({ operator, is }) => {
    expect(holds({ name: '', operator, values: 'true', carried: null, is })).toBe(is);
    expect(holds({ name: '', operator, values: 'true', carried: [], is })).toBe(is);
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html */
describe('a key with several values', () => {
  it.each<Case>([
    { name: 'all fit', operator: 'ForAllValues:StringEquals', values: ['a', 'b'], carried: ['a', 'b', 'a'], is: 'yes' },
    {
      name: 'one does not fit',
      operator: 'ForAllValues:StringEquals',
      values: ['a', 'b'],
      carried: ['a', 'c'],
      is: 'no',
    },
    { name: 'all differ', operator: 'ForAllValues:StringNotEquals', values: ['a'], carried: ['b', 'c'], is: 'yes' },
    { name: 'one is equal', operator: 'ForAllValues:StringNotEquals', values: ['a'], carried: ['b', 'a'], is: 'no' },
    { name: 'one of all is unknown', operator: 'ForAllValues:Bool', values: 'x', carried: ['a', 'c'], is: 'unknown' },
    { name: 'any fits', operator: 'ForAnyValue:StringLike', values: ['a*', 'b'], carried: ['c', 'ab'], is: 'yes' },
    { name: 'none fits', operator: 'ForAnyValue:StringEquals', values: ['a', 'b'], carried: ['c', 'd'], is: 'no' },
    { name: 'any differs', operator: 'ForAnyValue:StringNotEquals', values: ['a'], carried: ['a', 'c'], is: 'yes' },
    { name: 'none differs', operator: 'ForAnyValue:StringNotEquals', values: ['a'], carried: ['a', 'a'], is: 'no' },
    {
      name: 'the quantifier in another case',
      operator: 'foranyVALUE:stringequals',
      values: 'a',
      carried: ['b', 'a'],
      is: 'yes',
    },
    { name: 'a single value under all', operator: 'ForAllValues:StringEquals', values: 'a', carried: 'b', is: 'no' },
    { name: 'a single value under any', operator: 'ForAnyValue:StringEquals', values: 'a', carried: 'a', is: 'yes' },
    // What an operator makes of them that asks for one value is not documented.
    { name: 'without a quantifier, none fits', operator: 'StringEquals', values: 'a', carried: ['b', 'c'], is: 'no' },
    {
      name: 'without a quantifier, one fits',
      operator: 'StringEquals',
      values: 'a',
      carried: ['a', 'c'],
      is: 'unknown',
    },
    {
      name: 'without a quantifier, all fit',
      operator: 'StringEquals',
      values: 'a',
      carried: ['a', 'a'],
      is: 'unknown',
    },
    {
      name: 'without a quantifier, all differ',
      operator: 'StringNotEquals',
      values: 'a',
      carried: ['b', 'c'],
      is: 'unknown',
    },
  ])('$name: $operator is $is', (row) => {
    expect(holds(row)).toBe(row.is);
  });
});

describe('Null', () => {
  it.each<Case>([
    { name: 'true asks for its absence', operator: 'Null', values: 'true', carried: null, is: 'yes' },
    { name: 'true is refused by its presence', operator: 'Null', values: true, carried: 'a', is: 'no' },
    { name: 'false asks for its presence', operator: 'Null', values: 'FALSE', carried: 'a', is: 'yes' },
    { name: 'false is refused by its absence', operator: 'null', values: false, carried: null, is: 'no' },
    { name: 'false is refused by a list of nothing', operator: 'Null', values: false, carried: [], is: 'no' },
    { name: 'both ask for nothing', operator: 'Null', values: ['true', 'false'], carried: null, is: 'yes' },
    { name: 'nothing is asked in vain', operator: 'Null', values: [], carried: null, is: 'no' },
  ])('$name: $is', (row) => {
    expect(holds(row)).toBe(row.is);
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html */
describe('a variable in a value', () => {
  const context = contextOf({ 'k:Key': 'ana', 'k:Same': 'ana', 'k:Other': 'bob', 'k:None': null });

  it.each<{ operator: string; value: string; is: Truth }>([
    { operator: 'StringEquals', value: '${k:Same}', is: 'yes' },
    { operator: 'StringEquals', value: '${k:Other}', is: 'no' },
    { operator: 'StringNotEquals', value: '${k:Other}', is: 'yes' },
    { operator: 'StringLike', value: '${k:Same}*', is: 'yes' },
    { operator: 'StringEquals', value: '${k:None}', is: 'no' },
    { operator: 'StringNotEquals', value: '${k:None}', is: 'yes' },
    { operator: 'StringNotLike', value: '${k:None}', is: 'yes' },
    { operator: 'StringEquals', value: "${k:None, 'ana'}", is: 'yes' },
    { operator: 'StringNotEquals', value: "${k:None, 'ana'}", is: 'no' },
    { operator: 'StringEquals', value: '${k:Unheard}', is: 'unknown' },
    { operator: 'StringNotEquals', value: '${k:Unheard}', is: 'unknown' },
    // The page of variables says that they do not stand in these, the page of operators that they do in Bool.
    { operator: 'Bool', value: '${k:Same}', is: 'unknown' },
    { operator: 'NumericEquals', value: '${k:Same}', is: 'unknown' },
    { operator: 'BinaryEquals', value: '${k:Same}', is: 'unknown' },
  ])('$operator $value is $is', ({ operator, value, is }) => {
    expect(conditionHolds(conditionIn(operator, 'k:Key', value), context)).toBe(is);
  });

  it('is what it is before version 2012-10-17', () => {
    const old = conditionIn('StringEquals', 'k:Key', '${k:Same}', '2008-10-17');
    expect(conditionHolds(old, context)).toBe('no');
    expect(conditionHolds(old, contextOf({ 'k:Key': '${k:Same}' }))).toBe('yes');
  });
});

describe('a key that is not known', () => {
  it.each(['StringEquals', 'StringNotEquals', 'StringEqualsIfExists', 'ForAllValues:StringEquals', 'Null'])(
    'leaves %s unknown',
    (operator) => {
      expect(conditionHolds(conditionIn(operator, 'k:Key', 'true'), contextOf({}))).toBe('unknown');
    },
  );

  /** Whether the request carries `false` or nothing. */
  const either: Context = { get: (key) => (key === 'k:key' ? [['false'], null] : undefined) };

  it.each<{ operator: string; value: string; is: Truth }>([
    { operator: 'Bool', value: 'true', is: 'no' },
    { operator: 'Bool', value: 'false', is: 'unknown' },
    { operator: 'BoolIfExists', value: 'false', is: 'yes' },
    { operator: 'StringNotEquals', value: 'true', is: 'yes' },
    { operator: 'Null', value: 'true', is: 'unknown' },
    { operator: 'Null', value: 'false', is: 'unknown' },
  ])('for sure leaves $operator $value $is', ({ operator, value, is }) => {
    expect(conditionHolds(conditionIn(operator, 'k:Key', value), either)).toBe(is);
  });
});

describe('the keys that a condition asks', () => {
  it.each<{ operator: string; values: unknown; is: readonly string[] }>([
    { operator: 'StringEquals', values: 'a', is: ['k:Key'] },
    { operator: 'Null', values: 'true', is: ['k:Key'] },
    {
      operator: 'StringLike',
      values: ['a', 'x${aws:UserName}${*}${aws:userid}', '${k:b}'],
      is: ['k:Key', 'aws:username', 'aws:userid', 'k:b'],
    },
    { operator: 'Bool', values: '${aws:username}', is: ['k:Key'] },
  ])('of $operator $values are $is', ({ operator, values, is }) => {
    expect(keysAsked(conditionIn(operator, 'k:Key', values))).toEqual(is);
  });
});
