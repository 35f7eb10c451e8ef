import { type AwsSession, type Custody, recorded } from '#shared/aws/session';

/** A role says when and why its permission went. `unlatch:case` is the tag of what Unlatch makes, and sweeps: a role is neither. */
export const TAG_STATE = 'unlatch:one-time-permission';
export const TAG_CASE = 'unlatch:permission-case';
export const TAG_WHY = 'unlatch:permission-why';

/** Tag values may hold letters, digits, spaces and `_.:/=+-@`. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html */
const tagValue = (text: string): string => text.replace(/[^\p{L}\p{N}\p{Zs}_.:/=+\-@]/gu, '-').slice(0, 256);

export const tagRole = async (
  session: AwsSession,
  custody: Custody,
  roleName: string,
  { state, at, caseId, why }: { state: 'retired' | 'restored'; at: string; caseId: string; why: string },
): Promise<void> => {
  const iam = await session.rolePolicies();
  const tags = { [TAG_STATE]: `${state} ${at}`, [TAG_CASE]: caseId, [TAG_WHY]: why };
  const values = Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, tagValue(value)]));
  await recorded(custody, session, 'iam:TagRole', roleName, () => iam.tag(roleName, values));
};
