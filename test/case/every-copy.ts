import { expect, it, vi } from 'vitest';
import { blocksPerGiB } from '#local/account/blocks';
import { injectEverywhere, wrongIn } from '../injection.ts';
import { closed, expectNothingBut, PLATFORM, rehearseCopies, SMALL } from './disk-copies.ts';
import { sweepNow } from './re-encryptions.ts';

vi.mock(import('#local/account/guest'), () => import('./quick-guest.ts'));

const parameters = { PlatformAccountId: PLATFORM };
const ways = [
  { scenario: 'unencrypted-copy', changes: { agent: false, parameters, disks: [SMALL] } },
  { scenario: 'unencrypted-copy-in-guest', changes: { parameters, disks: [{ sizeGiB: 1, written: [0, 2_047] }] } },
];
const byHand = { createVolume: { availabilityZone: 'eu-west-3a' } };

it.each(ways)(
  'each call of a copy may die before, die after, be throttled or fail, and a sweep come after it: it is one copy all the same, with one volume of it: $scenario',
  {
    timeout: 900_000,
  },
  (way) =>
    injectEverywhere(way.scenario, 40, async (faults) => {
      const rehearsal = await rehearseCopies(way.scenario, { ...way.changes, faults });
      const wrong = await wrongIn(async () => {
        await closed(rehearsal, byHand);
        await sweepNow(rehearsal);
        const { cleanUp } = await expectNothingBut(rehearsal, 1);
        expect(cleanUp.left.filter((left) => /vol-|snap-/.test(left))).toEqual([]);
      });
      await rehearsal.end();
      return { account: rehearsal.account, wrong };
    }),
);

it('a disk that is full is copied block for block', { timeout: 120_000 }, async () => {
  const written = Array.from({ length: blocksPerGiB }, (_, index) => index);
  const rehearsal = await rehearseCopies('unencrypted-copy', { agent: false, disks: [{ sizeGiB: 1, written }] });
  await closed(rehearsal);
  await expectNothingBut(rehearsal, 1);
});
