import { describe, expect, it } from 'vitest';
import { operatorNamed } from '#shared/policy/operators';
import type { Truth } from '#shared/policy/truth';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const asked = (operator: string, wanted: string, value: string): Truth | undefined =>
  operatorNamed(operator)?.test([{ pattern: wanted }])(value);

/** An operator and its negation ask the same of a value; ArnEquals is ArnLike. */
const PAIRS = [
  ['StringEquals', 'StringNotEquals'],
  ['StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'],
  ['StringLike', 'StringNotLike'],
  ['NumericEquals', 'NumericNotEquals'],
  ['DateEquals', 'DateNotEquals'],
  ['IpAddress', 'NotIpAddress'],
  ['ArnLike', 'ArnNotLike'],
  ['ArnLike', 'ArnEquals'],
  ['ArnLike', 'ArnNotEquals'],
] as const;

const NEGATIVE = [
  'StringNotEquals',
  'StringNotEqualsIgnoreCase',
  'StringNotLike',
  'NumericNotEquals',
  'DateNotEquals',
  'NotIpAddress',
  'ArnNotEquals',
  'ArnNotLike',
];
const POSITIVE = [
  ...[
    'StringEquals',
    'StringEqualsIgnoreCase',
    'StringLike',
    'ArnEquals',
    'ArnLike',
    'Bool',
    'BinaryEquals',
    'IpAddress',
  ],
  ...['Numeric', 'Date'].flatMap((type) =>
    ['Equals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map((order) => `${type}${order}`),
  ),
];

describe('the names of operators', () => {
  it.each(NEGATIVE)('%s is negated', (name) => {
    expect(operatorNamed(name)?.negated).toBe(true);
  });

  it.each(POSITIVE)('%s is not negated', (name) => {
    expect(operatorNamed(name)?.negated).toBe(false);
  });

  it('are known in any case', () => {
    expect(operatorNamed('stringEQUALS')).toBe(operatorNamed('StringEquals'));
  });

  it.each([
    '',
    'Null',
    'BoolNotEquals',
    'BinaryNotEquals',
    'StringEqualsIfExists',
    'constructor',
    '__proto__',
    'String',
  ])('%j is none', (name) => {
    expect(operatorNamed(name)).toBeUndefined();
  });

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
  it.each([...POSITIVE, ...NEGATIVE])('%s takes variables if it is of strings or ARNs', (name) => {
    expect(operatorNamed(name)?.takesVariables).toBe(/^(?:String|Arn)/.test(name));
  });
});

const ROLE = 'arn:aws:iam::111122223333:role/myCadoResponseRole';

const cases: readonly { operator: string; wanted: string; yes?: string[]; no?: string[]; unknown?: string[] }[] = [
  { operator: 'StringEquals', wanted: 'Ab', yes: ['Ab'], no: ['ab', 'Abc', ''] },
  { operator: 'StringEquals', wanted: 'A*?', yes: ['A*?'], no: ['Abc'] },
  { operator: 'StringEquals', wanted: '', yes: [''], no: ['a'] },
  { operator: 'StringEqualsIgnoreCase', wanted: 'Ab*', yes: ['Ab*', 'aB*', 'AB*'], no: ['ab', 'abc'] },
  { operator: 'StringLike', wanted: 'A*b?', yes: ['Abc', 'A  bx'], no: ['Ab', 'abc'] },
  { operator: 'StringLike', wanted: 'arn:aws:*:key/a', yes: ['arn:aws:kms:eu-west-3:111122223333:key/a'] },
  { operator: 'NumericEquals', wanted: '10', yes: ['10', '10.0', '+10', '010'], no: ['11', '-10', '10.01'] },
  { operator: 'NumericEquals', wanted: '-1.5', yes: ['-1.5', '-1.50'], no: ['1.5', '-1'] },
  { operator: 'NumericLessThan', wanted: '10', yes: ['9', '-11', '9.9'], no: ['10', '11'] },
  { operator: 'NumericLessThanEquals', wanted: '10', yes: ['9', '10'], no: ['10.1'] },
  { operator: 'NumericGreaterThan', wanted: '10', yes: ['11', '100'], no: ['10', '9'] },
  { operator: 'NumericGreaterThanEquals', wanted: '10', yes: ['10', '11'], no: ['9.9'] },
  {
    operator: 'DateEquals',
    wanted: '2024-05-06T07:08:09Z',
    yes: ['2024-05-06T07:08:09Z', '2024-05-06T09:08:09+02:00', '2024-05-06T07:08:09.000Z', '1714979289'],
    no: ['2024-05-06T07:08:08Z', '2024-05-06T07:08:09+02:00', '1714979290', '2024-05-06'],
  },
  { operator: 'DateEquals', wanted: '2024-05-06', yes: ['2024-05-06T00:00Z', '2024-05-06T00:00:00.0Z', '1714953600'] },
  { operator: 'DateEquals', wanted: '2024-05', yes: ['2024-05-01', '2024-05-01T02:00+0200'], no: ['2024-05-02'] },
  { operator: 'DateLessThan', wanted: '2024-05-06', yes: ['2024-05-05', '10000'], no: ['2024-05-06', '99999999999'] },
  { operator: 'DateLessThanEquals', wanted: '2024-05-06', yes: ['2024-05-06'], no: ['2024-05-06T00:00:00.001Z'] },
  { operator: 'DateGreaterThan', wanted: '2024-05-06', yes: ['2024-05-07'], no: ['2024-05-06'] },
  { operator: 'DateGreaterThanEquals', wanted: '2024-05-06', yes: ['2024-05-06'], no: ['2024-05-05'] },
  { operator: 'Bool', wanted: 'true', yes: ['true', 'TRUE'], no: ['false', '', 'yes'] },
  { operator: 'Bool', wanted: 'False', yes: ['false', 'False'], no: ['true'] },
  { operator: 'BinaryEquals', wanted: 'QmluYXJ5', yes: ['QmluYXJ5'], no: ['qmluYXJ5', ''] },
  {
    operator: 'IpAddress',
    wanted: '203.0.113.0/24',
    yes: ['203.0.113.9'],
    no: ['203.0.112.9', '2001:db8::1'],
    unknown: ['ec2.amazonaws.com', ''],
  },
  {
    operator: 'ArnLike',
    wanted: ROLE,
    yes: [ROLE],
    no: [`${ROLE}x`, ROLE.toLowerCase(), ROLE.replace('1111', '2222')],
  },
  {
    operator: 'ArnLike',
    wanted: 'arn:*:iam::*:role/my*',
    yes: [ROLE],
    no: [ROLE.replace('iam::', 'iam:x:'), '*', 'my'],
  },
  // "Each of the six colon-delimited components of the ARN is checked separately"
  { operator: 'ArnLike', wanted: 'arn:aws:*:role/*:x:y', no: ['arn:aws:iam::111122223333:role/a:x:y'] },
  {
    operator: 'ArnLike',
    wanted: 'arn:aws:kms:*:*:key/*',
    yes: ['arn:aws:kms:eu-west-3:111122223333:key/a:b'],
    no: [ROLE],
  },
  { operator: 'ArnLike', wanted: '*', no: [], unknown: [ROLE, ''] },
  { operator: 'ArnLike', wanted: 'arn:aws:iam::*', unknown: [ROLE], no: ['arn:aws:kms:eu-west-3:111122223333:key/a'] },
];

describe('an operator tells the values that fit from those that do not', () => {
  it.each(cases)('$operator of `$wanted`', ({ operator, wanted, yes = [], no = [], unknown = [] }) => {
    const truths = (values: readonly string[]) => values.map((value) => asked(operator, wanted, value));
    expect(truths(yes)).toEqual(yes.map(() => 'yes'));
    expect(truths(no)).toEqual(no.map(() => 'no'));
    expect(truths(unknown)).toEqual(unknown.map(() => 'unknown'));
  });

  it.each(PAIRS)('%s asks the same as %s', (one, other) => {
    const ofOne = cases.filter(({ operator }) => operator === one);
    expect(ofOne).not.toEqual([]);
    for (const { wanted, yes = [], no = [], unknown = [] } of ofOne)
      for (const value of [...yes, ...no, ...unknown])
        expect([value, asked(other, wanted, value)]).toEqual([value, asked(one, wanted, value)]);
  });
});

describe('a value that is not of the type of its operator leaves it unknown', () => {
  it.each(['', 'ten', '1.', '.5', '1e3', '0x10', '10abc', ' 10', '10 ', '1.2.3', '--1'])('the number %j', (text) => {
    expect(asked('NumericEquals', text, '10')).toBe('unknown');
    expect(asked('NumericNotEquals', '10', text)).toBe('unknown');
    expect(asked('NumericLessThan', '10', text)).toBe('unknown');
  });

  it.each([
    '',
    'yesterday',
    '2024',
    '9999',
    '1714979289000',
    '-1714979289',
    '2024-5-6',
    '2024-13',
    '2024-05-06T07:08:09',
    '2024-05-06T07Z',
    '2024-05-06 07:08:09Z',
    '2024-05-06T07:08:09.Z',
    '2024-05-06T07:08:09.1234567890Z',
    '2024-05-06T07:08:09Z*',
    'x2024-05-06',
    '(x)2024-05-06',
    'x1714979289',
    '1714979289x',
    '2024-05-06T07:08:09+2',
  ])('the date %j', (text) => {
    expect(asked('DateEquals', text, '2024-05-06')).toBe('unknown');
    expect(asked('DateGreaterThan', '2024-05-06', text)).toBe('unknown');
  });

  it.each(['', 'yes', '1', '*', 'truex'])('the boolean %j of a policy', (text) => {
    expect([asked('Bool', text, 'true'), asked('Bool', text, text)]).toEqual(['unknown', 'unknown']);
  });

  it.each(['*', '203.0.113.*', '203.0.113.0/64'])('the block %j', (text) => {
    expect(asked('IpAddress', text, '203.0.113.1')).toBe('unknown');
  });
});

describe('a value of which a part was filled in', () => {
  it.each([
    { operator: 'StringLike', value: 'team-a*-x', is: 'yes' },
    { operator: 'StringLike', value: 'team-ab-x', is: 'no' },
    { operator: 'StringEquals', value: 'team-a*-*', is: 'yes' },
    { operator: 'StringEqualsIgnoreCase', value: 'TEAM-A*-*', is: 'yes' },
  ])('has no wildcard in that part: $operator $value is $is', ({ operator, value, is }) => {
    const test = operatorNamed(operator)?.test([{ pattern: 'team-' }, { literal: 'a*' }, { pattern: '-*' }]);
    expect(test?.(value)).toBe(is);
  });
});
