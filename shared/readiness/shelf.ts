import { ebsDefaultKey } from '#shared/aws/default-key';
import { readKeyFacts } from '#shared/aws/key-facts';
import { hasLinkedRole } from '#shared/aws/linked-role';
import { readOrganizationFacts } from '#shared/aws/organization-facts';
import { readPrincipalFacts } from '#shared/aws/principal-facts';
import { responseRolesIn } from '#shared/aws/response-roles';
import { type AwsSession, type Custody, errorName, isRefusal, type Sessions } from '#shared/aws/session';
import { encryptsByDefault } from '#shared/aws/snapshots';
import {
  type KeyRecord,
  keyUnknown,
  type NamedDocument,
  organizationUnknown,
  type PrincipalRecord,
} from '#shared/diagnosis/facts-record';
import { isGrantee } from '#shared/policy/grant';
import { type Known, known, unknown } from '#shared/policy/known';
import { principalOf } from '#shared/policy/principal';
import type { Settings } from '#shared/settings';
import { accountOfArn, regionOfArn } from './arns.ts';
import type { AccountFacts, FactsRead, Platform } from './examination.ts';
import type { Place } from './ways.ts';

/** What a person may say instead of what the settings say. */
export interface Told {
  /** ARNs of the roles that acquire; empty: those whose names fit the pattern. */
  readonly responseRoles: readonly string[];
  /** `null`: as the settings say. */
  readonly platformKeyArn: string | null;
  readonly sessionPolicies: readonly NamedDocument[];
  /** Of the VPC endpoint through which the platform calls KMS; `null`: it calls through none. */
  readonly endpointPolicy: NamedDocument | null;
}

const WAS_THROTTLED = /was throttled$/;

const partsOf = (record: object): readonly Known<unknown>[] =>
  Object.values(record).filter((part) => typeof part === 'object' && part !== null && 'known' in part);

/** Whether a part is unknown only because AWS was asked too much at once: it is worth asking again. */
const wasThrottled = (...records: readonly object[]): boolean =>
  records.flatMap(partsOf).some((part) => !part.known && WAS_THROTTLED.test(part.because));

/** Facts that AWS did not have the time for. They are read again after a pause; only after the last one they are unknown. */
export class ThrottledError extends Error {
  override readonly name = 'ThrottlingException';
}

/**
 * Readings that are kept: each key and each account is read once, however many volumes ask for it. One that was throttled
 * is not kept, so that the next look reads it again.
 */
export const shelfOf = (
  { settings, sessions }: { readonly settings: Settings; readonly sessions: Sessions },
  custody: Custody,
  told: Told,
) => {
  const platformPlace: Place = {
    accountId: settings.PLATFORM_ACCOUNT || settings.ACCOUNT_ID,
    region: settings.PLATFORM_REGION || settings.AWS_REGION,
  };
  const keys = new Map<string, KeyRecord>();
  const accounts = new Map<string, AccountFacts>();
  const byDefault = new Map<string, Known<boolean>>();
  /** Who Unlatch is in each account. */
  const callers = new Map<string, Promise<string>>();
  let platform: Platform | undefined;
  let patient = true;

  const kept = <T extends object>(map: Map<string, T>, id: string, read: T, throttled: boolean): T => {
    if (throttled && patient) throw new ThrottledError(`${id} was throttled`);
    map.set(id, read);
    return read;
  };

  /** Who asks for the same while it is being read waits for that reading. */
  const shared = <T>(map: ReadonlyMap<string, T>, read: (id: string) => Promise<T>) => {
    const readings = new Map<string, Promise<T>>();
    return (id: string): Promise<T> => {
      const before = map.get(id);
      if (before !== undefined) return Promise.resolve(before);
      const reading = readings.get(id) ?? read(id).finally(() => readings.delete(id));
      readings.set(id, reading);
      return reading;
    };
  };

  /** A session there, or why there is none. What is no refusal is tried again. */
  const sessionAt = async ({ accountId, region }: Place): Promise<Known<AwsSession>> => {
    try {
      const session = await sessions.at(accountId, region);
      callers.set(accountId, session.caller);
      return known(session);
    } catch (error) {
      if (isRefusal(errorName(error))) return unknown(`there is no session in account ${accountId}`);
      if (!patient) return unknown(`no session could be had in account ${accountId}: ${errorName(error)}`);
      throw error;
    }
  };

  const own = () => sessions.at(settings.ACCOUNT_ID, settings.AWS_REGION);

  const rolesOf = async (accountId: string, session: Known<AwsSession>): Promise<Known<readonly string[]>> => {
    const told_ = told.responseRoles.filter((arn) => accountOfArn(arn) === accountId);
    if (told_.length > 0) return known(told_);
    return session.known
      ? responseRolesIn(session.value, custody, settings.RESPONSE_ROLE, [...settings.OWN_ROLES, settings.MEMBER_ROLE])
      : session;
  };

  const account = shared(accounts, async (accountId): Promise<AccountFacts> => {
    const session = await sessionAt({ accountId, region: settings.AWS_REGION });
    const [roles, organization] = await Promise.all([
      rolesOf(accountId, session),
      own().then((asking) =>
        readOrganizationFacts(asking, custody, { callerAccount: accountId, keyAccount: accountId }),
      ),
    ]);
    const principals = new Map<string, PrincipalRecord>();
    if (session.known && roles.known)
      for (const arn of roles.value) principals.set(arn, await readPrincipalFacts(session.value, custody, arn));
    const throttled = wasThrottled({ roles }, organization, ...principals.values());
    return kept(accounts, accountId, { roles, principals, organization }, throttled);
  });

  /** Who Unlatch is in other accounts, whether or not it has been there yet. */
  const members = settings.SCOPE_ACCOUNTS.map(
    (accountId) => `arn:${settings.PARTITION}:iam::${accountId}:role/${settings.MEMBER_ROLE}`,
  );

  /** Grants to others bear neither on an acquisition nor on a copy by Unlatch, and a key has one for every volume in use. */
  const concerns = (arns: readonly string[]) => {
    const asking = arns.flatMap((arn) => principalOf(arn) ?? []);
    return ({ GranteePrincipal }: { readonly GranteePrincipal: string }): boolean =>
      asking.some((principal) => isGrantee(GranteePrincipal, principal) !== 'no');
  };

  const knownRoles = (): readonly string[] =>
    [...accounts.values()].flatMap(({ roles }) => (roles.known ? roles.value : []));

  const key = shared(keys, async (keyArn): Promise<KeyRecord> => {
    const session = await sessionAt({ accountId: accountOfArn(keyArn), region: regionOfArn(keyArn) });
    const read = session.known
      ? await readKeyFacts(
          session.value,
          custody,
          keyArn,
          concerns([...knownRoles(), ...members, ...(await Promise.all(callers.values()))]),
        )
      : keyUnknown(session.because);
    return kept(keys, keyArn, read, wasThrottled(read));
  });

  const encrypts = async (place: Place): Promise<Known<boolean>> => {
    const id = `${place.accountId}/${place.region}`;
    const before = byDefault.get(id);
    if (before !== undefined) return before;
    const session = await sessionAt(place);
    const read: Known<boolean> = session.known
      ? await encryptsByDefault(session.value, custody).then(known, (error: unknown) => {
          if (isRefusal(errorName(error))) return unknown('ec2:GetEbsEncryptionByDefault was refused to Unlatch');
          if (!patient) return unknown(`ec2:GetEbsEncryptionByDefault failed with \`${errorName(error)}\``);
          throw error;
        })
      : session;
    byDefault.set(id, read);
    return read;
  };

  const platformFacts = async (): Promise<Platform> => {
    if (platform !== undefined) return platform;
    const session = await sessionAt(platformPlace);
    const [ebsKey, isOn, linkedRole] = await Promise.all([
      session.known ? ebsDefaultKey(session.value, custody) : session,
      encrypts(platformPlace),
      session.known ? hasLinkedRole(session.value, custody) : session,
      account(platformPlace.accountId),
    ]);
    if (wasThrottled({ ebsKey, linkedRole }) && patient) throw new ThrottledError('the default key was throttled');
    const named = told.platformKeyArn ?? settings.PLATFORM_KEY_ARN;
    platform = {
      ...platformPlace,
      partition: settings.PARTITION,
      keyArn: named === '' ? ebsKey : known(named),
      ebsDefault: { keyArn: ebsKey, isOn },
      opensShared: settings.OPEN_SHARED,
      temporaryAlias: settings.KEY_ALIAS_PREFIX,
      hasLinkedRole: linkedRole,
      sessionPolicies: told.sessionPolicies,
      endpointPolicy: told.endpointPolicy,
    };
    const ownKeys = [...new Set([platform.keyArn, platform.ebsDefault.keyArn])].flatMap((part) =>
      part.known ? [part.value] : [],
    );
    // Whose policies bind a key, those of its own account do: it may be kept in an account of its own.
    for (const arn of ownKeys) await account(accountOfArn(arn));
    await Promise.all([...new Set(ownKeys)].map(key));
    return platform;
  };

  return {
    platformPlace,
    sessionAt,
    key,
    account,
    encrypts,
    platform: platformFacts,
    /** Lets keys go that no other volume asks for. */
    forget: (keyArns: readonly string[]): void => {
      const own = [platform?.keyArn, platform?.ebsDefault.keyArn].flatMap((part) => (part?.known ? [part.value] : []));
      for (const keyArn of keyArns) if (!own.includes(keyArn)) keys.delete(keyArn);
    },

    /** Whether what is throttled is asked again, or is unknown for good. */
    waitsForThrottles: (waits: boolean): void => {
      patient = waits;
    },

    /** What has been read by now. What has not is unknown. */
    facts: (read: Platform): FactsRead => ({
      platform: read,
      key: (keyArn) => keys.get(keyArn) ?? keyUnknown('it was not read'),
      account: (accountId) =>
        accounts.get(accountId) ?? {
          roles: unknown('it was not read'),
          principals: new Map(),
          organization: organizationUnknown('it was not read'),
        },
    }),
  };
};

export type Shelf = ReturnType<typeof shelfOf>;
