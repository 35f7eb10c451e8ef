import type { Policy } from '#shared/policy/policy';
import { readingOf } from '#shared/policy/reading';
import type { Request } from '#shared/policy/request';
import { and, not, type Truth } from '#shared/policy/truth';

/** What the policies of a role say to a request, whatever other layers say. */
export const roleAllows = (policies: readonly Policy[], request: Request): Truth => {
  const { allows, denies } = readingOf(policies, request);
  return and(allows, not(denies));
};
