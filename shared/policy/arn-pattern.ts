import { globOf, type Matcher, type Piece } from './glob.ts';
import { loosened, type Template } from './template.ts';
import { and, type Truth, truthOf } from './truth.ts';

/** An ARN has six parts, of which the last may hold colons. */
export const ARN_PARTS = 6;

/** A pattern, cut at the colons that part an ARN. */
export const arnPartsOf = (pieces: readonly Piece[]): readonly (readonly Piece[])[] => {
  const parts: Piece[][] = [[]];
  for (const piece of pieces) {
    const literal = !('pattern' in piece);
    for (const [index, text] of (literal ? piece.literal : piece.pattern).split(':').entries()) {
      if (index > 0 && parts.length < ARN_PARTS) parts.push([]);
      else if (index > 0) parts.at(-1)?.push({ literal: ':' });
      parts.at(-1)?.push(literal ? { literal: text } : { pattern: text });
    }
  }
  return parts;
};

/** Whether each part of an ARN fits its own pattern; of a pattern that ends early the ARN may go on. */
export const partsFit = (matchers: readonly Matcher[], arn: string): boolean => {
  let from = 0;
  for (const [index, matches] of matchers.entries()) {
    const colon = index < ARN_PARTS - 1 ? arn.indexOf(':', from) : arn.length;
    if (colon < 0 || !matches(arn.slice(from, colon))) return false;
    from = colon + 1;
  }
  return true;
};

/**
 * The Resource of a statement as a question to an ARN. AWS's pages do not all say the same of a `*` that would have to reach
 * over a colon, so that it is unknown what it takes in, but for one at the end. That an ARN which ends early is completed is
 * documented for identity policies alone.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export const resourcePattern = (pieces: readonly Piece[]): ((arn: string) => Truth) => {
  const whole = globOf(pieces);
  const parts = arnPartsOf(pieces);
  if (parts.length === 1) return (arn) => truthOf(whole(arn));
  const matchers = parts.map(globOf);
  const isShort = parts.length < ARN_PARTS;
  return (arn) => {
    const reaches = whole(arn);
    if (partsFit(matchers, arn)) return isShort && !reaches ? 'unknown' : 'yes';
    return reaches ? 'unknown' : 'no';
  };
};

/** The same where it is not known what the variables come to: only what no value reaches is sure. */
export const mayReach = (template: Template): ((arn: string) => Truth) => {
  const reaches = resourcePattern(loosened(template));
  return (arn) => and(reaches(arn), 'unknown');
};
