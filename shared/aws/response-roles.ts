import * as z from 'zod';
import type { Known } from '#shared/policy/known';
import { fitsRolePattern } from '#shared/signal/role-pattern';
import { askingIn, listed, mapped } from './answers.ts';
import type { AwsSession, Custody } from './session.ts';

const Page = z.object({
  Roles: z.array(z.object({ RoleName: z.string(), Arn: z.string() })).default([]),
  IsTruncated: z.boolean().default(false),
  Marker: z.string().optional(),
});

/** Of 1,000 roles each; an account may be given up to 5,000. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const PAGES = { most: 20, beyond: 'the account has more than 20,000 roles' };

/** A role of AWS's own, whatever its name: nobody but its service can assume it. */
const OF_A_SERVICE = /:role\/aws-service-role\//;

/**
 * The roles of an account whose names fit a pattern, or why they are not known. Names are all that ListRoles can be asked
 * for by, so that it is read to its end.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
 * @param without patterns of names to leave out: Unlatch's own
 */
export const responseRolesIn = async (
  session: AwsSession,
  custody: Custody,
  pattern: string,
  without: readonly string[],
): Promise<Known<readonly string[]>> => {
  const ask = askingIn(session, custody);
  return listed(PAGES, async (marker) => {
    const page = await ask('iam:ListRoles', session.accountId, Page, async () => (await session.iam()).roles(marker));
    return mapped(page, ({ Roles, IsTruncated, Marker }) => ({
      items: Roles.filter(
        ({ RoleName, Arn }) =>
          fitsRolePattern(RoleName, pattern) &&
          !OF_A_SERVICE.test(Arn) &&
          !without.some((own) => fitsRolePattern(RoleName, own)),
      ).map(({ Arn }) => Arn),
      next: IsTruncated ? Marker : undefined,
    }));
  });
};
