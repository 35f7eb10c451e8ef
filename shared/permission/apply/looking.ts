import type { Flow } from '#shared/case/flow';
import { LINKED_ROLE } from '../linked-role.ts';
import { type PermissionPlan, planRetirement } from '../plan.ts';
import { creationsLeft, type Sample } from '../proof.ts';
import type { RolePolicies } from '../role-policies.ts';
import type { Subject } from './ending.ts';
import { iamReader } from './reading.ts';
import { own, type PermissionTools, there } from './tools.ts';

/** What was read of the role, and what it comes to. */
export interface Look {
  readonly role: Pick<RolePolicies, 'roleArn' | 'tags'>;
  readonly plan: PermissionPlan;
  /** Whether it could make the role behind multi-Region keys: then that role has to be there. */
  readonly isAboutLinkedRole: boolean;
  /** When the first read began, ISO 8601. */
  readonly since: string;
}

/** Where the edits stand from before the first write on: what was done can be undone, however the rest goes. */
export const editsKey = (caseId: string): string => `cases/${caseId}/permission/edits.json`;

export const originalKey = (caseId: string): string => `cases/${caseId}/permission/original.json`;

/** Reads the role and plans; the documents are kept as they are before anything is done to them. */
export const lookAt = (
  flow: Flow,
  tools: PermissionTools,
  { accountId, roleName, caseId, dryRun }: Subject,
  round: number,
) =>
  flow.step<Look | null>(round === 0 ? 'read the role' : `read the role again, ${round}`, async (custody) => {
    const since = new Date().toISOString();
    const reader = iamReader(await there(tools, accountId), custody);
    const role = await reader.rolePolicies(accountId, roleName);
    if (role === null) return null;
    const { EDIT_SHARED_POLICIES: editSharedPolicies, POLICY_PATTERN: policyPattern } = tools.settings;
    const plan = planRetirement(role, { editSharedPolicies, policyPattern });
    const makes: readonly Sample[] = plan.verdict === 'edit' ? creationsLeft(role, role) : [];
    if (plan.verdict === 'edit' && !dryRun) {
      const kept = `${JSON.stringify(role, null, 2)}\n`;
      await tools.bucket.put(custody, await own(tools), originalKey(caseId), kept, 'application/json');
    }
    const isAboutLinkedRole = makes.some(({ resource }) => resource.endsWith(`/${LINKED_ROLE}`));
    return { role: { roleArn: role.roleArn, tags: role.tags }, plan, isAboutLinkedRole, since };
  });
