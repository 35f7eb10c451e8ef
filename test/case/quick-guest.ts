import { blockBytes, blocksPerGiB } from '#local/account/blocks';
import type { runOnGuest as runOnRealGuest } from '#local/account/guest';
import type { Volume } from '#local/account/state';

/** Bytes of the disks here. */
export const BYTES = 2 ** 30;
const SUM = 'ab'.repeat(32);

let said: Readonly<Record<string, unknown>> = {};

/** What the copier reports from now on, other than success. */
export const report = (other: Readonly<Record<string, unknown>>): void => {
  said = other;
};

/** As the copier does, without the seconds that a gigabyte takes: the script itself has tests of its own. */
const copyQuickly = (volumes: readonly Volume[], script: string): string => {
  const value = (name: string) => new RegExp(`^UNLATCH_${name}='?([^'\n]+)'?$`, 'm').exec(script)?.[1] ?? '';
  const named = (id: string) => volumes.find(({ volumeId }) => volumeId === id);
  const source = named(value('SOURCE_VOLUME'));
  const target = named(value('TARGET_VOLUME'));
  if (source === undefined || target === undefined) return 'no such disk';
  const zeros = Buffer.alloc(blockBytes);
  for (let index = 0; index < blocksPerGiB; index += 1) {
    const block = source.blocks.get(index) ?? (value('SPARSE') === '1' ? undefined : zeros);
    if (block !== undefined) target.blocks.set(index, block);
  }
  const sums = { sha256: SUM, targetSha256: SUM, bytes: BYTES };
  const devices = { sourceDevice: '/dev/nvme0n1', targetDevice: '/dev/nvme1n1' };
  return `unlatch-result ${JSON.stringify({ case: value('CASE'), ...sums, ...devices, copied: true, ...said })}\n`;
};

/** A guest that runs the copier at once, and no collector. Stands for `#local/account/guest`. */
export const runOnGuest: typeof runOnRealGuest = async (_instance, volumes, _document, script) =>
  script.includes('UNLATCH_TARGET_VOLUME=')
    ? { exitCode: 0, stdout: copyQuickly(volumes, script), stderr: '' }
    : { exitCode: 1, stdout: '', stderr: 'no collector here' };
