import type { Grant } from './grant.ts';
import type { KeyState } from './key-state.ts';
import type { Known } from './known.ts';
import type { Policy } from './policy.ts';

/**
 * What is known of the two sides of a request, each part for itself: one that could not be read is unknown, and says why.
 */
export interface Facts {
  readonly key: KeyFacts;
  readonly principal: PrincipalFacts;
  readonly organization: OrganizationFacts;
  /** `null`: the request came through no endpoint with a policy. */
  readonly vpcEndpointPolicy: Known<Policy | null>;
}

export interface KeyFacts {
  readonly state: Known<KeyState>;
  readonly manager: Known<KeyManager>;
  readonly policy: Known<Policy>;
  readonly grants: Known<readonly Grant[]>;
}

/** `AWS`: the key of a service, such as `aws/ebs`, whose policy nobody can edit. */
export type KeyManager = 'CUSTOMER' | 'AWS';

export interface PrincipalFacts {
  /** Inline and attached; of a user also those of the groups. */
  readonly identityPolicies: Known<readonly Policy[]>;
  readonly permissionsBoundary: Known<Policy | null>;
  /** Those with which the role was assumed. */
  readonly sessionPolicies: Known<readonly Policy[]>;
}

/** The policies at one level of the organisation: the root, an organisational unit, or the account. */
export interface Level {
  readonly target: string;
  readonly policies: readonly Policy[];
}

export interface OrganizationFacts {
  /** Of the caller's account, from the root down; none where there is no organisation or it exempts the account. */
  readonly serviceControlPolicies: Known<readonly Level[]>;
  /** Of the key's account. */
  readonly resourceControlPolicies: Known<readonly Level[]>;
}
