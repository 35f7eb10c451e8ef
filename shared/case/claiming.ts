import type { ClaimAnswer } from '#shared/ledger/claims';
import type { CaseRequest, Location, Origin, Target } from './case.ts';
import type { Flow } from './flow.ts';
import type { Tools } from './tools.ts';

/** The id by which a target is claimed and named: one open case each. */
const machineOf = ({ instanceId, volumes }: Target): string => instanceId ?? volumes[0]?.volumeId ?? 'no-volume';

/** What a case claims: the machine where it is known, else the refusal it came from. */
export interface Claimed {
  /** `<account>/<region>/<machine>` */
  readonly key: string;
  readonly machine: string;
}

export const claimedByOrigin = (origin: Origin | null): Claimed | null =>
  origin === null || origin.instanceId === null
    ? null
    : { key: `${origin.accountId}/${origin.region}/${origin.instanceId}`, machine: origin.instanceId };

export const claimedByLocation = (location: Location, request: CaseRequest): Claimed => {
  if (location.found) {
    const { accountId, region } = location.target;
    const machine = machineOf(location.target);
    return { key: `${accountId}/${region}/${machine}`, machine };
  }
  return { key: unlocatedKey(request), machine: 'unlocated' };
};

const unlocatedKey = (request: CaseRequest): string => {
  if ('joinKey' in request) return `join/${request.joinKey}`;
  return 'finding' in request ? `finding/${request.finding.id}` : `by-hand/${request.instanceId}`;
};

/** A claim outlasts what every case does: both waits, and an hour. A copy of disks holds it longer as it goes on. */
const holdSeconds = ({ settings }: Tools): number => (settings.JOIN_WAIT + settings.COMMAND_WAIT + 60) * 60;

/** `20261121-i-0123456789abcdef0-3f9a1c2b`: the day, the machine, and what tells two cases of one day apart. */
const caseIdOf = (machine: string, executionArn: string): string => {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const tail = executionArn
    .replace(/[^a-zA-Z0-9]/g, '')
    .slice(-8)
    .toLowerCase();
  return `${day}-${machine}-${tail}`;
};

/**
 * A case that may not preserve takes nothing: a refusal that comes a minute later has to find the machine free. Where
 * another case is at work on it, that one goes further, and this one ends.
 */
export const standAside = (flow: Flow, tools: Tools, { key, machine }: Claimed): Promise<ClaimAnswer> =>
  flow.step('look at the claim', async () => {
    const holder = await tools.claims.holderOf(key);
    if (holder !== null && holder.state === 'open') return { claimed: false, ...holder };
    return { claimed: true, caseId: caseIdOf(machine, flow.executionArn) };
  });

/** Takes the target for this case, or says which case has it. */
export const claim = (flow: Flow, tools: Tools, { key, machine }: Claimed, byHand: boolean): Promise<ClaimAnswer> =>
  flow.step('claim', () =>
    tools.claims.claim({
      target: key,
      caseId: caseIdOf(machine, flow.executionArn),
      execution: flow.executionArn,
      holdSeconds: holdSeconds(tools),
      byHand,
    }),
  );

/** Keeps the target this case's for so long from now on: a second case would copy it again. */
export const hold = (flow: Flow, tools: Tools, key: string, seconds: number): Promise<void> =>
  flow.step('hold the machine', () => tools.claims.hold(key, flow.executionArn, seconds));
