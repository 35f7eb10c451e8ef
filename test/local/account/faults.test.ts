import { createHash } from 'node:crypto';
import {
  CompleteSnapshotCommand,
  EBSClient,
  GetSnapshotBlockCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import { DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Fault, leadClientsTo } from '#local/account/clients';
import { embeddedAccount } from '#local/account/embedded-account';
import { running } from '#local/account/lambda';
import { block, blockBytes, putInput } from './disks.ts';
import { allowAll, platformAccount, region } from './ground.ts';

process.env.POWERTOOLS_METRICS_DISABLED = 'true';

/** The real clients, led to an account in which they may do everything. */
const clients = async (...faults: Fault[]) => {
  const account = await embeddedAccount({ accountId: platformAccount, region });
  const restore = leadClientsTo(account, faults);
  onTestFinished(async () => {
    restore();
    await account.close();
  });
  const identityPolicies = [{ name: 'all', document: allowAll }];
  const role = account.addRole({
    accountId: platformAccount,
    name: 'tester',
    identityPolicies,
    permissionsBoundary: null,
  });
  const invocation = {
    functionId: 'tester',
    session: account.openSession(role, 'test'),
    run: 0,
    execution: null,
    kill: () => {},
    isDead: () => false,
  };
  const as = <T>(act: () => Promise<T>): Promise<T> => running.run(invocation, act);
  const ebs = new EBSClient({ region });
  const ec2 = new EC2Client({ region });

  const put = (id: string, index: number) =>
    as(() => ebs.send(new PutSnapshotBlockCommand(putInput(id, index, block(index)))));
  const start = () => as(async () => (await ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }))).SnapshotId ?? '');
  const complete = (SnapshotId: string, ChangedBlocksCount: number) =>
    as(() => ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount })));
  const list = (SnapshotId: string) => as(() => ebs.send(new ListSnapshotBlocksCommand({ SnapshotId })));
  return {
    account,
    put,
    start,
    complete,
    list,
    /** A snapshot of three blocks, and how to read them one by one. */
    async written() {
      const id = await start();
      for (const index of [1, 2, 3]) await put(id, index);
      await complete(id, 3);
      await account.ground.settle();
      const { Blocks = [] } = await list(id);
      const read = (BlockIndex: number) =>
        as(async () => {
          const BlockToken = Blocks.find((listed) => listed.BlockIndex === BlockIndex)?.BlockToken;
          const input = { SnapshotId: id, BlockIndex, BlockToken };
          const { BlockData, ...rest } = await ebs.send(new GetSnapshotBlockCommand(input));
          const bytes = (await BlockData?.transformToByteArray()) ?? new Uint8Array(0);
          return { ...rest, bytes, isRight: sha256(bytes) === rest.Checksum };
        });
      return { id, read };
    },
    state: (SnapshotId: string) =>
      as(async () => {
        const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId] }));
        return Snapshots?.[0]?.State;
      }),
  };
};

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');

const getBlock = 'ebs:GetSnapshotBlock';

describe('the clients of EBS', () => {
  it('write and read blocks, and are counted without the blocks', async () => {
    const { account, written } = await clients();
    const { read } = await written();
    const blocks = await Promise.all([1, 2, 3].map(read));
    expect(blocks.map(({ bytes, isRight }) => [bytes[0], isRight])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
    const [put] = account.calls.filter(({ api }) => api === 'ebs:PutSnapshotBlock');
    expect(put?.input).toMatchObject({ BlockIndex: 1, BlockData: undefined, DataLength: blockBytes });
  });
});

describe('a block that is spoiled on its way', () => {
  it.each([
    { what: 'corrupt', length: blockBytes },
    { what: 'truncate', length: blockBytes - 512 },
    { what: 'wrong-checksum', length: blockBytes },
  ] as const)('$what: only the second of three does not fit its checksum', async ({ what, length }) => {
    const { written } = await clients({ api: getBlock, nth: 2, what });
    const { read } = await written();
    const blocks = [await read(1), await read(2), await read(3)];
    expect(blocks.map(({ isRight }) => isRight)).toEqual([true, false, true]);
    expect(blocks[1]).toMatchObject({ DataLength: blockBytes, bytes: { length } });
    const again = await read(2);
    expect([again.isRight, again.bytes[blockBytes / 2]]).toEqual([true, 2]);
  });

  it('has lost one bit', async () => {
    const { written } = await clients({ api: getBlock, nth: 1, what: 'corrupt' });
    const { bytes } = await (await written()).read(1);
    expect([...bytes.entries()].filter(([, byte]) => byte !== 1)).toEqual([[blockBytes / 2, 0]]);
  });
});

describe('an error of EBS', () => {
  const errors = [
    { what: 'throttle', api: getBlock, name: 'RequestThrottledException', Reason: 'RESOURCE_LEVEL_THROTTLE' },
    { what: 'internal-error', api: getBlock, name: 'InternalServerException' },
    { what: 'not-yet', api: getBlock, name: 'ResourceNotFoundException', Reason: 'SNAPSHOT_NOT_FOUND' },
    { what: 'expired-token', api: getBlock, name: 'ValidationException', Reason: 'INVALID_BLOCK_TOKEN' },
  ] as const;

  it.each(errors)('$what meets as many calls as it is to', async ({ what, api, ...error }) => {
    const { name } = error;
    const { account, written } = await clients({ api, nth: 2, times: 2, what });
    const { read } = await written();
    await expect(read(1)).resolves.toMatchObject({ isRight: true });
    for (const index of [2, 3]) await expect(read(index)).rejects.toMatchObject(error);
    await expect(read(2)).resolves.toMatchObject({ isRight: true });
    expect(account.calls.filter((call) => call.api === api).map(({ error }) => error)).toEqual([
      null,
      name,
      name,
      null,
    ]);
  });

  it('names the snapshot that is not known yet', async () => {
    const { put, start } = await clients({ api: 'ebs:PutSnapshotBlock', nth: 1, what: 'not-yet' });
    const id = await start();
    await expect(put(id, 0)).rejects.toThrow(`The snapshot '${id}' does not exist.`);
    await expect(put(id, 0)).resolves.toBeDefined();
  });

  it('expires a page, loses a body, throttles a start, hides a snapshot from EC2', async () => {
    const { put, list, state, start } = await clients(
      { api: 'ebs:StartSnapshot', nth: 1, what: 'throttle' },
      { api: 'ebs:PutSnapshotBlock', nth: 1, what: 'unreadable' },
      { api: 'ebs:ListSnapshotBlocks', nth: 1, what: 'expired-token' },
      { api: 'ec2:DescribeSnapshots', nth: 1, what: 'not-yet' },
    );
    await expect(start()).rejects.toMatchObject({ name: 'ThrottlingException' });
    const id = await start();
    await expect(put(id, 0)).rejects.toThrow('Failed to read block data');
    await expect(list(id)).rejects.toMatchObject({ Reason: 'INVALID_PAGE_TOKEN' });
    await expect(state(id)).rejects.toMatchObject({ name: 'InvalidSnapshot.NotFound' });
    expect(await state(id)).toBe('pending');
  });

  it('that does not fit its call is a mistake of the test', async () => {
    const { start } = await clients({ api: 'ebs:StartSnapshot', nth: 1, what: 'corrupt' });
    await expect(start()).rejects.toThrow('the fault `corrupt` does not fit ebs:StartSnapshot');
  });
});

it('a snapshot may fail instead of completing', async () => {
  const { account, start, complete, state } = await clients({
    api: 'ebs:CompleteSnapshot',
    nth: 1,
    what: 'error-state',
  });
  const id = await start();
  await expect(complete(id, 0)).resolves.toMatchObject({ Status: 'pending' });
  await account.ground.settle();
  expect(await state(id)).toBe('error');
});
