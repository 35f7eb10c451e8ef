import { type Context, certain } from './context.ts';
import { namedByArn } from './named-principal.ts';
import { isService, names, type Principal } from './principal.ts';
import { and, every, type Truth, truthOf } from './truth.ts';

/** A grant on a key, as far as a decision needs it. */
export interface Grant {
  readonly grantId: string;
  /** ARN of a role, session or user, or the name of a service. */
  readonly grantee: string;
  /** As `Decrypt` or `ReEncryptFrom`. */
  readonly operations: readonly string[];
  readonly constraint: Constraint | null;
}

export type Constraint =
  | { readonly kind: 'equals' | 'subset'; readonly pairs: Readonly<Record<string, string>> }
  /** A constraint of a kind that is not known here: it may bind or not. */
  | { readonly kind: 'other' };

/** Constraints do not bind these. https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html */
const UNCONSTRAINED: ReadonlySet<string> = new Set(['DescribeKey', 'RetireGrant']);

const NAMES = 'kms:encryptioncontextkeys';

/**
 * AWS's pages do not agree whether the names in a constraint are compared with regard to case, so that a name which
 * differs in case alone leaves it unknown. Values are compared as they are.
 */
const pairFits = (name: string, value: string, context: Context): Truth => {
  const values = certain(context, `kms:encryptioncontext:${name.toLowerCase()}`);
  if (values === undefined) return 'unknown';
  if (!values?.includes(value)) return 'no';
  const isSpelledSo =
    certain(context, NAMES)?.includes(name) ?? context.spells?.(`kms:EncryptionContext:${name}`) === true;
  return isSpelledSo ? 'yes' : 'unknown';
};

const nothingElse = (pairs: Readonly<Record<string, string>>, context: Context): Truth => {
  const names = certain(context, NAMES);
  if (names === undefined) return 'unknown';
  return truthOf((names?.length ?? 0) === Object.keys(pairs).length);
};

const constraintFits = (constraint: Constraint | null, operation: string, context: Context): Truth => {
  if (constraint === null || UNCONSTRAINED.has(operation)) return 'yes';
  // A grant made under a grant needs a constraint as strict: what is asked for is not in the context of a request.
  if (constraint.kind === 'other' || operation === 'CreateGrant') return 'unknown';
  const fits = every(Object.entries(constraint.pairs), ([name, value]) => pairFits(name, value, context));
  return constraint.kind === 'subset' ? fits : and(fits, nothingElse(constraint.pairs, context));
};

/** A grant made under a grant may hold no operation that the first does not. */
const childFits = ({ operations }: Grant, operation: string, context: Context): Truth => {
  if (operation !== 'CreateGrant') return 'yes';
  const asked = certain(context, 'kms:grantoperations');
  return asked === undefined ? 'unknown' : truthOf((asked ?? []).every((wanted) => operations.includes(wanted)));
};

/** One to a role is for its sessions. Who but its root may use one to an account, or to a unique id, is not documented. */
export const isGrantee = (grantee: string, principal: Principal): Truth => {
  if (principal.kind === 'service') return truthOf(grantee === principal.name);
  const named = namedByArn(grantee);
  if (named === null) return isService(grantee) ? 'no' : 'unknown';
  const is = names(named, principal);
  return 'arn' in named || principal.kind === 'root' ? is : and(is, 'unknown');
};

/** Whether a grant allows the action to the principal. https://docs.aws.amazon.com/kms/latest/developerguide/grants.html */
export const grantAllows = (grant: Grant, principal: Principal, action: string, context: Context): Truth => {
  const operation = action.slice(action.indexOf(':') + 1);
  if (!grant.operations.includes(operation)) return 'no';
  return and(
    isGrantee(grant.grantee, principal),
    constraintFits(grant.constraint, operation, context),
    childFits(grant, operation, context),
  );
};
