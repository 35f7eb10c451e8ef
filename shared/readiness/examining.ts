import type { KeyRecord } from '#shared/diagnosis/facts-record';
import type { Settings } from '#shared/settings';
import { accountOfArn } from './arns.ts';
import { copyOpenness, outlookEntry } from './entries.ts';
import { type Examiner, examiner, type Situation } from './examination.ts';
import type { OutlookEntry } from './report.ts';
import type { Shelf } from './shelf.ts';

/** Keys that are read at once: KMS takes 1,000 GetKeyPolicy a second, and a run shares it with whoever works there. */
const KEYS_AT_ONCE = 5;

const inTurn = async <Item>(items: readonly Item[], act: (item: Item) => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < items.length; at += KEYS_AT_ONCE)
    await Promise.all(items.slice(at, at + KEYS_AT_ONCE).map(act));
};

const accountsIn = (situations: readonly Situation[]): readonly string[] => [
  ...new Set(
    situations.flatMap(({ accountId, keyArn }) => [accountId, ...(keyArn === null ? [] : [accountOfArn(keyArn)])]),
  ),
];

export const keysIn = (situations: readonly Situation[]): readonly string[] => [
  ...new Set(situations.flatMap(({ keyArn }) => keyArn ?? [])),
];

/** Who Unlatch is in an account, where it can be told. */
const callerIn = async (shelf: Shelf, situation: Situation): Promise<string | null> => {
  const session = await shelf.sessionAt(situation);
  return session.known ? session.value.caller : null;
};

/**
 * Reads what bears on situations, and examines them. Accounts are read before keys: whose grants are of interest depends
 * on whose roles acquire.
 */
export const examining = (settings: Settings, shelf: Shelf) => {
  let kept: Examiner | undefined;

  const entryOf = async (situation: Situation, record: KeyRecord | null): Promise<OutlookEntry> => {
    const platform = await shelf.platform();
    kept ??= examiner(shelf.facts(platform));
    const copy = copyOpenness(situation, {
      settings,
      encryptsByDefault: await shelf.encrypts({ accountId: settings.ACCOUNT_ID, region: situation.region }),
      caller: await callerIn(shelf, situation),
      key: record,
    });
    return outlookEntry(situation, kept.examine(situation), record, copy);
  };

  return {
    /** How many distinct questions were decided. */
    distinct: (): number => kept?.distinct() ?? 0,

    /** @throws ThrottledError as long as the shelf is patient */
    examine: async (situations: readonly Situation[]): Promise<readonly OutlookEntry[]> => {
      await shelf.platform();
      for (const accountId of accountsIn(situations)) await shelf.account(accountId);
      await inTurn(keysIn(situations), shelf.key);
      const entries: OutlookEntry[] = [];
      for (const situation of situations) {
        entries.push(await entryOf(situation, situation.keyArn === null ? null : await shelf.key(situation.keyArn)));
      }
      return entries;
    },
  };
};
