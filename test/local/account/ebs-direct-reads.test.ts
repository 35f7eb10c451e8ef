import { describe, expect, it } from 'vitest';
import { block, blockBytes, disks, sha256 } from './disks.ts';
import { addSnapshot, platformAccount } from './ground.ts';

const minutes = 60;
const days = 24 * 3_600;

/** A completed snapshot with blocks at these indices. */
const written = (sizeGiB: number, ...indices: number[]) => {
  const world = disks();
  const snapshot = { ...addSnapshot(world.ground, platformAccount, null), sizeGiB };
  snapshot.blocks = new Map(indices.map((index) => [index, block(index % 251)]));
  world.ground.state.snapshots.set(snapshot.snapshotId, snapshot);
  return { ...world, id: snapshot.snapshotId, snapshot };
};

const invalid = (Reason: string) => ({ name: 'ValidationException', Reason, $metadata: { httpStatusCode: 400 } });

describe('a listing', () => {
  it('names the written blocks in ascending order, whatever order they were written in', async () => {
    const { list, id } = written(1, 7, 2, 2047);
    expect(await list(id)).toMatchObject({ indices: [2, 7, 2047], NextToken: undefined });
  });

  it('begins at a block, or at the next one that was written', async () => {
    const { list, id } = written(1, 2, 7, 9);
    expect((await list(id, { StartingBlockIndex: 7 })).indices).toEqual([7, 9]);
    expect((await list(id, { StartingBlockIndex: 3 })).indices).toEqual([7, 9]);
    expect((await list(id, { StartingBlockIndex: 10 })).indices).toEqual([]);
  });

  it('goes on where its page ended, and heeds no other beginning then', async () => {
    const { list, id } = written(1, ...Array.from({ length: 150 }, (_, index) => index * 2));
    const first = await list(id, { MaxResults: 100 });
    const second = await list(id, { MaxResults: 100, NextToken: first.NextToken ?? '', StartingBlockIndex: 0 });
    expect([first.indices.length, first.indices.at(-1)]).toEqual([100, 198]);
    expect([second.indices.length, second.indices[0], second.NextToken]).toEqual([50, 200, undefined]);
  });

  it('has empty pages in a large hole, and goes on all the same', async () => {
    const { list, id } = written(16, 5, 30_000);
    const pages: unknown[] = [];
    for (let NextToken: string | undefined = ''; NextToken !== undefined; ) {
      const page = await list(id, NextToken === '' ? {} : { NextToken });
      pages.push(page.indices);
      ({ NextToken } = page);
    }
    expect(pages.flat()).toEqual([5, 30_000]);
    expect(pages.filter((page) => Array.isArray(page) && page.length === 0).length).toBeGreaterThan(3);
    expect(pages.at(-1)).toEqual([30_000]);
  });

  it.each([99, 0, 10_001])('takes no MaxResults of %i', async (MaxResults) => {
    const { list, id } = written(1, 1);
    await expect(list(id, { MaxResults })).rejects.toMatchObject(invalid('INVALID_PARAMETER_VALUE'));
  });

  it('is of completed snapshots only', async () => {
    const { start, list } = disks();
    await expect(list(await start())).rejects.toMatchObject(invalid('INVALID_SNAPSHOT_ID'));
  });

  it('can be gone on with for an hour, and of its own snapshot only', async () => {
    const { list, id, ground } = written(16, 5, 30_000);
    const { NextToken = '' } = await list(id);
    const other = addSnapshot(ground, platformAccount, null).snapshotId;
    await expect(list(other, { NextToken })).rejects.toMatchObject(invalid('INVALID_PAGE_TOKEN'));
    await ground.pass(60 * minutes);
    await expect(list(id, { NextToken })).resolves.toMatchObject({ indices: [] });
    await ground.pass(1);
    await expect(list(id, { NextToken })).rejects.toMatchObject(invalid('INVALID_PAGE_TOKEN'));
  });
});

describe('a block that is read', () => {
  const reading = () => {
    const world = written(1, 3, 4);
    const { ebs, call, id, list } = world;
    const tokens = async () => (await list(id)).blocks.map(({ BlockToken = '' }) => BlockToken);
    const get = (BlockIndex: number, BlockToken: string, SnapshotId = id) =>
      ebs.GetSnapshotBlock(call({ SnapshotId, BlockIndex, BlockToken }));
    return { ...world, tokens, get };
  };

  it('comes as a stream, with its length and its checksum', async () => {
    const { tokens, get } = reading();
    const [token = ''] = await tokens();
    const { BlockData, ...rest } = await get(3, token);
    expect(rest).toMatchObject({ DataLength: blockBytes, Checksum: sha256(block(3)).toString('base64') });
    const chunks: Uint8Array[] = [];
    for await (const chunk of BlockData as AsyncIterable<Uint8Array>) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(1);
    expect(Buffer.concat(chunks).equals(block(3))).toBe(true);
  });

  it('can be turned into bytes or a web stream, once', async () => {
    const { tokens, get } = reading();
    const [token = ''] = await tokens();
    const first = await get(3, token);
    expect(block(3).equals((await first.BlockData?.transformToByteArray()) ?? block(0))).toBe(true);
    await expect(first.BlockData?.transformToByteArray()).rejects.toThrow('already been transformed');
    const second = await get(3, token);
    const web = await new Response(second.BlockData?.transformToWebStream()).bytes();
    expect(block(3).equals(web)).toBe(true);
  });

  it("is the reader's own: changing it changes no snapshot", async () => {
    const { tokens, get, snapshot } = reading();
    const [token = ''] = await tokens();
    (await (await get(3, token)).BlockData?.transformToByteArray())?.fill(0);
    expect(snapshot.blocks.get(3)?.equals(block(3))).toBe(true);
  });

  it('opens to its own token only, of its own snapshot, for seven days', async () => {
    const { tokens, get, ground } = reading();
    const [three = '', four = ''] = await tokens();
    const other = addSnapshot(ground, platformAccount, null);
    other.blocks.set(3, block(3));
    for (const wrong of [get(3, four), get(4, three), get(3, 'bm90IGl0'), get(3, three, other.snapshotId)]) {
      await expect(wrong).rejects.toMatchObject(invalid('INVALID_BLOCK_TOKEN'));
    }
    await ground.pass(7 * days);
    await expect(get(3, three)).resolves.toMatchObject({ DataLength: blockBytes });
    await ground.pass(1);
    await expect(get(3, three)).rejects.toMatchObject(invalid('INVALID_BLOCK_TOKEN'));
  });

  it('was written: a hole has no token', async () => {
    const { tokens, get } = reading();
    const [token = ''] = await tokens();
    await expect(get(5, token)).rejects.toMatchObject(invalid('INVALID_BLOCK_TOKEN'));
  });

  it('is out of reach where its key is gone', async () => {
    const { ground, list, key } = disks();
    const { snapshotId } = addSnapshot(ground, platformAccount, { ...key, arn: `${key.arn}-gone` });
    await expect(list(snapshotId)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      Reason: 'DEPENDENCY_RESOURCE_NOT_FOUND',
    });
  });
});
