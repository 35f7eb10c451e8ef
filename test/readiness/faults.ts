import { describe, expect, it } from 'vitest';
import { rehearse } from '../rehearsal.ts';
import { askReadiness, type Report } from './readiness.ts';

const verdictsIn = ({ rows }: Report) => Object.fromEntries(rows.map(({ name, verdict }) => [name, verdict]));

let expected: Report;

it('an undisturbed run comes first', async () => {
  const rehearsal = await rehearse('readiness');
  expected = (await askReadiness(rehearsal)).report;
  expect(expected.machines).toEqual({ ready: 12, refused: 17, undetermined: 1 });
});

describe('faults', () => {
  it.each([
    { api: 'ec2:DescribeInstances', nth: 1 },
    { api: 'ec2:DescribeVolumes', nth: 3 },
    { api: 'ssm:DescribeInstanceInformation', nth: 1 },
    { api: 'kms:GetKeyPolicy', nth: 5 },
    { api: 'kms:ListGrants', nth: 7 },
    { api: 'iam:GetRolePolicy', nth: 1 },
    { api: 'organizations:ListPoliciesForTarget', nth: 2 },
    { api: 'iam:ListRoles', nth: 1 },
  ])('a throttle of $api is waited for, and is no absence', async ({ api, nth }) => {
    const rehearsal = await rehearse('readiness', { faults: [{ api, nth, what: 'throttle' }] });
    const { report } = await askReadiness(rehearsal);
    expect(rehearsal.account.calls.filter(({ fault }) => fault === 'throttle')).toHaveLength(1);
    expect(verdictsIn(report)).toEqual(verdictsIn(expected));
  });

  it.each([
    { api: 'kms:GetKeyPolicy', nth: 12, what: 'crash-before' },
    { api: 'ec2:DescribeInstances', nth: 4, what: 'crash-after' },
    { api: 's3:PutObject', nth: 3, what: 'crash-after' },
    { api: 's3:PutObject', nth: 12, what: 'crash-before' },
    { api: 'sns:Publish', nth: 1, what: 'crash-before' },
  ] as const)('a run that dies at $api ($what) goes on where it was', async ({ api, nth, what }) => {
    const rehearsal = await rehearse('readiness', { faults: [{ api, nth, what }] });
    const { report } = await askReadiness(rehearsal);
    expect(verdictsIn(report)).toEqual(verdictsIn(expected));
    expect(report.rows).toHaveLength(expected.rows.length);
    // What was listed before is not listed again.
    expect(rehearsal.done('ec2:DescribeInstances')).toBeLessThanOrEqual(7);
  });

  it('a key that is throttled for ever leaves its machines undetermined, and no other', async () => {
    const rehearsal = await rehearse('readiness', {
      faults: [{ api: 'kms:GetKeyPolicy', nth: 'every', what: 'throttle' }],
    });
    const { report } = await askReadiness(rehearsal);
    expect(report.rows.filter(({ verdict }) => verdict === 'ready').map(({ name }) => name)).toEqual([]);
    expect(report.outlooks.flatMap(({ missing }) => missing).join()).toContain('kms:GetKeyPolicy was throttled');
    expect(verdictsIn(report)).toMatchObject({ 'disabled-1': 'refused', 'web-1': 'undetermined' });
  });

  it.each(['ec2:GetEbsEncryptionByDefault', 'iam:ListRoles', 'organizations:DescribeOrganization'])(
    'a throttle of %s that does not end costs certainty, and not the run',
    async (api) => {
      const rehearsal = await rehearse('readiness', { faults: [{ api, nth: 'every', what: 'throttle' }] });
      const { report } = await askReadiness(rehearsal);
      expect(report.rows).toHaveLength(expected.rows.length);
      expect(report.machines.ready).toBeLessThanOrEqual(expected.machines.ready);
      // Its second disk is not encrypted: whether what is made of it will be, only that call tells.
      expect(verdictsIn(report)['build-1']).toBe('undetermined');
    },
  );
});
