import { EC2Client } from '@aws-sdk/client-ec2';
import { KMSClient } from '@aws-sdk/client-kms';
import { SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import type { CustodyEntry } from '#shared/case/case';
import type { Settings } from '#shared/settings';
import type { CloudTrail } from './cloudtrail.ts';
import type { EbsDirect } from './ebs-direct.ts';
import { errorName } from './errors.ts';
import type { Iam } from './iam.ts';
import type { Organizations } from './organizations.ts';
import type { RolePoliciesClient } from './role-policies.ts';
import type { Rules } from './rules.ts';
import type { Tagging } from './tagging.ts';

// Whoever only reads errors imports them from there, and loads no client of a service.
export { errorName, isRefusal, LIMIT_REACHED, messageOf } from './errors.ts';

/** One account and Region as Unlatch works there: its clients, and the name it is seen under. */
export interface AwsSession {
  readonly accountId: string;
  readonly region: string;
  /** ARN of the session, as the custody log names it. Asked for beside the first call, never before it. */
  readonly caller: Promise<string>;
  readonly ec2: EC2Client;
  readonly kms: KMSClient;
  readonly ssm: SSMClient;
  /** Loaded when first asked for: no cold start pays for clients that few steps need. */
  readonly ebsDirect: () => Promise<EbsDirect>;
  readonly iam: () => Promise<Iam>;
  readonly organizations: () => Promise<Organizations>;
  readonly rolePolicies: () => Promise<RolePoliciesClient>;
  readonly cloudTrail: () => Promise<CloudTrail>;
  readonly rules: () => Promise<Rules>;
  readonly tagging: () => Promise<Tagging>;
}

export interface Answer {
  readonly $metadata: { readonly requestId?: string | undefined };
}

const requestIdOf = (error: unknown): string | null => {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return null;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('requestId' in metadata)) return null;
  return typeof metadata.requestId === 'string' ? metadata.requestId : null;
};

/** The calls of one step, for the custody log. */
export type Custody = CustodyEntry[];

/** Makes a call and writes its custody line, whatever the answer. `on` says what it was done to. */
export const recorded = async <Output extends Answer>(
  custody: Custody,
  who: Pick<AwsSession, 'accountId' | 'region' | 'caller'>,
  api: `${string}:${string}`,
  on: string,
  call: () => Promise<Output>,
): Promise<Output> => {
  const { accountId, region } = who;
  const line = { at: new Date().toISOString(), accountId, region, api, on };
  try {
    const [output, caller] = await Promise.all([call(), who.caller]);
    custody.push({ ...line, caller, requestId: output.$metadata.requestId ?? null, result: 'ok' });
    return output;
  } catch (error) {
    custody.push({ ...line, caller: await who.caller, requestId: requestIdOf(error), result: errorName(error) });
    throw error;
  }
};

const SESSION_SECONDS = 3_600;
/** A session is renewed this long before it ends: no run of a function, of 15 minutes at most, sees it expire. */
const MARGIN_SECONDS = 960;

export interface ClientConfig {
  readonly region: string;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const clientsOf = (config: ClientConfig) => ({
  ec2: new EC2Client(config),
  kms: new KMSClient(config),
  ssm: new SSMClient(config),
  ebsDirect: once(async () => (await import('./ebs-direct.ts')).ebsDirectOf(config)),
  iam: once(async () => (await import('./iam.ts')).iamOf(config)),
  organizations: once(async () => (await import('./organizations.ts')).organizationsOf(config)),
  rolePolicies: once(async () => (await import('./role-policies.ts')).rolePoliciesOf(config)),
  cloudTrail: once(async () => (await import('./cloudtrail.ts')).cloudTrailOf(config)),
  rules: once(async () => (await import('./rules.ts')).rulesOf(config)),
  tagging: once(async () => (await import('./tagging.ts')).taggingOf(config)),
});

/**
 * Sessions by account and Region, made once an environment and renewed before they expire. In Unlatch's own account it
 * works with the function's role; elsewhere it assumes the member role, with the external id where one is set.
 */
export const sessionsOf = (
  settings: Pick<Settings, 'PARTITION' | 'ACCOUNT_ID' | 'MEMBER_ROLE' | 'EXTERNAL_ID'>,
  sts: STSClient,
) => {
  const kept = new Map<string, { session: Promise<AwsSession>; until: number }>();

  let ownName: Promise<string> | undefined;
  const ownCaller = (): Promise<string> => {
    ownName ??= sts.send(new GetCallerIdentityCommand({})).then(
      ({ Arn = 'unknown' }) => Arn,
      () => {
        // Whoever asks next may be told.
        ownName = undefined;
        return 'unknown';
      },
    );
    return ownName;
  };

  const own = async (region: string): Promise<AwsSession> => {
    const { ACCOUNT_ID: accountId } = settings;
    return { accountId, region, caller: ownCaller(), ...clientsOf({ region }) };
  };

  const member = async (accountId: string, region: string): Promise<AwsSession> => {
    const { AssumedRoleUser, Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: `arn:${settings.PARTITION}:iam::${accountId}:role/${settings.MEMBER_ROLE}`,
        RoleSessionName: 'unlatch',
        DurationSeconds: SESSION_SECONDS,
        ...(settings.EXTERNAL_ID === '' ? {} : { ExternalId: settings.EXTERNAL_ID }),
      }),
    );
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      ...(Credentials?.SessionToken === undefined ? {} : { sessionToken: Credentials.SessionToken }),
    };
    const caller = Promise.resolve(AssumedRoleUser?.Arn ?? 'unknown');
    return { accountId, region, caller, ...clientsOf({ region, credentials }) };
  };

  return {
    at(accountId: string, region: string): Promise<AwsSession> {
      const key = `${accountId}/${region}`;
      const known = kept.get(key);
      if (known !== undefined && known.until > Date.now()) return known.session;
      const session = accountId === settings.ACCOUNT_ID ? own(region) : member(accountId, region);
      kept.set(key, { session, until: Date.now() + (SESSION_SECONDS - MARGIN_SECONDS) * 1000 });
      // A failed attempt is not kept: the next step tries again.
      session.catch(() => kept.delete(key));
      return session;
    },
  };
};

export type Sessions = ReturnType<typeof sessionsOf>;
