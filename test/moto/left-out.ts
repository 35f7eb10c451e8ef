import { beforeAll, expect, it } from 'vitest';
import { agentOf, cancelCommand } from '#shared/aws/commands';
import { findInstance } from '#shared/aws/instances';
import { readKeyFacts } from '#shared/aws/key-facts';
import { createKey, endKey, replicateKey } from '#shared/aws/keys';
import { type AwsSession, messageOf } from '#shared/aws/session';
import { snapshotState } from '#shared/aws/snapshots';
import { createVolume, detachVolume, snapshotVolume } from '#shared/aws/volumes';
import { InstanceId, type KeyArn } from '#shared/signal/identifiers';
import { ACCOUNT, REGION, sessionIn, withMoto } from './account.ts';

const tags = { 'unlatch:case': 'case-left-out' };
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }],
});
const instanceId = InstanceId.parse('i-0b1c2d3e4f5a69788');

const keyIn = (session: AwsSession, multiRegion = false): Promise<KeyArn> =>
  createKey(session, [], { description: 'left out', policy, tags, multiRegion });
const volumeUnder = (session: AwsSession, keyArn: KeyArn | null) =>
  createVolume(session, [], {
    availabilityZone: `${REGION}a`,
    from: { sizeGiB: 1 },
    keyArn,
    tags,
    token: `left-out-${keyArn}`,
  });

/**
 * What is not tried on moto, and why. Each row shows that it is so still: one that fails has become worth a test. Not in
 * the table is what moto does not judge at all: it enforces no key policy, and no policy of IAM.
 */
const LEFT_OUT: readonly {
  readonly what: string;
  readonly because: string;
  /** What moto does in place of what AWS does. */
  readonly instead: string | RegExp;
  readonly tried: (session: AwsSession) => Promise<unknown>;
}[] = [
  {
    what: 'the end of a key',
    because: 'ScheduleKeyDeletion knows keys by their id alone, not by ARN',
    instead: /is not valid JSON/,
    tried: async (session) => endKey(session, [], await keyIn(session), 'alias/unlatch'),
  },
  {
    what: 'a replica of a key',
    because: 'ReplicateKey knows keys by their id alone, not by ARN',
    instead: /is not valid JSON/,
    tried: async (session) =>
      replicateKey(session, [], { keyArn: await keyIn(session, true), region: 'eu-central-1', policy, tags }),
  },
  {
    what: 'the policy of a key',
    because: 'GetKeyPolicy knows keys by their id alone, not by ARN',
    instead: 'kms:GetKeyPolicy found nothing',
    tried: async (session) => {
      const { policy: read } = await readKeyFacts(session, [], await keyIn(session));
      return read.known ? read.value : read.because;
    },
  },
  {
    what: 'the key of a snapshot',
    because: 'DescribeSnapshots tells no key',
    instead: 'null',
    tried: async (session) => {
      const volumeId = await volumeUnder(session, await keyIn(session));
      const snapshotId = await snapshotVolume(session, [], { volumeId, description: 'left out', tags });
      return String((await snapshotState(session, [], snapshotId))?.keyArn);
    },
  },
  {
    what: 'the instance that a volume hangs on',
    because: 'DescribeInstances takes no filter by volume',
    instead: /XML parse error/,
    tried: async (session) => findInstance(session, [], { volumeId: await volumeUnder(session, null) }),
  },
  {
    what: 'a volume that is taken off',
    because: 'DetachVolume wants the instance, which AWS does not',
    instead: /XML parse error/,
    tried: async (session) => detachVolume(session, [], await volumeUnder(session, null)),
  },
  {
    what: 'the agent of Systems Manager',
    because: 'there is no DescribeInstanceInformation',
    instead: /is not valid JSON|not implemented/i,
    tried: (session) => agentOf(session, [], instanceId),
  },
  {
    what: 'a command that is called off',
    because: 'there is no CancelCommand',
    instead: /is not valid JSON|not implemented/i,
    tried: (session) => cancelCommand(session, [], { commandId: '11111111-2222-4333-8444-555555555555', instanceId }),
  },
];

withMoto('left out', () => {
  let session: AwsSession;
  beforeAll(async () => {
    session = await sessionIn();
  });
  it.each(LEFT_OUT)('$what: $because', async ({ tried, instead }) => {
    const came = await tried(session).then(String, messageOf);
    expect(came).toMatch(instead);
  });
});
