import { agentOf } from '#shared/aws/commands';
import { type AgentReading, type Assessment, assess } from '#shared/route/ssm-triage/assess';
import { tagCondition } from '#shared/route/ssm-triage/triage';
import type { AccountId, InstanceId, Region } from '#shared/signal/identifiers';
import { reportOf } from './assembling.ts';
import type { CaseRequest, Extent, Freeze, Location } from './case.ts';
import { type Claimed, claim, claimedByLocation, claimedByOrigin, standAside } from './claiming.ts';
import { closeCase, folderOf, reportSoFar } from './closing.ts';
import { explain, withAbsorbed } from './explaining.ts';
import type { Flow } from './flow.ts';
import { freezeTarget } from './freezing.ts';
import { findMachine, trace } from './locate.ts';
import type { CaseReport } from './report.ts';
import {
  allTried,
  type CopyTried,
  type Job,
  mayCopy,
  noCopy,
  nothingTried,
  plannedCopy,
  tryCopy,
  tryTriage,
  UNDER_WAY,
} from './routes.ts';
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

/** What is copied, and may take days: its beginning waits for the freeze alone. */
const copies = async (
  flow: Flow,
  tools: Tools,
  job: Job | null,
  { acts, ...rest }: { acts: boolean; freeze: Freeze; availabilityZone: string | null; triaged: Promise<unknown> },
): Promise<CopyTried> => {
  if (job === null) return noCopy('there is no target');
  return flow.branch('copy', (part) => (acts ? tryCopy(part, tools, job, rest) : plannedCopy(part, tools, job)));
};

const unfrozen = (because: string): Freeze => ({ frozen: false, because });

/** How far a case may go: a finding may be told how far, a dry run goes nowhere. INVARIANT: the least of them holds. */
const extentOf = (request: CaseRequest, dryRun: boolean): Extent => {
  if (dryRun) return 'report';
  return 'finding' in request ? request.extent : 'preserve';
};

const whyUnfrozen = (job: Job | null, dryRun: boolean): string => {
  if (job === null) return 'there is no target';
  return dryRun ? 'a dry run freezes nothing' : '`OnFinding` is `report`: nothing is changed';
};

/**
 * The case, from refusal to report: locate → claim → freeze and copy, beside diagnosis and triage → clean up → report.
 *
 * Nothing waits that need not: where lineage names the instance, it is claimed and looked at in the same breath; and the
 * disks are frozen at the moment the collector is sent, for a snapshot is of the instant at which EC2 takes the call, and
 * an agent needs longer than that to pick its command up.
 *
 * A copy of disks takes hours: what is known before it ends is written and told of, and again at the end.
 *
 * A dry run looks at the same things, changes nothing, and answers what would be done. One that AWS events started is told
 * of like a case. A case that a finding opened goes as far as `OnFinding` lets it.
 */
export const remediate = async (flow: Flow, tools: Tools, request: CaseRequest): Promise<Answer> => {
  const openedAt = await clock(flow, 'open');
  const byHand = 'instanceId' in request;
  const dryRun = tools.settings.DRY_RUN || (byHand && request.dryRun === true);
  const extent = extentOf(request, dryRun);
  // A person who asks gets the answer. What AWS events start is claimed and told of, or a storm would be told of storms.
  const isKept = !dryRun || !byHand;
  const availabilityZone = byHand ? (request.createVolume?.availabilityZone ?? null) : null;

  const origin = await trace(flow, tools, request);
  const named = claimedByOrigin(origin);
  const standsAside = 'finding' in request && extent !== 'preserve';
  const take = (claimed: Claimed) =>
    standsAside ? standAside(flow, tools, claimed) : claim(flow, tools, claimed, byHand);
  const [location, early, asked] = await Promise.all([
    findMachine(flow, tools, origin),
    named === null || !isKept ? null : take(named),
    named === null || origin === null ? null : askForAgent(flow, tools, origin),
  ]);
  const target = location.found ? location.target : null;
  const claimed = named ?? claimedByLocation(location, request);
  const [taken, reading] = await Promise.all([
    early ?? (isKept ? take(claimed) : null),
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
  const job = target === null ? null : { target, assessment: assessed, caseId, since: openedAt, claimed: claimed.key };
  const acts = job !== null && extent === 'preserve';
  const triaging = acts ? flow.branch('triage', (part) => tryTriage(part, tools, job)) : Promise.resolve(nothingTried);
  const freezing =
    job !== null && extent !== 'report'
      ? flow.branch('freeze', (part) => freezeTarget(part, tools, job.target, caseId))
      : Promise.resolve(unfrozen(whyUnfrozen(job, dryRun)));
  const explaining = flow.branch('explain', (part) => explain(part, tools, request, origin, isKept ? caseId : null));
  const copying = freezing.then((freeze) =>
    copies(flow, tools, job, { acts, freeze, availabilityZone, triaged: triaging }),
  );
  // It is awaited below; until then a failure of something else must not leave this one unheard.
  copying.catch(() => {});
  const [freeze, explained, triaged] = await Promise.all([freezing, explaining, triaging]);

  const findings = {
    caseId,
    dryRun,
    extent,
    finding: 'finding' in request ? { ...request.finding, unscanned: request.unscanned } : null,
    openedAt,
    foundAt,
    location,
    assessment: assessed,
    freeze,
    folder: folderOf(tools, caseId),
  };
  if (acts && mayCopy(tools)) {
    const soFar = reportOf({
      ...findings,
      closedAt: await clock(flow, 'so far'),
      copying: true,
      copies: UNDER_WAY,
      explained,
      tried: allTried(triaged),
    });
    await reportSoFar(flow, tools, soFar, explained.stored);
  }
  const copy = await copying;

  const report = reportOf({
    ...findings,
    closedAt: await clock(flow, 'end'),
    copying: false,
    copies: copy.openness,
    explained: isKept ? await withAbsorbed(flow, tools, explained, caseId) : explained,
    tried: allTried(triaged, copy.tried),
  });
  if (isKept) await closeCase(flow, tools, report, explained.stored, claimed.key);
  return report;
};
