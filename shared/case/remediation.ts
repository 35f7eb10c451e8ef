import { agentOf } from '#shared/aws/commands';
import { type AgentReading, type Assessment, assess } from '#shared/route/ssm-triage/assess';
import { tagCondition } from '#shared/route/ssm-triage/triage';
import type { AccountId, InstanceId, Region } from '#shared/signal/identifiers';
import { reportOf } from './assembling.ts';
import type { CaseRequest, Freeze, Location } from './case.ts';
import { claim, claimedByLocation, claimedByOrigin } from './claiming.ts';
import { closeCase, folderOf } from './closing.ts';
import { explain, withAbsorbed } from './explaining.ts';
import type { Flow } from './flow.ts';
import { freezeTarget } from './freezing.ts';
import { findMachine, trace } from './locate.ts';
import type { CaseReport } from './report.ts';
import { nothingTried, tryRoutes } from './routes.ts';
import type { Tools } from './tools.ts';

/** What an execution answers: the report of its case, or the case that has the target already. */
export type Answer = CaseReport | { readonly absorbedBy: string; readonly state: 'open' | 'closed' };

interface Machine {
  readonly accountId: AccountId;
  readonly region: Region;
  readonly instanceId: InstanceId | null;
}

/** What cannot be asked closes a route; it never ends the case. */
const askForAgent = (flow: Flow, tools: Tools, { accountId, region, instanceId }: Machine): Promise<AgentReading> =>
  flow
    .step('ask for the agent', async (custody): Promise<AgentReading> => {
      if (instanceId === null) return { known: true, agent: null };
      return { known: true, agent: await agentOf(await tools.sessions.at(accountId, region), custody, instanceId) };
    })
    .catch((error: Error) => ({ known: false, because: error.message }));

const unseen: AgentReading = { known: false, because: 'the machine was not found' };

const assessment = (location: Location, reading: AgentReading, tools: Tools): Assessment =>
  location.found
    ? assess(location.target, reading, tagCondition(tools))
    : { open: false, because: location.because, remedy: null };

const clock = (flow: Flow, name: string): Promise<string> => flow.step(name, async () => new Date().toISOString());

/**
 * The case, from refusal to report: locate → claim → freeze beside diagnosis and routes → clean up → report.
 *
 * Nothing waits that need not: where lineage names the instance, it is claimed and looked at in the same breath; and the
 * disks are frozen at the moment the collector is sent, for a snapshot is of the instant at which EC2 takes the call, and
 * an agent needs longer than that to pick its command up.
 *
 * A dry run looks at the same things, changes nothing, and answers what would be done.
 */
export const remediate = async (flow: Flow, tools: Tools, request: CaseRequest): Promise<Answer> => {
  const openedAt = await clock(flow, 'open');
  const byHand = 'instanceId' in request;
  const dryRun = byHand && request.dryRun === true;

  const origin = await trace(flow, tools, request);
  const named = claimedByOrigin(origin);
  const [location, early, asked] = await Promise.all([
    findMachine(flow, tools, origin),
    named === null || dryRun ? null : claim(flow, tools, named, byHand),
    named === null || origin === null ? null : askForAgent(flow, tools, origin),
  ]);
  const target = location.found ? location.target : null;
  const claimed = named ?? claimedByLocation(location, request);
  const [taken, reading] = await Promise.all([
    early ?? (dryRun ? null : claim(flow, tools, claimed, byHand)),
    asked ?? (target === null ? unseen : askForAgent(flow, tools, target)),
  ]);
  const foundAt = await clock(flow, 'found');

  if (taken !== null && !taken.claimed) {
    if ('joinKey' in request)
      await flow.step('add the refusal', () => tools.claims.addDenial(taken.caseId, request.denial));
    return { absorbedBy: taken.caseId, state: taken.state };
  }

  const caseId = taken?.caseId ?? 'dry-run';
  const assessed = assessment(location, reading, tools);
  const unfrozen: Freeze = { frozen: false, because: dryRun ? 'a dry run freezes nothing' : 'there is no target' };
  const [freeze, explained, tried] = await Promise.all([
    target === null || dryRun ? unfrozen : flow.branch('freeze', (part) => freezeTarget(part, tools, target, caseId)),
    flow.branch('explain', (part) => explain(part, tools, request, origin, dryRun ? null : caseId)),
    target === null || dryRun
      ? nothingTried
      : flow.branch('routes', (part) =>
          tryRoutes(part, tools, { target, assessment: assessed, caseId, since: openedAt }),
        ),
  ]);

  const report = reportOf({
    caseId,
    dryRun,
    openedAt,
    foundAt,
    closedAt: await clock(flow, 'end'),
    location,
    assessment: assessed,
    freeze,
    explained: dryRun ? explained : await withAbsorbed(flow, tools, explained, caseId),
    tried,
    folder: folderOf(tools, caseId),
  });
  if (!dryRun) await closeCase(flow, tools, report, explained.stored, claimed.key);
  return report;
};
