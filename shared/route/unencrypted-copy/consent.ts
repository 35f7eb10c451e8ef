import type { Custody } from '#shared/aws/session';
import { encryptsByDefault } from '#shared/aws/snapshots';
import type { Target } from '#shared/case/case';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { type CopyTarget, copyTarget, type EncryptionByDefault } from './target.ts';

/** Asks an account whether it encrypts by default. What cannot be asked is unknown, and closes the unencrypted copy. */
const asked = (flow: Flow, tools: Tools, accountId: string, region: string): Promise<EncryptionByDefault> =>
  flow
    .step(`ask ${accountId} for encryption by default`, async (custody: Custody): Promise<EncryptionByDefault> => {
      const session = await tools.sessions.at(accountId, region);
      return (await encryptsByDefault(session, custody)) ? 'on' : 'off';
    })
    .catch((): EncryptionByDefault => 'unknown');

/** What a copy may be that is made in an account, in the target's Region. Without consent nothing is asked. */
const consentedTarget = async (
  flow: Flow,
  tools: Tools,
  accountId: string,
  { region }: Pick<Target, 'region'>,
): Promise<CopyTarget> => {
  const { ALLOW_UNENCRYPTED_COPY: allowUnencrypted, EVIDENCE_KEY_ARN: evidenceKeyArn } = tools.settings;
  const byDefault = allowUnencrypted ? await asked(flow, tools, accountId, region) : 'unknown';
  return copyTarget({ allowUnencrypted, evidenceKeyArn }, byDefault, region);
};

/** What a copy may be by each method: by `ebs-direct` in Unlatch's account, from within in the machine's. */
export interface Targets {
  readonly own: CopyTarget;
  readonly there: CopyTarget;
}

export const consentedTargets = async (flow: Flow, tools: Tools, target: Target): Promise<Targets> => {
  const { ACCOUNT_ID } = tools.settings;
  const own = await consentedTarget(flow, tools, ACCOUNT_ID, target);
  const isOwn = target.accountId === ACCOUNT_ID;
  return { own, there: isOwn ? own : await consentedTarget(flow, tools, target.accountId, target) };
};
