import type { Facts } from './facts.ts';
import type { Layer } from './layer.ts';
import { PARTS, type Part, type Readings, readLayers } from './layers.ts';
import { STANDINGS, type Standing } from './naming.ts';
import type { StatementRef } from './policy.ts';
import { type Relation, relationOf } from './relation.ts';
import type { Request } from './request.ts';
import { type Saying, traceOf } from './trace.ts';
import { and, or, type Truth } from './truth.ts';

/** The answer to one request. */
export interface Decision {
  readonly decision: 'allowed' | 'denied' | 'undetermined';
  /** The layer that refused; of several the first. `null` where none did, or it cannot be told. */
  readonly layer: Layer | null;
  /** Whether a statement denies, rather than none allowing. */
  readonly explicit: boolean;
  /** The statement that decided; `null` where an absence did. */
  readonly statement: StatementRef | null;
  /** What would have to be known for a sure answer. */
  readonly missing: readonly string[];
  readonly trace: readonly Saying[];
}

type Allows = Readonly<Record<Part, Truth>>;

/** A limit of which AWS does not document whether it binds here. */
const mayBind = (limit: Truth): Truth => (limit === 'no' ? 'unknown' : limit);

const named = ({ itself, role, everyone, account }: Allows): Truth => or(itself, role, everyone, account);

/**
 * Where the permission itself comes from, in each relation of caller and key.
 * - https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
 * - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 *
 * Whether a boundary limits a grant, or what is allowed to everyone, is documented nowhere; nor is it clear whether the
 * grantee of another account needs an IAM policy besides.
 */
const GIVEN: Readonly<Record<Relation, (allows: Allows) => Truth>> = {
  'same-account': (allows) => {
    const limits = and(allows.boundary, allows.session);
    return or(
      allows.itself,
      and(allows.role, limits),
      and(allows.everyone, mayBind(limits)),
      and(allows.account, allows.identity, limits),
      and(allows.grants, mayBind(limits)),
    );
  },
  'cross-account': (allows) => {
    const caller = and(allows.identity, allows.boundary, allows.session);
    return or(and(named(allows), caller), and(allows.grants, mayBind(caller)));
  },
  'no-key': ({ identity, boundary, session }) => and(identity, boundary, session),
};

const permitted = (allows: Allows, relation: Relation): Truth =>
  and(allows.serviceControl, GIVEN[relation](allows), allows.endpoint, allows.keyState);

/** Who can deny, in the order in which the first is named. */
const DENIERS = [
  ['service-control-policy', 'serviceControl'],
  ['resource-control-policy', 'resourceControl'],
  ['key-policy', 'keyPolicy'],
  ['identity-policy', 'identity'],
  ['permissions-boundary', 'boundary'],
  ['session-policy', 'session'],
  ['vpc-endpoint-policy', 'endpoint'],
] as const satisfies readonly (readonly [Layer, keyof Readings])[];

type Said = (allows: Allows, relation: Relation) => Truth;

/** Whether the key is silent: it names nobody who is meant, and no grant does. */
const key: Said = (allows, relation) => (relation === 'no-key' ? 'yes' : or(named(allows), allows.grants));

/** Of a key of the own account, IAM is asked where nothing names the caller itself. */
const identity: Said = ({ identity, itself, role, everyone, grants }, relation) =>
  relation === 'same-account' ? or(identity, itself, role, everyone, grants) : identity;

/** Who had to give the permission and did not, in the order in which the first is named. */
const GIVERS: readonly (readonly [Layer, Said])[] = [
  ['key-policy', key],
  ['identity-policy', identity],
  ['permissions-boundary', ({ boundary }) => boundary],
  ['session-policy', ({ session }) => session],
];

/** Who takes in what is given, before and after. */
const FRAMES = {
  before: [['service-control-policy', ({ serviceControl }) => serviceControl]],
  after: [
    ['vpc-endpoint-policy', ({ endpoint }) => endpoint],
    ['key-state', ({ keyState }) => keyState],
  ],
} as const satisfies Record<string, readonly (readonly [Layer, Said])[]>;

/** A boundary that is silent is no cause where the permission does not pass it: givers are asked only if none was given. */
const silentLayer = (allows: Allows, relation: Relation): Layer | null => {
  const givers = GIVEN[relation](allows) === 'no' ? GIVERS : [];
  return (
    [...FRAMES.before, ...givers, ...FRAMES.after].find(([, said]) => said(allows, relation) === 'no')?.[0] ?? null
  );
};

type Outcome = Omit<Decision, 'trace'>;

const ALLOWED: Outcome = { decision: 'allowed', layer: null, explicit: false, statement: null, missing: [] };

const UNNAMED = { itself: 'no', role: 'no', everyone: 'no', account: 'no', grants: 'no' } as const;

/** The statement that is enough by itself: of the key policy, or where there is no key of IAM. None where a grant allows. */
const allowing = (readings: Readings, allows: Allows, relation: Relation): StatementRef | null => {
  if (relation === 'no-key') return readings.identity.allowing;
  const isEnough = (standing: Standing): boolean =>
    GIVEN[relation]({ ...allows, ...UNNAMED, [standing]: allows[standing] }) === 'yes';
  const enough = STANDINGS.find(isEnough);
  return enough === undefined ? null : readings[enough].allowing;
};

/** Every way in which what is open may turn out. */
const endingsOf = (allows: Allows, open: readonly Part[]): readonly Allows[] =>
  open.reduce<readonly Allows[]>(
    (endings, part) => endings.flatMap((ending) => [ending, { ...ending, [part]: 'no' as const }]),
    [{ ...allows, ...Object.fromEntries(open.map((part) => [part, 'yes'])) }],
  );

/** What is not known and would change the answer: a denial that is open, and an allow on which some ending turns. */
const missingOf = (readings: Readings, allows: Allows, relation: Relation): readonly string[] => {
  const open = PARTS.filter((part) => allows[part] === 'unknown');
  const endings = endingsOf(allows, open);
  const turns = (part: Part): boolean =>
    endings.some((ending) => permitted(ending, relation) !== permitted({ ...ending, [part]: 'no' }, relation));
  const denials = DENIERS.flatMap(([, part]) => readings[part].openDenies);
  return [...new Set([...denials, ...open.filter(turns).flatMap((part) => readings[part].openAllows)])];
};

const NOT_DOCUMENTED =
  'AWS does not document whether the boundary, the session policy or the IAM policies limit this allow';

const outcomeOf = (readings: Readings, relation: Relation): Outcome => {
  for (const [layer, part] of DENIERS) {
    const { denies, denying } = readings[part];
    if (denies === 'yes') return { decision: 'denied', layer, explicit: true, statement: denying, missing: [] };
  }
  const allows = Object.fromEntries(PARTS.map((part) => [part, readings[part].allows])) as Allows;
  const answer = permitted(allows, relation);
  if (answer === 'no') return { ...ALLOWED, decision: 'denied', layer: silentLayer(allows, relation) };
  // An explicit deny behind something unknown is never taken for none.
  const deniable = DENIERS.some(([, part]) => readings[part].denies === 'unknown');
  if (answer === 'yes' && !deniable) return { ...ALLOWED, statement: allowing(readings, allows, relation) };
  const missing = missingOf(readings, allows, relation);
  return { ...ALLOWED, decision: 'undetermined', missing: missing.length > 0 ? missing : [NOT_DOCUMENTED] };
};

/**
 * Decides one request.
 *
 * INVARIANT: what is not known never turns into an allow. A fact more can turn `undetermined` into either answer, and no
 * other answer into anything.
 * @example
 * authorize({ principal, action: 'kms:CreateGrant', resource: 'arn:aws:kms:…:key/…', context }, facts)
 * // { decision: 'denied', layer: 'key-policy', explicit: false, statement: null, … }
 */
export const authorize = (request: Request, facts: Facts): Decision => {
  const relation = relationOf(request);
  const readings = readLayers(request, facts);
  return { ...outcomeOf(readings, relation), trace: traceOf(readings, relation) };
};
