import type { Fix } from './diagnosis.ts';

/** Fixes for one place, which a person makes in one go. */
export interface FixPlace extends Omit<Fix, 'statement'> {
  readonly statements: readonly NonNullable<Fix['statement']>[];
}

/** Fixes, place by place, in their order. */
export const byPlace = (fixes: readonly Fix[]): readonly FixPlace[] => {
  const places = new Map<string, FixPlace>();
  for (const { statement, ...fix } of fixes) {
    const key = JSON.stringify(fix);
    const before = places.get(key)?.statements ?? [];
    places.set(key, { ...fix, statements: statement === null ? before : [...before, statement] });
  }
  return [...places.values()];
};
