import type { Context } from './context.ts';
import type { Principal } from './principal.ts';

/** One question put to the policies. */
export interface Request {
  readonly principal: Principal;
  /** As `kms:CreateGrant`. */
  readonly action: string;
  /** ARN of the key; of a role for `iam:CreateServiceLinkedRole`; `*` for an action that has no resource. */
  readonly resource: string;
  readonly context: Context;
}
