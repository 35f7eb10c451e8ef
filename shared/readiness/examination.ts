import type {
  FactsRecord,
  KeyRecord,
  NamedDocument,
  OrganizationRecord,
  PrincipalRecord,
} from '#shared/diagnosis/facts-record';
import { type Known, known, unknown } from '#shared/policy/known';
import { accountOfArn } from './arns.ts';
import { type Asked, askedOn, type Cast } from './asked.ts';
import { answering, type Outlook, outlookOf, whicheverOf } from './verdict.ts';
import { type KeyPart, type Place, WAYS, type Way, waysTo } from './ways.ts';

/** What all volumes under one key, of one account and Region, have in common: an acquisition of each asks the same. */
export interface Situation extends Place {
  readonly encrypted: boolean;
  /** `null`: not encrypted, or EC2 names no key. */
  readonly keyArn: string | null;
}

/** Who acquires, and what binds an account. */
export interface AccountFacts {
  /** Response roles, by ARN. */
  readonly roles: Known<readonly string[]>;
  readonly principals: ReadonlyMap<string, PrincipalRecord>;
  readonly organization: OrganizationRecord;
}

/** How the platform works. */
export interface Platform extends Place {
  readonly partition: string;
  /** The key under which it makes what it keeps. */
  readonly keyArn: Known<string>;
  /** The key under which EBS encrypts there where nobody names one, and whether it does so unasked. */
  readonly ebsDefault: { readonly keyArn: Known<string>; readonly isOn: Known<boolean> };
  /** Whether it makes volumes straight from shared snapshots. */
  readonly opensShared: boolean;
  /** The alias of the keys that it makes for a hand-over. */
  readonly temporaryAlias: string;
  /** Whether KMS has its role for multi-Region keys there. */
  readonly hasLinkedRole: Known<boolean>;
  /** The session policies with which it assumes its role; none unless told. */
  readonly sessionPolicies: readonly NamedDocument[];
  /** The policy of the VPC endpoint through which it calls KMS itself; `null`: through none, unless told. */
  readonly endpointPolicy: NamedDocument | null;
}

/** What has been read, each part once. */
export interface FactsRead {
  readonly platform: Platform;
  readonly account: (accountId: string) => AccountFacts;
  readonly key: (keyArn: string) => KeyRecord;
}

/** How the name of a temporary key may go on after what it begins with. */
const TEMPORARY_NAMES = ['', '-0a1b2c3d'] as const;
type TemporaryName = (typeof TEMPORARY_NAMES)[number];

const NO_ALIAS = unknown('whether the replica of a temporary key has an alias');

/**
 * A key that cannot be asked for, because it is made when it is needed: the platform writes its policy for both roles. An
 * alias serves one Region; whether a replica gets one of its own, nothing tells.
 * https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
 */
const temporaryKey = (
  { partition, accountId, region, temporaryAlias }: Platform,
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

const NO_PRINCIPAL: PrincipalRecord = {
  arn: null,
  uniqueId: null,
  identityPolicies: unknown('the role could not be read'),
  permissionsBoundary: unknown('the role could not be read'),
  sessionPolicies: unknown('the role could not be read'),
};

const NO_KEY: KeyRecord = {
  state: known('Enabled'),
  manager: known('CUSTOMER'),
  policy: unknown('there is no key yet'),
  grants: known([]),
  aliases: known([]),
};

/** What is missing for a way to be gone at all. */
const missingFor = (
  way: Way,
  roles: Record<'platform' | 'owner', AccountFacts['roles']>,
  owner: Place,
  platform: Platform,
) => {
  const parties = [...new Set(WAYS[way].map(({ by }) => by))];
  const place = { platform: platform.accountId, owner: owner.accountId };
  const uses = new Set<KeyPart | null>(WAYS[way].map(({ target }) => target));
  const { keyArn, ebsDefault } = platform;
  return [
    ...parties.flatMap((party) => {
      const found = roles[party];
      if (!found.known) return [`the response roles of account ${place[party]}: ${found.because}`];
      return found.value.length === 0 ? [`a response role in account ${place[party]}: none has such a name`] : [];
    }),
    ...(uses.has('temporary') && owner.region !== platform.region && !platform.hasLinkedRole.known
      ? [`whether KMS has its service-linked role: ${platform.hasLinkedRole.because}`]
      : []),
    ...(uses.has('platform') && !keyArn.known ? [`the platform's key: ${keyArn.because}`] : []),
    ...(uses.has('ebs-default') && !ebsDefault.keyArn.known ? [`EBS's default key: ${ebsDefault.keyArn.because}`] : []),
  ];
};

/** What the facts are for one question. */
const recordsOf = ({ platform, account, key }: FactsRead, temporary: ReturnType<typeof temporaryKey>) => {
  const { primary, used } = temporary;
  const made = (keyArn: string) => [used, primary].find(({ arn }) => arn === keyArn)?.record;
  return ({ roleArn, keyArn, context }: Asked): FactsRecord => {
    const caller = account(accountOfArn(roleArn));
    const principal = caller.principals.get(roleArn) ?? NO_PRINCIPAL;
    const owner = keyArn === null ? caller : account(accountOfArn(keyArn));
    return {
      key: keyArn === null ? NO_KEY : (made(keyArn) ?? key(keyArn)),
      // What was read of a role never tells its sessions; that the platform adds no policy to them is what it says itself.
      principal: { ...principal, sessionPolicies: known(platform.sessionPolicies) },
      organization: {
        serviceControlPolicies: caller.organization.serviceControlPolicies,
        resourceControlPolicies: owner.organization.resourceControlPolicies,
      },
      // EC2 asks KMS from AWS's own network, and never through an endpoint of the caller's.
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
      vpcEndpointPolicy: known(context['kms:ViaService'] === null ? platform.endpointPolicy : null),
    };
  };
};

const UNNAMED = 'the key of the volume: EC2 names none';

const mannerOf = ({ encrypted, keyArn }: Situation, { platform, key }: FactsRead) => {
  const { isOn } = platform.ebsDefault;
  const manager = keyArn === null ? null : key(keyArn).manager;
  const whoManages = (): Known<boolean> => {
    if (manager === null) return encrypted ? unknown(UNNAMED) : known(false);
    return manager.known
      ? known(manager.value === 'AWS')
      : unknown(`whether AWS manages the volume's key: ${manager.because}`);
  };
  return {
    opensShared: platform.opensShared,
    underDefaultKey: whoManages(),
    becomesEncrypted: encrypted
      ? known(false)
      : isOn.known
        ? isOn
        : unknown(`whether EBS encrypts by default: ${isOn.because}`),
  };
};

/**
 * Examines situations one after the other; each distinct question is answered once, whoever asks it. What a temporary key's
 * policy would say depends on the owner, and so does who asks: no two owners share a question about it.
 */
export const examiner = (facts: FactsRead) => {
  const { platform } = facts;
  const answers = answering();

  return {
    /** How many distinct questions were put to the facts. */
    distinct: answers.distinct,

    examine: (situation: Situation): Outlook => {
      const { ebsDefault } = platform;
      const roles = {
        platform: facts.account(platform.accountId).roles,
        owner: facts.account(situation.accountId).roles,
      };
      const castWith = (temporary: ReturnType<typeof temporaryKey>): Cast => ({
        roles: {
          platform: roles.platform.known ? roles.platform.value : [],
          owner: roles.owner.known ? roles.owner.value : [],
        },
        keys: {
          volume: situation.keyArn,
          platform: platform.keyArn.known ? platform.keyArn.value : null,
          'ebs-default': ebsDefault.keyArn.known ? ebsDefault.keyArn.value : null,
          temporary: temporary.used.arn,
          'temporary-primary': temporary.primary.arn,
        },
        aliasArn: temporary.aliasArn,
      });
      const replication = {
        region: platform.region,
        to: platform.region === situation.region ? null : situation.region,
        makesLinkedRole: platform.hasLinkedRole.known && !platform.hasLinkedRole.value,
      };
      const outlookOn = (way: Way): Outlook => {
        const missing = [
          ...missingFor(way, roles, situation, platform),
          ...(situation.encrypted && situation.keyArn === null ? [UNNAMED] : []),
        ];
        const named = (name: TemporaryName): Outlook => {
          const temporary = temporaryKey(platform, situation, name);
          const asked = askedOn(way, castWith(temporary), replication);
          return outlookOf(way, asked, missing, answers, recordsOf(facts, temporary));
        };
        const [bare, longer] = [named(''), named('-0a1b2c3d')];
        return bare.verdict === longer.verdict
          ? bare
          : whicheverOf(
              [bare, longer],
              `how the platform names a temporary key, beyond \`${platform.temporaryAlias}\``,
            );
      };
      const ways = waysTo(situation, platform, mannerOf(situation, facts));
      if ('way' in ways) return outlookOn(ways.way);
      const [first, second] = ways.anyOf;
      return whicheverOf([outlookOn(first), outlookOn(second)], ways.because);
    },
  };
};
export type Examiner = ReturnType<typeof examiner>;
