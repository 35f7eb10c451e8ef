import type { Diagnosis } from '#shared/diagnosis/diagnosis';
import type { Denial } from '#shared/signal/signal';
import type { Freeze, Location, RouteOutcome } from './case.ts';
import type { Moment } from './report.ts';

interface Past {
  readonly openedAt: string;
  readonly foundAt: string;
  readonly explainedAt: string | null;
  readonly closedAt: string;
  readonly copying: boolean;
  readonly denials: readonly Denial[];
  readonly location: Location;
  readonly freeze: Freeze;
  readonly outcomes: readonly (RouteOutcome & { readonly at: string })[];
  readonly diagnosis: Diagnosis | null;
}

const refusals = (denials: readonly Denial[]): Moment[] =>
  denials.flatMap(({ time, action, via }) =>
    time === null
      ? []
      : [
          {
            at: time,
            kind: 'refused',
            what: `KMS refused ${action ?? 'an action'}${via === null ? '' : ` (called by ${via})`}`,
          },
        ],
  );

const found = ({ location, foundAt }: Past): Moment => ({
  at: foundAt,
  kind: 'found',
  what: location.found
    ? `Found ${location.target.instanceId ?? location.target.volumes[0]?.volumeId ?? 'the volume'} in account ${location.target.accountId}, ${location.target.region}`
    : `Machine not found: ${location.because}`,
});

const frozen = (freeze: Freeze): Moment[] =>
  freeze.frozen
    ? [
        {
          at: freeze.at,
          kind: 'frozen',
          what: `Froze the disks: ${freeze.snapshots.map(({ snapshotId }) => snapshotId).join(', ')}`,
        },
      ]
    : [];

const ended = ({ at, route, result, note }: Past['outcomes'][number]): Moment => ({
  at,
  kind: result === 'preserved' ? 'preserved' : result === 'by-hand' ? 'planned' : 'failed',
  what: `${route}: ${result}${note === '' ? '' : `, ${note}`}`,
});

/** What happened, in order of time. */
export const timelineOf = (past: Past): Moment[] => {
  const explained: Moment[] =
    past.diagnosis === null || past.explainedAt === null
      ? []
      : [{ at: past.explainedAt, kind: 'explained', what: past.diagnosis.explanation }];
  return [
    ...refusals(past.denials),
    { at: past.openedAt, kind: 'planned' as const, what: 'Case opened' },
    found(past),
    ...frozen(past.freeze),
    ...explained,
    ...past.outcomes.map(ended),
    past.copying
      ? { at: past.closedAt, kind: 'planned' as const, what: 'Reported so far; the disks are being copied' }
      : { at: past.closedAt, kind: 'closed' as const, what: 'Case closed' },
  ].sort((a, b) => a.at.localeCompare(b.at));
};
