import { expect, it } from 'vitest';
import { comparedIn } from '#local/commands/agreement';
import { rehearse } from '../rehearsal.ts';

/** Every cause that readiness can meet: what EC2 asks comes through no endpoint of the caller's, and an RCP is never silent. */
const CAUSES = [
  'default-key-not-shareable',
  'identity-policy-deny',
  'identity-policy-silent',
  'key-disabled',
  'key-not-found',
  'key-pending-deletion',
  'key-pending-import',
  'key-policy-deny',
  'key-policy-silent',
  'key-unavailable',
  'permissions-boundary-deny',
  'permissions-boundary-silent',
  'resource-control-policy-deny',
  'service-control-policy-deny',
  'service-control-policy-silent',
  'service-linked-role-not-allowed',
  'session-policy-deny',
  'session-policy-silent',
];

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
  expect([...new Set(compared.flatMap(({ causes }) => causes))].sort()).toEqual(CAUSES);
  expect(rehearsal.account.lambda.deadLetters).toEqual([]);
});
