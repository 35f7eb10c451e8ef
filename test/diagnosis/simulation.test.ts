import { expect, it } from 'vitest';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { questionAsked } from '#shared/diagnosis/question';
import { known } from '#shared/policy/known';
import { allow, factsWith, OWN_KEY, principal, ROLE, VIA } from './facts.ts';

const wouldBe = (record: FactsRecord, action: string | null) =>
  diagnose(
    null,
    questionAsked({ principal: principal(ROLE), action, resource: OWN_KEY, context: { 'kms:ViaService': VIA } }),
    record,
  );

it('an action that is allowed is, though the acquisition asks more that is refused', () => {
  const record = factsWith({ identity: [allow('kms:CreateGrant')] });
  expect(wouldBe(record, 'kms:CreateGrant')).toMatchObject({ decision: 'allowed', fixes: [] });
  expect(wouldBe(record, null)).toMatchObject({ decision: 'denied', layer: 'identity-policy' });
});

it('of a whole acquisition, what is refused tells more than what is open, and that more than what is allowed', () => {
  const open = allow('kms:Decrypt', { Condition: { StringEquals: { 'aws:SourceIdentity': 'ada' } } });
  const rest = ['kms:CreateGrant', 'kms:DescribeKey', 'kms:ReEncrypt*'];
  const data = 'kms:GenerateDataKeyWithoutPlaintext';
  const refused = wouldBe(factsWith({ identity: [open, allow(rest)] }), null);
  expect(refused.decision).toBe('denied');
  expect(refused.explanation).toContain(data);
  const unsure = wouldBe(factsWith({ identity: [open, allow([...rest, data])] }), null);
  expect(unsure.decision).toBe('undetermined');
  expect(unsure.explanation).toContain('kms:Decrypt');
  expect(wouldBe(factsWith({ identity: [allow([...rest, data, 'kms:Decrypt'])] }), null).decision).toBe('allowed');
});

it.each([
  { name: 'its aliases', aliases: ['alias/a', 'alias/b'], told: 'where the request carries `alias/a`, `alias/b`' },
  { name: 'none, of a key without an alias', aliases: [], told: 'which the request does not carry' },
])('a request carries what the key is called: $name', ({ aliases, told }) => {
  const evidence = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/evidence' } };
  const record = factsWith({ identity: [allow('kms:*', { Condition: evidence })] });
  const { explanation } = wouldBe({ ...record, key: { ...record.key, aliases: known(aliases) } }, 'kms:DescribeKey');
  expect(explanation).toContain(`but for its condition on \`kms:ResourceAliases\`, ${told}.`);
});
