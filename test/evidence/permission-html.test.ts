import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permissionHtml } from '#shared/evidence/permission-html';
import type { PermissionReport } from '#shared/permission/report';
import { HOSTILE, hostile, replaced } from './hostile.ts';
import { readPage } from './page.ts';

const report: PermissionReport = {
  kind: 'permission',
  caseId: 'permission-20260302-1a2b3c4d',
  action: 'retire',
  dryRun: false,
  verdict: 'left',
  because: 'somebody else changed a policy',
  accountId: '111122223333',
  roleName: 'myCadoResponseRole',
  roleArn: 'arn:aws:iam::111122223333:role/myCadoResponseRole',
  openedAt: '2026-03-02T03:00:00.000Z',
  closedAt: '2026-03-02T03:01:00.000Z',
  edits: [],
  findings: [{ policy: 'AdministratorAccess', statement: null, reason: 'wildcard', note: 'a wildcard allows it' }],
  proof: { asked: 40, left: 1, changed: 0, simulated: { because: 'IAM could not be asked' }, alone: null },
  others: [{ at: '2026-03-02T03:00:30.000Z', caller: 'Administrator', what: 'PutRolePolicy', document: '{}' }],
  todo: ['Look at the edited policies'],
  tool: { name: 'unlatch', version: '1.0.0' },
};
const edit = {
  policy: 'acquire',
  act: 'put-inline',
  before: '{}',
  after: '{}',
  taken: [],
  dropVersion: 'v1',
  beforeVersion: null,
} as const;

const OWN = ['verdict', 'kind', 'action'];

describe('a value from outside', () => {
  const skeletonOf = (textAt: (n: number) => string) =>
    readPage(permissionHtml(replaced(report, OWN, textAt))).skeleton;
  const plain = skeletonOf((n) => `x${n}`);

  it('never becomes a tag or an attribute', () => {
    fc.assert(
      fc.property(fc.infiniteStream(hostile), (stream) => {
        expect(skeletonOf((n) => `${stream.next().value}${n}`)).toBe(plain);
      }),
      { numRuns: 60 },
    );
  });

  it.each(HOSTILE)('stays text in the diff of a policy: %j', (value) => {
    const withDiff = (diff: string) => permissionHtml({ ...report, edits: [{ ...edit, diff }] });
    const page = readPage(withDiff(`-${value}\n+${value}\n ${value}`));
    expect(page.skeleton).toBe(readPage(withDiff('-x\n+x\n x')).skeleton);
  });
});
