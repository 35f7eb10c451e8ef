import { describe, expect, it } from 'vitest';
import { planOf } from '#shared/plan/plan';

const manual = { route: 'manual', open: true, because: null, remedy: null };

describe('planOf', () => {
  it.each([
    { name: 'an open triage', triage: { open: true, because: null, remedy: null } },
    {
      name: 'a closed triage, with its reason and remedy',
      triage: { open: false, because: 'no agent', remedy: 'start it' },
    },
    { name: 'a closed triage that nobody can mend', triage: { open: false, because: 'no collector', remedy: null } },
  ])(
    'puts $name before the copies, encrypted before unencrypted, and the instructions, which are always open',
    ({ triage }) => {
      const copy = { open: false, because: 'no consent', remedy: 'give it' };
      const other = { open: false, because: 'not encrypted', remedy: null };
      expect(planOf({ 'unencrypted-copy': copy, 're-encrypt': other, 'ssm-triage': triage })).toEqual([
        { route: 'ssm-triage', ...triage },
        { route: 're-encrypt', ...other },
        { route: 'unencrypted-copy', ...copy },
        manual,
      ]);
    },
  );
});
