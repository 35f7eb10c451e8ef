import type { NamedPrincipal } from '../policy.ts';
import { oneLine } from '../policy-error.ts';
import { isWhole, KEY_ACTIONS } from './action-patterns.ts';
import { hasEveryResource, hasFewerConditions, saysAllOf } from './coverage.ts';
import { type Found, type Rule, SOURCES } from './rule.ts';
import { allowsAction, type Linted, type Subject } from './subject.ts';

/** What a statement adds to the others: nothing where one of them says as much, or leaves it to IAM. */

const titleOf = ({ statement: { sid, index } }: Linted): string =>
  sid === null ? `statement ${index}` : `statement ${index} \`${oneLine(sid)}\``;

const ACCOUNT_IN_ARN = /^arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):/;

/** The account of somebody in it; `null` for the account itself, a service, and an id that tells none. */
const accountOfMember = (named: NamedPrincipal): string | null =>
  named.kind === 'role' || named.kind === 'user' || named.kind === 'session'
    ? (ACCOUNT_IN_ARN.exec(named.arn)?.[1] ?? null)
    : null;

const delegatesTo = ({ statement: { principals } }: Linted, accountId: string | null): boolean =>
  accountId !== null &&
  principals !== null &&
  !principals.negated &&
  principals.named.some((named) => named.kind === 'account' && named.accountId === accountId);

const delegationOf = (linted: Linted, { statements }: Subject): Linted | null => {
  const { effect, principals } = linted.statement;
  if (effect !== 'Allow' || principals === null || principals.negated) return null;
  const actions = KEY_ACTIONS.filter((action) => allowsAction(linted, action));
  if (actions.length === 0) return null;
  const accounts = principals.named.map(accountOfMember);
  const covers = (other: Linted): boolean =>
    accounts.every((account) => delegatesTo(other, account)) &&
    hasEveryResource(other) &&
    actions.every((action) => allowsAction(other, action)) &&
    hasFewerConditions(other, linted);
  return statements.find(covers) ?? null;
};

const pointless = (subject: Subject): readonly Found[] =>
  subject.statements.flatMap((linted) => {
    const delegation = delegationOf(linted, subject);
    if (delegation === null) return [];
    return [
      {
        statement: linted.statement.index,
        message: `${titleOf(delegation)} leaves all of this to IAM already: whoever IAM allows it needs no statement, and whoever it names is not the only one`,
      },
    ];
  });

/** Of two that say the same, the second is too much. */
const covered = ({ statements }: Subject): readonly Found[] =>
  statements.flatMap((linted): readonly Found[] => {
    const { index } = linted.statement;
    const wider = statements.find(
      (other) =>
        other !== linted && saysAllOf(other, linted) && (other.statement.index < index || !saysAllOf(linted, other)),
    );
    if (wider === undefined) return [];
    return [{ statement: index, message: `${titleOf(wider)} says all of this`, mend: { effect: 'same', becomes: [] } }];
  });

const allOfKms = ({ statements, account }: Subject): readonly Found[] =>
  statements.flatMap(({ statement, actions }) => {
    const { effect, principals } = statement;
    if (effect !== 'Allow' || statement.actions.negated || principals === null) return [];
    const whole = actions.find(isWhole);
    const isOwn = (named: NamedPrincipal): boolean =>
      named.kind === 'account' && (account === null || named.accountId === account);
    if (whole === undefined || principals.negated || principals.named.every(isOwn)) return [];
    return [
      {
        statement: statement.index,
        message: `\`${whole}\` for somebody else than the account of the key: administration, use and grants in one`,
      },
    ];
  });

export const RULES_OF_DELEGATION: readonly Rule[] = [
  {
    id: 'all-of-kms-for-others',
    severity: 'error',
    kinds: ['key-policy'],
    title: '`kms:*` for nobody but the account of the key',
    reason: 'Whoever holds it uses the key, changes its policy and schedules its deletion, and no IAM policy is asked.',
    source: SOURCES.leastPrivilege,
    check: allOfKms,
  },
  {
    id: 'pointless-beside-delegation',
    severity: 'warning',
    kinds: ['key-policy'],
    title: 'No statement for what is left to IAM',
    reason:
      'Where the account is allowed as much, the statement restricts nobody. It looks like least privilege and is none.',
    source: SOURCES.essay,
    check: pointless,
  },
  {
    id: 'covered-by-another',
    severity: 'note',
    kinds: ['key-policy', 'identity-policy'],
    title: 'No statement that another one covers',
    reason: 'It can be left out, and somebody who takes the other one back will forget it.',
    source: SOURCES.essay,
    check: covered,
  },
];
