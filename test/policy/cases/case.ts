import type { FactsRecord, GrantRecord } from '#shared/diagnosis/facts-record';
import { readFacts } from '#shared/diagnosis/facts-record';
import type { Decision } from '#shared/policy/authorize';
import type { ContextRecord } from '#shared/policy/context';
import type { Facts, KeyManager } from '#shared/policy/facts';
import { type Known, known, unknown } from '#shared/policy/known';
import type { Layer } from '#shared/policy/layer';
import { type Principal, principalOf } from '#shared/policy/principal';
import type { Request } from '#shared/policy/request';
import { requestContext } from '#shared/policy/request-context';
import type { Saying } from '#shared/policy/trace';

/** One request, what is known besides, and what AWS documents to come of it. */
export interface Case {
  readonly claim: string;
  /** Where it is documented. */
  readonly source: string;
  readonly by?: Principal;
  readonly asks: string;
  readonly of?: string;
  readonly context?: ContextRecord;
  readonly given: Ground;
  readonly expect: Expected;
  /** What single layers say, where that is the point. */
  readonly says?: Readonly<Partial<Record<Layer, Saying['said']>>>;
}

/** The facts in short. What is left out is the plainest: a customer's enabled key, and no policy that limits anybody. */
export interface Ground {
  readonly key?: readonly Written[] | Unread;
  readonly grants?: readonly GrantRecord[] | Unread;
  readonly state?: string;
  readonly manager?: KeyManager | Unread;
  readonly identity?: readonly Written[] | Unread;
  readonly boundary?: readonly Written[] | Unread;
  readonly session?: readonly Written[] | Unread;
  /** The statements of each level. */
  readonly scp?: readonly (readonly Written[])[] | Unread;
  readonly rcp?: readonly (readonly Written[])[] | Unread;
  readonly endpoint?: readonly Written[] | Unread;
}

export const UNREAD = 'not read';
type Unread = typeof UNREAD;

export type Expected = Pick<Decision, 'decision' | 'layer' | 'explicit' | 'missing'> & {
  /** Sid of the statement that decided. */
  readonly by: string | null;
};

export const allowed = (by: string | null): Expected => ({
  decision: 'allowed',
  layer: null,
  explicit: false,
  missing: [],
  by,
});
/** Nothing allowed it in this layer. */
export const silent = (layer: Layer): Expected => ({ ...allowed(null), decision: 'denied', layer });
/** A statement denies it. */
export const denied = (layer: Layer, by: string): Expected => ({ ...silent(layer), explicit: true, by });
export const undetermined = (...missing: readonly string[]): Expected => ({
  ...allowed(null),
  decision: 'undetermined',
  missing,
});

/** A statement as it stands in a document. */
export type Written = Readonly<Record<string, unknown>>;

export type Conditions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface Rest {
  readonly sid?: string;
  /** Of resource policies. */
  readonly to?: string | readonly string[];
  readonly toAllBut?: readonly string[];
  readonly toService?: string;
  readonly on?: string;
  readonly if?: Conditions | undefined;
}

const written =
  (effect: 'Allow' | 'Deny') =>
  (action: string | readonly string[], { sid, to, toAllBut, toService, on = '*', if: condition }: Rest = {}): Written =>
    Object.fromEntries(
      Object.entries({
        Sid: sid,
        Effect: effect,
        Principal: toService === undefined ? to && { AWS: to } : { Service: toService },
        NotPrincipal: toAllBut && { AWS: toAllBut },
        Action: action,
        Resource: on,
        Condition: condition,
      }).filter(([, value]) => value !== undefined),
    );
export const allow = written('Allow');
export const deny = written('Deny');

export const PLATFORM = '111122223333';
export const TARGET = '444455556666';
export const STRANGER = '777788889999';
const ID = '1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';
export const KEY = `arn:aws:kms:eu-west-3:${PLATFORM}:key/${ID}`;
export const KEY_OF_TARGET = `arn:aws:kms:eu-west-3:${TARGET}:key/${ID}`;

export const rootOf = (accountId: string): string => `arn:aws:iam::${accountId}:root`;
export const ROLE = `arn:aws:iam::${PLATFORM}:role/myCadoResponseRole`;
export const SESSION = `arn:aws:sts::${PLATFORM}:assumed-role/myCadoResponseRole/acquire-web-1`;
export const USER = `arn:aws:iam::${PLATFORM}:user/analyst`;
export const UNIQUE_ID = 'AROAEXAMPLERESPONSE01';

export const named = (text: string): Principal => {
  const principal = principalOf(text);
  if (principal === null) throw new Error(`\`${text}\` is no principal`);
  return principal;
};

/** The response role in a session, of which everything is known. */
export const RESPONSE_ROLE: Principal = {
  kind: 'role',
  accountId: PLATFORM,
  name: 'myCadoResponseRole',
  roleArn: ROLE,
  sessionArn: SESSION,
  uniqueId: UNIQUE_ID,
};

export const EVERYTHING = [allow('*', { sid: 'Everything' })];
/** IAM policies that allow all of KMS. */
export const ALL_OF_KMS = [allow('kms:*', { sid: 'AllOfKms' })];
/** The statement by which a key policy leaves the decision to IAM. */
export const DELEGATION = allow('kms:*', { sid: 'Delegation', to: rootOf(PLATFORM) });
export const THROUGH_EC2 = { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' };
export const DIRECTLY = { 'kms:ViaService': null };

const BECAUSE = 'it could not be read';
const part = <In, Out>(value: In | Unread, read: (value: In) => Out): Known<Out> =>
  value === UNREAD ? unknown(BECAUSE) : known(read(value as In));

const documentOf = (name: string) => (statements: readonly Written[]) => ({
  name,
  document: { Version: '2012-10-17', Statement: statements },
});
const levels = (sets: readonly (readonly Written[])[]) =>
  sets.map((statements, index) => ({
    target: `level-${index}`,
    policies: [documentOf(`policy of level ${index}`)(statements)],
  }));
const orNull = (name: string, statements: readonly Written[] | Unread | undefined) =>
  statements === undefined ? known(null) : part(statements, documentOf(name));

export const recordOf = (ground: Ground): FactsRecord => ({
  key: {
    state: part(ground.state ?? 'Enabled', (state: string) => state),
    manager: part(ground.manager ?? 'CUSTOMER', (manager: KeyManager) => manager),
    policy: part(ground.key ?? [DELEGATION], (statements: readonly Written[]) => documentOf('')(statements).document),
    grants: part(ground.grants ?? [], (grants: readonly GrantRecord[]) => grants),
    aliases: known([]),
  },
  principal: {
    arn: null,
    uniqueId: null,
    identityPolicies: part(ground.identity ?? [], (statements: readonly Written[]) => [documentOf('own')(statements)]),
    permissionsBoundary: orNull('boundary', ground.boundary),
    sessionPolicies:
      ground.session === undefined
        ? known([])
        : part(ground.session, (statements: readonly Written[]) => [documentOf('session')(statements)]),
  },
  organization: {
    serviceControlPolicies: part(ground.scp ?? [], levels),
    resourceControlPolicies: part(ground.rcp ?? [], levels),
  },
  vpcEndpointPolicy: orNull('endpoint', ground.endpoint),
});

export const factsOf = (ground: Ground): Facts => readFacts(recordOf(ground));

type Asked = Pick<Case, 'by' | 'asks' | 'of' | 'context'>;
export const requestOf = ({ by = RESPONSE_ROLE, asks, of = KEY, context = {} }: Asked): Request => {
  const request = { principal: by, action: asks, resource: of };
  return { ...request, context: requestContext(context, request) };
};
