import { STSClient } from '@aws-sdk/client-sts';
import type { Origin } from '#shared/case/case';
import type { Settings } from '#shared/settings';
import { readInstanceState } from '#shared/signal/notification';
import type { Denial, Outcome } from '#shared/signal/signal';
import { findInstance, stateReasonOf } from './instances.ts';
import { sessionsOf } from './session.ts';

/**
 * What `observe` looks up in EC2, for the few events that need it; loaded only then, for the EC2 client is what a cold
 * start would pay most for.
 */
export const lookUpsOf = (settings: Settings) => {
  const sessions = sessionsOf(settings, new STSClient({}));

  return {
    /** The instance that a volume is attached to; `null` where there is none, or none could be told: the case looks again. */
    async machineOf({ accountId, region, volumeId }: Origin): Promise<Origin['instanceId']> {
      if (volumeId === null) return null;
      try {
        return (await findInstance(await sessions.at(accountId, region), [], { volumeId }))?.instanceId ?? null;
      } catch {
        return null;
      }
    },

    /**
     * Why an instance ended, where KMS was the reason. `Client.InvalidKMSKey.InvalidState` also stands for an enabled key
     * with a missing permission, so it names no layer.
     * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html
     */
    async endOf(instance: Pick<Outcome, 'accountId' | 'region' | 'instanceId' | 'time'>): Promise<Denial | null> {
      const { accountId: account, region, instanceId, time } = instance;
      if (instanceId === null) return null;
      const reason = await stateReasonOf(await sessions.at(account, region), [], instanceId);
      if (reason === null) return null;
      const reading = readInstanceState({
        id: 'looked-up',
        'detail-type': 'EC2 Instance State-change Notification',
        source: 'aws.ec2',
        account,
        time: time ?? '',
        region,
        resources: [],
        detail: { 'instance-id': instanceId, state: 'terminated', 'state-reason': reason },
      });
      return 'signal' in reading && reading.signal.kind === 'outcome' ? reading.signal.denial : null;
    },
  };
};
