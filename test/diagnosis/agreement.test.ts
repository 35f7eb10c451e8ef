import { describe, expect, it } from 'vitest';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { questionOf } from '#shared/diagnosis/question';
import { unknown } from '#shared/policy/known';
import { readDenialMessage } from '#shared/signal/denial-message';
import { Denial } from '#shared/signal/signal';
import { allow, delegating, factsWith, OWN_KEY, PLATFORM, ROLE, SESSION, TARGET } from './facts.ts';

/** A refusal through EC2 that names the layer which was silent. */
const silent = (words: string): Denial => {
  const message = `User: ${SESSION} is not authorized to perform: kms:CreateGrant on resource: ${OWN_KEY} because no ${words} allows the kms:CreateGrant action`;
  return Denial.parse({
    roleName: 'myCadoResponseRole',
    roleArn: ROLE,
    sessionName: 'acquire-web-1',
    via: 'ec2-frontend-api.amazonaws.com',
    requestId: 'r',
    inCall: true,
    accountId: PLATFORM,
    region: 'eu-west-3',
    time: '2026-03-02T03:00:32Z',
    message,
    ...readDenialMessage(message),
  });
};

const explain = (denial: Denial, record: FactsRecord) => diagnose(denial, questionOf(denial), record);
const withUnreadGrants = (record: FactsRecord): FactsRecord => ({
  ...record,
  key: { ...record.key, grants: unknown('not read') },
});

describe('a layer that is silent and yet refuses nothing', () => {
  const byKeyPolicy = allow('kms:CreateGrant', { Sid: 'AddedSince', Principal: { AWS: ROLE } });
  const record = factsWith({ identity: [], keyPolicy: [delegating(PLATFORM), byKeyPolicy] });

  it("does not agree with AWS's word, which stands", () => {
    const diagnosis = explain(silent('identity-based policy'), record);
    expect(diagnosis).toMatchObject({ decision: 'denied', cause: 'identity-policy-silent', statement: null });
    expect(diagnosis.explanation).toContain('the identity policy is silent, and KMS allows it all the same.');
  });

  it('leaves what is proposed for the rest of the acquisition unverified', () => {
    const { fixes } = explain(silent('identity-based policy'), record);
    expect(fixes.map(({ layer, verified }) => [layer, verified])).toEqual([['identity-policy', false]]);
    expect(fixes[0]?.note).toContain('AWS names the identity policy, which these facts do not show');
  });

  it('agrees where another layer refuses besides', () => {
    const diagnosis = explain(
      silent('identity-based policy'),
      factsWith({ identity: [], keyPolicy: [delegating(TARGET)] }),
    );
    expect(diagnosis.explanation).not.toContain('do not agree');
    expect(diagnosis.fixes.every(({ verified }) => verified)).toBe(true);
  });
});

describe('what other layers leave open is not missing, where the layer that AWS names was read', () => {
  it.each([
    {
      name: 'and is silent, as AWS said',
      denial: silent('resource-based policy'),
      record: withUnreadGrants(factsWith({ keyPolicy: [delegating(TARGET)] })),
    },
    {
      name: 'and allows, against what AWS said',
      denial: silent('identity-based policy'),
      record: factsWith({ scp: unknown('not read') }),
    },
  ])('$name', ({ denial, record }) => {
    expect(explain({ ...denial, layer: null }, record).missing).not.toEqual([]);
    expect(explain(denial, record)).toMatchObject({ decision: 'denied', missing: [] });
  });

  it('and is missing where it was not read', () => {
    const record = withUnreadGrants(factsWith({ keyPolicy: unknown('not read') }));
    expect(explain(silent('resource-based policy'), record).missing).toEqual([
      'the key policy: not read',
      'the grants on the key: not read',
    ]);
  });
});
