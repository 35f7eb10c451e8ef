import { BlockList, isIP } from 'node:net';
import { fail } from './event-pattern-error.ts';
import { type Fields, isFields, isScalar, type Scalar } from './event-values.ts';

export type ValueTest = (value: Scalar) => boolean;

/** Parses one member of a field's list: a value or an operator. */
export const valueTest = (json: unknown, place: string): ValueTest => {
  // JSON has one kind of number: 300, 300.0 and 3.0e2 are equal. "300" is not a number.
  if (isScalar(json)) return (value) => value === json;
  if (!isFields(json)) return fail(place, 'expected a value or an operator');
  return operatorTest(json, place, operators);
};

type Operator = (operand: unknown, place: string) => ValueTest;

const operatorTest = (json: Fields, place: string, known: Readonly<Record<string, Operator>>): ValueTest => {
  const [name, ...others] = Object.keys(json);
  if (name === undefined || others.length > 0) return fail(place, 'expected one operator');
  const operator = Object.hasOwn(known, name) ? known[name] : undefined;
  return operator === undefined
    ? fail(place, `unknown operator \`${name}\``)
    : operator(json[name], `${place}.${name}`);
};

const text = (json: unknown, place: string): string =>
  typeof json === 'string' ? json : fail(place, 'expected a string');

const onText =
  (test: (value: string) => boolean): ValueTest =>
  (value) =>
    typeof value === 'string' && test(value);

/** `prefix` and `suffix` take a string, or `{ "equals-ignore-case": string }`. */
const affix =
  (has: (value: string, part: string) => boolean): Operator =>
  (operand, place) => {
    if (!isFields(operand)) {
      const part = text(operand, place);
      return onText((value) => has(value, part));
    }
    return operatorTest(operand, place, {
      'equals-ignore-case': (inner, here) => {
        const part = text(inner, here).toLowerCase();
        return onText((value) => has(value.toLowerCase(), part));
      },
    });
  };

const equalsIgnoreCase: Operator = (operand, place) => {
  const wanted = text(operand, place).toLowerCase();
  return onText((value) => value.toLowerCase() === wanted);
};

const wildcard: Operator = (operand, place) => {
  const runs = literalRuns(text(operand, place), place);
  return onText((value) => matchesRuns(value, runs));
};

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

const numeric: Operator = (operand, place) => {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    return fail(place, 'expected a comparison and a number, or a lower and an upper bound');
  }
  const [first, low, second, high]: unknown[] = operand;
  const bounds = [comparison(first, low, place)];
  if (operand.length === 4) {
    if (!String(first).startsWith('>') || !String(second).startsWith('<')) {
      return fail(place, 'a range is a lower bound, then an upper bound');
    }
    bounds.push(comparison(second, high, place));
  }
  return (value) => typeof value === 'number' && bounds.every((within) => within(value));
};

/** The quota on numbers in `numeric`, either side of zero. */
const largestBound = 5e9;

const comparison = (sign: unknown, bound: unknown, place: string): ((value: number) => boolean) => {
  const compare = typeof sign === 'string' && Object.hasOwn(comparisons, sign) ? comparisons[sign] : undefined;
  if (compare === undefined) return fail(place, `unknown comparison \`${String(sign)}\``);
  if (typeof bound !== 'number') return fail(place, `\`${String(sign)}\` compares with a number`);
  if (Math.abs(bound) > largestBound) return fail(place, `\`${bound}\` is not between -5.0e9 and 5.0e9`);
  return (value) => compare(value, bound);
};

const cidr: Operator = (operand, place) => {
  const range = text(operand, place);
  const [network = '', bits = ''] = range.split('/', 2);
  const family = isIP(network);
  if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    return fail(place, `\`${range}\` is not a CIDR range`);
  }
  const version = family === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(network, Number(bits), version);
  // What is no address of that version is in no range of it: `check` answers false.
  return onText((value) => block.check(value, version));
};

/** Each operator that `anything-but` negates takes one operand or a list of them. */
const each =
  (operator: Operator): Operator =>
  (operand, place) => {
    if (!Array.isArray(operand)) return operator(text(operand, place), place);
    if (operand.length === 0) return fail(place, 'an empty list excludes nothing');
    const tests = operand.map((one: unknown, index) => operator(text(one, `${place}[${index}]`), `${place}[${index}]`));
    return (value) => tests.some((test) => test(value));
  };

const anythingBut: Operator = (operand, place) => {
  const excluded = isFields(operand) ? operatorTest(operand, place, negatable) : oneOf(operand, place);
  return (value) => !excluded(value);
};

const oneOf = (operand: unknown, place: string): ValueTest => {
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0) return fail(place, 'an empty list excludes nothing');
  const kinds = new Set(values.map((value) => typeof value));
  if (kinds.size > 1 || !(kinds.has('string') || kinds.has('number'))) {
    return fail(place, 'expected strings only or numbers only');
  }
  return (value) => values.includes(value);
};

export const operators: Readonly<Record<string, Operator>> = {
  prefix: affix((value, part) => value.startsWith(part)),
  suffix: affix((value, part) => value.endsWith(part)),
  'equals-ignore-case': equalsIgnoreCase,
  'anything-but': anythingBut,
  numeric,
  cidr,
  wildcard,
};

const negatable: Readonly<Record<string, Operator>> = {
  prefix: each(affix((value, part) => value.startsWith(part))),
  suffix: each(affix((value, part) => value.endsWith(part))),
  'equals-ignore-case': each(equalsIgnoreCase),
  wildcard: each(wildcard),
};

/** What stands between the `*` of a wildcard, unescaped. */
const literalRuns = (pattern: string, place: string): readonly string[] => {
  const runs = [''];
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern.charAt(index);
    const next = pattern.charAt(index + 1);
    if (char === '*') {
      if (next === '*') return fail(place, `\`${pattern}\` has consecutive wildcards`);
      runs.push('');
      continue;
    }
    if (char === '\\') {
      if (next !== '*' && next !== '\\') return fail(place, `\`${pattern}\` has a backslash that escapes nothing`);
      index++;
    }
    runs.push((runs.pop() ?? '') + (char === '\\' ? next : char));
  }
  return runs;
};

/** The earliest place for every run is the best one, so nothing is ever tried again. */
const matchesRuns = (value: string, runs: readonly string[]): boolean => {
  const [first = '', ...rest] = runs;
  const last = rest.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first)) return false;
  let from = first.length;
  for (const run of rest) {
    const found = value.indexOf(run, from);
    if (found < 0) return false;
    from = found + run.length;
  }
  return value.length - last.length >= from && value.endsWith(last);
};
