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
import { allTried, type CopyTried, type Job, noCopy, nothingTried, plannedCopy, tryCopy, tryTriage } from './routes.ts';
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

interface Disks {
  readonly dryRun: boolean;
  readonly availabilityZone: string | null;
  readonly triaged: Promise<unknown>;
}

/** Freezes the disks, and copies them from there. */
const disks = async (
  flow: Flow,
  tools: Tools,
  job: Job | null,
  { dryRun, ...rest }: Disks,
): Promise<{ readonly freeze: Freeze; readonly copy: CopyTried }> => {
  if (job === null) {
    const because = 'there is no target';
    return { freeze: { frozen: false, because }, copy: noCopy(because) };
  }
  if (dryRun) {
    const freeze: Freeze = { frozen: false, because: 'a dry run freezes nothing' };
    return { freeze, copy: await plannedCopy(flow, tools, job) };
  }
  const freeze = await flow.branch('freeze', (part) => freezeTarget(part, tools, job.target, job.caseId));
  return { freeze, copy: await tryCopy(flow, tools, job, { ...rest, freeze }) };
};

/**
 * The case, from refusal to report: locate → claim → freeze and copy, beside diagnosis and triage → clean up → report.
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
  const availabilityZone = byHand ? (request.createVolume?.availabilityZone ?? null) : null;

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
  const job = target === null ? null : { target, assessment: assessed, caseId, since: openedAt };
  const triaging =
    job === null || dryRun
      ? Promise.resolve(nothingTried)
      : flow.branch('triage', (part) => tryTriage(part, tools, job));
  const [{ freeze, copy }, explained, triaged] = await Promise.all([
    flow.branch('disks', (part) => disks(part, tools, job, { dryRun, availabilityZone, triaged: triaging })),
    flow.branch('explain', (part) => explain(part, tools, request, origin, dryRun ? null : caseId)),
    triaging,
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
    copy: copy.openness,
    explained: dryRun ? explained : await withAbsorbed(flow, tools, explained, caseId),
    tried: allTried(triaged, copy.tried),
    folder: folderOf(tools, caseId),
  });
  if (!dryRun) await closeCase(flow, tools, report, explained.stored, claimed.key);
  return report;
};
