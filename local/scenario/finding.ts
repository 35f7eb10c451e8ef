import type { EventBridgeEvent, Ground } from '#local/account/call';
import type { Instance } from '#local/account/state';

interface Reported {
  readonly type: string;
  readonly severity: number;
  readonly id: string;
  /** How often it has been reported by now. */
  readonly times: number;
  readonly sample: boolean;
  readonly archived: boolean;
  readonly account?: string | undefined;
}

/**
 * A finding about an instance, as GuardDuty puts it on the bus of the machine's account, and of the delegated
 * administrator's. https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
 */
export const guardDutyFinding = (
  ground: Ground,
  { instanceId, accountId, region, tags }: Instance,
  { type, severity, id, times, sample, archived, account = accountId }: Reported,
): EventBridgeEvent => {
  const now = ground.now().toISOString();
  const detector = '12abc34d567e8fa901bc2d34e56789f0';
  return {
    version: '0',
    id: ground.uuid(),
    'detail-type': 'GuardDuty Finding',
    source: 'aws.guardduty',
    account,
    time: now,
    region,
    resources: [],
    detail: {
      schemaVersion: '2.0',
      accountId,
      region,
      partition: 'aws',
      id,
      arn: `arn:aws:guardduty:${region}:${accountId}:detector/${detector}/finding/${id}`,
      type,
      resource: {
        resourceType: 'Instance',
        instanceDetails: {
          instanceId,
          instanceState: 'running',
          tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
        },
      },
      service: {
        serviceName: 'guardduty',
        detectorId: detector,
        resourceRole: 'TARGET',
        additionalInfo: {
          value: JSON.stringify(sample ? { sample } : {}),
          type: 'default',
          ...(sample ? { sample } : {}),
        },
        eventFirstSeen: now,
        eventLastSeen: now,
        archived,
        count: times,
      },
      severity,
      createdAt: now,
      updatedAt: now,
      title: `${type} on ${instanceId}.`,
      description: `${type} on ${instanceId}.`,
    },
  };
};
