import { isGlob, isWhole, KEY_ACTIONS, kmsActionNames, matching, serviceOf } from './action-patterns.ts';
import { type Found, type Rule, SOURCES } from './rule.ts';
import type { Linted, Subject, Written } from './subject.ts';

/** How the actions of a statement are written. */

const inOrder = (actions: readonly string[]): readonly string[] =>
  [...new Set(actions)].sort((left, right) => {
    const [a, b] = [left.toLowerCase(), right.toLowerCase()];
    return a < b ? -1 : a > b ? 1 : 0;
  });

const withActions = ({ written }: Linted, actions: readonly string[]): Written => {
  const element = written.Action === undefined ? 'NotAction' : 'Action';
  const [first, ...others] = actions;
  return { ...written, [element]: first !== undefined && others.length === 0 ? first : actions };
};

/** The actions that a pattern could be in this policy; `undefined` where they are not known. */
const possible = ({ kind, actionNames }: Subject, pattern: string): readonly string[] | undefined => {
  const service = serviceOf(pattern);
  return kind === 'key-policy' && service === 'kms' ? KEY_ACTIONS : actionNames(service);
};

const eachStatement = (check: (linted: Linted, subject: Subject) => Omit<Found, 'statement'> | null): Rule['check'] =>
  function checked(subject) {
    return subject.statements.flatMap((linted) => {
      const found = check(linted, subject);
      return found === null ? [] : [{ statement: linted.statement.index, ...found }];
    });
  };

const unsorted = eachStatement((linted) => {
  const sorted = inOrder(linted.actions);
  const at = linted.actions.findIndex((action, index) => action !== sorted[index]);
  if (at < 0) return null;
  const again = linted.actions.indexOf(linted.actions[at] ?? '') < at;
  return {
    message: again
      ? `\`${linted.actions[at]}\` stands twice`
      : `\`${linted.actions[at]}\` stands where \`${sorted[at]}\` belongs`,
    mend: { effect: 'same', becomes: [withActions(linted, sorted)] },
  };
});

const onlyAction = (pattern: string, subject: Subject): string | null => {
  if (!isGlob(pattern) || isWhole(pattern)) return null;
  const [first, ...others] = matching(pattern, possible(subject, pattern) ?? []);
  return others.length === 0 ? (first ?? null) : null;
};

const globOfOne = eachStatement((linted, subject) => {
  const named = new Map(
    linted.actions.flatMap((pattern) => {
      const action = onlyAction(pattern, subject);
      return action === null ? [] : [[pattern, action] as const];
    }),
  );
  if (named.size === 0) return null;
  const actions = [...new Set(linted.actions.map((pattern) => named.get(pattern) ?? pattern))];
  return {
    message: [...named].map(([pattern, action]) => `\`${pattern}\` can only be \`${action}\``).join('; '),
    mend: { effect: 'same', becomes: [withActions(linted, actions)] },
  };
});

/** Why a pattern takes in nothing, or `null` where it does, or may. */
const emptiness = (pattern: string, { kind, actionNames }: Subject): string | null => {
  const service = serviceOf(pattern);
  if (pattern === '*' || isGlob(service)) return null;
  if (kind === 'key-policy') {
    if (service !== 'kms') return `\`${pattern}\` is no action of KMS`;
    if (matching(pattern, KEY_ACTIONS).length > 0) return null;
    if (matching(pattern, kmsActionNames('kms') ?? []).length > 0) return `\`${pattern}\` is asked of no key`;
  }
  const names = actionNames(service);
  return names === undefined || matching(pattern, names).length > 0 ? null : `\`${pattern}\` matches no action`;
};

const matchesNothing = eachStatement((linted, subject) => {
  const empty = linted.actions.flatMap((pattern) => emptiness(pattern, subject) ?? []);
  return empty.length === 0 ? null : { message: empty.join('; ') };
});

export const RULES_OF_ACTIONS: readonly Rule[] = [
  {
    id: 'action-matches-nothing',
    severity: 'warning',
    kinds: ['key-policy', 'identity-policy'],
    title: 'Each action exists and can be asked',
    reason: 'AWS keeps a misspelled action without a word, and it allows or denies nothing.',
    source: SOURCES.actions,
    check: matchesNothing,
  },
  {
    id: 'glob-of-one-action',
    severity: 'note',
    kinds: ['key-policy', 'identity-policy'],
    title: 'No glob where there is only one action',
    reason: 'Who reads it has to look up what it may be, and finds one action.',
    source: SOURCES.essay,
    check: globOfOne,
  },
  {
    id: 'actions-unsorted',
    severity: 'note',
    kinds: ['key-policy', 'identity-policy'],
    title: 'Actions in alphabetical order',
    reason: 'In order, what is missing and what stands twice can be seen.',
    source: SOURCES.essay,
    check: unsorted,
  },
];
