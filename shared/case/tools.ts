import type { EvidenceBucket } from '#shared/aws/evidence-bucket';
import type { Notice } from '#shared/aws/notice';
import type { Sessions } from '#shared/aws/session';
import type { Claims } from '#shared/ledger/claims';
import type { Ledger } from '#shared/ledger/ledger';
import type { Made } from '#shared/ledger/made';
import type { Settings } from '#shared/settings';

/** All that a case works with. */
export interface Tools {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly ledger: Ledger;
  readonly claims: Claims;
  readonly made: Made;
  readonly bucket: EvidenceBucket;
  readonly notice: Notice;
}
