import { type FileHandle, mkdir, open, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Volume } from './state.ts';

const BLOCK_BYTES = 524_288;
const GIBIBYTE = 2 ** 30;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** A volume as the guest has it: a file of its size, full of holes where the volume has none. */
interface GuestDisk {
  readonly volume: Volume;
  readonly path: string;
  readonly laidAt: number;
}

const lay = async (root: string, volume: Volume, name: string): Promise<GuestDisk> => {
  const path = join(root, 'dev', name);
  await writeFile(path, '');
  await truncate(path, volume.sizeGiB * GIBIBYTE);
  const file = await open(path, 'r+');
  for (const [index, bytes] of volume.blocks) await file.write(bytes, 0, BLOCK_BYTES, index * BLOCK_BYTES);
  await file.close();
  // The kernel shows a volume's id as its NVMe device's serial. https://docs.aws.amazon.com/ebs/latest/userguide/nvme-ebs-volumes.html
  const device = join(root, 'sys/block', name, 'device');
  await mkdir(device, { recursive: true });
  await writeFile(join(device, 'serial'), `${volume.volumeId.replace('-', '')}\n`);
  return { volume, path, laidAt: (await stat(path)).mtimeMs };
};

/** The volumes of an instance, as disks below the guest's root. */
export const layDisks = async (root: string, volumes: readonly Volume[]): Promise<GuestDisk[]> => {
  await mkdir(join(root, 'dev'), { recursive: true });
  const disks: GuestDisk[] = [];
  for (const [number, volume] of volumes.entries()) disks.push(await lay(root, volume, `nvme${number}n1`));
  return disks;
};

const blockFrom = async (file: FileHandle, index: number): Promise<Buffer> => {
  const block = Buffer.alloc(BLOCK_BYTES);
  await file.read(block, 0, BLOCK_BYTES, index * BLOCK_BYTES);
  return block;
};

/** What the guest has written to its disks, block by block, is what the volumes hold. */
export const keepDisks = async (disks: readonly GuestDisk[]): Promise<void> => {
  for (const { volume, path, laidAt } of disks) {
    if ((await stat(path)).mtimeMs === laidAt) continue;
    const file = await open(path, 'r');
    for (let index = 0; index < (volume.sizeGiB * GIBIBYTE) / BLOCK_BYTES; index += 1) {
      const block = await blockFrom(file, index);
      if (!block.equals(volume.blocks.get(index) ?? ZEROS)) volume.blocks.set(index, block);
    }
    await file.close();
  }
};
