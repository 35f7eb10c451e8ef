import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FactsInFile } from '#shared/diagnosis/facts-file';
import { Manifest } from '#shared/evidence/manifest';
import { type Rehearsal, rehearse } from '../rehearsal.ts';

const documentOf = ({ account }: Rehearsal, caseId: string, name: string): unknown =>
  JSON.parse(account.store.latest().get(`${account.bucket}/cases/${caseId}/${name}`)?.toString() ?? 'null');

const explained = async (rehearsal: Rehearsal) => {
  await rehearsal.acquire();
  const [report] = rehearsal.reports();
  if (report?.diagnosis == null) throw new Error('no case was explained');
  return { report, diagnosis: report.diagnosis };
};

describe('a case', () => {
  it('finds the key that AWS does not name, and says what to add to its policy', async () => {
    const rehearsal = await rehearse('custom-key-denied');
    const { diagnosis, report } = await explained(rehearsal);
    const key = [...rehearsal.account.state.keys.values()].find(({ aliases }) => aliases.includes('alias/payments'));
    expect(report.denials.every(({ keyArn }) => keyArn === null)).toBe(true);
    expect(diagnosis).toMatchObject({ cause: 'key-policy-silent', layer: 'key-policy', decision: 'denied' });
    expect(diagnosis.explanation).toContain(key?.arn);
    expect(diagnosis.fixes.map(({ layer, target, statement }) => [layer, target, statement?.Action])).toEqual([
      ['key-policy', key?.arn, 'kms:ReEncryptFrom'],
      ['key-policy', key?.arn, 'kms:CreateGrant'],
    ]);
    expect(report.todo.join()).toContain(`the statements of the diagnosis added to the key policy (${key?.arn})`);
  });

  it('keeps the facts beside the report, under a hash, in the form in which they can be asked again', async () => {
    const rehearsal = await rehearse('custom-key-denied');
    const { report } = await explained(rehearsal);
    const { documents } = Manifest.parse(documentOf(rehearsal, report.caseId, 'manifest.json'));
    expect(documents.map(({ path }) => path)).toContain('facts.json');
    const { denial } = FactsInFile.parse(documentOf(rehearsal, report.caseId, 'facts.json'));
    expect(denial).toMatchObject({ action: 'kms:ReEncryptFrom', keyArn: expect.stringContaining(':key/') });
  });

  it('says what the boundary of the role leaves out', async () => {
    const { diagnosis } = await explained(await rehearse('boundary-denied'));
    expect(diagnosis).toMatchObject({ cause: 'permissions-boundary-silent', layer: 'permissions-boundary' });
    expect(diagnosis.explanation).not.toContain('do not agree');
    expect(diagnosis.fixes[0]).toMatchObject({
      layer: 'permissions-boundary',
      statement: { Action: 'kms:CreateGrant' },
    });
  });

  it('that is not explained by AWS is explained by the facts', async () => {
    const { diagnosis } = await explained(await rehearse('copy-denied'));
    expect(diagnosis.decision).toBe('denied');
    expect(diagnosis.trace.length).toBeGreaterThan(0);
    expect(diagnosis.explanation).not.toContain('do not agree');
  });
});

/** One call of each kind of fact; the others fail alone in the tests of the readers. */
const FACTS = ['kms:DescribeKey', 'kms:GetKeyPolicy', 'iam:GetRole', 'organizations:DescribeOrganization'] as const;

describe('facts that cannot be had', () => {
  it.each(FACTS)('cost no evidence and no cause: %s is refused', async (api) => {
    const rehearsal = await rehearse('custom-key-denied', { faults: [{ api, nth: 'every', what: 'refuse' }] });
    const { diagnosis, report } = await explained(rehearsal);
    expect(report.verdict).toBe('preserved');
    expect(diagnosis).toMatchObject({ decision: 'denied', cause: 'key-policy-silent', layer: 'key-policy' });
    expect(diagnosis.fixes.every(({ verified }) => !verified)).toBe(true);
  });

  it('are named where they would settle it', async () => {
    const faults = [{ api: 'kms:GetKeyPolicy', nth: 'every', what: 'refuse' } as const];
    const { diagnosis } = await explained(await rehearse('custom-key-denied', { faults }));
    expect(diagnosis.missing).toContain('the key policy: kms:GetKeyPolicy was refused to Unlatch');
  });

  it('of an account without the member role are unknown, and the case ends all the same', async () => {
    const rehearsal = await rehearse('custom-key-denied', {
      faults: [{ api: 'sts:AssumeRole', nth: 'every', what: 'refuse' }],
    });
    await rehearsal.acquire();
    const causes = rehearsal.reports().map(({ diagnosis }) => z.string().parse(diagnosis?.cause));
    expect(causes).toContain('key-policy-silent');
  });
});
