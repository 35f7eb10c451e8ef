import { expect, it } from 'vitest';
import { comparedIn } from '#local/commands/agreement';
import { CAUSES } from '#shared/diagnosis/diagnosis';
import { rehearse } from '../rehearsal.ts';

it('what readiness says of thirty machines is what AWS then answers, for every cause', {
  timeout: 120_000,
}, async () => {
  const rehearsal = await rehearse('readiness');
  await rehearsal.acquire();
  const compared = comparedIn(rehearsal.account, rehearsal.stage.tried);
  expect(compared).toHaveLength(30);
  expect(compared.filter(({ agrees }) => agrees === false)).toEqual([]);
  expect(compared.filter(({ agrees }) => agrees === null).map(({ name }) => name)).toEqual(['tagged-1']);
  expect(compared.some(({ acquired }) => acquired)).toBe(true);
  expect([...new Set(compared.flatMap(({ causes }) => causes))].sort()).toEqual(CAUSES.toSorted());
  expect(rehearsal.account.lambda.deadLetters).toEqual([]);
});
