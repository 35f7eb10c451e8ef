import type { KeyRecord } from '#shared/diagnosis/facts-record';
import { known, unknown } from '#shared/policy/known';
import type { Place } from './ways.ts';

/** Who makes the key, and how its name begins. */
interface Maker extends Place {
  readonly partition: string;
  readonly temporaryAlias: string;
}

/** How the name of a temporary key may go on after what it begins with. */
export const TEMPORARY_NAMES = ['', '-0a1b2c3d'] as const;
export type TemporaryName = (typeof TEMPORARY_NAMES)[number];

const NO_ALIAS = unknown('whether the replica of a temporary key has an alias');

/**
 * A key that cannot be asked for, because it is made when it is needed: the platform writes its policy for both roles. An
 * alias serves one Region; whether a replica gets one of its own, nothing tells.
 * https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
 */
export const temporaryKey = (
  { partition, accountId, region, temporaryAlias }: Maker,
  owner: Place,
  name: TemporaryName,
) => {
  const policy = {
    Version: '2012-10-17',
    Statement: [...new Set([accountId, owner.accountId])].map((account) => ({
      Effect: 'Allow',
      Principal: { AWS: `arn:${partition}:iam::${account}:root` },
      Action: 'kms:*',
      Resource: '*',
    })),
  };
  const record: KeyRecord = {
    state: known('Enabled'),
    manager: known('CUSTOMER'),
    policy: known(policy),
    grants: known([]),
    aliases: known([`${temporaryAlias}${name}`]),
  };
  // Two names are two keys: what is answered of one is not taken for the other.
  const end = TEMPORARY_NAMES.indexOf(name);
  const id = region === owner.region ? `00000000-0000-4000-8000-00000000000${end}` : `mrk-${'0'.repeat(31)}${end}`;
  const arnIn = (where: string): string => `arn:${partition}:kms:${where}:${accountId}:key/${id}`;
  return {
    primary: { arn: arnIn(region), record },
    used: { arn: arnIn(owner.region), record: region === owner.region ? record : { ...record, aliases: NO_ALIAS } },
    aliasArn: `arn:${partition}:kms:${region}:${accountId}:${temporaryAlias}${name}`,
  };
};
export type TemporaryKey = ReturnType<typeof temporaryKey>;
