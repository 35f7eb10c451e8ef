import { intrinsicOf, isObject, type Properties } from './intrinsic-notation.ts';
import type { Resource, Source } from './source.ts';

/** The function's properties with the globals merged in. */
export const withGlobals = (source: Source, resource: Resource): Properties => {
  const all = merged(source.Globals.Function, resource.Properties);
  return isObject(all) ? all : {};
};

/** Maps are merged, anything else of the function's own replaces the global. (SAM adds lists up; none is read here.) */
const merged = (global: unknown, own: unknown): unknown => {
  if (own === undefined) return global;
  if (!isObject(global) || !isObject(own) || intrinsicOf(global) || intrinsicOf(own)) return own;
  const keys = new Set([...Object.keys(global), ...Object.keys(own)]);
  return Object.fromEntries([...keys].map((key) => [key, merged(global[key], own[key])]));
};
