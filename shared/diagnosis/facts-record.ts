import type { Facts, KeyManager, Level } from '#shared/policy/facts';
import type { Grant } from '#shared/policy/grant';
import { KEY_STATES, type KeyState } from '#shared/policy/key-state';
import { type Known, known, unknown } from '#shared/policy/known';
import type { Policy, PolicyKind } from '#shared/policy/policy';
import { PolicyError } from '#shared/policy/policy-error';
import { readPolicy } from '#shared/policy/read-policy';

/**
 * The facts as they are kept: plain JSON, documents as AWS answered them and nobody has read them yet. They cross durable
 * steps and lie beside the report.
 */
export interface FactsRecord {
  readonly key: KeyRecord;
  readonly principal: PrincipalRecord;
  readonly organization: OrganizationRecord;
  readonly vpcEndpointPolicy: Known<NamedDocument | null>;
}

export interface KeyRecord {
  /** As DescribeKey says it, or `NotFound`. */
  readonly state: Known<string>;
  readonly manager: Known<KeyManager>;
  /** Text or JSON. */
  readonly policy: Known<unknown>;
  readonly grants: Known<readonly GrantRecord[]>;
  readonly aliases: Known<readonly string[]>;
}

/** A grant, in the words of ListGrants. https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html */
export interface GrantRecord {
  readonly GrantId: string;
  readonly GranteePrincipal: string;
  readonly Operations: readonly string[];
  readonly Constraints?:
    | {
        readonly EncryptionContextEquals?: Readonly<Record<string, string>> | undefined;
        readonly EncryptionContextSubset?: Readonly<Record<string, string>> | undefined;
        /** Of a kind that is not known here. */
        readonly Other?: true | undefined;
      }
    | undefined;
}

export interface PrincipalRecord {
  /** ARN of the role with its path, and its unique id; `null` where they are not known. */
  readonly arn: string | null;
  readonly uniqueId: string | null;
  readonly identityPolicies: Known<readonly NamedDocument[]>;
  readonly permissionsBoundary: Known<NamedDocument | null>;
  readonly sessionPolicies: Known<readonly NamedDocument[]>;
}

export interface NamedDocument {
  /** The policy's name, or its ARN where it has one. */
  readonly name: string;
  /** Text, URL-encoded text, or JSON. */
  readonly document: unknown;
}

export interface LevelRecord {
  readonly target: string;
  readonly policies: readonly NamedDocument[];
}

export interface OrganizationRecord {
  /** From the root down to the account. */
  readonly serviceControlPolicies: Known<readonly LevelRecord[]>;
  readonly resourceControlPolicies: Known<readonly LevelRecord[]>;
}

/** A policy that cannot be read leaves its part unknown, and says where it is unreadable. */
const reading = <In, Out>(part: Known<In>, read: (value: In) => Out): Known<Out> => {
  if (!part.known) return part;
  try {
    return known(read(part.value));
  } catch (error) {
    if (error instanceof PolicyError) return unknown(error.message);
    throw error;
  }
};

const readNamed =
  (kind: PolicyKind) =>
  ({ name, document }: NamedDocument): Policy =>
    readPolicy(document, kind, name);
const readAttached = readNamed('attached');
const readOfResource = readNamed('resource');
const readLevel =
  (readPolicies: typeof readAttached) =>
  ({ target, policies }: LevelRecord): Level => ({
    target,
    policies: policies.map(readPolicies),
  });

const stateNamed = (state: Known<string>): Known<KeyState> => {
  if (!state.known) return state;
  const found = KEY_STATES.find((name) => name === state.value);
  return found === undefined ? unknown(`\`${state.value}\` is no state that is known here`) : known(found);
};

const readGrant = ({ GrantId, GranteePrincipal, Operations, Constraints = {} }: GrantRecord): Grant => {
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset, Other: other } = Constraints;
  const constraint: Grant['constraint'] = other
    ? { kind: 'other' }
    : equals !== undefined
      ? { kind: 'equals', pairs: equals }
      : subset !== undefined
        ? { kind: 'subset', pairs: subset }
        : null;
  return { grantId: GrantId, grantee: GranteePrincipal, operations: Operations, constraint };
};

/** The facts, read. What cannot be read is unknown, and says why. */
export const readFacts = ({ key, principal, organization, vpcEndpointPolicy }: FactsRecord): Facts => ({
  key: {
    state: stateNamed(key.state),
    manager: key.manager,
    policy: reading(key.policy, (document) => readPolicy(document, 'resource', 'the key policy')),
    grants: reading(key.grants, (grants) => grants.map(readGrant)),
  },
  principal: {
    identityPolicies: reading(principal.identityPolicies, (policies) => policies.map(readAttached)),
    permissionsBoundary: reading(principal.permissionsBoundary, (policy) =>
      policy === null ? null : readAttached(policy),
    ),
    sessionPolicies: reading(principal.sessionPolicies, (policies) => policies.map(readAttached)),
  },
  organization: {
    serviceControlPolicies: reading(organization.serviceControlPolicies, (levels) =>
      levels.map(readLevel(readAttached)),
    ),
    resourceControlPolicies: reading(organization.resourceControlPolicies, (levels) =>
      levels.map(readLevel(readOfResource)),
    ),
  },
  vpcEndpointPolicy: reading(vpcEndpointPolicy, (policy) => (policy === null ? null : readOfResource(policy))),
});

/** A key of which nothing could be read, and why. */
export const keyUnknown = (because: string): KeyRecord => ({
  state: unknown(because),
  manager: unknown(because),
  policy: unknown(because),
  grants: unknown(because),
  aliases: unknown(because),
});

/** The same of an organisation. */
export const organizationUnknown = (because: string): OrganizationRecord => ({
  serviceControlPolicies: unknown(because),
  resourceControlPolicies: unknown(because),
});
