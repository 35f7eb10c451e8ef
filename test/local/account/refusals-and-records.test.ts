import { describe, expect, it } from 'vitest';
import { acquire, type Path } from './acquisition.ts';

const createVolume = 'CreateVolume of a shared snapshot';
const copy = 'CopySnapshot of a shared snapshot';
const createGrant = 'kms:CreateGrant';
const dataKey = 'kms:GenerateDataKeyWithoutPlaintext';

const layers = [
  {
    layer: 'silent target key policy',
    words: `${dataKey} on resource: <target> because no resource-based policy allows the ${dataKey} action`,
  },
  {
    layer: 'silent source key policy',
    words:
      'kms:ReEncryptFrom on the resource associated with this ciphertext because no resource-based policy allows the kms:ReEncryptFrom action',
  },
  {
    layer: 'denying key policy',
    words: `${createGrant} on resource: <target> with an explicit deny in a resource-based policy`,
  },
  {
    layer: 'silent identity policy',
    words: `${createGrant} on resource: <target> because no identity-based policy allows the ${createGrant} action`,
  },
  {
    layer: 'denying identity policy',
    words: `${createGrant} on resource: <target> with an explicit deny in an identity-based policy`,
  },
  {
    layer: 'narrow permissions boundary',
    words: `${createGrant} on resource: <target> because no permissions boundary allows the ${createGrant} action`,
  },
  {
    layer: 'narrow service control policy',
    words: `${createGrant} on resource: <target> because no service control policy allows the ${createGrant} action`,
  },
  {
    layer: 'denying service control policy',
    words: `${createGrant} on resource: <target> with an explicit deny in a service control policy`,
  },
  {
    layer: 'denying resource control policy',
    words: `${createGrant} on resource: <target> with an explicit deny in a resource control policy`,
  },
] as const;

describe('a CreateVolume that another layer refuses', () => {
  it.each(layers)('a $layer is named in the words of AWS', async ({ layer, words }) => {
    const seen = await acquire(createVolume, { denied: 'nothing', side: 'target', layer });
    const denial = `User: <caller> is not authorized to perform: ${words}`;
    expect(seen.end).toBe('InvalidVolume.NotFound');
    expect(seen.notifications[0]).toMatchObject({ result: 'failed', cause: denial });
    expect(seen.kms.flatMap(({ errorMessage }) => errorMessage ?? [])).toEqual([denial]);
  });
});

describe('a grant', () => {
  it('lets a role do what a silent key policy does not', async () => {
    const seen = await acquire(createVolume, {
      denied: 'nothing',
      side: 'source',
      layer: 'grant in place of a key policy',
    });
    expect(seen.end).toBe('available');
  });

  it('does not help with another encryption context', async () => {
    const seen = await acquire(createVolume, {
      denied: 'nothing',
      side: 'source',
      layer: 'grant for another snapshot',
    });
    expect(seen.end).toBe('InvalidVolume.NotFound');
  });

  it('does not outweigh an explicit deny', async () => {
    const seen = await acquire(createVolume, {
      denied: 'kms:ReEncryptFrom',
      side: 'source',
      layer: 'grant in place of a key policy',
    });
    expect(seen.end).toBe('InvalidVolume.NotFound');
  });
});

describe('the trail of a cross-account call', () => {
  it('a success is logged in both accounts under one shared event id, the owner without the ARN', async () => {
    const seen = await acquire(copy, { denied: 'nothing', side: 'target' });
    const [caller, owner, ...others] = seen.everywhere.filter(
      ({ eventName, invokedBy }) => eventName === 'CreateGrant' && invokedBy.startsWith('prod.kms-caller.ebs.'),
    );
    expect(others).toEqual([]);
    expect(caller).toMatchObject({ account: 'caller', identity: 'AssumedRole' });
    expect(owner).toMatchObject({ account: 'owner', identity: 'AWSAccount', sharedEventID: caller?.sharedEventID });
    expect(owner?.eventID).not.toBe(caller?.eventID);
  });

  it.each(['kms:ReEncryptFrom', 'kms:ReEncryptTo'])(
    'a denied %s is logged in the account of the caller only',
    async (denied) => {
      const seen = await acquire(createVolume, { denied, side: 'every' });
      expect(
        seen.everywhere.filter(({ eventName }) => eventName === 'ReEncrypt').map(({ account }) => account),
      ).toEqual(['caller']);
    },
  );
});

describe('the records of an acquisition', () => {
  const shapes = [
    {
      path: 'CreateSnapshot',
      record: {
        eventName: 'CreateSnapshot',
        requestParameters: { volumeId: '<volume>' },
        responseElements: { volumeId: '<volume>', status: 'pending', snapshotId: expect.stringMatching(/^snap-0/) },
      },
    },
    {
      path: 'CreateSnapshots of an instance',
      record: {
        eventName: 'CreateSnapshots',
        requestParameters: { CreateSnapshotsRequest: { InstanceSpecification: { InstanceId: '<instance>' } } },
        responseElements: { CreateSnapshotsResponse: { snapshotSet: { items: [{ volumeId: '<volume>' }] } } },
      },
    },
    {
      path: 'CopySnapshot of a shared snapshot',
      record: {
        eventName: 'CopySnapshot',
        requestParameters: { sourceSnapshotId: '<snapshot>', encrypted: true, masterEncryptionKeyId: '<target>' },
        responseElements: { snapshotId: expect.stringMatching(/^snap-0/) },
        sharedEventID: expect.any(String),
      },
    },
    {
      path: 'ModifySnapshotAttribute under aws/ebs',
      record: { eventName: 'ModifySnapshotAttribute', errorCode: 'Client.OperationNotPermitted' },
    },
    {
      path: 'RunInstances with an encrypted root',
      record: {
        eventName: 'RunInstances',
        responseElements: { instancesSet: { items: [{ instanceId: expect.stringMatching(/^i-0/) }] } },
      },
    },
  ] as const satisfies readonly { path: Path; record: Record<string, unknown> }[];

  it.each(shapes)('$path is recorded in the shape of CloudTrail', async ({ path, record }) => {
    const seen = await acquire(path, { denied: 'nothing', side: 'target' });
    expect(seen.record).toMatchObject({ ...record, eventSource: 'ec2.amazonaws.com', requestID: seen.requestId });
  });

  it('a multi-volume snapshot reports its completion as a set', async () => {
    const seen = await acquire('CreateSnapshots of an instance', { denied: 'kms:*', side: 'every' });
    expect(seen.notifications.map(({ event }) => event)).toEqual(['createSnapshot', 'createSnapshots']);
  });
});
