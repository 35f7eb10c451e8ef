import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFacts } from '#shared/diagnosis/facts-record';
import { authorize, type Decision } from '#shared/policy/authorize';
import { known } from '#shared/policy/known';
import { factsOf, type Ground, recordOf, requestOf, UNREAD, type Written } from './cases/case.ts';
import {
  denialForPrincipals,
  denialForResources,
  ignorance,
  knowingLess,
  type World,
  world,
} from './generated-grounds.ts';

const RUNS = { numRuns: 1000, seed: 20261122 };
const decided = (asked: World): Decision => authorize(requestOf(asked), factsOf(asked.given));

/** What order and form must not change. */
const settled = ({ decision, layer, explicit, missing }: Decision) => ({
  decision,
  layer,
  explicit,
  missing: [...missing].sort(),
});

const DOCUMENTS = ['key', 'identity', 'boundary', 'session', 'endpoint'] as const;
const LEVELS = ['scp', 'rcp'] as const;

/** A world in which every document is rewritten. */
const rewritten = (asked: World, rewrite: (statements: readonly Written[]) => readonly Written[]): World => {
  const given: Record<string, unknown> = { ...asked.given };
  for (const part of DOCUMENTS) {
    const statements = asked.given[part];
    if (statements !== undefined && statements !== UNREAD) given[part] = rewrite(statements);
  }
  for (const part of LEVELS) {
    const sets = asked.given[part];
    if (sets !== undefined && sets !== UNREAD) given[part] = sets.map(rewrite);
  }
  return { ...asked, given: given as Ground };
};

/** A world with one statement more in a document that it has; itself where there is no such document. */
const withStatement = (asked: World, part: (typeof DOCUMENTS)[number], statement: Written): World => {
  const statements = asked.given[part];
  if (statements === undefined || statements === UNREAD) return asked;
  return { ...asked, given: { ...asked.given, [part]: [...statements, statement] } };
};
const withLevelStatement = (asked: World, part: (typeof LEVELS)[number], statement: Written): World => {
  const sets = asked.given[part];
  if (sets === undefined || sets === UNREAD) return asked;
  return { ...asked, given: { ...asked.given, [part]: sets.map((set) => [...set, statement]) } };
};

const oneMore = (attached: Written, resource: Written): readonly ((asked: World) => World)[] => [
  (asked) => withStatement(asked, 'key', resource),
  (asked) => withStatement(asked, 'endpoint', resource),
  (asked) => withStatement(asked, 'identity', attached),
  (asked) => withStatement(asked, 'boundary', attached),
  (asked) => withStatement(asked, 'session', attached),
  (asked) => withLevelStatement(asked, 'scp', attached),
  (asked) => withLevelStatement(asked, 'rcp', resource),
];

const rotated = <T>(list: readonly T[], by: number): readonly T[] => {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)].reverse();
};

const split = (statements: readonly Written[]): readonly Written[] =>
  statements.flatMap((statement) => {
    const [first, ...rest] = [statement.Action].flat();
    return rest.length === 0
      ? [statement]
      : [
          { ...statement, Action: first },
          { ...statement, Action: rest },
        ];
  });

/** Words for a part, as `missing` has them. */
const WORDS: Readonly<Record<keyof Ground, string>> = {
  key: 'the key policy:',
  grants: 'the grants on the key:',
  state: 'the state of the key:',
  manager: 'who manages the key',
  identity: 'the identity policies:',
  boundary: 'the permissions boundary:',
  session: 'the session policies:',
  scp: 'the service control policies:',
  rcp: 'the resource control policies:',
  endpoint: 'the VPC endpoint policy:',
};

const LONE_KEYS = ['aws:MultiFactorAuthPresent', 'aws:PrincipalTag/team', 'kms:ResourceAliases'];

describe('the laws of a decision', () => {
  it('the worlds of these laws come to every answer, and often enough', () => {
    const answers = fc
      .sample(fc.tuple(world, ignorance), { ...RUNS, numRuns: 300 })
      .flatMap(([asked, less]) => [decided(asked), decided(knowingLess(asked, less))]);
    const share = (answer: Decision['decision']) =>
      answers.filter(({ decision }) => decision === answer).length / answers.length;
    expect(Math.min(share('allowed'), share('denied'), share('undetermined'))).toBeGreaterThan(0.1);
  });

  it('a denial more, wherever it stands, never turns a refusal or an open question into an allow', () => {
    const property = fc.property(
      world,
      ignorance,
      denialForPrincipals,
      denialForResources,
      fc.nat(6),
      (full, less, attached, resource, where) => {
        const asked = knowingLess(full, less);
        const before = decided(asked).decision;
        const after = decided(oneMore(attached, resource)[where]?.(asked) ?? asked).decision;
        if (before === 'denied') expect(after).toBe('denied');
        if (before === 'undetermined') expect(after).not.toBe('allowed');
      },
    );
    fc.assert(property, RUNS);
  });

  it('to know less leaves an answer as it is, or open, and says what is missing', () => {
    const property = fc.property(world, ignorance, ignorance, (full, less, stillLess) => {
      const some = knowingLess(full, less);
      const answers = [full, some, knowingLess(some, stillLess)].map(decided);
      for (const [index, { decision, explicit, missing }] of answers.entries()) {
        expect(missing.length > 0).toBe(decision === 'undetermined');
        expect(new Set(missing).size).toBe(missing.length);
        const wiser = answers[index - 1];
        if (wiser === undefined) continue;
        if (decision !== 'undetermined') expect(wiser.decision).toBe(decision);
        if (explicit) expect(wiser.explicit).toBe(true);
      }
    });
    fc.assert(property, RUNS);
  });

  it('what is not said to be missing does not change the answer when it comes to be known', () => {
    const property = fc.property(world, ignorance, (full, less) => {
      // Nothing else of a request follows from these keys, so that each is missing under its own name.
      const keys = less.keys.filter((key) => LONE_KEYS.includes(key));
      const only = { parts: less.parts, keys, session: false, uniqueId: false };
      const { decision, missing } = decided(knowingLess(full, only));
      const matter = {
        ...only,
        parts: less.parts.filter((part) => missing.some((words) => words.startsWith(WORDS[part]))),
        keys: keys.filter((key) => missing.some((words) => words.startsWith(`the context key \`${key}\``))),
      };
      expect(decided(knowingLess(full, matter)).decision).toBe(decision);
    });
    fc.assert(property, RUNS);
  });

  it('the order of statements changes nothing', () => {
    const property = fc.property(world, ignorance, fc.nat(10), (full, less, by) => {
      const asked = knowingLess(full, less);
      expect(settled(decided(rewritten(asked, (statements) => rotated(statements, by))))).toEqual(
        settled(decided(asked)),
      );
    });
    fc.assert(property, RUNS);
  });

  it('the order of policies, and how statements are spread over them, change nothing', () => {
    const property = fc.property(world, fc.nat(10), (asked, by) => {
      const { principal, ...record } = recordOf(asked.given);
      const { identity = [] } = asked.given;
      const statements = identity === UNREAD ? [] : identity;
      const documents = rotated(statements, by).map((Statement, index) => ({
        name: `policy ${index}`,
        document: { Version: '2012-10-17', Statement },
      }));
      const spread = readFacts({ ...record, principal: { ...principal, identityPolicies: known(documents) } });
      const { decision, layer, explicit } = decided(asked);
      expect(authorize(requestOf(asked), spread)).toMatchObject({ decision, layer, explicit });
    });
    fc.assert(property, RUNS);
  });

  it('a statement split in two by its actions says the same', () => {
    const property = fc.property(world, ignorance, (full, less) => {
      const asked = knowingLess(full, less);
      const whole = settled(decided(asked));
      const parted = settled(decided(rewritten(asked, split)));
      expect(parted.decision).toBe(whole.decision);
      expect(parted).toMatchObject({ layer: whole.layer, explicit: whole.explicit });
    });
    fc.assert(property, RUNS);
  });
});
