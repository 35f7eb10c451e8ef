import { fitsRolePattern } from '#shared/signal/role-pattern';
import type { FoundKey, FoundSnapshot, FoundVolume, OwnerState, PlatformKey, Tagged, Thing } from './thing.ts';

/** What becomes of a thing, and why. `report`: a person has to see to it. */
export interface Disposal {
  readonly do: 'keep' | 'remove' | 'report';
  readonly because: string;
}

/** What stands under a key: its ids, or `unknown` where volumes and snapshots could not all be listed. */
export type KeyUse = readonly string[] | 'unknown';

export interface Circumstances {
  /** ISO 8601 in UTC. */
  readonly now: string;
  readonly ownerOf: (caseId: string) => OwnerState;
  readonly useOf: (keyArn: string) => KeyUse;
  readonly aliasPrefix: string;
  readonly responseRole: string;
  readonly sweepPlatformKeys: boolean;
  readonly platformKeyDays: number;
}

const DAY = 86_400_000;
/** No case lasts longer: what is older than this and whose case nobody knows has no owner. */
const LONGEST_CASE_DAYS = 14;

const keep = (because: string): Disposal => ({ do: 'keep', because });
const remove = (because: string): Disposal => ({ do: 'remove', because });
const report = (because: string): Disposal => ({ do: 'report', because });

const isOver = (expires: string | null, now: string): boolean =>
  expires !== null && Number.isFinite(Date.parse(expires)) && Date.parse(expires) < Date.parse(now);

const isOlder = (since: string | null, days: number, now: string): boolean =>
  since !== null && Date.parse(since) + days * DAY < Date.parse(now);

/** INVARIANT: what an open case made is never touched, and what a case may still own is not either. */
const owner = ({ caseId, since }: Tagged, { ownerOf, now }: Circumstances): Disposal | null => {
  const state = ownerOf(caseId);
  if (state === 'open') return keep(`case ${caseId} is open`);
  if (state === 'unknown' && !isOlder(since, LONGEST_CASE_DAYS, now))
    return keep(`whether case ${caseId} is open is not known`);
  return null;
};

const ofSnapshot = (snapshot: FoundSnapshot, circumstances: Circumstances): Disposal => {
  const owned = owner(snapshot, circumstances);
  if (owned !== null) return owned;
  const { state, part, expires, caseId } = snapshot;
  if (isOver(expires, circumstances.now)) return remove(`its time was over on ${expires?.slice(0, 10)}`);
  if (state === 'error') return remove('it failed');
  if (part === 'passage') return remove(`case ${caseId} needs it no more`);
  // What EBS copies by itself completes, and is evidence then; what Unlatch writes does not.
  if (state === 'pending' && part === null) return remove('nobody writes it any more');
  return keep(`it is evidence until ${expires?.slice(0, 10) ?? 'a person decides'}`);
};

const ofVolume = (volume: FoundVolume, circumstances: Circumstances): Disposal => {
  const owned = owner(volume, circumstances);
  if (owned !== null) return owned;
  const { state, ofCopy, expires, caseId } = volume;
  const over = isOver(expires, circumstances.now);
  if (ofCopy && !over)
    return keep(`it was asked for, and is kept until ${expires?.slice(0, 10) ?? 'a person decides'}`);
  if (state === 'in-use') return report('it is attached to an instance');
  if (state !== 'available') return keep(`it is \`${state}\``);
  return remove(over ? `its time was over on ${expires?.slice(0, 10)}` : `case ${caseId} needs it no more`);
};

const isEnding = (state: string): boolean => state === 'PendingDeletion' || state === 'PendingReplicaDeletion';

const used = (keyArn: string, { useOf }: Circumstances): Disposal | null => {
  const use = useOf(keyArn);
  if (use === 'unknown') return keep('whether anything stands under it could not be told');
  const [first, ...more] = use;
  if (first === undefined) return null;
  return keep(`${first}${more.length === 0 ? '' : ` and ${more.length} more`} stand under it`);
};

/** Aliases that are not of the configured kind are somebody's who uses the key. */
const foreignAlias = (aliases: readonly string[], { aliasPrefix }: Circumstances): string | undefined =>
  aliases.find((alias) => !alias.startsWith(aliasPrefix));

const ofKey = (key: FoundKey, circumstances: Circumstances): Disposal => {
  const { aliases, state, keyArn, caseId } = key;
  const foreign = foreignAlias(aliases, circumstances);
  if (foreign !== undefined) return report(`somebody gave it the alias ${foreign}`);
  if (isEnding(state)) return aliases.length === 0 ? keep('it waits for its deletion') : remove('its alias was left');
  return owner(key, circumstances) ?? used(keyArn, circumstances) ?? remove(`case ${caseId} needs it no more`);
};

const ofPlatformKey = (key: PlatformKey, circumstances: Circumstances): Disposal => {
  const { aliases, state, keyArn, since, madeBy } = key;
  const { now, platformKeyDays, responseRole, sweepPlatformKeys } = circumstances;
  if (isEnding(state)) return keep('it waits for its deletion');
  if (!isOlder(since, platformKeyDays, now)) return keep(`it is younger than ${platformKeyDays} days`);
  const foreign = foreignAlias(aliases, circumstances);
  if (foreign !== undefined) return keep(`somebody gave it the alias ${foreign}`);
  const use = used(keyArn, circumstances);
  if (use !== null) return use;
  if (madeBy === null) return report('it looks left behind by the platform; who made it is not known');
  if (!fitsRolePattern(madeBy, responseRole)) return keep(`${madeBy} made it, which is no role of the platform`);
  return sweepPlatformKeys
    ? remove(`${madeBy} left it behind`)
    : report(`${madeBy} left it behind; \`SweepPlatformKeys\` would end it`);
};

/** INVARIANT: what bears Unlatch's tags is removed only where the ledger says that Unlatch made it. */
const ifMade = ({ made, caseId }: Tagged, disposal: Disposal): Disposal => {
  if (disposal.do !== 'remove' || made === 'yes') return disposal;
  if (made === 'unknown') return keep('whether Unlatch made it could not be told');
  return report(`it bears the tags of case ${caseId}, and no record says that Unlatch made it`);
};

/** Whether a thing goes, stays, or is for a person to decide. */
export const disposalOf = (thing: Thing, circumstances: Circumstances): Disposal => {
  switch (thing.kind) {
    case 'snapshot':
      return ifMade(thing, ofSnapshot(thing, circumstances));
    case 'volume':
      return ifMade(thing, ofVolume(thing, circumstances));
    case 'key':
      return ifMade(thing, ofKey(thing, circumstances));
    case 'platform-key':
      return ofPlatformKey(thing, circumstances);
    case 'claim':
      return remove(`case ${thing.caseId} died while it held ${thing.target}`);
  }
};
