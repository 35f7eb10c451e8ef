import * as z from 'zod';
import { globOf } from '#shared/policy/glob';
import { allOf, CREATE_LINKED_ROLE, eitherOf, type Scope, scopeOfRole, scopeOfService } from './linked-role.ts';

/** Why a statement that allows the one-time permission is reported, and not edited. */
export type Reason =
  /** An action such as `iam:*` or `iam:Create*` takes it in. */
  | 'wildcard'
  /** It allows all actions but some. */
  | 'not-action'
  /** It is not limited to KMS. */
  | 'unscoped'
  /** It names other services beside KMS. */
  | 'other-services';

/** What a statement has to do with the one-time permission, by what it means: Sids are whatever somebody wrote. */
export type StatementGrant =
  | { readonly grants: 'nothing' }
  | { readonly grants: 'widely'; readonly reason: Reason }
  /** The permission itself. `actions` are the places in the Action array, or `null` where the statement has no other. */
  | { readonly grants: 'one-time'; readonly actions: readonly number[] | null };

const NOTHING: StatementGrant = { grants: 'nothing' };

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const values = z
  .union([z.unknown().array(), z.unknown().transform((value) => [value])])
  .transform((items) => items.map(String));

const Statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: texts.optional(),
  NotAction: texts.optional(),
  Resource: texts.optional(),
  Condition: z.record(z.string(), z.record(z.string(), values)).optional(),
});
type Statement = z.infer<typeof Statement>;

const takesIn = (action: string): boolean => globOf([{ pattern: action.toLowerCase() }])(CREATE_LINKED_ROLE);
const isItself = (action: string): boolean => action.toLowerCase() === CREATE_LINKED_ROLE;

/** Every request of the action carries `iam:AWSServiceName`, once: `IfExists` and quantifiers change nothing. */
const POSITIVE = /^(?:(?:ForAllValues|ForAnyValue):)?String(?:Equals|EqualsIgnoreCase|Like)(?:IfExists)?$/i;

const scopesOfConditions = ({ Condition = {} }: Statement): readonly Scope[] =>
  Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys)
      .filter(([key]) => POSITIVE.test(operator) && key.toLowerCase() === 'iam:awsservicename')
      .map(([, wanted]) => eitherOf(wanted.map(scopeOfService))),
  );

/** By resource, and by each condition: what fits has to fit them all. NotResource limits it to nothing. */
const scopeOf = (statement: Statement): Scope => {
  const roles: readonly Scope[] =
    statement.Resource === undefined ? [] : [eitherOf(statement.Resource.map(scopeOfRole))];
  return allOf([...roles, ...scopesOfConditions(statement)]);
};

/**
 * What a statement of an identity policy, as JSON.parse gives it, does with the permission to make KMS's service-linked
 * roles. The document has been read before: what is malformed has been refused.
 */
export const grantOf = (raw: unknown): StatementGrant => {
  const { success, data: statement } = Statement.safeParse(raw);
  if (!success || statement.Effect === 'Deny') return NOTHING;
  const { Action: actions = [], NotAction: others } = statement;
  const taking = others === undefined ? actions.filter(takesIn) : [];
  if (others === undefined ? taking.length === 0 : others.some(takesIn)) return NOTHING;

  const scope = scopeOf(statement);
  if (scope === 'other') return NOTHING;
  if (others !== undefined) return { grants: 'widely', reason: 'not-action' };
  if (!taking.every(isItself)) return { grants: 'widely', reason: 'wildcard' };
  if (scope === 'mixed') return { grants: 'widely', reason: 'other-services' };
  if (scope === 'open') return { grants: 'widely', reason: 'unscoped' };
  const places = actions.flatMap((action, at) => (isItself(action) ? [at] : []));
  return { grants: 'one-time', actions: places.length === actions.length ? null : places };
};
