/** A part of the facts: what it is, or why it is not known. Unknown is never taken for absent. */
export type Known<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly because: string };

export const known = <T>(value: T): Known<T> => ({ known: true, value });
export const unknown = (because: string): Known<never> => ({ known: false, because });
