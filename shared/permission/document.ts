import { oneLine, PolicyError } from '#shared/policy/policy-error';
import { readPolicy } from '#shared/policy/read-policy';
import { grantOf, type Reason } from './grant.ts';
import { withoutItem } from './json-text.ts';

/** A statement, as a person finds it. */
export interface Spot {
  /** Place in the document, from 0. */
  readonly index: number;
  readonly sid: string | null;
}

/** What a document comes to without the one-time permission. */
export type DocumentEdit =
  | { readonly read: false; readonly because: string }
  | {
      readonly read: true;
      /** The text without it; the text as it was where there is nothing to take; `null` where nothing would be left. */
      readonly text: string | null;
      /** Statements that lose the action, or go altogether. */
      readonly taken: readonly (Spot & { readonly whole: boolean })[];
      /** Statements that allow it too, and are not edited. */
      readonly wide: readonly (Spot & { readonly reason: Reason })[];
    };

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const sidOf = (statement: unknown): string | null =>
  isRecord(statement) && typeof statement.Sid === 'string' && statement.Sid !== '' ? statement.Sid : null;

/** The same statements, edited as values: the edit of the text has to come to the same. */
const withoutActions = (statement: unknown, places: readonly number[]): unknown => {
  if (!isRecord(statement) || !Array.isArray(statement.Action)) return statement;
  const kept = statement.Action.filter((_, at) => !places.includes(at));
  return { ...statement, Action: kept };
};

interface Cut {
  readonly array: readonly (string | number)[];
  readonly at: number;
}

/** From the last to the first, so that no cut moves the place of another. */
const cutAll = (text: string, cuts: readonly Cut[]): string | null =>
  cuts.reduceRight<string | null>((rest, { array, at }) => (rest === null ? null : withoutItem(rest, array, at)), text);

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const sameJson = (text: string, value: unknown): boolean => JSON.stringify(parsed(text)) === JSON.stringify(value);

/**
 * A policy document of an identity without the permission to make KMS's service-linked roles: a statement that allows
 * nothing else goes, one that is shared loses that action, and every other stays to the letter.
 * @param text as IAM keeps it, not URL-encoded
 * @param name of the policy, for messages
 */
export const withoutPermission = (text: string, name: string): DocumentEdit => {
  try {
    readPolicy(text, 'attached', name);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return { read: false, because: error.message };
  }
  const document = parsed(text);
  if (!isRecord(document))
    return { read: false, because: `policy \`${oneLine(name)}\`: expected JSON as IAM keeps it` };
  const single = !Array.isArray(document.Statement);
  const statements: readonly unknown[] = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  const found = statements.map((statement, index) => ({
    spot: { index, sid: sidOf(statement) },
    statement,
    grant: grantOf(statement),
  }));
  const wide = found.flatMap(({ spot, grant }) =>
    grant.grants === 'widely' ? [{ ...spot, reason: grant.reason }] : [],
  );
  const taken = found.flatMap(({ spot, grant }) =>
    grant.grants === 'one-time' ? [{ ...spot, whole: grant.actions === null }] : [],
  );
  if (taken.length === 0) return { read: true, text, taken, wide };
  if (taken.filter(({ whole }) => whole).length === statements.length) return { read: true, text: null, taken, wide };

  const cuts = found.flatMap(({ spot: { index }, grant }): Cut[] => {
    if (grant.grants !== 'one-time') return [];
    if (grant.actions === null) return [{ array: ['Statement'], at: index }];
    return grant.actions.map((at) => ({ array: ['Statement', ...(single ? [] : [index]), 'Action'], at }));
  });
  const kept = found.flatMap(({ statement, grant }) => {
    if (grant.grants !== 'one-time') return [statement];
    return grant.actions === null ? [] : [withoutActions(statement, grant.actions)];
  });
  const edited = cutAll(text, cuts);
  const wanted = { ...document, Statement: single ? kept[0] : kept };
  if (edited === null || !sameJson(edited, wanted)) {
    return {
      read: false,
      because: `policy \`${oneLine(name)}\`: it cannot be edited without changing more than was meant`,
    };
  }
  return { read: true, text: edited, taken, wide };
};
