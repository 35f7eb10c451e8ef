import { describe, expect, it } from 'vitest';
import { oneLine, type Place, PolicyError, refuse, shown, within } from '#shared/policy/policy-error';

const root: Place = { policy: 'p', path: '' };

describe('a policy error', () => {
  it('names the policy, the place and what was expected', () => {
    const error = new PolicyError('the key policy', 'Statement[0].Effect', 'expected `Allow`');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'PolicyError',
      place: 'Statement[0].Effect',
      message: 'policy `the key policy`, Statement[0].Effect: expected `Allow`',
    });
  });

  it('of the document itself names no place', () => {
    expect(new PolicyError('p', '', 'expected JSON').message).toBe('policy `p`: expected JSON');
  });

  it('is one line, whatever the policy is called', () => {
    expect(new PolicyError('a\n\r\tb\u2028c\u001b[31m', '', 'x').message).toBe('policy `a b c [31m`: x');
  });

  it('is thrown from its place', () => {
    expect(() => refuse({ policy: 'p', path: 'Version' }, 'expected text')).toThrow(
      new PolicyError('p', 'Version', 'expected text'),
    );
  });
});

describe('a place', () => {
  it.each<{ steps: readonly (string | number)[]; is: string }>([
    { steps: [], is: '' },
    { steps: ['Statement'], is: 'Statement' },
    { steps: ['Statement', 1, 'Condition', 'Bool'], is: 'Statement[1].Condition.Bool' },
    { steps: ['Condition', 'StringEquals', 'kms:ViaService', 0], is: 'Condition.StringEquals["kms:ViaService"][0]' },
    { steps: ['a b'], is: '["a b"]' },
    { steps: ['__proto__', 'x'], is: '["__proto__"].x' },
    { steps: ['', '1a', 'a1_'], is: '[""]["1a"].a1_' },
    { steps: ['a\n"b'], is: '["a \\"b"]' },
    { steps: ['x'.repeat(60)], is: 'x'.repeat(60) },
    { steps: [`-${'x'.repeat(60)}`], is: `["-${'x'.repeat(59)}…"]` },
  ])('$steps is $is', ({ steps, is }) => {
    expect(steps.reduce(within, root)).toEqual({ policy: 'p', path: is });
  });
});

describe('what was found', () => {
  it.each<{ value: unknown; is: string }>([
    { value: undefined, is: 'nothing' },
    { value: null, is: '`null`' },
    { value: true, is: '`true`' },
    { value: 1.5, is: '`1.5`' },
    { value: 'a"b', is: '`"a\\"b"`' },
    { value: 'a\u0007\u2029 b', is: '`"a\\u0007 b"`' },
    { value: [], is: 'an array' },
    { value: ['x'], is: 'an array' },
    { value: {}, is: 'an object' },
    { value: 10n, is: '`10`' },
    { value: Symbol('s'), is: '`Symbol(s)`' },
    { value: 'x'.repeat(58), is: `\`"${'x'.repeat(58)}"\`` },
    { value: 'x'.repeat(59), is: `\`"${'x'.repeat(59)}…\`` },
  ])('is shown as $is', ({ value, is }) => {
    expect(shown(value)).toBe(is);
  });

  it('is put on one line', () => {
    expect(oneLine(' a\r\n\u0000b\u00a0\u200b c')).toBe(' a b c');
  });
});
