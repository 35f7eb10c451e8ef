import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';

/** What a person is asked to agree to, line by line. */
export interface Proposal {
  readonly caseId: string;
  readonly lines: readonly string[];
}

const REFUSED = {
  no: 'a person refused it',
  nothing: 'nobody approved it in time, which is a no',
} as const;

/** A person's consent where it is asked for: `null`, or why there is none. */
export const approved = async (flow: Flow, tools: Tools, proposal: Proposal): Promise<string | null> => {
  const { REQUIRE_APPROVAL, APPROVAL_WAIT, ACCOUNT_ID, AWS_REGION } = tools.settings;
  if (!REQUIRE_APPROVAL) return null;
  const said = await flow.ask('approval', APPROVAL_WAIT * 60, async (callbackId, custody) => {
    const own = await tools.sessions.at(ACCOUNT_ID, AWS_REGION);
    await tools.notice.approvalWanted(custody, own, { ...proposal, callbackId, minutes: APPROVAL_WAIT });
  });
  return said === 'yes' ? null : REFUSED[said];
};
