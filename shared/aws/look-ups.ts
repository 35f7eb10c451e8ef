import { STSClient } from '@aws-sdk/client-sts';
import type { Origin } from '#shared/case/case';
import type { Settings } from '#shared/settings';
import { readInstanceState } from '#shared/signal/notification';
import type { Denial, Outcome } from '#shared/signal/signal';
import { findInstance, stateReasonOf } from './instances.ts';
import { errorName, isRefusal, sessionsOf } from './session.ts';

/**
 * What `observe` looks up in EC2, for the few events that need it; loaded only then, for the EC2 client is what a cold
 * start would pay most for.
 */
export const lookUpsOf = (settings: Settings) => {
  const sessions = sessionsOf(settings, new STSClient({}));

  return {
    /** The instance that a volume is attached to; `null` where there is none, or Unlatch may not look. Throttles throw. */
    async machineOf({ accountId, region, volumeId }: Origin): Promise<Origin['instanceId']> {
      if (volumeId === null) return null;
      try {
        const target = await findInstance(await sessions.at(accountId, region), [], { volumeId });
        return target?.instanceId ?? null;
      } catch (error) {
        if (isRefusal(errorName(error))) return null;
        throw error;
      }
    },

    /**
     * Why an instance ended, where KMS was the reason. `Client.InvalidKMSKey.InvalidState` also stands for an enabled key
     * with a missing permission, so it names no layer.
     * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html
     */
    async endOf(outcome: Outcome): Promise<Denial | null> {
      if (outcome.instanceId === null) return null;
      const session = await sessions.at(outcome.accountId, outcome.region);
      const reason = await stateReasonOf(session, [], outcome.instanceId);
      if (reason === null) return null;
      const { accountId: account, region, instanceId, result: state } = outcome;
      const reading = readInstanceState({
        id: 'looked-up',
        'detail-type': 'EC2 Instance State-change Notification',
        source: 'aws.ec2',
        account,
        time: outcome.time ?? '',
        region,
        resources: [],
        detail: { 'instance-id': instanceId, state, 'state-reason': reason },
      });
      return 'signal' in reading && reading.signal.kind === 'outcome' ? reading.signal.denial : null;
    },
  };
};
