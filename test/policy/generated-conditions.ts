import fc from 'fast-check';
import { ASKED, type ContextText, type Key, type Kind, OPERATORS } from './generated-context.ts';
import { type ConditionText, variable } from './policy-text.ts';

const VARIABLES = [
  variable('aws:PrincipalTag/team'),
  variable('aws:PrincipalTag/team'),
  variable('aws:PrincipalTag/project'),
  variable("aws:PrincipalTag/unset, 'blue'"),
  variable('aws:PrincipalTag/unset'),
  variable('aws:username'),
  variable('*'),
  variable('aws:CalledVia'),
  variable('kms:EncryptionContext:aws:ebs:id'),
  variable('kms:EncryptionContext:aws:ebs:id'),
];

const flip = (text: string): string =>
  text.replace(/[a-z]/i, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));

/** Ways to write a value so that it is found. */
const formsOf = (value: string, kind: Kind, base: string): readonly string[] => {
  if (kind === 'arn' && base !== 'StringEquals') {
    const [head = '', partition = '', service = '', region = '', account = '', id = ''] = value.split(':');
    const written = (account: string, id: string) => [head, partition, service, region, account, id].join(':');
    return [value, written('*', id), written(account, '*'), written('????????????', `${id.slice(0, -2)}??`), '*'];
  }
  if (base.endsWith('IgnoreCase')) return [value, flip(value), value.toUpperCase()];
  if (base.endsWith('Like'))
    return [value, `${value.slice(0, 3)}*`, `*${value.slice(2)}`, `${value.slice(0, -1)}?`, '*'];
  if (kind === 'address' && !value.includes('/'))
    return [value, value, value.includes(':') ? '2001:db8::/32' : `${value}/24`];
  return [value];
};

/** Values for a line that is to hold, or not to: mostly it comes out so, which is all that a bias needs. */
const valuesFor = (key: Key, base: string, own: readonly string[], holds: boolean): fc.Arbitrary<readonly string[]> => {
  if (base === 'Null') return fc.constant([String((own.length === 0) === holds)]);
  const finds = holds !== /Not/.test(base);
  const all = [...new Set([...key.carried, ...(key.asked ?? [])])];
  const pool = finds ? (own.length > 0 ? own : all) : all.filter((value) => !own.includes(value));
  const plain = pool.length > 0 ? pool : ['nothing-of-the-kind'];
  const one = fc.constantFrom(...plain).chain((value) => fc.constantFrom(...formsOf(value, key.kind, base)));
  const asked = key.kind === 'number' || key.kind === 'date' || key.kind === 'address' ? fc.constantFrom(...all) : one;
  if (key.kind === 'text' && /aws:|ViaService/.test(key.name))
    return fc.oneof(
      { weight: 5, arbitrary: fc.array(one, { minLength: 1, maxLength: 2 }) },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...VARIABLES)) },
      { weight: 1, arbitrary: fc.tuple(one, fc.constantFrom(...VARIABLES)) },
    );
  if (key.kind === 'boolean')
    return fc.oneof(
      { weight: 12, arbitrary: fc.tuple(one) },
      { weight: 1, arbitrary: fc.constant([variable('aws:SecureTransport')]) },
    );
  return fc.array(fc.oneof({ weight: 2, arbitrary: one }, { weight: 1, arbitrary: asked }), {
    minLength: 1,
    maxLength: key.kind === 'arn' ? 1 : 2,
  });
};

const listed = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

const QUANTIFIERS = ['', 'ForAllValues:', 'ForAnyValue:'] as const;

const operatorOf = (key: Key): fc.Arbitrary<{ readonly base: string; readonly written: string }> => {
  const [plain, ...sets] = QUANTIFIERS.map((prefix) => fc.constant<string>(prefix));
  const quantifier = fc.oneof(
    { weight: key.several === undefined ? 8 : 1, arbitrary: plain ?? fc.constant('') },
    ...sets.map((arbitrary) => ({ weight: key.several === undefined ? 1 : 4, arbitrary })),
  );
  const base = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom<string>(...OPERATORS[key.kind]) },
    { weight: 1, arbitrary: fc.constant('Null') },
  );
  return fc.tuple(quantifier, base, fc.boolean(), fc.boolean()).map(([quantifier, base, rarely, ifExists]) => ({
    base,
    written: base === 'Null' ? base : `${quantifier}${base}${rarely && ifExists ? 'IfExists' : ''}`,
  }));
};

/** One line of a Condition block, asked of a context, with the bias that it holds or not. */
const lineOn = (context: ContextText, key: Key, holds: boolean): fc.Arbitrary<ConditionText> =>
  operatorOf(key).chain(({ base, written }) =>
    fc.record({
      operator: fc.constant(written),
      key: fc.oneof(
        { weight: 9, arbitrary: fc.constant(key.name) },
        { weight: 1, arbitrary: fc.constant(key.name.toUpperCase()) },
      ),
      values: valuesFor(key, base, listed(context[key.name]), holds),
    }),
  );

/** The lines of a Condition block, each on a key of its own; `odds` is how often a line is meant to hold. */
export const linesOn = (context: ContextText, odds: number, most: number): fc.Arbitrary<readonly ConditionText[]> =>
  fc
    .uniqueArray(fc.constantFrom(...ASKED), {
      minLength: 0,
      maxLength: most,
      selector: ({ name }) => name,
    })
    .chain((keys) =>
      fc.tuple(
        ...keys.map((key) => fc.integer({ min: 1, max: 100 }).chain((roll) => lineOn(context, key, roll <= odds))),
      ),
    );
