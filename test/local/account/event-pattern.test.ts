import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches, parsePattern } from '#local/account/event-pattern';

const selects = (pattern: unknown, event: object): boolean => matches(parsePattern(pattern), event);

/** Does a rule on one field take an event in which that field is so? */
const takes = (tests: readonly unknown[], value: unknown): boolean => selects({ field: tests }, { field: value });

const values: readonly { name: string; tests: readonly unknown[]; yes: readonly unknown[]; no: readonly unknown[] }[] =
  [
    { name: 'a string equals itself', tests: ['a'], yes: ['a'], no: ['A', 'ab', '', null, ['b'], { a: 'a' }] },
    { name: 'the empty string is a value', tests: [''], yes: [''], no: [' ', null, 'a', false] },
    { name: 'numbers compare by value', tests: [3.0e2], yes: [300, 300.0], no: ['300', 301, null] },
    { name: 'null is neither missing nor text', tests: [null], yes: [null], no: ['null', '', undefined, false, 0] },
    { name: 'booleans are no text', tests: [true], yes: [true], no: ['true', false, 1] },
    { name: 'any of the values will do', tests: ['a', { prefix: 'b' }, 3], yes: ['a', 'bc', 3], no: ['c', '3'] },
    { name: 'any element of an array will do', tests: ['a'], yes: [['b', 'a'], [['a']]], no: [['b'], [], [null]] },
    { name: 'prefix', tests: [{ prefix: 'us-' }], yes: ['us-east-1', 'us-'], no: ['eu-us-', 'US-', 5, null] },
    {
      name: 'prefix without case',
      tests: [{ prefix: { 'equals-ignore-case': 'Us-' } }],
      yes: ['uS-1'],
      no: ['u', 'eus-'],
    },
    { name: 'suffix', tests: [{ suffix: '.png' }], yes: ['a.png', '.png'], no: ['a.PNG', 'png', '.png '] },
    {
      name: 'suffix without case',
      tests: [{ suffix: { 'equals-ignore-case': '.Png' } }],
      yes: ['a.pNG'],
      no: ['a.png.'],
    },
    { name: 'equals-ignore-case', tests: [{ 'equals-ignore-case': 'Alice' }], yes: ['aLICE'], no: ['alices', '', 1] },
    {
      name: 'anything-but a string',
      tests: [{ 'anything-but': 'a' }],
      yes: ['b', 'A', '', null, 5, ['a', 'b']],
      no: ['a', undefined, [], { x: 'b' }, ['a', 'a']],
    },
    { name: 'anything-but a number', tests: [{ 'anything-but': 300 }], yes: [301, '300'], no: [3e2] },
    { name: 'anything-but a list', tests: [{ 'anything-but': ['a', 'b'] }], yes: ['c'], no: ['a', 'b'] },
    { name: 'anything-but a list of numbers', tests: [{ 'anything-but': [1, 2] }], yes: [3, '1'], no: [1, 2] },
    {
      name: 'anything-but a prefix',
      tests: [{ 'anything-but': { prefix: 'us-' } }],
      yes: ['eu-', 5],
      no: ['us-east-1'],
    },
    {
      name: 'anything-but prefixes',
      tests: [{ 'anything-but': { prefix: ['us-', 'eu-'] } }],
      yes: ['ap-1'],
      no: ['us-1', 'eu-1'],
    },
    {
      name: 'anything-but a suffix',
      tests: [{ 'anything-but': { suffix: ['.png', '.jpg'] } }],
      yes: ['a.gif'],
      no: ['a.png', 'a.jpg'],
    },
    {
      name: 'anything-but without case',
      tests: [{ 'anything-but': { 'equals-ignore-case': ['Init', 'x'] } }],
      yes: ['b'],
      no: ['INIT', 'X'],
    },
    {
      name: 'anything-but a wildcard',
      tests: [{ 'anything-but': { wildcard: '*/lib/*' } }],
      yes: ['/bin/a'],
      no: ['/usr/lib/a'],
    },
    {
      name: 'anything-but wildcards',
      tests: [{ 'anything-but': { wildcard: ['a*', '*b'] } }],
      yes: ['bca'],
      no: ['ab', 'bb'],
    },
    { name: 'exists', tests: [{ exists: true }], yes: ['', null, 0, false, [1]], no: [undefined, [], { leaf: 1 }] },
    { name: 'exists false', tests: [{ exists: false }], yes: [undefined, { leaf: 1 }, []], no: [null, '', 0, [1]] },
    { name: 'exists false beside a value', tests: [{ exists: false }, 'a'], yes: [undefined, 'a'], no: ['b', null] },
    { name: 'numeric equality', tests: [{ numeric: ['=', 3.018e2] }], yes: [301.8], no: [301.80001, '301.8'] },
    { name: 'numeric below', tests: [{ numeric: ['<', 10] }], yes: [9.9, -1], no: [10, '9', null] },
    { name: 'numeric from', tests: [{ numeric: ['>=', 10] }], yes: [10, 11], no: [9.99] },
    { name: 'a numeric range', tests: [{ numeric: ['>', 0, '<=', 5] }], yes: [0.1, 5], no: [0, 5.1] },
    {
      name: 'an IPv4 range',
      tests: [{ cidr: '10.1.0.0/24' }],
      yes: ['10.1.0.0', '10.1.0.255'],
      no: ['10.1.1.0', 'x', '', '::1', '::ffff:10.1.0.1', 7],
    },
    {
      name: 'an IPv6 range',
      tests: [{ cidr: '2001:db8::/32' }],
      yes: ['2001:db8:1::5'],
      no: ['2001:db9::1', '10.0.0.1'],
    },
    {
      name: 'a wildcard takes slashes and nothing',
      tests: [{ wildcard: 'dir/*.png' }],
      yes: ['dir/.png', 'dir/a/b.png'],
      no: ['dir/.pn', 'xdir/.png', 'dir/a.png '],
    },
    {
      name: 'wildcard runs do not overlap',
      tests: [{ wildcard: 'ab*ba' }],
      yes: ['abba', 'abxba'],
      no: ['aba', 'ab', 'ba'],
    },
    { name: 'an escaped asterisk is itself', tests: [{ wildcard: 'a\\**' }], yes: ['a*', 'a*b'], no: ['ab', 'a'] },
    { name: 'an escaped backslash is itself', tests: [{ wildcard: 'a\\\\*' }], yes: ['a\\', 'a\\b'], no: ['a', 'a*'] },
    { name: 'a wildcard without asterisk is equality', tests: [{ wildcard: 'ab' }], yes: ['ab'], no: ['abc', 'a'] },
  ];

describe('a field', () => {
  it.each(values)('$name', ({ tests, yes, no }) => {
    expect(yes.filter((value) => !takes(tests, value))).toEqual([]);
    expect(no.filter((value) => takes(tests, value))).toEqual([]);
  });
});

const people = {
  people: [
    {
      first: 'Anna',
      last: 'Smith',
      phones: [
        { kind: 'home', code: 33 },
        { kind: 'work', code: 44 },
      ],
    },
    { first: 'Peter', last: 'Jones', phones: [{ kind: 'home', code: 49 }] },
    { first: 'Zoe' },
  ],
  place: 'here',
};

const events: readonly { name: string; pattern: unknown; event: object; expected: boolean }[] = [
  { name: 'all fields must match', pattern: { a: [1], b: [2] }, event: { a: 1, b: 3 }, expected: false },
  {
    name: 'fields that the pattern leaves out do not matter',
    pattern: { a: [1] },
    event: { a: 1, b: 3 },
    expected: true,
  },
  { name: 'nested fields', pattern: { a: { b: { c: ['x'] } } }, event: { a: { b: { c: 'x' } } }, expected: true },
  {
    name: 'a missing parent is a missing field',
    pattern: { a: { b: [{ exists: false }] } },
    event: { c: 1 },
    expected: true,
  },
  {
    name: 'a missing parent does not match a value',
    pattern: { a: { b: [null] } },
    event: { a: null },
    expected: false,
  },
  { name: 'a dotted name is the nested field', pattern: { 'a.b': [1] }, event: { a: { b: 1 } }, expected: true },
  { name: '$or takes either', pattern: { $or: [{ a: [1] }, { b: [2] }] }, event: { b: 2 }, expected: true },
  { name: '$or takes neither', pattern: { $or: [{ a: [1] }, { b: [2] }] }, event: { a: 2, b: 1 }, expected: false },
  {
    name: '$or is beside the other fields',
    pattern: { c: [3], $or: [{ a: [1] }, { b: [2] }] },
    event: { a: 1 },
    expected: false,
  },
  {
    name: '$or below a field is about its fields',
    pattern: { d: { $or: [{ a: [1] }, { b: { c: [2] } }] } },
    event: { d: { b: { c: 2 } } },
    expected: true,
  },
  {
    name: '$or in $or',
    pattern: { $or: [{ a: [1], $or: [{ b: [1] }, { c: [1] }] }, { d: [1] }] },
    event: { a: 1, c: 1 },
    expected: true,
  },
  {
    name: 'an and inside $or holds',
    pattern: { $or: [{ a: [1], b: [1] }, { d: [1] }] },
    event: { a: 1 },
    expected: false,
  },
  { name: 'objects in arrays', pattern: { people: { last: ['Jones'] } }, event: people, expected: true },
  {
    name: 'fields of one element match together',
    pattern: { people: { first: ['Anna'], last: ['Smith'] } },
    event: people,
    expected: true,
  },
  {
    name: 'fields of two elements do not',
    pattern: { people: { first: ['Anna'], last: ['Jones'] } },
    event: people,
    expected: false,
  },
  {
    name: 'nested arrays keep together too',
    pattern: { people: { first: ['Anna'], phones: { kind: ['work'], code: [44] } } },
    event: people,
    expected: true,
  },
  {
    name: 'nested arrays do not mix elements',
    pattern: { people: { phones: { kind: ['work'], code: [33] } } },
    event: people,
    expected: false,
  },
  {
    name: 'nested arrays do not mix parents',
    pattern: { people: { first: ['Peter'], phones: { code: [33] } } },
    event: people,
    expected: false,
  },
  {
    name: 'the other elements are tried',
    pattern: { people: { phones: { kind: ['home'], code: [49] } }, place: ['here'] },
    event: people,
    expected: true,
  },
  {
    name: 'the same element lacks the field',
    pattern: { people: { first: ['Zoe'], last: [{ exists: false }] } },
    event: people,
    expected: true,
  },
  {
    name: 'another element lacking the field is not enough',
    pattern: { people: { first: ['Anna'], last: [{ exists: false }] } },
    event: people,
    expected: false,
  },
  {
    name: 'plain values of one array match apart from each other',
    pattern: { a: ['x'], $or: [{ a: ['y'] }, { b: [1] }] },
    event: { a: ['x', 'y'] },
    expected: true,
  },
  {
    name: 'different arrays are independent',
    pattern: { a: { x: [1] }, b: { x: [2] } },
    event: { a: [{ x: 0 }, { x: 1 }], b: [{ x: 2 }] },
    expected: true,
  },
];

describe('an event', () => {
  it.each(events)('$name', ({ pattern, event, expected }) => {
    expect(selects(pattern, event)).toBe(expected);
  });
});

const or = (count: number) => Array.from({ length: count }, (_, index) => ({ a: [index] }));

const errors: readonly { pattern: unknown; message: string }[] = [
  { pattern: [], message: 'an event pattern is an object' },
  { pattern: null, message: 'an event pattern is an object' },
  { pattern: {}, message: 'an empty object matches nothing' },
  { pattern: { detail: {} }, message: 'detail: an empty object matches nothing' },
  { pattern: { source: [] }, message: 'source: an empty list matches nothing' },
  { pattern: { source: 'aws.ec2' }, message: 'source: expected a list of values, or an object of fields' },
  {
    pattern: { detail: { exists: true } },
    message: 'detail.exists: expected a list of values, or an object of fields',
  },
  { pattern: { a: [['x']] }, message: 'a[0]: expected a value or an operator' },
  {
    pattern: { detail: { userIdentity: { arn: [{ foo: 1 }] } } },
    message: 'detail.userIdentity.arn[0]: unknown operator `foo`',
  },
  { pattern: { a: [{ toString: 1 }] }, message: 'a[0]: unknown operator `toString`' },
  { pattern: { a: ['x', {}] }, message: 'a[1]: expected one operator' },
  { pattern: { a: [{ prefix: 'x', suffix: 'y' }] }, message: 'a[0]: expected one operator' },
  { pattern: { a: [{ exists: true, suffix: 'y' }] }, message: 'a[0]: expected one operator' },
  { pattern: { a: [{ exists: 'true' }] }, message: 'a[0].exists: expected true or false' },
  { pattern: { a: [{ prefix: 5 }] }, message: 'a[0].prefix: expected a string' },
  { pattern: { a: [{ prefix: { wildcard: 'x' } }] }, message: 'a[0].prefix: unknown operator `wildcard`' },
  { pattern: { a: [{ 'anything-but': [] }] }, message: 'a[0].anything-but: an empty list excludes nothing' },
  {
    pattern: { a: [{ 'anything-but': { prefix: [] } }] },
    message: 'a[0].anything-but.prefix: an empty list excludes nothing',
  },
  {
    pattern: { a: [{ 'anything-but': ['x', 1] }] },
    message: 'a[0].anything-but: expected strings only or numbers only',
  },
  { pattern: { a: [{ 'anything-but': null }] }, message: 'a[0].anything-but: expected strings only or numbers only' },
  { pattern: { a: [{ 'anything-but': { exists: true } }] }, message: 'a[0].anything-but: unknown operator `exists`' },
  {
    pattern: { a: [{ 'anything-but': { prefix: ['x', 1] } }] },
    message: 'a[0].anything-but.prefix[1]: expected a string',
  },
  { pattern: { a: [{ wildcard: 'x**' }] }, message: 'a[0].wildcard: `x**` has consecutive wildcards' },
  { pattern: { a: [{ wildcard: 'x\\n' }] }, message: 'a[0].wildcard: `x\\n` has a backslash that escapes nothing' },
  { pattern: { a: [{ cidr: '10.0.0.0' }] }, message: 'a[0].cidr: `10.0.0.0` is not a CIDR range' },
  { pattern: { a: [{ cidr: '10.0.0.0/33' }] }, message: 'a[0].cidr: `10.0.0.0/33` is not a CIDR range' },
  { pattern: { a: [{ cidr: 'fe80::/129' }] }, message: 'a[0].cidr: `fe80::/129` is not a CIDR range' },
  {
    pattern: { a: [{ numeric: ['>'] }] },
    message: 'a[0].numeric: expected a comparison and a number, or a lower and an upper bound',
  },
  { pattern: { a: [{ numeric: ['!=', 1] }] }, message: 'a[0].numeric: unknown comparison `!=`' },
  { pattern: { a: [{ numeric: ['>', '1'] }] }, message: 'a[0].numeric: `>` compares with a number' },
  {
    pattern: { a: [{ numeric: ['<', 1, '>', 0] }] },
    message: 'a[0].numeric: a range is a lower bound, then an upper bound',
  },
  { pattern: { a: [{ numeric: ['=', 6e9] }] }, message: 'a[0].numeric: `6000000000` is not between -5.0e9 and 5.0e9' },
  { pattern: { $or: [{ a: [1] }] }, message: '$or: expected a list of two or more patterns' },
  { pattern: { d: { $or: [{ a: [1] }, 5] } }, message: 'd.$or[1]: expected an object of fields' },
  { pattern: { d: { $or: [{ a: [1] }, { b: [{ foo: 1 }] }] } }, message: 'd.$or[1].b[0]: unknown operator `foo`' },
  { pattern: { $or: [{ a: [1] }, { prefix: 'x' }] }, message: '$or[1]: `prefix` is an operator, expected fields' },
  { pattern: { a: { $or: or(32) }, b: { $or: or(32) } }, message: 'b: the pattern has more than 1000 combinations' },
];

describe('parsePattern', () => {
  it.each(errors)('refuses: $message', ({ pattern, message }) => {
    expect(() => parsePattern(pattern)).toThrow(expect.objectContaining({ name: 'EventPatternError', message }));
  });

  it('accepts 2,048 characters and refuses one more', () => {
    const frame = JSON.stringify({ a: [''] }).length;
    expect(() => parsePattern({ a: ['x'.repeat(2048 - frame)] })).not.toThrow();
    expect(() => parsePattern({ a: ['x'.repeat(2049 - frame)] })).toThrow('2049 characters');
  });
});

describe('a wildcard', () => {
  /** The definition, by trying everything: `*` is any run. */
  const reference = (pattern: readonly string[], value: string): boolean => {
    const [head, ...rest] = pattern;
    if (head === undefined) return value === '';
    if (head === 'any')
      return Array.from(value).some((_, at) => reference(rest, value.slice(at))) || reference(rest, '');
    return value.startsWith(head) && reference(rest, value.slice(head.length));
  };
  const written = { any: '*', '*': '\\*', '\\': '\\\\', a: 'a', b: 'b', '/': '/' } as const;
  const part = fc.constantFrom('any', 'a', 'b', '*', '\\', '/');
  const parts = fc
    .array(part, { maxLength: 8 })
    .map((all) => all.filter((one, at) => one !== 'any' || all[at - 1] !== 'any'));
  const value = fc.array(fc.constantFrom('a', 'b', '*', '\\', '/'), { maxLength: 8 }).map((all) => all.join(''));
  const spell = (pattern: readonly (keyof typeof written)[]) => pattern.map((one) => written[one]).join('');

  it('means what its definition says', () => {
    fc.assert(
      fc.property(parts, value, (pattern, text) => {
        expect(takes([{ wildcard: spell(pattern) }], text)).toBe(reference(pattern, text));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes every value made from it', () => {
    fc.assert(
      fc.property(parts, value, (pattern, filling) => {
        const text = pattern.map((one) => (one === 'any' ? filling : one)).join('');
        expect(takes([{ wildcard: spell(pattern) }], text)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('does not backtrack over 256 KB', () => {
    const pattern = parsePattern({ field: [{ wildcard: `${'*a'.repeat(900)}*b` }] });
    const started = performance.now();
    expect(matches(pattern, { field: 'a'.repeat(256 * 1024) })).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
