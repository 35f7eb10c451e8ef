import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsRolePattern, rolePartsOf } from '#shared/signal/role-pattern';

/** Wildcard matching by its definition: `*` takes nothing, or one character and goes on. */
const reference = (name: string, pattern: string): boolean => {
  if (pattern === '') return name === '';
  if (pattern[0] === '*')
    return reference(name, pattern.slice(1)) || (name !== '' && reference(name.slice(1), pattern));
  return name[0] === pattern[0] && reference(name.slice(1), pattern.slice(1));
};

describe('fitsRolePattern', () => {
  it.each([
    { name: 'myCadoResponseRole', pattern: '*CadoResponse*', fits: true },
    { name: 'CadoResponse', pattern: '*CadoResponse*', fits: true },
    { name: 'mycadoresponserole', pattern: '*CadoResponse*', fits: false },
    { name: 'myCadoResponseRole', pattern: 'myCadoResponseRole', fits: true },
    { name: 'myCadoResponseRole2', pattern: 'myCadoResponseRole', fits: false },
    { name: 'aba', pattern: 'ab*ba', fits: false },
    { name: 'abba', pattern: 'ab*ba', fits: true },
    { name: 'role.x', pattern: 'role?x', fits: false },
    { name: 'rolex', pattern: 'role.*x', fits: false },
    { name: '', pattern: '*', fits: true },
    { name: '', pattern: '', fits: true },
    { name: 'anything', pattern: '', fits: false },
  ])('`$name` against `$pattern`: $fits', ({ name, pattern, fits }) => {
    expect(fitsRolePattern(name, pattern)).toBe(fits);
  });

  it('agrees with the definition of a wildcard on any name and pattern', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 7 });
    fc.assert(
      fc.property(name, pattern, (some, wild) => {
        expect(fitsRolePattern(some, wild)).toBe(reference(some, wild));
      }),
      { numRuns: 3_000 },
    );
  });

  it('takes every character but `*` as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '.', '?', '[', '\\', '$', '^', '+'), maxLength: 6 }),
        (text) => {
          expect(fitsRolePattern(text, text)).toBe(true);
          expect(fitsRolePattern(`x${text}y`, `x${text}*`)).toBe(true);
          expect(fitsRolePattern(`${text}x`, text)).toBe(false);
        },
      ),
    );
  });
});

describe('rolePartsOf', () => {
  it.each([
    {
      principal: 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/acquire-web-1',
      parts: { roleName: 'myCadoResponseRole', sessionName: 'acquire-web-1' },
    },
    {
      principal: 'arn:aws-cn:sts::111122223333:assumed-role/myCadoResponseRole/a@b=c,d.e',
      parts: { roleName: 'myCadoResponseRole', sessionName: 'a@b=c,d.e' },
    },
    { principal: 'arn:aws:iam::111122223333:user/analyst', parts: { roleName: 'analyst', sessionName: null } },
    { principal: 'arn:aws:iam::111122223333:user/ir/emea/analyst', parts: { roleName: 'analyst', sessionName: null } },
    { principal: 'arn:aws:iam::111122223333:role/ir/responder', parts: { roleName: 'responder', sessionName: null } },
    { principal: 'arn:aws:iam::111122223333:root', parts: { roleName: null, sessionName: null } },
    { principal: 'arn:aws:sts::111122223333:federated-user/guest', parts: { roleName: null, sessionName: null } },
    { principal: 'ec2.amazonaws.com', parts: { roleName: null, sessionName: null } },
    { principal: '', parts: { roleName: null, sessionName: null } },
  ])('`$principal`', ({ principal, parts }) => {
    expect(rolePartsOf(principal)).toEqual(parts);
  });
});
