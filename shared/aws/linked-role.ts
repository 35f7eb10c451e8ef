import * as z from 'zod';
import { LINKED_ROLE } from '#shared/permission/linked-role';
import { type Known, known } from '#shared/policy/known';
import { askingIn } from './answers.ts';
import type { AwsSession, Custody } from './session.ts';

const Role = z.object({ Role: z.object({ Arn: z.string() }) });
const ABSENT: ReadonlySet<string> = new Set(['NoSuchEntityException', 'NoSuchEntity']);

/**
 * Whether an account has the role that KMS makes for itself with the first multi-Region key: after that nobody needs to be
 * allowed to make it. https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-auth-slr.html
 */
export const hasLinkedRole = async (session: AwsSession, custody: Custody): Promise<Known<boolean>> => {
  const found = await askingIn(session, custody)('iam:GetRole', LINKED_ROLE, Role, async () =>
    (await session.iam()).role(LINKED_ROLE),
  );
  if (found.known) return known(true);
  return ABSENT.has(found.error) ? known(false) : found;
};
