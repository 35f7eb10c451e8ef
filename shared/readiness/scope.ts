import type { Settings } from '#shared/settings';
import { MalformedEventError } from '#shared/signal/envelope';
import type { ReadinessRequest } from './request.ts';
import type { Place } from './ways.ts';

/** The whole scope, one instance, or one key. */
export type Scope =
  | { readonly kind: 'places'; readonly places: readonly Place[] }
  | { readonly kind: 'instance'; readonly place: Place; readonly instanceId: string }
  | { readonly kind: 'key'; readonly keyArn: string };

/**
 * Each account and Region takes two listings at least, each a durable operation of 3,000 that an execution may have; the
 * rest is for more pages and for the keys.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MOST_PLACES = 750;

/** @throws MalformedEventError where the scope is more than one run can list */
export const scopeOf = (request: ReadinessRequest, settings: Settings): Scope => {
  const { instanceId, keyArn, accountId = settings.ACCOUNT_ID, region = settings.AWS_REGION } = request;
  if (instanceId !== undefined) return { kind: 'instance', place: { accountId, region }, instanceId };
  if (keyArn !== undefined) return { kind: 'key', keyArn };
  const or = (...lists: (readonly string[] | undefined)[]) => lists.find((list) => (list ?? []).length > 0) ?? [];
  const accounts = or(request.accounts, [settings.ACCOUNT_ID, ...settings.SCOPE_ACCOUNTS]);
  const regions = [...new Set(or(request.regions, settings.SCOPE_REGIONS, [settings.AWS_REGION]))];
  const places = [...new Set(accounts)].flatMap((account) =>
    regions.map((name) => ({ accountId: account, region: name })),
  );
  if (places.length > MOST_PLACES)
    throw new MalformedEventError(
      `the scope is ${places.length} pairs of account and Region; expected at most ${MOST_PLACES}: name some with \`accounts\` or \`regions\``,
    );
  return { kind: 'places', places };
};

export const scopeInWords = (scope: Scope): string => {
  if (scope.kind === 'instance')
    return `${scope.instanceId} in account ${scope.place.accountId}, ${scope.place.region}`;
  if (scope.kind === 'key') return scope.keyArn;
  const accounts = new Set(scope.places.map(({ accountId }) => accountId));
  const regions = new Set(scope.places.map(({ region }) => region));
  return `${accounts.size} account${accounts.size === 1 ? '' : 's'} (${[...accounts].slice(0, 20).join(', ')}) in ${[...regions].join(', ')}`;
};
