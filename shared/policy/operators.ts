import { ARN_PARTS, arnPartsOf, partsFit } from './arn-pattern.ts';
import { globOf, type Piece } from './glob.ts';
import { blockOf } from './ip-address.ts';
import { type Truth, truthOf } from './truth.ts';

/**
 * The condition operators, as IAM documents them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export interface Operator {
  /** A negated operator holds where no value of the policy fits, and also where the key is missing. */
  readonly negated: boolean;
  /** Policy variables are replaced in its values. */
  readonly takesVariables: boolean;
  /** Made once for a value of the policy; what AWS would make of a malformed value is unknown. */
  readonly test: (pieces: readonly Piece[]) => Test;
}

/** Whether a value of the request fits. */
export type Test = (value: string) => Truth;

const textOf = (pieces: readonly Piece[]): string =>
  pieces.map((piece) => ('pattern' in piece ? piece.pattern : piece.literal)).join('');

const equals = (pieces: readonly Piece[]): Test => {
  const wanted = textOf(pieces);
  return (value) => truthOf(value === wanted);
};

const equalsIgnoringCase = (pieces: readonly Piece[]): Test => {
  const wanted = textOf(pieces).toLowerCase();
  return (value) => truthOf(value.toLowerCase() === wanted);
};

const like = (pieces: readonly Piece[]): Test => {
  const matches = globOf(pieces);
  return (value) => truthOf(matches(value));
};

type Order = (value: number, wanted: number) => boolean;
const ORDERS = {
  Equals: (value, wanted) => value === wanted,
  LessThan: (value, wanted) => value < wanted,
  LessThanEquals: (value, wanted) => value <= wanted,
  GreaterThan: (value, wanted) => value > wanted,
  GreaterThanEquals: (value, wanted) => value >= wanted,
} as const satisfies Record<string, Order>;

const ordered =
  (read: (text: string) => number, holds: Order) =>
  (pieces: readonly Piece[]): Test => {
    const wanted = read(textOf(pieces));
    return (value) => {
      const given = read(value);
      return Number.isNaN(wanted) || Number.isNaN(given) ? 'unknown' : truthOf(holds(given, wanted));
    };
  };

const numberIn = (text: string): number => (/^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN);

const ISO = /^\d{4}-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2}))?)?$/;

/** ISO 8601, or seconds since 1970; in milliseconds. Four digits could be a year, and thirteen milliseconds. */
const timeIn = (text: string): number => {
  if (/^\d{5,11}$/.test(text)) return Number(text) * 1000;
  return ISO.test(text) ? Date.parse(text) : Number.NaN;
};

/** Each part is compared with its own. A pattern that is no ARN, such as a lone `*`, is not documented. */
const arnLike = (pieces: readonly Piece[]): Test => {
  const matchers = arnPartsOf(pieces).map(globOf);
  if (matchers.length < ARN_PARTS) {
    const reaches = globOf(pieces);
    return (value) => (reaches(value) ? 'unknown' : 'no');
  }
  return (value) => truthOf(partsFit(matchers, value));
};

const bool = (pieces: readonly Piece[]): Test => {
  const wanted = textOf(pieces).toLowerCase();
  return wanted === 'true' || wanted === 'false' ? (value) => truthOf(value.toLowerCase() === wanted) : () => 'unknown';
};

const address = (pieces: readonly Piece[]): Test => {
  return blockOf(textOf(pieces)) ?? (() => 'unknown');
};

type Make = Operator['test'];
const positive = (test: Make): Operator => ({ negated: false, takesVariables: false, test });
const negative = (test: Make): Operator => ({ negated: true, takesVariables: false, test });
const withVariables = (operator: Operator): Operator => ({ ...operator, takesVariables: true });

const ordering = (prefix: string, read: (text: string) => number): readonly (readonly [string, Operator])[] => [
  ...Object.entries(ORDERS).map(([name, holds]) => [`${prefix}${name}`, positive(ordered(read, holds))] as const),
  [`${prefix}NotEquals`, negative(ordered(read, ORDERS.Equals))],
];

const TABLE: readonly (readonly [string, Operator])[] = [
  ['StringEquals', withVariables(positive(equals))],
  ['StringNotEquals', withVariables(negative(equals))],
  ['StringEqualsIgnoreCase', withVariables(positive(equalsIgnoringCase))],
  ['StringNotEqualsIgnoreCase', withVariables(negative(equalsIgnoringCase))],
  ['StringLike', withVariables(positive(like))],
  ['StringNotLike', withVariables(negative(like))],
  ['ArnEquals', withVariables(positive(arnLike))],
  ['ArnLike', withVariables(positive(arnLike))],
  ['ArnNotEquals', withVariables(negative(arnLike))],
  ['ArnNotLike', withVariables(negative(arnLike))],
  ...ordering('Numeric', numberIn),
  ...ordering('Date', timeIn),
  ['Bool', positive(bool)],
  ['BinaryEquals', positive(equals)],
  ['IpAddress', positive(address)],
  ['NotIpAddress', negative(address)],
];

const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  TABLE.map(([name, operator]) => [name.toLowerCase(), operator]),
);

/** The operator of a name, in whichever case it is written: AWS keeps no policy of which it does not know the operators. */
export const operatorNamed = (name: string): Operator | undefined => OPERATORS.get(name.toLowerCase());
