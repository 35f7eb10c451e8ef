/** A policy that cannot be read. It is never taken for an empty one: an unreadable deny must not become an allow. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  /** Where in the document, as `Statement[2].Condition.Bool`; empty for the document itself. */
  readonly place: string;
  /** What was expected there. */
  readonly expected: string;

  constructor(policy: string, place: string, expected: string) {
    super(`policy \`${oneLine(policy)}\`${place === '' ? '' : `, ${place}`}: ${expected}`);
    this.place = place;
    this.expected = expected;
  }
}

/** A place in a document that is being read, from which errors are thrown. */
export interface Place {
  readonly policy: string;
  readonly path: string;
}

const PLAIN = /^[A-Za-z]\w*$/;
const MAX_QUOTED = 60;

export const within = ({ policy, path }: Place, step: string | number): Place => {
  if (typeof step === 'number') return { policy, path: `${path}[${step}]` };
  const name = PLAIN.test(step) ? step : `[${JSON.stringify(quotable(step))}]`;
  return { policy, path: path === '' || name.startsWith('[') ? `${path}${name}` : `${path}.${name}` };
};

export const refuse = ({ policy, path }: Place, expected: string): never => {
  throw new PolicyError(policy, path, expected);
};

/** Foreign text for a message: without line breaks, and whatever else a terminal would act on. */
export const oneLine = (text: string): string => text.replace(/[\p{C}\p{Z}]+/gu, ' ');

/** The same, and short. */
const quotable = (text: string): string => {
  const line = oneLine(text);
  return line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}…` : line;
};

/** What was found, in a few words. What is nested is not written out: it may be nested deeper than the stack. */
export const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return `\`${quotable(typeof value === 'string' ? JSON.stringify(value) : String(value))}\``;
};
