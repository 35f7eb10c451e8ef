import type {
  FactsRecord,
  KeyRecord,
  NamedDocument,
  OrganizationRecord,
  PrincipalRecord,
} from '#shared/diagnosis/facts-record';
import { type Known, known, unknown } from '#shared/policy/known';
import { accountOfArn } from './arns.ts';
import { type Asked, askedOn, type Cast, type Replication } from './asked.ts';
import { TEMPORARY_NAMES, type TemporaryKey, type TemporaryName, temporaryKey } from './temporary-key.ts';
import { type Answering, answering, type Outlook, outlookOf, whicheverOf } from './verdict.ts';
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
const recordsOf = ({ platform, account, key }: FactsRead, temporary: TemporaryKey) => {
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

const orNull = <T>(part: Known<T>): T | null => (part.known ? part.value : null);

/** Who acts on a way, on which keys; of the temporary one, by one of the names that it may have. */
const castOf = (
  situation: Situation,
  { platform, account }: FactsRead,
  { used, primary, aliasArn }: TemporaryKey,
): Cast => ({
  roles: {
    platform: orNull(account(platform.accountId).roles) ?? [],
    owner: orNull(account(situation.accountId).roles) ?? [],
  },
  keys: {
    volume: situation.keyArn,
    platform: orNull(platform.keyArn),
    'ebs-default': orNull(platform.ebsDefault.keyArn),
    temporary: used.arn,
    'temporary-primary': primary.arn,
  },
  aliasArn,
});

const replicationTo = ({ region }: Place, { region: own, hasLinkedRole }: Platform): Replication => ({
  region: own,
  to: own === region ? null : region,
  makesLinkedRole: orNull(hasLinkedRole) === false,
});

const outlookOver = (way: Way, situation: Situation, facts: FactsRead, answers: Answering): Outlook => {
  const { platform, account } = facts;
  const roles = { platform: account(platform.accountId).roles, owner: account(situation.accountId).roles };
  const missing = [
    ...missingFor(way, roles, situation, platform),
    ...(situation.encrypted && situation.keyArn === null ? [UNNAMED] : []),
  ];
  const named = (name: TemporaryName): Outlook => {
    const temporary = temporaryKey(platform, situation, name);
    const asked = askedOn(way, castOf(situation, facts, temporary), replicationTo(situation, platform));
    return outlookOf(way, asked, missing, answers, recordsOf(facts, temporary));
  };
  const [bare, longer] = TEMPORARY_NAMES;
  const outlook = named(bare);
  if (WAYS[way].every(({ name }) => name !== 'temporary-key')) return outlook;
  const other = named(longer);
  return outlook.verdict === other.verdict
    ? outlook
    : whicheverOf([outlook, other], `how the platform names a temporary key, beyond \`${platform.temporaryAlias}\``);
};

/**
 * Examines situations one after the other; each distinct question is answered once, whoever asks it. What a temporary key's
 * policy would say depends on the owner, and so does who asks: no two owners share a question about it.
 */
export const examiner = (facts: FactsRead) => {
  const answers = answering();

  return {
    /** How many distinct questions were put to the facts. */
    distinct: answers.distinct,

    examine: (situation: Situation): Outlook => {
      const ways = waysTo(situation, facts.platform, mannerOf(situation, facts));
      const over = (way: Way): Outlook => outlookOver(way, situation, facts, answers);
      if ('way' in ways) return over(ways.way);
      const [first, second] = ways.anyOf;
      return whicheverOf([over(first), over(second)], ways.because);
    },
  };
};
export type Examiner = ReturnType<typeof examiner>;
