import { describe, expect, it } from 'vitest';
import type { CaseReport } from '#shared/case/report';
import { reportHtml } from '#shared/evidence/report-html';
import type { Rehearsal } from '../rehearsal.ts';
import { closed, open, rehearseCopies, reportOf } from './disk-copies.ts';

const subjects = ({ account }: Rehearsal) => account.published.map(({ Subject = '' }) => Subject);

/** A case that waits for a person's consent, its triage done. */
const waiting = async (changes = {}) => {
  const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, parameters: { RequireApproval: 'true' } });
  await open(rehearsal);
  await rehearsal.account.ground.settle(900);
  return rehearsal;
};

describe('what is known before the disks are copied', () => {
  it('is written and told of, with the triage in it, and says that it is not all', async () => {
    const rehearsal = await waiting();
    const report: CaseReport = reportOf(rehearsal);
    expect(report).toMatchObject({ verdict: 'preserved', copying: true, artefacts: [{ kind: 'triage-archive' }] });
    expect(report.todo[0]).toContain('Wait for the disks to be copied');
    expect(report.timeline.at(-1)?.what).toContain('the disks are being copied');
    expect(reportHtml(report)).toContain('Wait for the disks to be copied');
    expect(subjects(rehearsal)).toContainEqual(expect.stringMatching(/^Unlatch: so far, evidence preserved/));
    expect(rehearsal.account.put).toEqual([]);
  });

  it('is written again at the end, when programs are told too', async () => {
    const rehearsal = await waiting();
    await rehearsal.account.ground.settle();
    const report = reportOf(rehearsal);
    expect(report.copying).toBe(false);
    expect(report.timeline.at(-1)?.what).toBe('Case closed');
    expect(subjects(rehearsal).at(-1)).toMatch(/^Unlatch: evidence preserved/);
    expect(rehearsal.account.put).toHaveLength(1);
  });

  it('costs the copy nothing where it cannot be told', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', {
      faults: [{ api: 'sns:Publish', nth: 1, what: 'refuse' }],
    });
    expect((await closed(rehearsal)).artefacts.map(({ kind }) => kind)).toContain('disk-copy');
  });

  it('costs the case nothing where it cannot be written', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', {
      faults: [{ api: 's3:PutObject', nth: 1, times: 15, what: 'throttle' }],
    });
    expect(await closed(rehearsal)).toMatchObject({ copying: false, verdict: 'preserved' });
  });

  it('is not told apart where no copy may be made: one case, one message', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', { parameters: { AllowUnencryptedCopy: 'false' } });
    await closed(rehearsal);
    expect(subjects(rehearsal)).toEqual([expect.stringMatching(/^Unlatch: evidence preserved/)]);
  });
});

describe('while its disks are being copied', () => {
  it('a machine stays its case’s: a refusal three hours later opens no second one', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', { parameters: { RequireApproval: 'true' } });
    await rehearsal.stage.acquire(() => {});
    await rehearsal.account.ground.settle(3 * 3_600);
    expect(rehearsal.done('ec2:CreateSnapshots')).toBe(1);
    await rehearsal.stage.acquire(() => {});
    await rehearsal.account.ground.settle(1_800);
    const absorbed = rehearsal.account.lambda.executions.all().map(({ result }) => result);
    expect(absorbed).toContainEqual({ absorbedBy: reportOf(rehearsal).caseId, state: 'open' });
    expect(rehearsal.done('ec2:CreateSnapshots')).toBe(1);
    expect(rehearsal.done('ssm:SendCommand')).toBe(1);
  });
});
