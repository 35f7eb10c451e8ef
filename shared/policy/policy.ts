import type { Condition } from './condition.ts';
import type { Matcher } from './glob.ts';
import type { Test } from './operators.ts';
import type { Template } from './template.ts';

/** A policy document, read: what it says, ready to be asked. */
export interface Policy {
  /** As AWS or its reader names it; the custody of a name is the reader's. */
  readonly name: string;
  readonly statements: readonly Statement[];
}

export interface Statement {
  /** Place in the document, from 0. */
  readonly index: number;
  readonly sid: string | null;
  readonly effect: 'Allow' | 'Deny';
  /** `null` in policies that are attached to a principal, or to an account. */
  readonly principals: { readonly negated: boolean; readonly named: readonly NamedPrincipal[] } | null;
  /** Of actions in lower case. */
  readonly actions: { readonly negated: boolean; readonly matchers: readonly Matcher[] };
  readonly resources: { readonly negated: boolean; readonly tests: readonly (Test | Template)[] };
  readonly conditions: readonly Condition[];
}

/** A principal as a resource policy names it. */
export type NamedPrincipal =
  | { readonly kind: 'everyone' }
  /** The account itself, written as its root's ARN or as its id: it stands for whomever its IAM allows. */
  | { readonly kind: 'account'; readonly accountId: string }
  | { readonly kind: 'role' | 'user'; readonly arn: string; readonly accountId: string; readonly name: string }
  | { readonly kind: 'session'; readonly arn: string }
  /** What AWS puts in place of a role or user that has been deleted. */
  | { readonly kind: 'unique-id'; readonly id: string }
  | { readonly kind: 'service'; readonly name: string }
  /** A federated or canonical user: nobody who calls KMS here. */
  | { readonly kind: 'elsewhere' };

/** Which policies name principals, and which must not. */
export type PolicyKind = 'attached' | 'resource';

/** A statement, as a decision names it. */
export interface StatementRef {
  readonly policy: string;
  readonly sid: string | null;
  readonly index: number;
}

export const refOf = (policy: Policy, { sid, index }: Statement): StatementRef => ({ policy: policy.name, sid, index });
