import type { Imports, TemporaryKey } from '#shared/ledger/imports';
import type { SuccessNews } from '#shared/signal/success';

/** A retirement that is due: whose permission, and by what it is told from others. */
export interface Retirement {
  readonly accountId: string;
  readonly roleName: string;
  readonly by: string;
}

export interface Witness {
  readonly imports: Imports;
  /** Starts the retirement, or says that it runs or ran already. */
  readonly retire: (retirement: Retirement) => Promise<'opened' | 'already-open'>;
}

type Candidate = readonly [key: string, known: TemporaryKey];

/** An import under a key that is known to be temporary has succeeded. Under any other key nothing comes of it. */
const dueOf = ([key, { maker, succeeded }]: Candidate): readonly Retirement[] =>
  maker !== null && succeeded ? [{ ...maker, by: key }] : [];

const succeededUnder = ({ imports }: Witness, keys: readonly string[]): Promise<Candidate[]> =>
  Promise.all(keys.map(async (key): Promise<Candidate> => [key, await imports.keySucceeded(key)]));

const askedFor = async (witness: Witness, news: Extract<SuccessNews, { news: 'asked' }>): Promise<Candidate[]> => {
  const { imports } = witness;
  const { subject, key, from, maker } = news;
  // What is made from a copy under the temporary key is of the same import.
  const inherited = from === null ? [] : await imports.keysOf(from);
  const keys = [...new Set([...(key === null ? [] : [key]), ...inherited])];
  if (keys.length === 0) return [];
  const [{ succeeded }] = await Promise.all([
    imports.asked(subject, keys),
    key === null || maker === null ? null : imports.keyMade(key, maker),
  ]);
  return succeeded ? succeededUnder(witness, keys) : [];
};

const candidatesOf = async (witness: Witness, news: SuccessNews): Promise<readonly Candidate[]> => {
  const { imports } = witness;
  switch (news.news) {
    case 'key-made':
      return [[news.key, await imports.keyMade(news.key, news.maker)]];
    case 'asked':
      return askedFor(witness, news);
    case 'done':
      // Mostly nobody's import: one write, and that is all.
      return succeededUnder(witness, (await imports.succeeded(news.subject)).keys);
    case 'key-ended':
      return [[news.key, await imports.key(news.key)]];
    case 'handed-over':
      return [];
  }
};

/** Keeps what an event tells of an import, and starts a retirement where that completes a success. Idempotent. */
export const witness = async (tools: Witness, news: SuccessNews): Promise<readonly Retirement[]> => {
  const due =
    news.news === 'handed-over'
      ? [{ ...news.maker, by: news.caseId }]
      : (await candidatesOf(tools, news)).flatMap(dueOf);
  await Promise.all(due.map(tools.retire));
  return due;
};
