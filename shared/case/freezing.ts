import { findFrozen, freeze } from '#shared/aws/instances';
import type { Freeze, Target } from './case.ts';
import type { Flow } from './flow.ts';
import type { Tools } from './tools.ts';

/** Freezes the target's disks, once. A failure is told, never thrown: the routes go on without it. */
export const freezeTarget = async (flow: Flow, tools: Tools, target: Target, caseId: string): Promise<Freeze> => {
  const session = () => tools.sessions.at(target.accountId, target.region);
  try {
    return await flow.once(
      'freeze',
      async (custody) => freeze(await session(), custody, target, caseId),
      async (custody) => {
        const snapshots = await findFrozen(await session(), custody, caseId);
        return snapshots.length === 0 ? null : { frozen: true as const, snapshots, at: new Date().toISOString() };
      },
    );
  } catch (error) {
    return { frozen: false, because: error instanceof Error ? error.message : 'unknown' };
  }
};
