import * as z from 'zod';
import { parse } from '#shared/signal/envelope';
import { AccountId } from '#shared/signal/identifiers';
import { RoleName } from '../role-policies.ts';

/** A first success that `observe` saw: whose, and by what it is told from others. */
export const SuccessRequest = z.strictObject({
  success: z.strictObject({
    accountId: AccountId,
    roleName: RoleName,
    /** The temporary key, or the case of Unlatch's own that handed over. */
    by: z.string().min(1).max(300),
  }),
});
export type SuccessRequest = z.infer<typeof SuccessRequest>;

const ByHand = { roleName: RoleName, accountId: AccountId.optional(), dryRun: z.boolean().optional() };

/** By hand. `force` retires without a success that was seen, without the service's role, and again. */
export const RetireRequest = z.strictObject({ ...ByHand, force: z.boolean().optional() });
export type RetireRequest = z.infer<typeof RetireRequest>;

export const RestoreRequest = z.strictObject({ action: z.literal('restore'), ...ByHand });
export type RestoreRequest = z.infer<typeof RestoreRequest>;

export type PermissionRequest = SuccessRequest | RetireRequest | RestoreRequest;

/** Reads what the function was started with. @throws MalformedEventError naming the field and what was expected. */
export const parsePermissionRequest = (event: unknown): PermissionRequest => {
  const has = (name: string) => typeof event === 'object' && event !== null && name in event;
  if (has('success')) return parse(SuccessRequest, event, '');
  return has('action') ? parse(RestoreRequest, event, '') : parse(RetireRequest, event, '');
};
