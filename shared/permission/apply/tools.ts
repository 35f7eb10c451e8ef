import type { EvidenceBucket } from '#shared/aws/evidence-bucket';
import type { Notice } from '#shared/aws/notice';
import type { AwsSession, Sessions } from '#shared/aws/session';
import type { Claims } from '#shared/ledger/claims';
import type { PermissionRecords } from '#shared/ledger/permission-record';
import type { Settings } from '#shared/settings';

/** All that a retirement works with. */
export interface PermissionTools {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly claims: Claims;
  readonly records: PermissionRecords;
  readonly bucket: EvidenceBucket;
  readonly notice: Notice;
}

/** Unlatch's own account, where the evidence stands. */
export const own = ({ sessions, settings }: PermissionTools): Promise<AwsSession> =>
  sessions.at(settings.ACCOUNT_ID, settings.AWS_REGION);

/** The role's account; IAM is the same in every Region. */
export const there = ({ sessions, settings }: PermissionTools, accountId: string): Promise<AwsSession> =>
  sessions.at(accountId, settings.AWS_REGION);
