import { readKeyFacts } from '#shared/aws/key-facts';
import { volumeState } from '#shared/aws/volumes';
import type { Target } from '#shared/case/case';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { type Forecast, forecast } from '#shared/diagnosis/forecast';
import type { Openness } from '#shared/plan/plan';
import type { Assessment } from '#shared/route/ssm-triage/assess';
import type { VolumeId } from '#shared/signal/identifiers';
import { consentedTargets } from './consent.ts';

interface Planned {
  readonly target: Target;
  readonly assessment: Assessment;
}

/** Whether Unlatch could read a snapshot of the volume. What cannot be asked is not certain either way. */
const foreseen = (flow: Flow, tools: Tools, { accountId, region }: Target, volumeId: VolumeId): Promise<Forecast> =>
  flow
    .step(`foresee the reading of ${volumeId}`, async (custody): Promise<Forecast> => {
      const session = await tools.sessions.at(accountId, region);
      const state = await volumeState(session, custody, volumeId);
      if (state === null) return 'undetermined';
      if (state.keyArn === null) return state.encrypted ? 'undetermined' : 'allowed';
      const facts = await readKeyFacts(session, custody, state.keyArn);
      return forecast(await session.caller, 'kms:Decrypt', state.keyArn, facts);
    })
    .catch((): Forecast => 'undetermined');

/** How the volumes would be copied, as far as it can be told without making anything. */
export const planCopies = async (flow: Flow, tools: Tools, { target, assessment }: Planned): Promise<Openness> => {
  const { own, there } = await consentedTargets(flow, tools, target);
  if (!own.open && !there.open) return { open: false, because: own.because, remedy: own.remedy };
  const forecasts = await Promise.all(
    target.volumes.map(async ({ volumeId }) =>
      own.open ? flow.branch(volumeId, (part) => foreseen(part, tools, target, volumeId)) : 'denied',
    ),
  );
  const among = (forecast: Forecast) =>
    target.volumes.filter((_, at) => forecasts[at] === forecast).map(({ volumeId }) => volumeId);
  const shut = among('denied');
  const unsure = among('undetermined');
  const untold = unsure.length === 0 ? null : `whether KMS decrypts ${unsure.join(', ')} for Unlatch, a try will tell`;
  if (shut.length === 0) return { open: true, because: untold, remedy: null };
  const refusal = own.open ? `KMS will not decrypt ${shut.join(', ')} for Unlatch either` : own.because;
  const within = assessment.open ? there : assessment;
  if (within.open) return { open: true, because: `${refusal}: to be copied from within the machine`, remedy: null };
  const { because, remedy } = within;
  return { open: shut.length < target.volumes.length, because: `${refusal}; and not from within: ${because}`, remedy };
};
