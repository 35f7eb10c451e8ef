import { accountOf } from './principal.ts';
import type { Request } from './request.ts';

/** Whether the request is for a key: `iam:CreateServiceLinkedRole` and `kms:CreateKey` have none that could have a policy. */
export const isForKey = ({ resource }: Request): boolean => /^arn:[^:]*:kms:[^:]*:[^:]*:key\//.test(resource);

/** Whom the key belongs to, and who asks. */
export type Relation = 'same-account' | 'cross-account' | 'no-key';

export const relationOf = (request: Request): Relation => {
  if (!isForKey(request)) return 'no-key';
  const caller = accountOf(request.principal);
  return caller === null || caller === request.resource.split(':')[4] ? 'same-account' : 'cross-account';
};
