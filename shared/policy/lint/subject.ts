import type { PolicyKind, Statement } from '../policy.ts';
import { readPolicy } from '../read-policy.ts';
import { type ActionNames, kmsActionNames } from './action-patterns.ts';

/** A statement as it stands in a document. */
export type Written = Readonly<Record<string, unknown>>;

/** What is linted: the policy of a key, or one that is attached to a role or a user. */
export type SubjectKind = 'key-policy' | 'identity-policy';

/** What is known besides the document; each part may be left out. */
export interface Setting {
  /** Statements without the rest of their policy, so that nobody can say what it lacks. */
  readonly isExcerpt?: boolean;
  /** The account of the key. */
  readonly account?: string | null;
  /** The Region of the key. */
  readonly keyRegion?: string | null;
  /** Where the platform works. */
  readonly platformRegions?: readonly string[];
  /** The actions that there are; by default those of KMS. */
  readonly actionNames?: ActionNames;
}

/** A statement that is linted: as it was read, and as it was written. */
export interface Linted {
  readonly statement: Statement;
  readonly written: Written;
  /** The texts of its Action or NotAction. */
  readonly actions: readonly string[];
}

export interface Subject {
  readonly kind: SubjectKind;
  readonly isExcerpt: boolean;
  readonly account: string | null;
  readonly keyRegion: string | null;
  readonly platformRegions: readonly string[];
  readonly actionNames: ActionNames;
  readonly statements: readonly Linted[];
}

const isWritten = (value: unknown): value is Written =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The texts of an element that holds one or several. */
export const textsIn = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((item: unknown) => typeof item === 'string');

/** The statements of a document, of which there may be one without a list. */
export const statementsIn = (document: unknown): readonly Written[] => {
  const { Statement: statements } = isWritten(document) ? document : {};
  return (Array.isArray(statements) ? statements : [statements]).filter(isWritten);
};

export const withStatements = (document: unknown, statements: readonly Written[]): Written => ({
  ...(isWritten(document) ? document : {}),
  Statement: statements,
});

/** A policy that names principals is a resource's; of those that are linted here, a key's. */
export const kindOf = (document: unknown): SubjectKind =>
  statementsIn(document).some((statement) => 'Principal' in statement || 'NotPrincipal' in statement)
    ? 'key-policy'
    : 'identity-policy';

const READ_AS = { 'key-policy': 'resource', 'identity-policy': 'attached' } as const satisfies Record<
  SubjectKind,
  PolicyKind
>;

const accountsIn = ({ statement }: Linted): readonly string[] =>
  (statement.principals?.named ?? []).flatMap((named) => (named.kind === 'account' ? [named.accountId] : []));

export const allowsAction = ({ statement: { effect, actions } }: Linted, action: string): boolean =>
  effect === 'Allow' && actions.matchers.some((matches) => matches(action.toLowerCase())) !== actions.negated;

/** The account that may change the policy, where there is one such: another's cannot, PutKeyPolicy does not cross accounts. */
const administeringAccount = (statements: readonly Linted[]): string | null => {
  const accounts = new Set(statements.filter((linted) => allowsAction(linted, 'kms:PutKeyPolicy')).flatMap(accountsIn));
  const [account] = accounts;
  return accounts.size === 1 && account !== undefined ? account : null;
};

/**
 * Reads what is to be linted.
 * @throws PolicyError where the document is none
 */
export const subjectOf = (document: unknown, kind: SubjectKind, name: string, setting: Setting): Subject => {
  const { statements: read } = readPolicy(document, READ_AS[kind], name);
  const written = statementsIn(document);
  const statements = read.map((statement, index) => {
    const own = written[index] ?? {};
    return { statement, written: own, actions: textsIn(own.Action ?? own.NotAction) };
  });
  return {
    kind,
    isExcerpt: setting.isExcerpt ?? false,
    account: setting.account ?? administeringAccount(statements),
    keyRegion: setting.keyRegion ?? null,
    platformRegions: setting.platformRegions ?? [],
    actionNames: setting.actionNames ?? kmsActionNames,
    statements,
  };
};
