import { describe, expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import { serviceError } from '#local/account/faults';
import type { Rehearsal } from '../rehearsal.ts';
import {
  closed,
  copiesIn,
  copyDocumentOf,
  copyOutcome,
  expectNothingBut,
  PLATFORM,
  rehearseCopies,
  reportOf,
  SMALL,
} from './disk-copies.ts';

/** Of two lanes and five blocks. The first block is read once more, to see whether it can be. */
const PROBE = 1;
const parameters = { PlatformAccountId: PLATFORM };
const changes = { agent: false, parameters };

const passing: readonly (Fault & { readonly name: string })[] = [
  { name: 'a bit of a block flips', api: 'ebs:GetSnapshotBlock', nth: PROBE + 2, what: 'corrupt' },
  { name: 'a block ends early', api: 'ebs:GetSnapshotBlock', nth: PROBE + 2, what: 'truncate' },
  {
    name: "a block comes with another's checksum",
    api: 'ebs:GetSnapshotBlock',
    nth: PROBE + 1,
    what: 'wrong-checksum',
  },
  { name: "a block's token expires", api: 'ebs:GetSnapshotBlock', nth: PROBE + 3, what: 'expired-token' },
  { name: 'a bit flips while the copy is compared', api: 'ebs:GetSnapshotBlock', nth: PROBE + 7, what: 'corrupt' },
  { name: 'a block of the copy ends early', api: 'ebs:GetSnapshotBlock', nth: PROBE + 7, what: 'truncate' },
  { name: 'EBS does not know the new snapshot yet', api: 'ebs:PutSnapshotBlock', nth: 1, times: 8, what: 'not-yet' },
  { name: 'nor when it is completed', api: 'ebs:CompleteSnapshot', nth: 1, what: 'not-yet' },
  { name: 'a storm of throttles on writing', api: 'ebs:PutSnapshotBlock', nth: 2, times: 60, what: 'throttle' },
  { name: 'a throttle on starting', api: 'ebs:StartSnapshot', nth: 1, times: 3, what: 'throttle' },
  { name: 'EBS fails to write', api: 'ebs:PutSnapshotBlock', nth: 3, what: 'internal-error' },
  { name: 'EBS fails to complete', api: 'ebs:CompleteSnapshot', nth: 1, what: 'internal-error' },
  { name: 'EBS cannot read what it was sent', api: 'ebs:PutSnapshotBlock', nth: 4, what: 'unreadable' },
  { name: 'the bucket fails', api: 's3:PutObject', nth: 1, times: 2, what: 'internal-error' },
];

/** The slow proof does it to every call. */
const deaths: readonly Fault[] = [
  { api: 'ebs:StartSnapshot', what: 'crash-after', nth: 1 },
  { api: 'ebs:PutSnapshotBlock', what: 'crash-before', nth: 2 },
  { api: 'ebs:PutSnapshotBlock', what: 'crash-after', nth: 1 },
  { api: 'ebs:CompleteSnapshot', what: 'crash-after', nth: 1 },
  { api: 'ec2:ModifySnapshotAttribute', what: 'crash-after', nth: 1 },
  // Of a worker, and of `remediate`.
  { api: 's3:PutObject', what: 'crash-after', nth: 1 },
  { api: 's3:PutObject', what: 'crash-after', nth: 3 },
];

const expectOneCopy = async (rehearsal: Rehearsal): Promise<void> => {
  const report = await expectNothingBut(rehearsal, 1);
  expect(report.cleanUp.left).toEqual([]);
  expect(copyOutcome(report)?.note).toContain('and compared');
  expect(copiesIn(report)[0]?.copy.sharedWith).toBe(PLATFORM);
};

describe('what goes wrong in passing costs time, and nothing else', () => {
  it.each(passing)('$name', async ({ name: _name, ...fault }) => {
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, faults: [fault] });
    await closed(rehearsal);
    expect(rehearsal.account.calls.filter(({ fault: met }) => met === fault.what)).toHaveLength(fault.times ?? 1);
    await expectOneCopy(rehearsal);
  });
});

describe('a worker that gets no further', () => {
  it('keeps what it has copied, and the next goes on from there: the parts together are the disk', async () => {
    const disk = { sizeGiB: 1, written: Array.from({ length: 60 }, (_, index) => index * 34) };
    const faults = [{ api: 'ebs:PutSnapshotBlock', nth: 31, times: 800, what: 'throttle' }] as const;
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, disks: [disk], faults });
    const { caseId } = await closed(rehearsal);
    await expectOneCopy(rehearsal);
    const [artefact] = copiesIn(reportOf(rehearsal));
    const [parts = []] = artefact === undefined ? [] : copyDocumentOf(rehearsal, caseId, artefact).lanes;
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.reduce((sum, { blocks }) => sum + blocks, 0)).toBe(60);
    for (const [at, { from }] of parts.entries()) expect(from).toBe(at === 0 ? 0 : parts[at - 1]?.to);
  });
});

describe('a function that dies leaves one copy, whole', () => {
  it.each(deaths)('$what $api $nth', async (fault) => {
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, faults: [fault] });
    await closed(rehearsal);
    expect(rehearsal.account.calls.filter(({ fault: met }) => met === fault.what)).toHaveLength(1);
    await expectOneCopy(rehearsal);
  });

  it('after completing a large copy, which takes EBS a while: the copy is waited for, not thrown away', async () => {
    const faults = [{ api: 'ebs:CompleteSnapshot', nth: 1, what: 'crash-after' }] as const;
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, faults });
    const { ground, state, events } = rehearsal.account;
    const put = (from: string, to: 'pending' | 'completed') => () => {
      for (const snapshot of state.snapshots.values())
        if (snapshot.volumeId === 'vol-ffffffff' && snapshot.state === from) snapshot.state = to;
    };
    events.on('called', ({ api, fault }) => {
      if (api !== 'ebs:CompleteSnapshot' || fault === null) return;
      ground.after(10.01, put('completed', 'pending'));
      ground.after(900, put('pending', 'completed'));
    });
    await closed(rehearsal);
    await expectOneCopy(rehearsal);
  });

  it('after the lanes have ended: no block is written again', async () => {
    const faults = [{ api: 'ebs:CompleteSnapshot', nth: 1, what: 'crash-before' }] as const;
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, faults });
    await closed(rehearsal);
    await expectOneCopy(rehearsal);
    const written = rehearsal.account.calls.flatMap(({ api, input }) =>
      api === 'ebs:PutSnapshotBlock' ? JSON.stringify(input) : [],
    );
    expect(written).toHaveLength(SMALL.written.length);
    expect(new Set(written).size).toBe(SMALL.written.length);
  });
});

/** The bucket throttles whatever has such a name. */
const bucketRefuses = ({ account: { services } }: Rehearsal, name: RegExp): void => {
  const { PutObject } = services.s3;
  Object.assign(services.s3, {
    PutObject: async (call: Parameters<typeof PutObject>[0]) => {
      if (name.test(call.input.Key ?? '')) throw serviceError('SlowDown', 'Reduce your rate', call.requestId);
      return PutObject(call);
    },
  });
};

const endings: readonly { readonly name: string; readonly faults: readonly Fault[]; readonly says: string }[] = [
  {
    name: 'EBS fails the snapshot that was completed',
    faults: [{ api: 'ebs:CompleteSnapshot', nth: 1, what: 'error-state' }],
    says: 'is `error`',
  },
  {
    name: 'EBS throttles every write',
    faults: [{ api: 'ebs:PutSnapshotBlock', nth: 'every', what: 'throttle' }],
    says: 'Rate exceeded',
  },
  {
    name: 'a block never comes whole',
    faults: [{ api: 'ebs:GetSnapshotBlock', nth: 2, times: 100_000, what: 'truncate' }],
    says: 'came with 523776 bytes of 524288',
  },
  {
    name: 'Unlatch may not write',
    faults: [{ api: 'ebs:PutSnapshotBlock', nth: 'every', what: 'refuse' }],
    says: 'not authorized to perform: ebs:PutSnapshotBlock',
  },
  {
    name: 'EBS never completes it',
    faults: [{ api: 'ebs:CompleteSnapshot', nth: 'every', what: 'internal-error' }],
    says: 'complete the copy',
  },
];

describe('what does not pass ends in a clear failure, and the unfinished copy is deleted', () => {
  it.each(endings)('$name', async ({ faults, says }) => {
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, faults });
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 0);
    expect(copyOutcome(report)).toMatchObject({ result: 'failed', note: expect.stringContaining(says) });
    expect(report.cleanUp.left).toEqual([]);
  });

  it('but for one that may complete yet: it is named, and stays', async () => {
    const probe = await rehearseCopies('unencrypted-copy', changes);
    await closed(probe);
    const done = probe.account.calls.map(({ api }) => api);
    const looked = done.slice(0, done.indexOf('ebs:CompleteSnapshot')).filter((api) => api === 'ec2:DescribeSnapshots');
    await probe.end();
    const faults = Array.from({ length: 60 }, (_, at) => ({
      api: 'ec2:DescribeSnapshots',
      nth: looked.length + 1 + at,
      what: 'refuse' as const,
    }));
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, faults });
    await closed(rehearsal);
    const report = reportOf(rehearsal);
    expect(copyOutcome(report)).toMatchObject({ result: 'failed' });
    expect(report.cleanUp.left).toEqual([expect.stringMatching(/^snap-\w+ is not there$/)]);
    expect(rehearsal.done('ec2:DeleteSnapshot')).toBe(0);
  });

  it('or named, where it cannot be deleted', async () => {
    const faults = [
      { api: 'ebs:CompleteSnapshot', nth: 'every', what: 'internal-error' },
      { api: 'ec2:DeleteSnapshot', nth: 'every', what: 'refuse' },
    ] as const;
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, faults });
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 0);
    expect(report.cleanUp.left).toEqual([expect.stringMatching(/^the unfinished copy snap-.* could not be deleted$/)]);
    expect(report.todo.join('\n')).toContain('the unfinished copy snap-');
  });

  it('or told how to be found, where nobody knows whether it was begun', async () => {
    const faults = [{ api: 'ebs:StartSnapshot', nth: 'every', what: 'internal-error' }] as const;
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, faults });
    const report = await closed(rehearsal);
    expect(copyOutcome(report)).toMatchObject({ result: 'failed', note: expect.stringContaining('start the copy') });
    expect(report.cleanUp.left).toEqual([expect.stringContaining(`\`unlatch:case\` = \`${report.caseId}\``)]);
  });

  it('where the bucket takes no checksums', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', changes);
    bucketRefuses(rehearsal, /\.sums$/);
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 0);
    expect(copyOutcome(report)).toMatchObject({ result: 'failed', note: expect.stringContaining('not be copied') });
    expect(report.cleanUp.left).toEqual([]);
  });

  it('a copy whose document cannot be kept is named, for it is whole', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', changes);
    bucketRefuses(rehearsal, /\/copy\.json$/);
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 0);
    expect(copyOutcome(report)?.result).toBe('failed');
    expect(report.cleanUp.left).toEqual([expect.stringMatching(/^the copy snap-/)]);
  });

  it('and costs no other disk its copy', async () => {
    const faults = [{ api: 'ebs:StartSnapshot', nth: 2, times: 6, what: 'throttle' }] as const;
    const disks = [SMALL, { sizeGiB: 1, written: [3] }];
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, disks, faults });
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 1);
    expect(copyOutcome(report)?.note).toContain('start the copy: ThrottlingException');
  });

  it('nor does a disk of which nobody can tell whether it can be read', async () => {
    const faults = [{ api: 'ebs:ListSnapshotBlocks', nth: 2, times: 6, what: 'throttle' }] as const;
    const disks = [SMALL, { sizeGiB: 1, written: [3] }];
    const rehearsal = await rehearseCopies('unencrypted-copy', { ...changes, disks, faults });
    await closed(rehearsal);
    const report = await expectNothingBut(rehearsal, 1);
    expect(copyOutcome(report)?.note).toContain('ThrottlingException');
  });
});
