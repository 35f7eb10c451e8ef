import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition } from '#shared/policy/condition';
import { contextOf } from '#shared/policy/context';
import type { Policy, PolicyKind, Statement } from '#shared/policy/policy';
import { PolicyError } from '#shared/policy/policy-error';
import { principalOf } from '#shared/policy/principal';
import { readPolicy } from '#shared/policy/read-policy';
import { speaksOf } from '#shared/policy/statement';

const ROLE = 'arn:aws:iam::111122223333:role/myCadoResponseRole';
const KEY = 'arn:aws:kms:eu-west-3:444455556666:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';

const statement = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' };
const inStatement = (elements: object) => ({ Version: '2012-10-17', Statement: [{ ...statement, ...elements }] });
const inCondition = (Condition: unknown) => inStatement({ Condition });

const read = (document: unknown, kind: PolicyKind = 'attached'): Policy => readPolicy(document, kind, 'p');
const firstOf = ({ statements: [first] }: Policy): Statement => {
  if (first === undefined) throw new Error('no statement was read');
  return first;
};
const messageOf = (document: unknown, kind: PolicyKind = 'attached'): string => {
  try {
    return `read ${JSON.stringify(read(document, kind))}`;
  } catch (error) {
    return error instanceof PolicyError ? error.message : `${error}`;
  }
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
describe('a document', () => {
  const document = { Version: '2012-10-17', Id: 'x', Statement: [{ Sid: 'One', ...statement }] };
  const text = JSON.stringify(document);

  it.each<{ name: string; document: unknown }>([
    { name: 'is JSON', document },
    { name: 'is text', document: text },
    { name: 'is text in lines', document: JSON.stringify(document, null, 2) },
    { name: 'is text among spaces', document: `\n ${text}\r\n` },
    { name: 'is text with a byte order mark', document: `\ufeff${text}` },
    // https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
    { name: 'is text, URL-encoded', document: encodeURIComponent(text) },
    { name: 'is text, URL-encoded in lower case', document: encodeURIComponent(text).replaceAll('%7B', '%7b') },
    { name: 'is text in lines, URL-encoded', document: encodeURIComponent(`\n${JSON.stringify(document, null, 2)}`) },
    { name: 'is encoded among spaces', document: ` ${encodeURIComponent(text)}\n` },
    { name: 'may have one statement', document: { ...document, Statement: document.Statement[0] } },
  ])('$name', ({ document }) => {
    expect(read(document)).toMatchObject({ name: 'p', statements: [{ index: 0, sid: 'One', effect: 'Allow' }] });
  });

  it('keeps a percent sign and what looks encoded in its text', () => {
    expect(firstOf(read(JSON.stringify(inStatement({ Sid: '%7B 100%' })))).sid).toBe('%7B 100%');
  });

  it('keeps its statements in order', () => {
    const Statement = ['a', 'b', 'c'].map((Sid) => ({ ...statement, Sid }));
    expect(read({ Statement }).statements.map(({ index, sid }) => [index, sid])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ]);
  });

  it('of no statement has none', () => {
    expect(read({ Version: '2012-10-17', Statement: [] }).statements).toEqual([]);
  });

  it('may be of 131072 characters, and no more', () => {
    const padded = (length: number) => text + ' '.repeat(length - text.length);
    expect(read(padded(131_072)).statements).toHaveLength(1);
    expect(messageOf(padded(131_073))).toBe('policy `p`: expected at most 131072 characters');
  });

  it.each([undefined, '2008-10-17'])('of version %s knows no variables', (Version) => {
    const { resources } = firstOf(read({ Version, Statement: { ...statement, Resource: '${userid}' } }));
    const [test] = resources.tests;
    expect(typeof test === 'function' ? test('${userid}') : test).toBe('yes');
  });
});

describe('a statement', () => {
  it.each<{ name: string; elements: object; kind?: PolicyKind; is: object }>([
    { name: 'may have no Sid', elements: {}, is: { sid: null, conditions: [], principals: null } },
    { name: 'may have an empty Sid', elements: { Sid: '' }, is: { sid: null } },
    { name: 'may deny', elements: { Effect: 'Deny' }, is: { effect: 'Deny' } },
    {
      name: 'may have one Action',
      elements: { Action: '*' },
      is: { actions: { negated: false, matchers: [expect.any(Function)] } },
    },
    {
      name: 'may have several of NotAction',
      elements: { Action: undefined, NotAction: ['kms:*', 'vpc-lattice:Associate-*?'] },
      is: { actions: { negated: true, matchers: [expect.any(Function), expect.any(Function)] } },
    },
    {
      name: 'may have one Resource',
      elements: { Resource: KEY },
      is: { resources: { negated: false, tests: [expect.any(Function)] } },
    },
    {
      name: 'may have several of NotResource',
      elements: { Resource: undefined, NotResource: [KEY, 'arn:aws:kms:*:*:key/${aws:userid}'] },
      is: { resources: { negated: true, tests: [expect.any(Function), expect.any(Array)] } },
    },
    { name: 'may have an empty Condition', elements: { Condition: {} }, is: { conditions: [] } },
    { name: 'may have an operator without keys', elements: { Condition: { Bool: {} } }, is: { conditions: [] } },
    {
      name: 'may have a Principal',
      elements: { Principal: '*' },
      kind: 'resource',
      is: { principals: { negated: false, named: [{ kind: 'everyone' }] } },
    },
    {
      name: 'may have a NotPrincipal',
      elements: { NotPrincipal: { AWS: '111122223333' } },
      kind: 'resource',
      is: { principals: { negated: true, named: [{ kind: 'account', accountId: '111122223333' }] } },
    },
    {
      name: 'of a key policy may have no Resource, and has no effect then',
      elements: { Principal: '*', Resource: undefined },
      kind: 'resource',
      is: { resources: { negated: false, tests: [] } },
    },
    {
      name: 'of a key policy may have NotResource',
      elements: { Principal: '*', Resource: undefined, NotResource: KEY },
      kind: 'resource',
      is: { resources: { negated: true, tests: [expect.any(Function)] } },
    },
  ])('$name', ({ elements, kind = 'attached', is }) => {
    expect(firstOf(read(inStatement(elements), kind))).toMatchObject(is);
  });
});

describe('a Condition', () => {
  const compare = {
    test: 'compare',
    key: 'kms:viaservice',
    name: 'kms:ViaService',
    quantifier: 'one',
    ifExists: false,
  };

  it.each<{ operator: string; values: unknown; is: object }>([
    {
      operator: 'StringEquals',
      values: 'a',
      is: { ...compare, operator: { negated: false }, values: [expect.any(Function)] },
    },
    {
      operator: 'stringnotlike',
      values: ['a', 'b'],
      is: { ...compare, operator: { negated: true }, values: { length: 2 } },
    },
    { operator: 'StringLikeIfExists', values: 'a', is: { ...compare, ifExists: true } },
    { operator: 'StringLikeIFEXISTS', values: 'a', is: { ...compare, ifExists: true } },
    { operator: 'ForAllValues:StringLike', values: [], is: { ...compare, quantifier: 'all', values: [] } },
    { operator: 'ForAnyValue:StringLikeIfExists', values: 'a', is: { ...compare, quantifier: 'any', ifExists: true } },
    { operator: 'FORANYVALUE:ArnLike', values: 'a', is: { ...compare, quantifier: 'any' } },
    { operator: 'Bool', values: [true, 'false'], is: { ...compare, values: { length: 2 } } },
    { operator: 'NumericLessThan', values: 10, is: { ...compare, values: { length: 1 } } },
    {
      operator: 'Null',
      values: [true, 'False', 'TRUE'],
      is: { test: 'missing', key: 'kms:viaservice', name: 'kms:ViaService', wanted: [true, false, true] },
    },
    { operator: 'NULL', values: false, is: { test: 'missing', wanted: [false] } },
    {
      operator: 'StringEquals',
      values: 'a${aws:userid}',
      is: { ...compare, values: [[{ pattern: 'a' }, { variable: 'aws:userid', otherwise: null }]] },
    },
  ])('$operator $values', ({ operator, values, is }) => {
    const { conditions } = firstOf(read(inCondition({ [operator]: { 'kms:ViaService': values } })));
    expect(conditions).toHaveLength(1);
    expect(conditions[0]).toMatchObject(is);
  });

  it('is a line for each operator and key', () => {
    const { conditions } = firstOf(read(inCondition({ StringEquals: { a: 'x', B: 'y' }, Null: { a: 'true' } })));
    expect(conditions.map(({ test, key, name }: Condition) => [test, key, name])).toEqual([
      ['compare', 'a', 'a'],
      ['compare', 'b', 'B'],
      ['missing', 'a', 'a'],
    ]);
  });
});

/** A policy that cannot be read is never taken for one that says nothing. */
describe('what is no policy is refused at its place', () => {
  const ELEMENTS = 'Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition';
  const unreadable = 'expected JSON, URL-encoded: an escape in it cannot be read';

  it.each<{ document: unknown; says: string; kind?: PolicyKind }>([
    { document: undefined, says: '`p`: expected an object, found nothing' },
    { document: null, says: '`p`: expected an object, found `null`' },
    { document: [], says: '`p`: expected an object, found an array' },
    { document: 7, says: '`p`: expected an object, found `7`' },
    { document: '"x"', says: '`p`: expected an object, found `"x"`' },
    { document: '[{}]', says: '`p`: expected an object, found an array' },
    { document: '%E0%A4%A', says: `\`p\`: ${unreadable}` },
    { document: '%7B%', says: `\`p\`: ${unreadable}` },
    { document: {}, says: '`p`, Statement: expected statements, found nothing' },
    { document: { Statement: null }, says: '`p`, Statement: expected an object, found `null`' },
    { document: { Statement: 'x' }, says: '`p`, Statement: expected an object, found `"x"`' },
    { document: { Statement: [statement, []] }, says: '`p`, Statement[1]: expected an object, found an array' },
    { document: { Statement: [[statement]] }, says: '`p`, Statement[0]: expected an object, found an array' },
    {
      document: { statement },
      says: '`p`, statement: this element is not known; expected one of Version, Id, Statement',
    },
    {
      document: '{"__proto__": {"Statement": []}}',
      says: '`p`, ["__proto__"]: this element is not known; expected one of Version, Id, Statement',
    },
    {
      document: { Version: '2012-10-18', Statement: [] },
      says: '`p`, Version: expected `2012-10-17` or `2008-10-17`, found `"2012-10-18"`',
    },
    {
      document: { Version: null, Statement: [] },
      says: '`p`, Version: expected `2012-10-17` or `2008-10-17`, found `null`',
    },
    {
      document: inStatement({ Effects: 1 }),
      says: `\`p\`, Statement[0].Effects: this element is not known; expected one of ${ELEMENTS}`,
    },
    { document: { Statement: { ...statement, Sid: 7 } }, says: '`p`, Statement.Sid: expected text, found `7`' },
    { document: inStatement({ Sid: null }), says: '`p`, Statement[0].Sid: expected text, found `null`' },
    {
      document: inStatement({ Effect: 'allow' }),
      says: '`p`, Statement[0].Effect: expected `Allow` or `Deny`, found `"allow"`',
    },
    {
      document: inStatement({ Effect: undefined }),
      says: '`p`, Statement[0].Effect: expected `Allow` or `Deny`, found nothing',
    },
    {
      document: inStatement({ Action: undefined }),
      says: '`p`, Statement[0]: expected either Action or NotAction, found neither',
    },
    {
      document: inStatement({ NotAction: '*' }),
      says: '`p`, Statement[0]: expected either Action or NotAction, found both',
    },
    { document: inStatement({ Action: [] }), says: '`p`, Statement[0].Action: expected at least one value' },
    { document: inStatement({ Action: {} }), says: '`p`, Statement[0].Action: expected text, found an object' },
    {
      document: inStatement({ Action: ['*', null] }),
      says: '`p`, Statement[0].Action[1]: expected text, found `null`',
    },
    {
      document: inStatement({ Action: 'Decrypt' }),
      says: '`p`, Statement[0].Action: expected an action such as `kms:Decrypt`, found `"Decrypt"`',
    },
    {
      document: inStatement({ Action: undefined, NotAction: ['*', 'kms:'] }),
      says: '`p`, Statement[0].NotAction[1]: expected an action such as `kms:Decrypt`, found `"kms:"`',
    },
    {
      document: inStatement({ Resource: undefined }),
      says: '`p`, Statement[0]: expected either Resource or NotResource, found neither',
    },
    {
      document: inStatement({ NotResource: '*' }),
      says: '`p`, Statement[0]: expected either Resource or NotResource, found both',
    },
    {
      document: inStatement({ Principal: '*', NotResource: '*' }),
      kind: 'resource',
      says: '`p`, Statement[0]: expected either Resource or NotResource, found both',
    },
    { document: inStatement({ Resource: [] }), says: '`p`, Statement[0].Resource: expected at least one value' },
    { document: inStatement({ Resource: ['*', 7] }), says: '`p`, Statement[0].Resource[1]: expected text, found `7`' },
    {
      document: inStatement({ Principal: '*' }),
      says: '`p`, Statement[0].Principal: a policy of this kind names no principal',
    },
    {
      document: inStatement({ NotPrincipal: '*' }),
      says: '`p`, Statement[0].NotPrincipal: a policy of this kind names no principal',
    },
    {
      document: inStatement({}),
      kind: 'resource',
      says: '`p`, Statement[0]: expected either Principal or NotPrincipal, found neither',
    },
    {
      document: inStatement({ Principal: '*', NotPrincipal: '*' }),
      kind: 'resource',
      says: '`p`, Statement[0]: expected either Principal or NotPrincipal, found both',
    },
    {
      document: inStatement({ Principal: { AWS: ['*', false] } }),
      kind: 'resource',
      says: '`p`, Statement[0].Principal.AWS[1]: expected text, found `false`',
    },
    { document: inCondition(null), says: '`p`, Statement[0].Condition: expected an object, found `null`' },
    { document: inCondition([]), says: '`p`, Statement[0].Condition: expected an object, found an array' },
    { document: inCondition('x'), says: '`p`, Statement[0].Condition: expected an object, found `"x"`' },
    {
      document: inCondition({ Bool: ['a'] }),
      says: '`p`, Statement[0].Condition.Bool: expected an object, found an array',
    },
    {
      document: inCondition({ Bool: null }),
      says: '`p`, Statement[0].Condition.Bool: expected an object, found `null`',
    },
    {
      document: { Statement: [statement, { ...statement, Condition: { StringEquals: { 'kms:ViaService': [{}] } } }] },
      says: '`p`, Statement[1].Condition.StringEquals["kms:ViaService"][0]: expected text, a number or a boolean, found an object',
    },
    {
      document: inCondition({ StringEquals: { 'kms:ViaService': null } }),
      says: '`p`, Statement[0].Condition.StringEquals["kms:ViaService"]: expected text, a number or a boolean, found `null`',
    },
    {
      document: inCondition({ Null: { a: ['true', 'no'] } }),
      says: '`p`, Statement[0].Condition.Null.a[1]: expected true or false, found `"no"`',
    },
    {
      document: inCondition({ Null: { a: 'xtrue' } }),
      says: '`p`, Statement[0].Condition.Null.a: expected true or false, found `"xtrue"`',
    },
    {
      document: inCondition({ Null: { a: {} } }),
      says: '`p`, Statement[0].Condition.Null.a: expected text, a number or a boolean, found an object',
    },
  ])('$says', ({ document, says, kind = 'attached' }) => {
    expect(messageOf(document, kind)).toBe(`policy ${says}`);
  });

  it.each([
    'StringEquel',
    '',
    'IfExists',
    'NullIfExists',
    'ForAllValues:Null',
    'ForAnyValues:StringEquals',
    'ForAllValues:',
    'StringEqualsIfExistsIfExists',
    'String Equals',
    ' StringEquals',
    'StringEquals ',
    'ForAllValues:ForAnyValue:StringEquals',
    'constructor',
    'toString',
  ])('the operator %j', (operator) => {
    expect(messageOf(inCondition({ [operator]: { a: 'b' } }))).toMatch(
      /^policy `p`, Statement\[0\]\.Condition.+: this condition operator is not known$/,
    );
  });

  it.each([
    '',
    'kms',
    ':',
    'kms:',
    ':Decrypt',
    'kms:Decrypt:x',
    'kms Decrypt',
    ' kms:Decrypt',
    'kms:Decrypt ',
    'kms:De_crypt',
    '**',
  ])('the action %j', (Action) => {
    expect(messageOf(inStatement({ Action }))).toMatch(
      /^policy `p`, Statement\[0\]\.Action: expected an action such as/,
    );
  });

  it.each([
    { text: '', says: 'Unexpected end of JSON input' },
    { text: '{"Statement":', says: 'Unexpected end of JSON input' },
    { text: '{"Statement": [\n}', says: "Unexpected token '}'" },
    { text: 'Statement: x\n\n\n', says: "Unexpected token 'S'" },
    { text: '%25', says: "Unexpected token '%'" },
  ])('the text $text', ({ text, says }) => {
    const message = messageOf(text);
    expect(message).toContain(`policy \`p\`: expected JSON: SyntaxError: ${says}`);
    expect(message).not.toContain('\n');
  });

  it('what is nested deeper than the stack', () => {
    const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
    expect(messageOf(`{"Statement": {"Sid": ${deep}}}`)).toBe(
      'policy `p`, Statement.Sid: expected text, found an array',
    );
    expect(messageOf(deep)).toBe('policy `p`: expected an object, found an array');
  });
});

const valid = {
  Version: '2012-10-17',
  Id: 'key-default-1',
  Statement: [
    {
      Sid: 'Account',
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::444455556666:root' },
      Action: 'kms:*',
      Resource: '*',
    },
    {
      Sid: 'Response',
      Effect: 'Allow',
      Principal: { AWS: [ROLE, '444455556666'], Service: 'ec2.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:ReEncrypt*'],
      Resource: [KEY],
      Condition: {
        StringEquals: { 'kms:ViaService': ['ec2.eu-west-3.amazonaws.com'], 'aws:PrincipalTag/team': '${aws:username}' },
        'ForAllValues:StringLikeIfExists': { 'kms:EncryptionContextKeys': ['aws:*'] },
        Null: { 'aws:userid': false },
      },
    },
    { Effect: 'Deny', NotPrincipal: { AWS: '*' }, NotAction: 'kms:Describe*', NotResource: 'arn:aws:kms:*:*:key/*' },
  ],
};

type Path = readonly (string | number)[];
const isNested = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const pathsIn = (value: unknown, path: Path = []): readonly Path[] => [
  path,
  ...(isNested(value)
    ? Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...path, Array.isArray(value) ? Number(key) : key]))
    : []),
];

/** The document with what is at a path replaced, dropped or renamed. */
type Edit = (value: unknown) => readonly (readonly [string | null, unknown])[];
const edited = (value: unknown, [step, ...rest]: Path, edit: Edit): unknown => {
  if (step === undefined || !isNested(value)) return edit(value)[0]?.[1];
  const key = String(step);
  const entries = Object.entries(value).flatMap(([name, item]) => {
    if (name !== key) return [[name, item] as const];
    if (rest.length > 0) return [[name, edited(item, rest, edit)] as const];
    return edit(item).map(([renamed, made]) => [renamed ?? name, made] as const);
  });
  if (Array.isArray(value)) return entries.map(([, item]) => item);
  // Not by assignment, which would take `__proto__` for the prototype.
  return JSON.parse(
    `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${JSON.stringify(item) ?? 'null'}`).join()}}`,
  );
};

/** One line, which names the policy, a place or the document itself, and what was expected there. */
const MESSAGE =
  /^policy `p`(?:, (?:Version|Statement|[A-Za-z]\w*|\[".*?"\])(?:\.[A-Za-z]\w*|\[\d+\]|\[".*?"\])*)?: (?:expected|this element is not known; expected|this condition operator is not known|a policy of this kind)/;

/** Reads, or says in one line where it cannot. */
const readsOrSays = (document: unknown, kind: PolicyKind): Policy | null => {
  try {
    return readPolicy(document, kind, 'p');
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    const { message } = error instanceof PolicyError ? error : new Error('no PolicyError');
    expect(message).toMatch(MESSAGE);
    expect(message).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    expect(message.length).toBeLessThan(700);
    return null;
  }
};

const statementsIn = (document: unknown): number => {
  const found = isNested(document) ? document.Statement : undefined;
  return Array.isArray(found) ? found.length : 1;
};

describe('a policy that was tampered with reads whole, or says where it cannot be read', () => {
  const kinds = fc.constantFrom<PolicyKind>('attached', 'resource');
  const paths = fc.constantFrom(...pathsIn(valid).filter((path) => path.length > 0));
  const junk: fc.Arbitrary<unknown> = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.constantFrom<unknown[]>(
      null,
      true,
      0,
      -1.5,
      '',
      '*',
      [],
      {},
      [[]],
      [null],
      { AWS: {} },
      'a\nb\u2028c',
      'x'.repeat(5000),
    ),
  );
  const names = fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'effect',
    'Null',
    'Bool',
    '',
    'a\n"b`',
    'x'.repeat(300),
  );
  const edits: fc.Arbitrary<Edit> = fc.oneof(
    junk.map(
      (made): Edit =>
        () => [[null, made]],
    ),
    fc.constant<Edit>(() => []),
    names.map(
      (name): Edit =>
        (value) => [[name, value]],
    ),
    names.map(
      (name): Edit =>
        (value) => [
          [null, value],
          [name, value],
        ],
    ),
    fc.constant<Edit>((value) => [[null, [value]]]),
    fc.constant<Edit>((value) => [[null, { AWS: value }]]),
    fc.constant<Edit>((value) => [[null, String(value)]]),
  );
  const options = { seed: 20_261, numRuns: 500 };

  it('in one or two of its elements', () => {
    fc.assert(
      fc.property(paths, edits, paths, edits, fc.boolean(), kinds, (path, edit, other, again, twice, kind) => {
        const once = edited(valid, path, edit);
        const document = twice ? edited(once, other, again) : once;
        const policy = readsOrSays(document, kind);
        if (policy !== null) expect(policy.statements).toHaveLength(statementsIn(document));
        expect(readsOrSays(JSON.stringify(document), kind)?.statements.length).toBe(policy?.statements.length);
      }),
      options,
    );
  });

  it('in its text', () => {
    const texts = [JSON.stringify(valid), JSON.stringify(valid, null, 2), encodeURIComponent(JSON.stringify(valid))];
    const cut = fc.tuple(fc.constantFrom(...texts), fc.nat(), fc.nat({ max: 8 }), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(cut, fc.boolean(), ([text, at, length, put], truncated) => {
        const from = at % text.length;
        const document = truncated ? text.slice(0, from) : text.slice(0, from) + put + text.slice(from + length);
        const policy = readsOrSays(document, 'resource');
        if (policy !== null) expect(policy.statements).toHaveLength(3);
        if (truncated) expect(policy).toBeNull();
      }),
      options,
    );
  });

  it('into anything at all', () => {
    const texts = fc.string({ unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(fc.oneof(fc.anything({ maxDepth: 2, maxKeys: 3 }), texts), kinds, (document, kind) => {
        const policy = readsOrSays(document, kind);
        if (policy !== null) expect(policy.statements).toHaveLength(statementsIn(document));
      }),
      options,
    );
  });
});

it('the policy that is tampered with reads as it is', () => {
  const { statements } = read(valid, 'resource');
  expect(statements).toHaveLength(3);
  const principal = principalOf(ROLE);
  if (principal === null) throw new Error('no principal was read');
  const request = { principal, action: 'kms:Decrypt', resource: KEY, context: contextOf({}) };
  expect(statements.map((item) => speaksOf(item, request))).toEqual(['yes', 'unknown', 'no']);
});
