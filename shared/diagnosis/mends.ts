import type { Decision } from '#shared/policy/authorize';
import type { Facts } from '#shared/policy/facts';
import type { Known } from '#shared/policy/known';
import type { Layer } from '#shared/policy/layer';
import type { Policy, StatementRef } from '#shared/policy/policy';
import { accountOf, arnOf } from '#shared/policy/principal';
import { readingOf } from '#shared/policy/reading';
import type { Request } from '#shared/policy/request';
import { withFix, withKeyEnabled, withoutStatement } from './apply-fix.ts';
import { STATE_CAUSES } from './causes.ts';
import type { Fix } from './diagnosis.ts';
import { sentenceOf } from './explanation.ts';
import {
  endpointStatements,
  keyPolicyStatements,
  type Missing,
  ownStatements,
  type StatementText,
  sharedStatements,
  withFreeSids,
} from './fix-statement.ts';

/** How each layer that refuses is mended. */

export type Proposal = Omit<Fix, 'verified'>;

/** Changes, and the facts as they would be with them; `null` where what comes after cannot be told. */
export interface Mended {
  readonly proposals: readonly Proposal[];
  readonly after: Facts | null;
}

type Mend = (missing: Missing, facts: Facts) => Mended;

const added = (proposals: readonly Proposal[], facts: Facts): Mended => ({
  proposals,
  after: proposals.reduce(withFix, facts),
});

const adding =
  (
    layer: Layer,
    statements: (missing: Missing) => readonly StatementText[],
    where: (missing: Missing, facts: Facts) => Pick<Fix, 'target' | 'note'>,
  ): Mend =>
  (missing, facts) =>
    added(
      withFreeSids(statements(missing), policyAt(layer, facts)).map((statement) => ({
        layer,
        statement,
        ...where(missing, facts),
      })),
      facts,
    );

const one = (part: Known<Policy | null>): Policy | null => (part.known ? part.value : null);

/** The policy to which statements are added, where it is one that is there already. */
const policyAt = (layer: Layer, { key, principal, vpcEndpointPolicy }: Facts): Policy | null => {
  if (layer === 'key-policy') return one(key.policy);
  if (layer === 'permissions-boundary') return one(principal.permissionsBoundary);
  return layer === 'vpc-endpoint-policy' ? one(vpcEndpointPolicy) : null;
};

const NOT_EDITABLE =
  'AWS manages this key: nobody can edit its policy, and it serves its own account and Region alone. Copy the snapshot under a customer key in the account that holds it, then share the copy.';

const customerKeyPolicy = adding('key-policy', keyPolicyStatements, ([first]) => ({
  target: first.resource,
  note: `Add it to the policy of the key; it takes an administrator of the key in account ${first.resource.split(':')[4]}.`,
}));

const keyPolicy: Mend = (missing, facts) => {
  if (!facts.key.manager.known || facts.key.manager.value === 'CUSTOMER') return customerKeyPolicy(missing, facts);
  const target = missing[0].resource;
  return { proposals: [{ layer: 'key-policy', target, statement: null, note: NOT_EDITABLE }], after: null };
};

/** Each level that is silent on some of it gets those. */
const serviceControlPolicy: Mend = (missing, facts) => {
  const { serviceControlPolicies } = facts.organization;
  const levels = serviceControlPolicies.known ? serviceControlPolicies.value : [];
  const proposals = levels.flatMap(({ target, policies }): readonly Proposal[] => {
    const [first, ...rest] = missing.filter((request) => readingOf(policies, request).allows === 'no');
    if (first === undefined) return [];
    return sharedStatements([first, ...rest]).map((statement) => ({
      layer: 'service-control-policy',
      target,
      statement,
      note: 'Something at this level of the organisation has to allow it. Whoever administers the organisation decides that, in its management account.',
    }));
  });
  return added(proposals, facts);
};

const keyState: Mend = ([{ resource }], facts) => {
  const { state } = facts.key;
  const cause = state.known ? STATE_CAUSES[state.value] : undefined;
  const remedy = cause?.remedy ?? null;
  const note = `No statement helps: ${remedy === null ? (cause?.words ?? 'the key cannot be used') : remedy(resource)}.`;
  return {
    proposals: [{ layer: 'key-state', target: resource, statement: null, note }],
    after: remedy === null ? null : withKeyEnabled(facts),
  };
};

/** A resource control policy only ever denies, and a grant is one way among others: neither is what has to be mended. */
const nothing: Mend = () => ({ proposals: [], after: null });

const MENDS: Readonly<Record<Layer, Mend>> = {
  'key-policy': keyPolicy,
  'identity-policy': adding('identity-policy', ownStatements, ([{ principal }]) => ({
    target: arnOf(principal),
    note: `Add it to the role's IAM policies, in account ${accountOf(principal)}.`,
  })),
  'permissions-boundary': adding('permissions-boundary', sharedStatements, ([{ principal }], { principal: own }) => ({
    target: one(own.permissionsBoundary)?.name ?? arnOf(principal),
    note: 'Add it to the policy that is the permissions boundary of the role. It may bind other roles too: whoever owns it decides.',
  })),
  'session-policy': adding('session-policy', ownStatements, ([{ principal }]) => ({
    target: arnOf(principal),
    note: 'Add it to the session policy that the platform passes when it assumes the role. It takes effect with the next session.',
  })),
  'service-control-policy': serviceControlPolicy,
  'resource-control-policy': nothing,
  'vpc-endpoint-policy': adding('vpc-endpoint-policy', endpointStatements, (_missing, { vpcEndpointPolicy }) => ({
    target: one(vpcEndpointPolicy)?.name ?? 'the VPC endpoint',
    note: 'Add it to the policy of the VPC endpoint for KMS through which the role calls.',
  })),
  'key-state': keyState,
  grant: nothing,
};

export const mend = (layer: Layer, missing: Missing, facts: Facts): Mended => MENDS[layer](missing, facts);

const DECIDERS: Readonly<Record<Layer, string>> = {
  'service-control-policy': 'whoever administers the organisation, in its management account,',
  'resource-control-policy': 'whoever administers the organisation, in its management account,',
  'key-policy': 'an administrator of the key',
  grant: 'an administrator of the key',
  'identity-policy': 'whoever administers the role',
  'permissions-boundary': 'whoever owns the boundary',
  'session-policy': 'whoever runs the platform, which passes it when it assumes the role,',
  'vpc-endpoint-policy': 'whoever owns the VPC endpoint',
  'key-state': 'an administrator of the key',
};

/**
 * INVARIANT: an explicit deny is somebody's decision, so that nothing is proposed to get round it. The fix says where it
 * stands and who decides.
 * @param policy where it stands, as far as that is known
 */
export const exceptionFrom = (
  layer: Layer,
  policy: string | null,
  statement: StatementRef | null,
  { action, resource }: Request,
): Proposal => {
  const where = statement === null ? `A statement${policy === null ? '' : ` of ${policy}`}` : sentenceOf(statement);
  const note = `${where} denies ${action}, and no allow elsewhere helps: ${DECIDERS[layer]} decides whether to make an exception.`;
  return { layer, target: layer === 'key-policy' ? resource : (policy ?? resource), statement: null, note };
};

/** The exception, and the facts without the deny, to see what stands behind it. */
export const askForException = (layer: Layer, { statement }: Decision, request: Request, facts: Facts): Mended => ({
  proposals: [exceptionFrom(layer, statement?.policy ?? null, statement, request)],
  after: statement === null ? null : withoutStatement(facts, layer, statement),
});
