import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import { verify } from '#shared/evidence/verify';
import { type Rehearsal, rehearse } from '../rehearsal.ts';

/** The calls that change something, in the order in which they are first made. */
export const WRITES = [
  'dynamodb:UpdateItem',
  'dynamodb:PutItem',
  'lambda:Invoke',
  'ec2:CreateSnapshots',
  'ssm:SendCommand',
  's3:PutObject',
  'sns:Publish',
] as const;

/** The calls that only look. */
export const READS = [
  'dynamodb:GetItem',
  'dynamodb:Query',
  'sts:AssumeRole',
  'ec2:DescribeInstances',
  'ssm:DescribeInstanceInformation',
  'ssm:GetCommandInvocation',
  's3:GetObject',
] as const;

export const intact = async ({ account }: Rehearsal, caseId: string) => {
  const folder = `${account.bucket}/cases/${caseId}`;
  const files = account.store.latest();
  return verify(files.get(`${folder}/manifest.json`)?.toString() ?? '', async (path) => {
    const body = files.get(`${folder}/${path}`);
    return body === undefined ? null : { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
  });
};

/** One case, preserved, nothing done twice and nothing lost, whatever happened on the way. */
export const expectOneCase = async (rehearsal: Rehearsal): Promise<void> => {
  const { account } = rehearsal;
  expect(account.lambda.deadLetters).toEqual([]);
  const reports = rehearsal.reports();
  expect(reports.map(({ verdict }) => verdict)).toEqual(['preserved']);
  const [report] = reports;
  expect(await intact(rehearsal, report?.caseId ?? '')).toEqual([]);
  expect(account.ssm.commands.size).toBe(1);
  const frozen = [...account.state.snapshots.values()].filter(({ tags }) => tags['unlatch:case'] === report?.caseId);
  expect(frozen.map(({ volumeId }) => volumeId).sort()).toEqual(
    account.state.instances
      .get('i-0b1c2d3e4f5a69788')
      ?.blockDevices.map(({ volumeId }) => volumeId)
      .sort(),
  );
  expect(account.published.length).toBeGreaterThanOrEqual(1);
  expect(account.lambda.executions.all().every(({ status }) => status === 'SUCCEEDED')).toBe(true);
};

/** One test an API: its first call goes wrong, and the case comes out the same. The slow proof does it to every call. */
export const describeFaults = (what: Fault['what'], apis: readonly string[], title: string): void => {
  describe(title, () => {
    it.each(apis)('%s', async (api) => {
      const rehearsal = await rehearse('custom-key-denied', { faults: [{ api, nth: 1, what }] });
      await rehearsal.acquire();
      expect(rehearsal.account.calls.filter(({ fault }) => fault === what)).toHaveLength(1);
      await expectOneCase(rehearsal);
    });
  });
};
