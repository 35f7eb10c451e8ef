import { keepsStrangersOut } from './confinement.ts';
import { type Found, type Rule, SOURCES } from './rule.ts';
import type { Linted, Subject } from './subject.ts';

/** Whom a statement names. */

const where = (subject: Subject, holds: (linted: Linted) => string | null): readonly Found[] =>
  subject.statements.flatMap((linted) => {
    const message = holds(linted);
    return message === null ? [] : [{ statement: linted.statement.index, message }];
  });

const everyone = (subject: Subject): readonly Found[] =>
  where(subject, (linted) => {
    const { effect, principals } = linted.statement;
    const isOpen = effect === 'Allow' && principals?.negated === false;
    if (!isOpen || !principals.named.some(({ kind }) => kind === 'everyone') || keepsStrangersOut(linted)) return null;
    return 'the principal is everyone, of every account: no condition such as `kms:CallerAccount` keeps strangers out';
  });

const notPrincipal = (subject: Subject): readonly Found[] =>
  where(subject, ({ statement: { effect, principals } }) => {
    if (principals?.negated !== true) return null;
    return effect === 'Allow'
      ? '`NotPrincipal` with `Allow` is for everyone who is not listed, of every account'
      : '`NotPrincipal` with `Deny` also denies the sessions of a role that is listed; a condition on `aws:PrincipalArn` does not';
  });

const deleted = (subject: Subject): readonly Found[] =>
  where(subject, ({ statement: { principals } }) => {
    const ids = (principals?.named ?? []).flatMap((named) => (named.kind === 'unique-id' ? [named.id] : []));
    if (ids.length === 0) return null;
    return `${ids.map((id) => `\`${id}\``).join(', ')}: a role or user that has been deleted; one of the same name is somebody else`;
  });

const withoutResource = (subject: Subject): readonly Found[] =>
  where(subject, ({ statement: { resources } }) =>
    resources.tests.length === 0 ? 'there is no `Resource`, so that the statement has no effect' : null,
  );

export const RULES_OF_PRINCIPALS: readonly Rule[] = [
  {
    id: 'everyone-without-account',
    severity: 'error',
    kinds: ['key-policy'],
    title: 'Everyone only with `kms:CallerAccount`',
    reason: 'The principal `*` takes in every account of AWS, and needs no IAM policy in this one.',
    source: SOURCES.callerAccount,
    check: everyone,
  },
  {
    id: 'not-principal',
    severity: 'warning',
    kinds: ['key-policy'],
    title: 'No `NotPrincipal`',
    reason: 'It names whom it does not mean, and means more than was thought of.',
    source: SOURCES.notPrincipal,
    check: notPrincipal,
  },
  {
    id: 'deleted-principal',
    severity: 'warning',
    kinds: ['key-policy'],
    title: 'No principal that has been deleted',
    reason: 'AWS puts the unique id in the place of what was deleted. It matches nobody any more.',
    source: SOURCES.uniqueIds,
    check: deleted,
  },
  {
    id: 'no-resource',
    severity: 'error',
    kinds: ['key-policy'],
    title: 'Each statement of a key policy has `"Resource": "*"`',
    reason: 'KMS keeps a statement without it, and gives it no effect.',
    source: SOURCES.keyPolicy,
    check: withoutResource,
  },
];
