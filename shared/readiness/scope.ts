import type { Settings } from '#shared/settings';
import type { ReadinessRequest } from './request.ts';
import type { Place } from './ways.ts';

/** The whole scope, one instance, or one key. */
export type Scope =
  | { readonly kind: 'places'; readonly places: readonly Place[] }
  | { readonly kind: 'instance'; readonly place: Place; readonly instanceId: string }
  | { readonly kind: 'key'; readonly keyArn: string };

export const scopeOf = (request: ReadinessRequest, settings: Settings): Scope => {
  const { instanceId, keyArn, accountId = settings.ACCOUNT_ID, region = settings.AWS_REGION } = request;
  if (instanceId !== undefined) return { kind: 'instance', place: { accountId, region }, instanceId };
  if (keyArn !== undefined) return { kind: 'key', keyArn };
  const or = (...lists: (readonly string[] | undefined)[]) => lists.find((list) => (list ?? []).length > 0) ?? [];
  const accounts = or(request.accounts, [settings.ACCOUNT_ID, ...settings.SCOPE_ACCOUNTS]);
  const regions = or(request.regions, settings.SCOPE_REGIONS, [settings.AWS_REGION]);
  const places = [...new Set(accounts)].flatMap((account) =>
    regions.map((name) => ({ accountId: account, region: name })),
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
