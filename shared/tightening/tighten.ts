import { statementsIn, textsIn, type Written, withStatements } from '#shared/policy/lint/subject';
import type { Policy } from '#shared/policy/policy';
import { oneLine } from '#shared/policy/policy-error';
import { parsedDocument, readPolicy } from '#shared/policy/read-policy';
import type { Truth } from '#shared/policy/truth';
import { type Feature, type NamedStatements, type Standing, type Survey, surveyOf } from './catalogue.ts';
import { featuresInUse } from './in-use.ts';
import { type Loss, lossesOf } from './losses.ts';
import { type Change, narrowed } from './narrowing.ts';
import { type Path, pathsOf, type Use } from './paths.ts';
import { roleAllows } from './role-allows.ts';

/** A policy of a role, by its name. */
export interface RolePolicy {
  readonly name: string;
  /** JSON, text, or URL-encoded text. */
  readonly document: unknown;
}

export interface Tightened {
  readonly name: string;
  /** `null`: nothing is left of it, and the policy can be taken from the role. */
  readonly document: Written | null;
  readonly isChanged: boolean;
}

/** A request of a feature in use, to the role's policies before and after. */
export interface Proof {
  readonly feature: Feature;
  readonly words: string;
  readonly action: string;
  readonly resource: string;
  readonly before: Truth;
  readonly after: Truth;
}

/** Narrower policies of a role, what was done, and what comes of it. */
export interface Tightening {
  readonly policies: readonly Tightened[];
  readonly changes: readonly (Standing & { readonly changes: readonly Change[] })[];
  /** Changes that were tried and not made, because a request in use would have been refused. */
  readonly notMade: readonly (Standing & { readonly changes: readonly Change[]; readonly wouldRefuse: string })[];
  readonly proof: readonly Proof[];
  readonly lost: readonly Loss[];
  readonly survey: Survey;
  /** Those that are in use. */
  readonly features: readonly Feature[];
}

/** Where no features are named, those that the policies serve. */
export type Wanted = Omit<Use, 'features'> & { readonly features: Use['features'] | null };

interface Draft {
  readonly name: string;
  readonly document: unknown;
  /** Of each statement that was, what stands for it now. */
  readonly becomes: readonly (readonly Written[])[];
}

const policyOf = ({ name, document, becomes }: Draft): Policy =>
  readPolicy(withStatements(document, becomes.flat()), 'attached', name);

const RANK = { no: 0, unknown: 1, yes: 2 } as const satisfies Record<Truth, number>;

const draftOf = ({ name, document }: RolePolicy): Draft => {
  // Refused here, with its place, if it is none.
  readPolicy(document, 'attached', name);
  const parsed = parsedDocument(document, name);
  return { name, document: parsed, becomes: statementsIn(parsed).map((statement) => [statement]) };
};

const standingOf = (name: string, index: number, statement: Written): Standing => ({
  policy: name,
  statement: index,
  sid: sidIn(statement),
});

const statementsOf = ({ name, becomes }: Draft): NamedStatements => ({ name, statements: becomes.flat() });

const replacedIn = (
  drafts: readonly Draft[],
  at: number,
  index: number,
  becomes: readonly Written[],
): readonly Draft[] =>
  drafts.map((draft, place) =>
    place === at
      ? {
          ...draft,
          becomes: draft.becomes.map((old, which) => (which === index ? withFreeSids(becomes, index, draft) : old)),
        }
      : draft,
  );

const sidIn = ({ Sid: sid }: Written): string | null => (typeof sid === 'string' && sid !== '' ? sid : null);

/** IAM takes each Sid once in a policy: a new one that is taken gets a number. */
const withFreeSids = (becomes: readonly Written[], index: number, { becomes: all }: Draft): readonly Written[] => {
  const taken = new Set(all.flatMap((statements, at) => (at === index ? [] : statements.map(sidIn))));
  return becomes.map((statement) => {
    const sid = sidIn(statement);
    if (sid === null) return statement;
    let free = sid;
    for (let number = 2; taken.has(free); number++) free = `${sid}${number}`;
    taken.add(free);
    return free === sid ? statement : { ...statement, Sid: free };
  });
};

/** The first request in use that fares worse. */
const firstRefused = (
  paths: readonly Path[],
  before: readonly Truth[],
  policies: readonly Policy[],
): Path | undefined =>
  paths.find(({ request }, index) => RANK[roleAllows(policies, request)] < RANK[before[index] ?? 'no']);

const tightenedOf = ({ name, document, becomes }: Draft, changed: ReadonlySet<string>): Tightened => {
  const statements = becomes.flat();
  return {
    name,
    // An empty list of statements is malformed to IAM.
    document: statements.length === 0 && changed.has(name) ? null : withStatements(document, statements),
    isChanged: changed.has(name),
  };
};

/** All that a statement allowed. */
const lossOf = ({ policy, statement: index, sid }: Standing, statement: Written): Loss => ({
  way: `by ${sid === null ? `statement ${index}` : `\`${oneLine(sid)}\``} of ${oneLine(policy)}, where no other statement allows it`,
  actions: textsIn(statement.Action ?? statement.NotAction),
});

const KEY_ARN = /^arn:[^:*?]+:kms:[^:*?]+:\d{12}:key\/[^*?]+$/;

/** Keys that statements name, beside those that are known to be in use. */
const namedKeys = (drafts: readonly Draft[], { keys }: Use): Use['keys'] => {
  const written = drafts.flatMap(({ becomes }) => becomes.flat().flatMap(({ Resource }) => textsIn(Resource)));
  const named = new Set(written.filter((text) => KEY_ARN.test(text)));
  return [...named].filter((arn) => keys.every((key) => key.arn !== arn)).map((arn) => ({ arn, aliases: null }));
};

/**
 * Narrower policies for a role: statements for features that are not in use are left out, commands go to tagged machines,
 * keys are used through EC2, grants are for AWS resources, temporary keys are known by their alias. Each change is made
 * only if every request in use fares as before.
 *
 * INVARIANT: nothing is allowed that the policies did not allow before.
 * @throws PolicyError for a policy that cannot be read
 */
export const tighten = (policies: readonly RolePolicy[], wanted: Wanted): Tightening => {
  const given = policies.map(draftOf);
  const original = given.map(policyOf);
  const use = { ...wanted, features: wanted.features ?? featuresInUse(given.map(statementsOf), original, wanted) };
  const paths = pathsOf(use);
  const before = paths.map(({ request }) => roleAllows(original, request));
  const changes: Tightening['changes'][number][] = [];
  const notMade: Tightening['notMade'][number][] = [];
  const leftOut: Loss[] = [];
  let drafts: readonly Draft[] = given;
  for (const [at, { name, becomes }] of given.entries()) {
    for (const [index, [statement = {}]] of becomes.entries()) {
      const standing = standingOf(name, index, statement);
      for (const { becomes, changes: made } of narrowed(statement, use, paths)) {
        const tried = replacedIn(drafts, at, index, becomes);
        const refused = firstRefused(paths, before, tried.map(policyOf));
        if (refused !== undefined) {
          notMade.push({ ...standing, changes: made, wouldRefuse: `${refused.request.action}: ${refused.words}` });
          continue;
        }
        drafts = tried;
        changes.push({ ...standing, changes: made });
        if (becomes.length === 0) leftOut.push(lossOf(standing, statement));
        break;
      }
    }
  }
  const after = drafts.map(policyOf);
  const changed = new Set(changes.map(({ policy }) => policy));
  return {
    policies: drafts.map((draft) => tightenedOf(draft, changed)),
    changes,
    notMade,
    proof: paths.map(({ feature, words, request }, index) => ({
      feature,
      words,
      action: request.action,
      resource: request.resource,
      before: before[index] ?? 'no',
      after: roleAllows(after, request),
    })),
    lost: [...leftOut, ...lossesOf(original, after, { ...use, keys: [...use.keys, ...namedKeys(given, use)] })],
    survey: surveyOf(given.map(statementsOf), use.features),
    features: [...use.features].sort(),
  };
};
