import { DescribeKeyCommand, ListAliasesCommand, ListKeysCommand } from '@aws-sdk/client-kms';
import * as z from 'zod';
import type { Known } from '#shared/policy/known';
import { askingIn, eachOf, followed, listed, mapped } from './answers.ts';
import type { AwsSession, Custody } from './session.ts';

const Marked = { Truncated: z.boolean().default(false), NextMarker: z.string().optional() };
const Keys = z.object({ Keys: z.array(z.unknown()).default([]), ...Marked });
const Aliases = z.object({
  Aliases: z
    .array(z.object({ AliasName: z.string(), TargetKeyId: z.string().optional(), CreationDate: z.date().optional() }))
    .default([]),
  ...Marked,
});
const Description = z.object({ KeyMetadata: z.object({ Arn: z.string(), KeyState: z.string() }) });

const nextOf = ({ Truncated, NextMarker }: { Truncated: boolean; NextMarker?: string | undefined }) =>
  Truncated ? NextMarker : undefined;

/** An account has at most 100,000 keys a Region unless asked for more, and a page holds 1,000. */
const KEY_PAGES = { most: 200, beyond: 'there are more than 200,000 keys' };
const ALIAS_PAGES = { most: 500, beyond: 'there are more than 50,000 aliases' };

/** How many keys an account has in a Region, or why that is not known. */
export const countKeys = async ({ kms, ...session }: AwsSession, custody: Custody): Promise<Known<number>> => {
  const ask = askingIn({ kms, ...session }, custody);
  const keys = await listed(KEY_PAGES, async (Marker) => {
    const page = await ask('kms:ListKeys', session.accountId, Keys, () =>
      kms.send(new ListKeysCommand({ Limit: 1_000, Marker })),
    );
    return mapped(page, (found) => ({ items: found.Keys, next: nextOf(found) }));
  });
  return mapped(keys, (found) => found.length);
};

export interface AliasedKey {
  readonly alias: string;
  readonly keyArn: string;
  readonly state: string;
  /** When the alias was given, ISO 8601 in UTC; `null` where KMS does not say. */
  readonly since: string | null;
}

/** The keys of an account and Region whose aliases meet a condition, with their state; or why they are not known. */
export const keysAliased = async (
  session: AwsSession,
  custody: Custody,
  isMeant: (alias: string) => boolean,
): Promise<Known<readonly AliasedKey[]>> => {
  const ask = askingIn(session, custody);
  const { kms } = session;
  const aliases = await listed(ALIAS_PAGES, async (Marker) => {
    const page = await ask('kms:ListAliases', session.accountId, Aliases, () =>
      kms.send(new ListAliasesCommand({ Limit: 100, Marker })),
    );
    return mapped(page, (found) => ({
      items: found.Aliases.filter(({ AliasName }) => isMeant(AliasName)),
      next: nextOf(found),
    }));
  });
  return followed(aliases, (found) =>
    eachOf(found, async ({ AliasName, TargetKeyId, CreationDate }) => {
      const KeyId = TargetKeyId ?? AliasName;
      const described = await ask('kms:DescribeKey', KeyId, Description, () =>
        kms.send(new DescribeKeyCommand({ KeyId })),
      );
      return mapped(described, ({ KeyMetadata: { Arn, KeyState } }) => ({
        alias: AliasName,
        keyArn: Arn,
        state: KeyState,
        since: CreationDate?.toISOString() ?? null,
      }));
    }),
  );
};
