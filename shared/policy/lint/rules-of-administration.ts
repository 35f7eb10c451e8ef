import type { NamedPrincipal } from '../policy.ts';
import { isWhole, KEY_ACTIONS } from './action-patterns.ts';
import { hasEveryResource } from './coverage.ts';
import { type Found, type Rule, SOURCES } from './rule.ts';
import { allowsAction, type Linted, type Subject } from './subject.ts';

/** Who may administer a key, and whether that is somebody. */

const PUT_KEY_POLICY = 'kms:PutKeyPolicy';

/** Those of the key's account: PutKeyPolicy does not cross accounts. Nobody is a deleted role, or a service. */
const mayAdminister = (named: NamedPrincipal, account: string | null): boolean => {
  switch (named.kind) {
    case 'account':
    case 'role':
    case 'user':
      return account === null || named.accountId === account;
    case 'session':
      return account === null || named.arn.includes(`::${account}:`);
    case 'everyone':
      return true;
    default:
      return false;
  }
};

const deniesEverybody = ({ statement }: Linted): boolean =>
  statement.effect === 'Deny' &&
  statement.conditions.length === 0 &&
  statement.principals?.negated === false &&
  statement.principals.named.some(({ kind }) => kind === 'everyone') &&
  statement.actions.matchers.some((matches) => matches(PUT_KEY_POLICY.toLowerCase())) !== statement.actions.negated;

const administrators = ({ statements, account }: Subject): readonly NamedPrincipal[] =>
  statements
    .filter((linted) => allowsAction(linted, PUT_KEY_POLICY) && linted.statement.resources.tests.length > 0)
    .flatMap(({ statement: { principals } }) => (principals?.negated === false ? principals.named : []))
    .filter((named) => mayAdminister(named, account));

const ofWhole = (message: string): readonly Found[] => [{ statement: null, message }];

/** NotPrincipal in a statement that allows leaves open who is meant, so that nothing sure can be said. */
const isOpen = ({ statements }: Subject): boolean =>
  statements.some((linted) => linted.statement.principals?.negated && allowsAction(linted, PUT_KEY_POLICY));

const nobody = (subject: Subject): readonly Found[] => {
  if (subject.isExcerpt || isOpen(subject)) return [];
  const denial = subject.statements.find((linted) => deniesEverybody(linted) && hasEveryResource(linted));
  if (denial !== undefined)
    return ofWhole(`statement ${denial.statement.index} denies \`${PUT_KEY_POLICY}\` to everybody`);
  return administrators(subject).length > 0 ? [] : ofWhole(`nobody is allowed \`${PUT_KEY_POLICY}\``);
};

const onlyNamed = (subject: Subject): readonly Found[] => {
  const some = administrators(subject);
  const isKept = some.some(({ kind }) => kind === 'account' || kind === 'everyone');
  if (subject.isExcerpt || some.length === 0 || isKept) return [];
  return ofWhole('only single roles or users may change the policy: once they are deleted, nobody may');
};

const ADMINISTRATION = [PUT_KEY_POLICY, 'kms:ScheduleKeyDeletion', 'kms:DisableKey', 'kms:DeleteImportedKeyMaterial'];
const USE = KEY_ACTIONS.filter((action) =>
  /:(?:Decrypt|Encrypt|ReEncrypt|GenerateDataKey|GenerateMac|Sign|Verify|DeriveSharedSecret)/.test(action),
);

const givenTo = (named: NamedPrincipal, { statements }: Subject): readonly Linted[] => {
  const wanted = JSON.stringify(named);
  return statements.filter(
    ({ statement: { effect, principals } }) =>
      effect === 'Allow' &&
      principals?.negated === false &&
      principals.named.some((other) => JSON.stringify(other) === wanted),
  );
};

const singles = ({ statements }: Subject): readonly NamedPrincipal[] => {
  const named = statements.flatMap(({ statement: { principals } }) => principals?.named ?? []);
  const single = named.filter(({ kind }) => kind === 'role' || kind === 'user' || kind === 'session');
  return [...new Map(single.map((one) => [JSON.stringify(one), one])).values()];
};

const nameOf = (named: NamedPrincipal): string => ('arn' in named ? named.arn : named.kind);

const administratorAndUser = (subject: Subject): readonly Found[] =>
  singles(subject).flatMap((named): readonly Found[] => {
    const given = givenTo(named, subject);
    // `kms:*` has a rule of its own.
    if (given.some(({ actions }) => actions.some(isWhole))) return [];
    const administers = ADMINISTRATION.find((action) => given.some((linted) => allowsAction(linted, action)));
    const use = given.find((linted) => USE.some((action) => allowsAction(linted, action)));
    if (administers === undefined || use === undefined) return [];
    const message = `\`${nameOf(named)}\` may use the key and administers it (\`${administers}\`)`;
    return [{ statement: use.statement.index, message }];
  });

export const RULES_OF_ADMINISTRATION: readonly Rule[] = [
  {
    id: 'nobody-administers',
    severity: 'error',
    kinds: ['key-policy'],
    title: 'Somebody may change the policy of the key',
    reason: 'Nobody can use or mend a key whose policy nobody may change; only AWS Support can let one back in.',
    source: SOURCES.defaultPolicy,
    check: nobody,
  },
  {
    id: 'only-named-administrators',
    severity: 'warning',
    kinds: ['key-policy'],
    title: 'Administration is left to the account',
    reason: 'A role or user can be deleted, and the key cannot be managed after that. An account cannot.',
    source: SOURCES.defaultPolicy,
    check: onlyNamed,
  },
  {
    id: 'administrator-is-user',
    severity: 'warning',
    kinds: ['key-policy'],
    title: 'Administrators do not use the key',
    reason: 'Who may do both can read what is encrypted and keep everybody else from it.',
    source: SOURCES.defaultPolicy,
    check: administratorAndUser,
  },
];
