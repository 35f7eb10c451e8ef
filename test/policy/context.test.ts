import { describe, expect, it } from 'vitest';
import { type Carried, type Context, carrying, certain, contextOf, type Possible } from '#shared/policy/context';

describe('what a request carries', () => {
  it.each<{ name: string; value: string | readonly string[] | null; is: Carried }>([
    { name: 'a text is one value', value: 'a', is: ['a'] },
    { name: 'an empty text is a value', value: '', is: [''] },
    { name: 'a list is its values', value: ['a', 'b'], is: ['a', 'b'] },
    { name: '`null` is a key that is missing', value: null, is: null },
  ])('$name', ({ value, is }) => {
    expect(carrying(value)).toEqual([is]);
  });

  /** "Context keys are not case-sensitive": https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html */
  it('is found by its key in lower case, however it is written', () => {
    const context = contextOf({ 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com', 'aws:CalledVia': null });
    expect(context.get('kms:viaservice')).toEqual([['ec2.eu-west-3.amazonaws.com']]);
    expect(context.get('aws:calledvia')).toEqual([null]);
    expect(context.get('kms:calleraccount')).toBeUndefined();
  });

  it('is no property that every object has', () => {
    const context = contextOf({});
    expect(['constructor', '__proto__', 'tostring'].map((key) => context.get(key))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('what it carries for sure', () => {
  const holding = (possible: Possible | undefined): Context => ({
    get: (key) => (key === 'k' ? possible : undefined),
  });

  it.each<{ name: string; possible: Possible | undefined; is: Carried | undefined }>([
    { name: 'the one possibility', possible: [['a', 'b']], is: ['a', 'b'] },
    { name: 'that the key is missing', possible: [null], is: null },
    { name: 'nothing where there are two possibilities', possible: [['false'], null], is: undefined },
    { name: 'nothing where the key is not known', possible: undefined, is: undefined },
  ])('$name', ({ possible, is }) => {
    expect(certain(holding(possible), 'k')).toEqual(is);
  });
});
