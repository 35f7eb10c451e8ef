import fc from 'fast-check';
import { type ContextText, contextFor } from './generated-context.ts';
import { type Asking, attached, policyOf, some, statement, weighted } from './generated-statements.ts';
import { EVERYTHING, type PolicyText, type PrincipalText, type StatementText } from './policy-text.ts';

/** One request with all that is to be known of it: nothing is left open but what AWS leaves open. */
export interface GeneratedRequest {
  /** ARN of a role's session, of a role whose session is not known, or of a user. */
  readonly principal: string;
  readonly action: string;
  /** ARN of a key or of a service-linked role; `*` for an action that has no resource. */
  readonly resource: string;
  /** Account of the resource. */
  readonly owner: string;
  /** A key that is not listed is missing from the request. */
  readonly context: ContextText;
  /** `null` where there is no key. */
  readonly keyPolicy: PolicyText | null;
  readonly identityPolicies: readonly PolicyText[];
  readonly permissionsBoundary: PolicyText | null;
  readonly sessionPolicy: PolicyText | null;
  /** By level, from the root down. */
  readonly serviceControlPolicies: readonly (readonly PolicyText[])[];
  readonly resourceControlPolicies: readonly (readonly PolicyText[])[];
  readonly endpointPolicy: PolicyText | null;
}

const ACCOUNT = '111122223333';
const OTHER_ACCOUNT = '444455556666';
const KEY_ID = 'bd3c1a5e-0f6b-4a57-9d3e-6c1f2b7a8e90';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/myCadoResponseRole`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/myCadoResponseRole/cado`;
const USER = `arn:aws:iam::${ACCOUNT}:user/responder`;

const callers = weighted<{ readonly principal: string; readonly context: ContextText }>(
  [6, { principal: SESSION, context: { 'aws:PrincipalArn': ROLE, 'aws:PrincipalType': 'AssumedRole' } }],
  [1, { principal: ROLE, context: { 'aws:PrincipalArn': ROLE, 'aws:PrincipalType': 'AssumedRole' } }],
  [
    3,
    {
      principal: USER,
      context: { 'aws:PrincipalArn': USER, 'aws:PrincipalType': 'User', 'aws:username': 'responder' },
    },
  ],
);

const KMS_ACTIONS = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
];

const asked = fc.oneof(
  {
    weight: 18,
    arbitrary: fc
      .record({ action: fc.constantFrom(...KMS_ACTIONS), owner: weighted([3, ACCOUNT], [1, OTHER_ACCOUNT]) })
      .map(({ action, owner }) => ({ action, owner, resource: `arn:aws:kms:eu-west-3:${owner}:key/${KEY_ID}` })),
  },
  { weight: 1, arbitrary: fc.constant({ action: 'kms:CreateKey', owner: ACCOUNT, resource: '*' }) },
  {
    weight: 1,
    arbitrary: fc.constant({
      action: 'iam:CreateServiceLinkedRole',
      owner: ACCOUNT,
      resource: `arn:aws:iam::${ACCOUNT}:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKMSMultiRegionKeys`,
    }),
  },
);

const asking: fc.Arbitrary<Asking> = fc.tuple(callers, asked).chain(([caller, asked]) =>
  contextFor(asked.action).map((context) => ({
    ...asked,
    principal: caller.principal,
    context: {
      ...context,
      ...caller.context,
      'aws:PrincipalAccount': ACCOUNT,
    },
  })),
);

const SESSIONS = [SESSION, `${SESSION}-elsewhere`];
const STRANGERS = [
  'arn:aws:iam::777788889999:role/stranger',
  `arn:aws:iam::${ACCOUNT}:role/another`,
  '777788889999',
  `arn:aws:iam::${ACCOUNT}:user/mallory`,
];

const principalOf = (negated: boolean, names: fc.Arbitrary<readonly string[]>): fc.Arbitrary<PrincipalText> =>
  names.map((named) => ({ negated, named }));

/** The ways in which a key policy names the one who asks, or others. */
const named = ({ principal }: Asking): fc.Arbitrary<PrincipalText> => {
  const own = principal === USER ? [USER] : [ROLE, SESSION];
  const accounts = [`arn:aws:iam::${ACCOUNT}:root`, ACCOUNT];
  const several = (items: readonly string[], most: number) =>
    fc.uniqueArray(fc.constantFrom(...items), { minLength: 1, maxLength: most });
  return fc.oneof(
    { weight: 6, arbitrary: principalOf(false, several(own, 2)) },
    { weight: 6, arbitrary: principalOf(false, several(accounts, 1)) },
    { weight: 2, arbitrary: principalOf(false, fc.constant(['*'])) },
    { weight: 1, arbitrary: principalOf(false, several([...SESSIONS, ...STRANGERS], 2)) },
  );
};

/** NotPrincipal is for statements that deny; one that allows is of no use, and rare. */
const leftOut = ({ principal }: Asking): fc.Arbitrary<PrincipalText> => {
  const all = principal === USER ? [USER, ACCOUNT] : [SESSION, ROLE, ACCOUNT];
  return principalOf(
    true,
    fc.oneof(
      { weight: 6, arbitrary: fc.constant([...all, ...STRANGERS.slice(0, 1)]) },
      { weight: 3, arbitrary: fc.subarray(all, { minLength: 1 }) },
      { weight: 4, arbitrary: fc.constant(all.slice(0, -1)) },
      { weight: 2, arbitrary: fc.constant(STRANGERS.slice(1)) },
    ),
  );
};

const by = (
  statement: fc.Arbitrary<StatementText>,
  principal: fc.Arbitrary<PrincipalText>,
): fc.Arbitrary<StatementText> =>
  fc.tuple(statement, principal).map(([statement, principal]) => ({ ...statement, principal }));

const keyPolicyFor = (asking: Asking): fc.Arbitrary<PolicyText | null> => {
  if (!asking.resource.startsWith('arn:aws:kms:')) return fc.constant(null);
  const who = named(asking);
  const open = by(fc.constant(EVERYTHING), who);
  const fitting = by(statement(asking, 'Allow', 93, 2), who);
  const oddly = by(statement(asking, 'Allow', 90, 1), leftOut(asking));
  const denies = fc.oneof(
    { weight: 5, arbitrary: by(statement(asking, 'Deny', 35, 3), who) },
    { weight: 2, arbitrary: by(statement(asking, 'Deny', 75, 1), leftOut(asking)) },
  );
  return fc.oneof(
    { weight: 8, arbitrary: policyOf(some(open, 1, 1), some(fitting, 0, 1), some(denies, 0, 1)) },
    { weight: 6, arbitrary: policyOf(some(fitting, 1, 2), some(denies, 0, 1)) },
    { weight: 1, arbitrary: policyOf(some(oddly, 0, 1), some(fitting, 0, 1)) },
  );
};

const ANYONE: PrincipalText = { negated: false, named: ['*'] };

/** Organisations keep version 2012-10-17 only. */
const ofOrganization = (policy: fc.Arbitrary<PolicyText>): fc.Arbitrary<PolicyText> =>
  policy.map((policy) => ({ ...policy, version: '2012-10-17' }));

/** They take no NotAction, no `*` for every service, and no ARN that ends early. */
const asResourceControl = (statement: StatementText): StatementText => {
  const { negated, patterns } = statement.actions;
  const named = patterns.filter((pattern) => pattern !== '*');
  const actions = { negated: false, patterns: negated || named.length === 0 ? ['kms:*'] : named };
  const whole = statement.resources.patterns.filter((pattern) => pattern === '*' || pattern.split(':').length >= 6);
  const resources = whole.length === 0 ? EVERYTHING.resources : { ...statement.resources, patterns: whole };
  return { ...statement, principal: ANYONE, actions, resources };
};

const resourceControl = (asking: Asking): fc.Arbitrary<PolicyText> =>
  ofOrganization(policyOf(some(statement(asking, 'Deny', 40, 3).map(asResourceControl), 1, 2)));

const endpoint = (asking: Asking): fc.Arbitrary<PolicyText> => {
  const who = weighted<PrincipalText>(
    [12, ANYONE],
    [1, { negated: false, named: ['777788889999'] }],
    [1, { negated: false, named: [`arn:aws:iam::${ACCOUNT}:role/another`] }],
    [2, { negated: false, named: [`arn:aws:iam::${ACCOUNT}:root`] }],
  );
  return fc.tuple(attached(asking), fc.array(who, { minLength: 4, maxLength: 4 })).map(([policy, names]) => ({
    ...policy,
    statements: policy.statements.map((statement, index) => ({ ...statement, principal: names[index] ?? ANYONE })),
  }));
};

const sometimes = (weight: number, policy: fc.Arbitrary<PolicyText>): fc.Arbitrary<PolicyText | null> =>
  fc.oneof({ weight: 10 - weight, arbitrary: fc.constant(null) }, { weight, arbitrary: policy });

/**
 * Requests over every layer, biased so that about a third is allowed: each layer mostly lets the request pass, since one
 * that does not hides all others.
 */
export const requests: fc.Arbitrary<GeneratedRequest> = asking.chain((asking) => {
  const ofKey = asking.resource.startsWith('arn:aws:kms:');
  const policy = attached(asking);
  return fc.record({
    principal: fc.constant(asking.principal),
    action: fc.constant(asking.action),
    resource: fc.constant(asking.resource),
    owner: fc.constant(asking.owner),
    context: fc.constant(ofKey ? { ...asking.context, 'kms:CallerAccount': ACCOUNT } : asking.context),
    keyPolicy: keyPolicyFor(asking),
    identityPolicies: fc.array(policy, { minLength: 0, maxLength: 2 }),
    permissionsBoundary: sometimes(3, policy),
    sessionPolicy: asking.principal === SESSION ? sometimes(3, policy) : fc.constant(null),
    serviceControlPolicies: fc.array(fc.array(ofOrganization(policy), { minLength: 1, maxLength: 2 }), {
      maxLength: 2,
    }),
    resourceControlPolicies: ofKey
      ? fc.array(fc.array(resourceControl(asking), { minLength: 1, maxLength: 1 }), { maxLength: 1 })
      : fc.constant([]),
    endpointPolicy: asking.resource.startsWith('arn:aws:iam:') ? fc.constant(null) : sometimes(3, endpoint(asking)),
  });
});
