/** The values of a key in a request, or `null` where the request does not carry it. */
export type Carried = readonly string[] | null;

/** What a request may carry under a key: mostly one thing. */
export type Possible = readonly [Carried, ...Carried[]];

/** What is known of a request's context, by key in lower case; `undefined` for a key of which nothing is known. */
export interface Context {
  readonly get: (key: string) => Possible | undefined;
  /** Whether a key was listed in this spelling. */
  readonly spells?: (key: string) => boolean;
}

export type ContextRecord = Readonly<Record<string, string | readonly string[] | null>>;

export const carrying = (value: ContextRecord[string]): Possible => [typeof value === 'string' ? [value] : value];

/** Context keys are not case-sensitive. */
export const contextOf = (record: ContextRecord): Context => {
  const known = new Map(Object.entries(record).map(([key, value]) => [key.toLowerCase(), carrying(value)]));
  return { get: (key) => known.get(key), spells: (key) => Object.hasOwn(record, key) };
};

/** What the request carries where that is certain; `undefined` where it is not. */
export const certain = (context: Context, key: string): Carried | undefined => {
  const [first, ...others] = context.get(key) ?? [];
  return others.length === 0 ? first : undefined;
};
