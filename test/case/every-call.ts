import { it } from 'vitest';
import { injectEverywhere, wrongIn } from '../injection.ts';
import { rehearse } from '../rehearsal.ts';
import { expectOneCase } from './crashes.ts';

it(
  'each call of a case may die before, die after, be throttled or fail: it is one case all the same',
  {
    timeout: 900_000,
  },
  () =>
    injectEverywhere('custom-key-denied', 40, async (faults) => {
      const rehearsal = await rehearse('custom-key-denied', { faults });
      await rehearsal.acquire();
      const wrong = await wrongIn(() => expectOneCase(rehearsal));
      await rehearsal.end();
      return { account: rehearsal.account, wrong };
    }),
);
