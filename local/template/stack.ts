import { type Conditions, conditionsOf } from './conditions.ts';
import { cannotResolve, intrinsicOf, isObject, noValue, type Resolve } from './intrinsic-notation.ts';
import { intrinsicsOf } from './intrinsics.ts';
import type { Known } from './parts.ts';
import { referencesOf } from './references.ts';
import type { Source } from './source.ts';

/** A template with values for its parameters, in its place. */
export interface Stack {
  readonly resolve: Resolve;
  readonly holds: Conditions['holds'];
}

/** Resolves on demand: what nobody asks for may hold an intrinsic function that is not known here. */
export const stackOf = (source: Source, parameters: ReadonlyMap<string, unknown>, known: Known): Stack => {
  const resolve: Resolve = (value, place) => {
    if (Array.isArray(value)) {
      return value.map((one, index) => resolve(one, `${place}[${index}]`)).filter((one) => one !== noValue);
    }
    if (!isObject(value)) return value;
    const intrinsic = intrinsicOf(value);
    if (intrinsic === undefined) {
      const entries = Object.entries(value).map(([key, inner]) => [key, resolve(inner, `${place}.${key}`)] as const);
      return Object.fromEntries(entries.filter(([, inner]) => inner !== noValue));
    }
    const { name, argument } = intrinsic;
    const give = Object.hasOwn(intrinsics, name) ? intrinsics[name] : undefined;
    return give === undefined ? cannotResolve(name, argument, place) : give(argument, place);
  };

  const at = { partition: 'aws', stackName: 'unlatch', ...known } as const;
  const conditions = conditionsOf(source.Conditions, resolve);
  const references = referencesOf(source, parameters, at, conditions.holds, resolve);
  const intrinsics = intrinsicsOf(source.Mappings, conditions, references, resolve);
  return { resolve, holds: conditions.holds };
};
