import { describe, expect, it } from 'vitest';
import { endOfVolume, operationsOf } from '#shared/route/unencrypted-copy/lane';
import { copyInTime, DISKS } from '../../../bench/copy-in-time.ts';

describe('a copy in virtual time', () => {
  it.each(Object.values(DISKS))('of $name copies every block once, near the quota of its snapshot', (disk) => {
    const { blocks, ofCeiling, operations, requests } = copyInTime(disk);
    const stripes = Array.from({ length: disk.sizeGiB }, (_, stripe) => stripe);
    const written = stripes.filter((stripe) => disk.isWritten(stripe)).length * 2_048;
    expect(blocks).toBe(disk.everyBlock ? endOfVolume(disk) : written);
    expect(requests.put).toBe(blocks);
    expect(requests.get).toBeGreaterThanOrEqual(written);
    expect(requests.get - written).toBeLessThan(0.002 * written);
    expect(ofCeiling).toBeGreaterThan(0.95);
    expect(ofCeiling).toBeLessThanOrEqual(1);
    expect(operations).toBeLessThan(3_000);
    // What a plan expects before it begins is not less than what the copy takes.
    expect(operations).toBeLessThanOrEqual(operationsOf(disk.sizeGiB));
  });

  it('is bound by the network of its workers where they are few', () => {
    const { copySeconds, ofCeiling, runs } = copyInTime({ ...DISKS['1 TiB'], sizeGiB: 2 });
    // Two lanes at 625 Mbit/s there and back: 149 blocks/s.
    expect(ofCeiling).toBeGreaterThan(0.12);
    expect(ofCeiling).toBeLessThan(0.15);
    expect(copySeconds).toBeGreaterThan(4_096 / 149);
    expect(runs).toBe(4);
  });

  it('of nothing ends at once', () => {
    expect(copyInTime({ ...DISKS['1 TiB'], isWritten: () => false })).toMatchObject({ blocks: 0, mostRunsOfLane: 1 });
  });
});
