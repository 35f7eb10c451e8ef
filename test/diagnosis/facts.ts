import type { FactsRecord, GrantRecord, NamedDocument } from '#shared/diagnosis/facts-record';
import { type Known, known } from '#shared/policy/known';
import { type Principal, principalOf } from '#shared/policy/principal';

/** Facts for the tests of the diagnosis: everything is known and ordinary, but for what a case says. */

export const PLATFORM = '111122223333';
export const TARGET = '444455556666';
export const ROLE = `arn:aws:iam::${PLATFORM}:role/myCadoResponseRole`;
export const SESSION = `arn:aws:sts::${PLATFORM}:assumed-role/myCadoResponseRole/acquire-web-1`;
export const OWN_KEY = `arn:aws:kms:eu-west-3:${PLATFORM}:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6`;
export const FOREIGN_KEY = `arn:aws:kms:eu-west-3:${TARGET}:key/6e5d4c3b-2a19-4807-9f6e-5d4c3b2a1908`;
export const VIA = 'ec2.eu-west-3.amazonaws.com';

type Statement = Readonly<Record<string, unknown>>;

export const policy = (...Statement: readonly Statement[]) => ({ Version: '2012-10-17', Statement });
export const allow = (Action: string | readonly string[], more: Statement = {}): Statement => ({
  Effect: 'Allow',
  Action,
  Resource: '*',
  ...more,
});
export const deny = (Action: string | readonly string[], more: Statement = {}): Statement => ({
  ...allow(Action, more),
  Effect: 'Deny',
});
export const named = (name: string, ...statements: readonly Statement[]): NamedDocument => ({
  name,
  document: policy(...statements),
});

const root = (accountId: string) => ({ Principal: { AWS: `arn:aws:iam::${accountId}:root` } });
export const delegating = (accountId: string): Statement => allow('kms:*', root(accountId));

export interface Parts {
  readonly state?: Known<string>;
  readonly manager?: 'CUSTOMER' | 'AWS';
  readonly keyPolicy?: Known<unknown> | readonly Statement[];
  readonly grants?: readonly GrantRecord[];
  readonly identity?: readonly Statement[];
  readonly identityPolicies?: FactsRecord['principal']['identityPolicies'];
  readonly boundary?: readonly Statement[] | null;
  readonly session?: FactsRecord['principal']['sessionPolicies'];
  readonly scp?: FactsRecord['organization']['serviceControlPolicies'];
  readonly rcp?: FactsRecord['organization']['resourceControlPolicies'];
  readonly endpoint?: readonly Statement[] | null;
}

const isKnown = (value: Parts['keyPolicy']): value is Known<unknown> => value !== undefined && 'known' in value;

export const factsWith = ({
  state = known('Enabled'),
  manager = 'CUSTOMER',
  keyPolicy = [delegating(PLATFORM)],
  grants = [],
  identity = [allow('kms:*')],
  identityPolicies = known([named('acquire', ...identity)]),
  boundary = null,
  session = known([]),
  scp = known([]),
  rcp = known([]),
  endpoint = null,
}: Parts = {}): FactsRecord => ({
  key: {
    state,
    manager: known(manager),
    policy: isKnown(keyPolicy) ? keyPolicy : known(policy(...keyPolicy)),
    grants: known(grants),
    aliases: known([]),
  },
  principal: {
    arn: ROLE,
    uniqueId: 'AROAEXAMPLEROLE000001',
    identityPolicies,
    permissionsBoundary: known(
      boundary === null ? null : named('arn:aws:iam::111122223333:policy/Boundary', ...boundary),
    ),
    sessionPolicies: session,
  },
  organization: { serviceControlPolicies: scp, resourceControlPolicies: rcp },
  vpcEndpointPolicy: known(endpoint === null ? null : named('vpce-0a1b2c3d4e5f60718', ...endpoint)),
});

/** A principal by its ARN, or by the name of a service. */
export const principal = (text: string): Principal => {
  const found = principalOf(text);
  if (found === null) throw new Error(`no principal: ${text}`);
  return found;
};
