/**
 * Truth with ignorance as a member, after Kleene: `unknown` is what could be either, and only a known value that settles
 * the matter overrules it. A boolean is not used, so that nothing unknown is ever taken for true by an `if`.
 */
export type Truth = 'yes' | 'no' | 'unknown';

export const truthOf = (value: boolean): Truth => (value ? 'yes' : 'no');

const OPPOSITE = { yes: 'no', no: 'yes', unknown: 'unknown' } as const satisfies Record<Truth, Truth>;
export const not = (truth: Truth): Truth => OPPOSITE[truth];

/** `no` as soon as one item is; `yes` where none is left open. */
export const every = <T>(items: readonly T[], of: (item: T) => Truth): Truth => {
  let result: Truth = 'yes';
  for (const item of items) {
    const truth = of(item);
    if (truth === 'no') return 'no';
    if (truth === 'unknown') result = 'unknown';
  }
  return result;
};

/** `yes` as soon as one item is; `no` where none is left open. */
export const some = <T>(items: readonly T[], of: (item: T) => Truth): Truth => {
  let result: Truth = 'no';
  for (const item of items) {
    const truth = of(item);
    if (truth === 'yes') return 'yes';
    if (truth === 'unknown') result = 'unknown';
  }
  return result;
};

const self = (truth: Truth): Truth => truth;
export const and = (...truths: readonly Truth[]): Truth => every(truths, self);
export const or = (...truths: readonly Truth[]): Truth => some(truths, self);
