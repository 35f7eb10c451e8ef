import { DescribeKeyCommand, GetKeyPolicyCommand, ListAliasesCommand, ListGrantsCommand } from '@aws-sdk/client-kms';
import * as z from 'zod';
import type { GrantRecord, KeyRecord } from '#shared/diagnosis/facts-record';
import { GrantListEntry } from '#shared/diagnosis/grant-record';
import { type Known, known, unknown } from '#shared/policy/known';
import { type Answered, type Ask, askingIn, kept, listed, mapped } from './answers.ts';
import type { AwsSession, Custody } from './session.ts';

const Description = z.object({
  KeyMetadata: z.object({ KeyState: z.string().min(1), KeyManager: z.enum(['CUSTOMER', 'AWS']) }),
});

const KeyPolicy = z.object({ Policy: z.string().min(1) });

const Marked = { Truncated: z.boolean().default(false), NextMarker: z.string().optional() };
const GrantPage = z.object({ Grants: z.array(GrantListEntry).default([]), ...Marked });
const AliasPage = z.object({ Aliases: z.array(z.object({ AliasName: z.string() })).default([]), ...Marked });

const nextOf = ({ Truncated, NextMarker }: { Truncated: boolean; NextMarker?: string | undefined }) =>
  Truncated ? NextMarker : undefined;

/** A key may have 50,000 grants; the reading of them is bounded. https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html */
const GRANT_PAGES = { most: 20, beyond: 'the key has more than 2,000 grants' };
const ALIAS_PAGES = { most: 10, beyond: 'the key has more than 1,000 aliases' };
const Limit = 100;

const stateOf = (described: Answered<z.output<typeof Description>>): Known<string> =>
  !described.known && described.error === 'NotFoundException'
    ? known('NotFound')
    : mapped(described, ({ KeyMetadata }) => KeyMetadata.KeyState);

const grantsOn = (ask: Ask, { kms }: AwsSession, KeyId: string, isOfInterest: (grant: GrantRecord) => boolean) =>
  listed(GRANT_PAGES, async (Marker) => {
    const answer = await ask('kms:ListGrants', KeyId, GrantPage, () =>
      kms.send(new ListGrantsCommand({ KeyId, Limit, Marker })),
    );
    return mapped(answer, (page) => ({ items: page.Grants.filter(isOfInterest), next: nextOf(page) }));
  });

const aliasesOf = (ask: Ask, { kms }: AwsSession, KeyId: string) =>
  listed(ALIAS_PAGES, async (Marker) => {
    const answer = await ask('kms:ListAliases', KeyId, AliasPage, () =>
      kms.send(new ListAliasesCommand({ KeyId, Limit, Marker })),
    );
    return mapped(answer, (page) => ({
      items: page.Aliases.map(({ AliasName }) => AliasName),
      next: nextOf(page),
    }));
  });

const policyOf = async (ask: Ask, { kms }: AwsSession, KeyId: string): Promise<Known<string>> => {
  const answer = await ask('kms:GetKeyPolicy', KeyId, KeyPolicy, () => kms.send(new GetKeyPolicyCommand({ KeyId })));
  return mapped(answer, ({ Policy }) => Policy);
};

/**
 * What KMS says of a key: each part, or why it is not known. Policy and aliases are told to the key's own account alone, so
 * the session is one of that account.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
 * @param isOfInterest grants that cannot bear on the question may be left out: a key has one for every volume in use
 */
export const readKeyFacts = async (
  session: AwsSession,
  custody: Custody,
  keyArn: string,
  isOfInterest: (grant: GrantRecord) => boolean = () => true,
): Promise<KeyRecord> => {
  const ask = askingIn(session, custody);
  const KeyId = keyArn;
  const isOwn = keyArn.split(':')[4] === session.accountId;
  const foreign = unknown('it cannot be read from another account');
  const [described, policy, grants, aliases] = await Promise.all([
    ask('kms:DescribeKey', keyArn, Description, () => session.kms.send(new DescribeKeyCommand({ KeyId }))),
    isOwn ? policyOf(ask, session, keyArn) : foreign,
    grantsOn(ask, session, keyArn, isOfInterest),
    isOwn ? aliasesOf(ask, session, keyArn) : foreign,
  ]);
  return {
    state: stateOf(described),
    manager: mapped(described, ({ KeyMetadata }) => KeyMetadata.KeyManager),
    policy: kept(policy),
    grants: kept(grants),
    aliases: kept(aliases),
  };
};
