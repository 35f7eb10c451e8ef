import { describe, expect, it } from 'vitest';
import { and, every, not, or, some, type Truth, truthOf } from '#shared/policy/truth';

const [yes, no, unknown] = ['yes', 'no', 'unknown'] as const satisfies readonly Truth[];

describe('a truth table after Kleene', () => {
  it.each<{ left: Truth; right: Truth; both: Truth; either: Truth }>([
    { left: yes, right: yes, both: yes, either: yes },
    { left: yes, right: no, both: no, either: yes },
    { left: yes, right: unknown, both: unknown, either: yes },
    { left: no, right: yes, both: no, either: yes },
    { left: no, right: no, both: no, either: no },
    { left: no, right: unknown, both: no, either: unknown },
    { left: unknown, right: yes, both: unknown, either: yes },
    { left: unknown, right: no, both: no, either: unknown },
    { left: unknown, right: unknown, both: unknown, either: unknown },
  ])('$left and $right is $both, $left or $right is $either', ({ left, right, both, either }) => {
    expect(and(left, right)).toBe(both);
    expect(or(left, right)).toBe(either);
  });

  it.each([
    { of: yes, is: no },
    { of: no, is: yes },
    { of: unknown, is: unknown },
  ])('not $of is $is', ({ of, is }) => {
    expect(not(of)).toBe(is);
  });

  it('takes a boolean for what it says', () => {
    expect([truthOf(true), truthOf(false)]).toEqual([yes, no]);
  });
});

describe('many', () => {
  it('of none all are, and none is', () => {
    expect([and(), or()]).toEqual([yes, no]);
  });

  it.each<{ truths: readonly Truth[]; all: Truth; any: Truth }>([
    { truths: [yes, yes, yes], all: yes, any: yes },
    { truths: [no, no, no], all: no, any: no },
    { truths: [yes, unknown, yes], all: unknown, any: yes },
    { truths: [unknown, no, unknown], all: no, any: unknown },
    { truths: [unknown, yes, no], all: no, any: yes },
    { truths: [unknown, unknown, no], all: no, any: unknown },
    { truths: [unknown, unknown, yes], all: unknown, any: yes },
  ])('$truths: all of them $all, any of them $any', ({ truths, all, any }) => {
    expect(and(...truths)).toBe(all);
    expect(or(...truths)).toBe(any);
    expect(every(truths, (truth) => truth)).toBe(all);
    expect(some(truths, (truth) => truth)).toBe(any);
  });

  it('asks no further than the first that settles it', () => {
    const asked: Truth[] = [];
    const ask = (truth: Truth): Truth => {
      asked.push(truth);
      return truth;
    };
    every([yes, no, unknown], ask);
    some([unknown, yes, no], ask);
    expect(asked).toEqual([yes, no, unknown, yes]);
  });
});
