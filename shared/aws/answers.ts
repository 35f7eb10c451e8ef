import * as z from 'zod';
import { type Known, known, unknown } from '#shared/policy/known';
import { type Answer, type AwsSession, type Custody, errorName, isRefusal, recorded } from './session.ts';

/** What a call answered, or why it did not, with the name of AWS's error. */
export type Answered<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly because: string; readonly error: string };

export type Ask = <S extends z.ZodType>(
  api: `${string}:${string}`,
  on: string,
  schema: S,
  call: () => Promise<Answer>,
) => Promise<Answered<z.output<S>>>;

/** Too many requests, in the words of the services that are asked for facts, after the SDK's own attempts. */
const THROTTLES: ReadonlySet<string> = new Set([
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);

/** The reason in Unlatch's own words: AWS's message may be long, and is in CloudTrail. */
const reasonOf = (api: string, error: unknown): string => {
  if (error instanceof z.ZodError) return `${api} gave an answer that cannot be read`;
  const name = errorName(error);
  if (isRefusal(name)) return `${api} was refused to Unlatch`;
  if (THROTTLES.has(name)) return `${api} was throttled`;
  return /NotFound|NoSuchEntity/.test(name) ? `${api} found nothing` : `${api} failed with \`${name}\``;
};

/**
 * Asks AWS for facts in one session. It never throws: whatever goes wrong with a call costs that call's part of the facts
 * and nothing else.
 */
export const askingIn =
  (session: AwsSession, custody: Custody): Ask =>
  async (api, on, schema, call) => {
    try {
      return { known: true, value: schema.parse(await recorded(custody, session, api, on, call)) };
    } catch (error) {
      return { known: false, because: reasonOf(api, error), error: errorName(error) };
    }
  };

export const mapped = <In, Out>(part: Known<In>, of: (value: In) => Out): Known<Out> =>
  part.known ? known(of(part.value)) : unknown(part.because);

/** What can only be asked once something else is known. */
export const followed = async <In, Out>(
  part: Known<In>,
  by: (value: In) => Promise<Known<Out>>,
): Promise<Known<Out>> => (part.known ? by(part.value) : unknown(part.because));

/** All of them, or the first reason why not: a list with a gap in it is not known. */
export const together = <T>(parts: readonly Known<T>[]): Known<readonly T[]> => {
  const missing = parts.find((part) => !part.known);
  return missing === undefined ? known(parts.flatMap((part) => (part.known ? [part.value] : []))) : missing;
};

/** Every item read at once, none left alone. */
export const eachOf = async <Item, T>(
  items: readonly Item[],
  read: (item: Item) => Promise<Known<T>>,
): Promise<Known<readonly T[]>> => together(await Promise.all(items.map(read)));

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | undefined;
}

/** A listing to its end, or nothing of it: where pages are missing, what they hold is unknown. */
export const listed = async <Item>(
  pages: { readonly most: number; readonly beyond: string },
  turn: (marker: string | undefined) => Promise<Known<Page<Item>>>,
): Promise<Known<readonly Item[]>> => {
  const items: Item[] = [];
  let marker: string | undefined;
  for (let page = 0; page < pages.most; page += 1) {
    const answer = await turn(marker);
    if (!answer.known) return answer;
    items.push(...answer.value.items);
    marker = answer.value.next;
    if (marker === undefined) return known(items);
  }
  return unknown(pages.beyond);
};

/** A reading that is made once for each id, however often it is asked for. */
export const remembered = <T>(read: (id: string) => Promise<T>): ((id: string) => Promise<T>) => {
  const readings = new Map<string, Promise<T>>();
  return (id) => {
    const reading = readings.get(id) ?? read(id);
    readings.set(id, reading);
    return reading;
  };
};

/** Facts cross durable steps, which hold 256 KB. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MOST_BYTES = 100_000;

/** A part as it is kept; unknown where it is too large to be. */
export const kept = <T>(part: Known<T>): Known<T> => {
  if (!part.known) return unknown(part.because);
  const bytes = Buffer.byteLength(JSON.stringify(part.value));
  return bytes > MOST_BYTES ? unknown(`it is too large to be kept: ${bytes} bytes`) : part;
};
