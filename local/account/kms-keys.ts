import type { Ground } from './call.ts';
import type { Place } from './ebs-notification.ts';
import type { Key } from './state.ts';

export const defaultKeyAlias = 'alias/aws/ebs';

/**
 * The keys that there are. A key whose waiting period is over is gone, and with it its aliases; a primary key waits until
 * the last of its replicas is gone, and only then does its own period begin.
 * https://docs.aws.amazon.com/kms/latest/developerguide/deleting-mrks.html
 */
export const livingKeys = (ground: Ground): Key[] => {
  const { keys } = ground.state;
  for (const key of keys.values()) {
    if (key.state === 'PendingDeletion' && (key.deletion?.date ?? ground.now()) <= ground.now() && key.deletion) {
      keys.delete(key.arn);
    }
  }
  for (const key of keys.values()) {
    if (key.state !== 'PendingReplicaDeletion' || replicasOf(ground, key).length > 0) continue;
    key.state = 'PendingDeletion';
    key.deletion = scheduled(ground, key.deletion?.windowDays ?? 30);
  }
  return [...keys.values()];
};

export const scheduled = (ground: Ground, windowDays: number) => ({
  windowDays,
  date: new Date(ground.now().getTime() + windowDays * 86_400_000),
});

export const replicasOf = (ground: Ground, primary: Key): Key[] =>
  [...ground.state.keys.values()].filter(({ primaryArn, arn }) => primaryArn === primary.arn && arn !== primary.arn);

/** The key that an id, an ARN, an alias or an alias ARN means to this account; `undefined`: there is none. */
export const findKey = (ground: Ground, place: Place, name: string): Key | undefined => {
  const arn = name.startsWith('arn:') ? name : `arn:aws:kms:${place.region}:${place.accountId}:${keyPath(name)}`;
  const alias = /^arn:aws:kms:([^:]+):(\d+):(alias\/.+)$/.exec(arn);
  if (alias === null) return livingKeys(ground).find((key) => key.arn === arn);
  const [, region, accountId, aliasName = ''] = alias;
  if (aliasName === defaultKeyAlias && region === place.region && accountId === place.accountId) {
    return defaultKey(ground, place);
  }
  return livingKeys(ground).find(
    (key) => key.region === region && key.accountId === accountId && key.aliases.includes(aliasName),
  );
};

const keyPath = (name: string): string => (/^(alias|key)\//.test(name) ? name : `key/${name}`);

/** The account's AWS managed key for EBS. EBS makes it when it is first needed. */
export const defaultKey = (ground: Ground, { accountId, region }: Place): Key => {
  const existing = [...ground.state.keys.values()].find(
    (key) => key.accountId === accountId && key.region === region && key.aliases.includes(defaultKeyAlias),
  );
  if (existing !== undefined) return existing;
  const keyId = ground.uuid();
  const key: Key = {
    accountId,
    region,
    keyId,
    arn: `arn:aws:kms:${region}:${accountId}:key/${keyId}`,
    manager: 'AWS',
    policy: defaultKeyPolicy(accountId, region),
    aliases: [defaultKeyAlias],
    grants: [],
    state: 'Enabled',
  };
  ground.state.keys.set(key.arn, key);
  return key;
};

// "Default key policies": an AWS managed key admits its account's principals through its service only.
const defaultKeyPolicy = (accountId: string, region: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Allow access through EBS for all principals in the account that are authorized to use EBS',
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: [
        'kms:Encrypt',
        'kms:Decrypt',
        'kms:ReEncrypt*',
        'kms:GenerateDataKey*',
        'kms:CreateGrant',
        'kms:DescribeKey',
      ],
      Resource: '*',
      Condition: {
        StringEquals: { 'kms:CallerAccount': accountId, 'kms:ViaService': `ec2.${region}.amazonaws.com` },
      },
    },
    {
      Sid: 'Allow direct access to key metadata to the account',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${accountId}:root` },
      Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
      Resource: '*',
    },
  ],
});
