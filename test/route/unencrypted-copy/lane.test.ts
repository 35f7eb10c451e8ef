import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOfVolume, firstInLane, lanesOf } from '#shared/route/unencrypted-copy/lane';

describe('the lanes of a volume', () => {
  it.each([
    { sizeGiB: 1, lanes: 1 },
    { sizeGiB: 8, lanes: 8 },
    { sizeGiB: 14, lanes: 14 },
    { sizeGiB: 16_384, lanes: 14 },
  ])('are $lanes for $sizeGiB GiB', ({ sizeGiB, lanes }) => {
    expect(lanesOf(sizeGiB)).toHaveLength(lanes);
  });

  it('have each block in exactly one of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(), (sizeGiB, any) => {
        const block = any % endOfVolume({ sizeGiB });
        expect(lanesOf(sizeGiB).filter((lane) => firstInLane(lane, block) === block)).toHaveLength(1);
      }),
    );
  });

  it('go on at the next stripe of their own, and end with the volume', () => {
    const [first, second] = lanesOf(3);
    if (first === undefined || second === undefined) throw new Error('three lanes');
    expect([0, 2_047, 2_048].map((block) => firstInLane(first, block))).toEqual([0, 2_047, null]);
    expect([0, 2_048, 4_095, 4_096].map((block) => firstInLane(second, block))).toEqual([2_048, 2_048, 4_095, null]);
  });
});
