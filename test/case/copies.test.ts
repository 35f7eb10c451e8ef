import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { blocksPerGiB } from '#local/account/blocks';
import {
  closed,
  copiesIn,
  copyDocumentOf,
  type Disk,
  expectNothingBut,
  fileIn,
  OWN,
  PLATFORM,
  rehearseCopies,
  reportOf,
  SMALL,
  snapshotOf,
  volumeOf,
} from './disk-copies.ts';

const last = (sizeGiB: number): number => sizeGiB * blocksPerGiB - 1;

const disks: readonly (Disk & { readonly name: string })[] = [
  { name: 'with holes', ...SMALL },
  { name: 'of which only the last block was written', sizeGiB: 3, written: [last(3)] },
  {
    name: 'of 15 GiB, which 14 lanes do not share evenly',
    sizeGiB: 15,
    written: [0, 5 * 2_048 + 3, 14 * 2_048, last(15)],
  },
  { name: 'that was never written', sizeGiB: 1, written: [] },
  {
    name: 'with a long run of blocks, over the edge of a lane',
    sizeGiB: 2,
    written: Array.from({ length: 300 }, (_, index) => 1_900 + index),
  },
];

/** Index and digest of each block, as a part of the checksums has them. */
const recordsOf = (part: Buffer) =>
  Array.from({ length: part.length / 36 }, (_, at) => ({
    index: part.readUInt32BE(at * 36),
    digest: part.subarray(at * 36 + 4, (at + 1) * 36),
  }));

const sha256 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

describe('a copy by way of the frozen snapshot is the volume, block for block', () => {
  it.each(disks)('a disk $name', async ({ name: _name, ...disk }) => {
    const rehearsal = await rehearseCopies('unencrypted-copy', { disks: [disk], agent: false });
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 1);
    const [artefact] = copiesIn(report);
    // What was never written is not written: that is what makes a copy of a large, empty disk cheap.
    expect(rehearsal.done('ebs:PutSnapshotBlock')).toBe(disk.written.length);
    expect(artefact?.copy).toMatchObject({ sizeGiB: disk.sizeGiB, keyArn: null, accountId: OWN });
  });

  it('every disk of a machine has its own', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', {
      disks: [SMALL, { sizeGiB: 1, written: [7] }],
      agent: false,
    });
    await closed(rehearsal);
    await expectNothingBut(rehearsal, 2);
  });

  it('under the evidence key every block is written, and what was never written reads as zeros, not noise', async () => {
    const disk = { sizeGiB: 1, written: [5, 1_500] };
    const rehearsal = await rehearseCopies('encryption-by-default', { disks: [disk], agent: false });
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 1);
    const [artefact] = copiesIn(report);
    expect(rehearsal.done('ebs:PutSnapshotBlock')).toBe(blocksPerGiB);
    expect(artefact?.copy.keyArn).toContain('key/0e51dce0-9a1b-4c2d-8e3f-5a6b7c8d9e0f');
    expect(snapshotOf(rehearsal, artefact?.copy.snapshotId ?? '').keyArn).toBe(artefact?.copy.keyArn);
  });
});

describe('copy.json', () => {
  it('has a checksum that follows from its parts, the parts from the disk, and the manifest has its hash', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', { disks: [disks[2] ?? SMALL], agent: false });
    const { caseId } = await closed(rehearsal);
    const [artefact] = copiesIn(reportOf(rehearsal));
    if (artefact === undefined) throw new Error('there is no copy');
    const document = copyDocumentOf(rehearsal, caseId, artefact);
    const parts = document.lanes.flat().map((part) => ({ ...part, body: fileIn(rehearsal, caseId, part.path) }));
    expect(parts.length).toBeGreaterThan(1);
    for (const { sha256: said, blocks, body } of parts) {
      expect(sha256(body).toString('hex')).toBe(said);
      expect(recordsOf(body)).toHaveLength(blocks);
    }
    const records = parts.flatMap(({ body }) => recordsOf(body)).sort((a, b) => a.index - b.index);
    expect(document.checksum).toEqual({
      algorithm: 'SHA256',
      aggregation: 'LINEAR',
      value: sha256(...records.map(({ digest }) => digest)).toString('base64'),
    });
    const { blocks } = volumeOf(rehearsal, artefact.copy.volumeId);
    expect(records).toEqual(
      [...blocks].sort(([a], [b]) => a - b).map(([index, bytes]) => ({ index, digest: sha256(bytes) })),
    );
    expect(document).toMatchObject({ method: 'ebs-direct', blocks: records.length, copy: { encrypted: false } });
    const manifest = JSON.parse(fileIn(rehearsal, caseId, 'manifest.json').toString());
    expect(JSON.stringify(manifest)).toContain(artefact.path);
    expect(sha256(fileIn(rehearsal, caseId, artefact.path)).toString('hex')).toBe(artefact.sha256);
  });
});

describe('where the copy stands', () => {
  it("in Unlatch's own account, tagged with case, volume and expiry, and shared with nobody", async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', { agent: false });
    const report = await closed(rehearsal);
    const [artefact] = copiesIn(report);
    const snapshot = snapshotOf(rehearsal, artefact?.copy.snapshotId ?? '');
    expect(snapshot).toMatchObject({ accountId: OWN, region: 'eu-west-3', keyArn: null });
    expect(snapshot.tags).toMatchObject({
      'unlatch:case': report.caseId,
      'unlatch:volume': artefact?.copy.volumeId,
      'unlatch:expires': new Date(Date.parse(report.openedAt) + 90 * 86_400_000).toISOString(),
    });
    expect([...snapshot.sharedWith]).toEqual([]);
    expect(artefact?.copy.sharedWith).toBeNull();
  });

  it.each([
    { name: 'another account is told of the copy', platform: PLATFORM, sharedWith: [PLATFORM] },
    { name: 'its own account needs no sharing', platform: OWN, sharedWith: [] },
  ])('the platform: $name', async ({ platform, sharedWith }) => {
    const parameters = { PlatformAccountId: platform };
    const rehearsal = await rehearseCopies('unencrypted-copy', { parameters, agent: false });
    await closed(rehearsal);
    const [artefact] = copiesIn(await expectNothingBut(rehearsal, 1));
    expect([...snapshotOf(rehearsal, artefact?.copy.snapshotId ?? '').sharedWith]).toEqual(sharedWith);
    expect(artefact?.copy.sharedWith).toBe(sharedWith[0] ?? null);
    expect(rehearsal.done('ec2:ModifySnapshotAttribute')).toBe(sharedWith.length);
  });

  it('a volume that is asked for by hand is made of it, once, in the zone that was asked for', async () => {
    const faults = [{ api: 'ec2:CreateVolume', nth: 1, what: 'crash-after' }] as const;
    const rehearsal = await rehearseCopies('unencrypted-copy', { agent: false, faults });
    await closed(rehearsal, { createVolume: { availabilityZone: 'eu-west-3b' } });
    const report = await expectNothingBut(rehearsal, 1);
    const made = [...rehearsal.account.state.volumes.values()].filter(
      ({ tags }) => tags['unlatch:case'] === report.caseId,
    );
    expect(made).toEqual([expect.objectContaining({ accountId: OWN, zone: 'eu-west-3b', state: 'available' })]);
    const [artefact] = copiesIn(report);
    expect(artefact?.copy.madeVolume).toBe(made[0]?.volumeId);
    expect(made[0]?.snapshotId).toBe(artefact?.copy.snapshotId);
  });
});
