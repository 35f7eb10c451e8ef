import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Fault } from '#local/account/clients';
import { verify } from '#shared/evidence/verify';
import { type Rehearsal, rehearse } from '../rehearsal.ts';

/** Every API on the way from a refusal to its report, in the order in which they are first called. */
export const APIS = [
  'dynamodb:GetItem',
  'dynamodb:UpdateItem',
  'dynamodb:PutItem',
  'lambda:Invoke',
  'dynamodb:Query',
  'sts:AssumeRole',
  'ec2:DescribeInstances',
  'ssm:DescribeInstanceInformation',
  'ec2:CreateSnapshots',
  'ssm:SendCommand',
  'ssm:GetCommandInvocation',
  's3:GetObject',
  's3:PutObject',
  'sns:Publish',
  'events:PutEvents',
] as const;

const intact = async ({ account }: Rehearsal, caseId: string) => {
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

/** One test an API: the n-th call of it goes wrong, and the case comes out the same. */
export const describeFaults = (what: Fault['what'], nths: readonly number[], title: string): void => {
  describe(title, () => {
    it.each(APIS.flatMap((api) => nths.map((nth) => ({ api, nth }))))('$api, call $nth', async ({ api, nth }) => {
      const rehearsal = await rehearse('custom-key-denied', { faults: [{ api, nth, what }] });
      await rehearsal.acquire();
      expect(rehearsal.account.calls.filter(({ fault }) => fault === what)).toHaveLength(1);
      await expectOneCase(rehearsal);
    });
  });
};
