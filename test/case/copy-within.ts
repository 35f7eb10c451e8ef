import { describe, expect, it } from 'vitest';
import type { Rehearsal } from '../rehearsal.ts';
import {
  closed,
  copiesIn,
  copyDocumentOf,
  expectNothingBut,
  PLATFORM,
  rehearseCopies,
  snapshotOf,
  TARGET,
} from './disk-copies.ts';

/** When each call of an API began, by its place among all. */
const placesOf = ({ account }: Rehearsal, api: string): number[] =>
  account.calls.filter((call) => call.api === api).map(({ began }) => began);

const HOLED = { sizeGiB: 1, written: [0, 1, 1_023, 2_047] };

describe('where KMS refuses Unlatch too', () => {
  it('the running machine copies its disk: bit for bit, into its own account, after the triage, and nothing else is left', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy-in-guest', {
      disks: [HOLED],
      parameters: { PlatformAccountId: PLATFORM },
    });
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 1);
    const [artefact] = copiesIn(report);
    if (artefact === undefined) throw new Error('there is no copy');
    const snapshot = snapshotOf(rehearsal, artefact.copy.snapshotId);

    expect(placesOf(rehearsal, 'ebs:StartSnapshot')).toEqual([]);
    expect(snapshot).toMatchObject({ accountId: TARGET, keyArn: null });
    expect(snapshot.tags).toMatchObject({
      'unlatch:case': report.caseId,
      'unlatch:volume': artefact.copy.volumeId,
      'unlatch:expires': new Date(Date.parse(report.openedAt) + 90 * 86_400_000).toISOString(),
    });
    expect([...snapshot.sharedWith]).toEqual([PLATFORM]);
    expect(report.cleanUp).toMatchObject({ removed: expect.arrayContaining([expect.stringMatching(/^the volume /)]) });
    expect(report.cleanUp.left).toEqual([]);

    const document = copyDocumentOf(rehearsal, report.caseId, artefact);
    expect(document).toMatchObject({ method: 'in-guest', consistency: expect.stringContaining('in use') });

    // The collector's command, then what it brought, then the copier's.
    const [, copier = 0] = placesOf(rehearsal, 'ssm:SendCommand');
    const triaged = report.artefacts.find(({ kind }) => kind === 'triage-archive');
    const sent = rehearsal.account.calls.find(({ began }) => began === copier);
    const [created = 0] = placesOf(rehearsal, 'ec2:CreateVolume');
    expect(sent?.at.getTime()).toBeGreaterThan(Date.parse(triaged?.collectedAt ?? ''));
    expect(created).toBeGreaterThan(placesOf(rehearsal, 's3:GetObject')[0] ?? Number.POSITIVE_INFINITY);
  });
});
