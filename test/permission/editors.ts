import { expect } from 'vitest';
import type { PermissionReport } from '#shared/permission/report';
import { ROLE_NAME } from './generated.ts';
import { type Retiring, retiring } from './retiring.ts';
import { ACQUIRE, document, ONE_TIME_MRK } from './roles.ts';

/** Somebody else who edits the same policy meanwhile. */
export interface Editor {
  readonly name: string;
  /** Whether it writes over what it has read long before, or what it reads now. */
  readonly stale: boolean;
  readonly policy: 'inline' | 'managed';
}

export const EDITORS: readonly Editor[] = [
  { name: 'who reads and writes at once, an inline policy', stale: false, policy: 'inline' },
  { name: 'who writes over an inline policy what it read before', stale: true, policy: 'inline' },
  { name: 'who reads and writes at once, a managed policy', stale: false, policy: 'managed' },
  { name: 'who writes over a managed policy what it read before', stale: true, policy: 'managed' },
];

export const MANAGED = 'arn:aws:iam::111122223333:policy/MyCadoResponsePolicy';
const BEFORE = document(ACQUIRE, ONE_TIME_MRK);
const MARK = 'AddedMeanwhile';

export const withMark = (text: string): string => {
  const policy = JSON.parse(text);
  const mark = { Sid: MARK, Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' };
  return JSON.stringify({ ...policy, Statement: [...policy.Statement, mark] });
};

/** What somebody does who is no role of Unlatch's, and not the response role itself. */
export const editorIn = ({ account, role: { accountId } }: Retiring) => {
  const admin = account.addRole({ accountId, name: 'admin', identityPolicies: [], permissionsBoundary: null });
  const session = account.openSession(admin, 'terraform');
  const call = <Input>(input: Input) => ({ input, session, region: 'us-east-1', requestId: 'editor' });
  const { iam } = account.services;
  return {
    putInline: (PolicyName: string, PolicyDocument: string) =>
      iam.PutRolePolicy(call({ RoleName: ROLE_NAME, PolicyName, PolicyDocument })),
    newVersion: (PolicyDocument: string) =>
      iam.CreatePolicyVersion(call({ PolicyArn: MANAGED, PolicyDocument, SetAsDefault: true })),
  };
};

export interface Meeting {
  readonly world: Retiring;
  readonly report: PermissionReport;
  readonly met: boolean;
}

/** A retirement during which the editor writes once, right after its n-th call of all. */
export const meet = async ({ stale, policy }: Editor, nth: number): Promise<Meeting> => {
  const name = policy === 'inline' ? 'acquire' : MANAGED;
  const world = await retiring({ policies: [{ name, text: BEFORE }] });
  const { account } = world;
  const { putInline, newVersion } = editorIn(world);
  let seen = 0;
  let met = false;
  account.events.on('called', () => {
    seen += 1;
    if (seen !== nth) return;
    met = true;
    const text = withMark(stale ? BEFORE : (world.texts()[name] ?? BEFORE));
    void (policy === 'inline' ? putInline(name, text) : newVersion(text));
  });
  const report = await world.start({ roleName: ROLE_NAME, force: true });
  return { world, report, met };
};

/** Either nothing of the editor's is lost and the permission is gone as reported, or somebody is told to look. */
export const expectNoticed = ({ world, report, met }: Meeting): void => {
  const text = Object.values(world.texts()).join();
  const isWhole = !met || text.includes(MARK);
  const isTrue = (report.verdict === 'retired') === !text.includes('iam:CreateServiceLinkedRole');
  const isTold = report.others.length > 0 || report.todo.length > 0;
  expect({ isWhole: isWhole || isTold, isTrue: isTrue || isTold }).toEqual({ isWhole: true, isTrue: true });
};
