import { readKeyFacts } from '#shared/aws/key-facts';
import type { Target } from '#shared/case/case';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { forecast } from '#shared/diagnosis/forecast';
import type { Openness } from '#shared/plan/plan';
import { type Places, placesOf } from './places.ts';
import { foreseenObstacle } from './sources.ts';

/** Why the route is closed where an operator has closed it. */
export const OFF: Openness = {
  open: false,
  because: 're-encryption is switched off (`ReEncryptCopies`)',
  remedy: 'set `ReEncryptCopies` to `true`',
};

const platformOf = ({ settings }: Tools) => ({
  accountId: settings.PLATFORM_ACCOUNT === '' ? settings.ACCOUNT_ID : settings.PLATFORM_ACCOUNT,
  region: settings.PLATFORM_REGION === '' ? settings.AWS_REGION : settings.PLATFORM_REGION,
});

/** Whether the evidence key may be used from the target's account. Only a key's own account is told its policy. */
const admitsTarget = (flow: Flow, { sessions, settings }: Tools, { accountId, region }: Target): Promise<boolean> =>
  flow
    .step('ask whether the evidence key admits the target account', async (custody) => {
      const keyArn = settings.EVIDENCE_KEY_ARN;
      if (keyArn.split(':')[3] !== region || accountId === settings.ACCOUNT_ID) return false;
      const [own, there] = await Promise.all([
        sessions.at(settings.ACCOUNT_ID, region),
        sessions.at(accountId, region),
      ]);
      const facts = await readKeyFacts(own, custody, keyArn, () => false);
      // What cannot be read is not taken for a yes.
      if (!facts.policy.known || !facts.state.known) return false;
      const caller = await there.caller;
      const asked = ['kms:GenerateDataKeyWithoutPlaintext', 'kms:CreateGrant'] as const;
      return asked.every((action) => forecast(caller, action, keyArn, facts) !== 'denied');
    })
    // A temporary key does what the evidence key might have done.
    .catch(() => false);

/** Where the disks of a target are copied, and under which keys. */
export const placesFor = async (flow: Flow, tools: Tools, target: Target): Promise<Places> =>
  placesOf({
    ownAccount: tools.settings.ACCOUNT_ID,
    target,
    platform: platformOf(tools),
    evidenceKeyArn: tools.settings.EVIDENCE_KEY_ARN,
    evidenceKeyAdmitsTarget: await admitsTarget(flow, tools, target),
  });

/** Whether disks would be copied so, as far as it can be told without making anything. */
export const planReEncryption = async (flow: Flow, tools: Tools, target: Target): Promise<Openness> => {
  if (!tools.settings.RE_ENCRYPT) return OFF;
  const places = await placesFor(flow, tools, target);
  const obstacles = await Promise.all(
    target.volumes.map(({ volumeId }) =>
      flow.branch(`foresee ${volumeId}`, (part) => foreseenObstacle(part, tools, target, places, volumeId)),
    ),
  );
  const told = target.volumes.flatMap(({ volumeId }, at) =>
    obstacles[at] === null ? [] : [`${volumeId}: ${obstacles[at]}`],
  );
  const open = obstacles.includes(null);
  return { open, because: told.length === 0 ? null : told.join('; '), remedy: null };
};
