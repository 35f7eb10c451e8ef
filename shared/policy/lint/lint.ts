import { parsedDocument } from '../read-policy.ts';
import type { Found, Mend, Rule, Severity } from './rule.ts';
import { RULES_OF_ACTIONS } from './rules-of-actions.ts';
import { RULES_OF_ADMINISTRATION } from './rules-of-administration.ts';
import { RULES_OF_DELEGATION } from './rules-of-delegation.ts';
import { RULES_OF_PRINCIPALS } from './rules-of-principals.ts';
import { RULES_OF_USE } from './rules-of-use.ts';
import {
  kindOf,
  type Setting,
  type SubjectKind,
  statementsIn,
  subjectOf,
  type Written,
  withStatements,
} from './subject.ts';

/** Every rule, the gravest first. */
const ORDER = { error: 0, warning: 1, note: 2 } as const satisfies Record<Severity, number>;
export const RULES: readonly Rule[] = [
  ...RULES_OF_ADMINISTRATION,
  ...RULES_OF_DELEGATION,
  ...RULES_OF_PRINCIPALS,
  ...RULES_OF_USE,
  ...RULES_OF_ACTIONS,
].toSorted((left, right) => ORDER[left.severity] - ORDER[right.severity]);

export interface Finding {
  /** Id of the rule. */
  readonly rule: string;
  readonly severity: Severity;
  /** Place of the statement, from 0; `null` for the policy as a whole. */
  readonly statement: number | null;
  readonly sid: string | null;
  readonly message: string;
  readonly reason: string;
  readonly source: string;
  /** What may take the statement's place. */
  readonly mend: Mend | null;
}

export interface Lint {
  readonly kind: SubjectKind;
  readonly findings: readonly Finding[];
  /** The policy with every mend that changes nothing of what it allows; `null` where there is none. */
  readonly mended: Written | null;
}

const applying = (kind: SubjectKind): readonly Rule[] => RULES.filter(({ kinds }) => kinds.includes(kind));

/** With one mend for each statement, whose places do not move while they are made. */
const replaced = (document: unknown, mends: ReadonlyMap<number, Mend>): Written =>
  withStatements(
    document,
    statementsIn(document).flatMap((statement, index) => mends.get(index)?.becomes ?? [statement]),
  );

const sameMendsOf = (found: readonly Found[]): ReadonlyMap<number, Mend> =>
  new Map(
    found.flatMap(({ statement, mend }) =>
      statement === null || mend?.effect !== 'same' ? [] : [[statement, mend] as const],
    ),
  );

/** Rule by rule, each on what the one before left. */
const mendedOf = (document: unknown, kind: SubjectKind, name: string, setting: Setting): Written | null => {
  let mended: Written | null = null;
  for (const { check } of applying(kind)) {
    const mends = sameMendsOf(check(subjectOf(mended ?? document, kind, name, setting)));
    if (mends.size > 0) mended = replaced(mended ?? document, mends);
  }
  return mended;
};

/**
 * Lints one policy document: of a key where its statements name principals, else of a role or a user.
 * @param document JSON, text, or URL-encoded text as IAM answers it
 * @throws PolicyError where it is no policy
 * @example
 * lintPolicy({ Version: '2012-10-17', Statement: […] }, 'key policy', { keyRegion: 'eu-west-3' })
 * // { kind: 'key-policy', findings: [{ rule: 'actions-unsorted', statement: 1, … }], mended: { … } }
 */
export const lintPolicy = (document: unknown, name: string, setting: Setting = {}): Lint => {
  const parsed = parsedDocument(document, name);
  const kind = kindOf(parsed);
  const subject = subjectOf(parsed, kind, name, setting);
  const findings = applying(kind).flatMap(({ id, severity, reason, source, check }) =>
    check(subject).map(({ statement, message, mend = null }) => ({
      rule: id,
      severity,
      statement,
      sid: subject.statements[statement ?? -1]?.statement.sid ?? null,
      message,
      reason,
      source,
      mend,
    })),
  );
  return { kind, findings, mended: mendedOf(parsed, kind, name, setting) };
};
