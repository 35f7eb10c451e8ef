import { it } from 'vitest';
import { injectEverywhere, wrongIn } from '../injection.ts';
import { expectWhole, start } from './faults.ts';

it(
  'each call of a retirement may die before, die after, be throttled or fail: the role is as before or as planned',
  {
    timeout: 1_800_000,
  },
  () =>
    injectEverywhere('a retirement', 60, async (faults) => {
      const { world } = await start(faults);
      const wrong = await wrongIn(() => expectWhole(world));
      await world.end();
      return { account: world.account, wrong };
    }),
);
