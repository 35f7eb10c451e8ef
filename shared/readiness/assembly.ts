import type { Known } from '#shared/policy/known';
import { VERSION } from '#shared/version';
import { good, note, untold } from './checks.ts';
import { verdictOfRow } from './entries.ts';
import type { Platform } from './examination.ts';
import type { Counts, HealthCheck, OutlookEntry, ReadinessReport, Row } from './report.ts';
import type { Verdict } from './verdict.ts';

/** All that a run has come to know. */
export interface Gathered {
  readonly runId: string;
  readonly startedAt: string;
  readonly scope: string;
  readonly platform: Platform;
  readonly roles: Known<readonly string[]>;
  readonly sessionPolicies: number;
  readonly unread: readonly string[];
  readonly health: readonly HealthCheck[];
  readonly calls: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
  readonly outlooks: readonly OutlookEntry[];
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const countsOf = (verdicts: Iterable<Verdict>): Counts => {
  const counts = { ready: 0, refused: 0, undetermined: 0 };
  for (const verdict of verdicts) counts[verdict] += 1;
  return counts;
};

const assumedOf = ({ platform, sessionPolicies }: Gathered): readonly string[] => [
  sessionPolicies === 0
    ? 'The platform assumes its role without a session policy.'
    : 'The platform assumes its role with the session policies that the request names.',
  platform.endpointPolicy === null
    ? 'The platform calls KMS through no VPC endpoint.'
    : 'The platform calls KMS through a VPC endpoint with the policy that the request names.',
  platform.opensShared
    ? 'The platform makes volumes straight from shared snapshots (`OpenSharedSnapshots`).'
    : 'The platform copies shared snapshots under its own key before it makes volumes of them.',
  'A temporary key, where one is needed, has a policy that lets both accounts use it.',
  'Permissions of EC2 itself are not decided here: the health checks hold the statements of the response role to the catalogue.',
];

/** Most urgent first: what is refused, then what is open, and each by account and name. */
const URGENCY: Readonly<Record<Verdict, number>> = { refused: 0, undetermined: 1, ready: 2 };

/** What the lint finds, over all keys. */
const keyPolicies = (outlooks: readonly OutlookEntry[]): readonly HealthCheck[] => {
  const check = 'key policies';
  const keys = new Map(outlooks.flatMap(({ keyArn, lint }) => (keyArn === null ? [] : [[keyArn, lint] as const])));
  const linted = [...keys].flatMap(([keyArn, lint]) => (lint === null ? [] : [[keyArn, lint] as const]));
  const unread = keys.size - linted.length;
  return [
    ...lintedPolicies(check, linted),
    ...(unread === 0 ? [] : [untold(check, `the policies of ${plural(unread, 'key')} are not known`)]),
  ];
};

const lintedPolicies = (
  check: string,
  linted: readonly (readonly [string, NonNullable<OutlookEntry['lint']>])[],
): readonly HealthCheck[] => {
  if (linted.length === 0) return [];
  const withErrors = linted.filter(([, found]) => found.some(({ severity }) => severity === 'error'));
  const withWarnings = linted.filter(([, found]) => found.length > 0);
  const [[first] = ['']] = withErrors;
  const found = `Of ${plural(linted.length, 'key')}, ${withErrors.length} have a policy in which the lint finds an error, ${withWarnings.length} one with an error or a warning`;
  return [
    withErrors.length > 0
      ? note(check, `${found}; the first is that of ${first}.`, 'Each key tells what was found.')
      : good(check, `${found}.`),
  ];
};

/** The report of what was gathered. */
export const assembled = (gathered: Gathered): ReadinessReport => {
  const { runId, startedAt, scope, platform, roles, unread, health, calls, outlooks } = gathered;
  const byId = new Map(outlooks.map((entry) => [entry.id, entry]));
  const rows = gathered.rows
    .map((row) => ({ ...row, verdict: verdictOfRow(row, byId) }))
    .sort(
      (a, b) =>
        URGENCY[a.verdict] - URGENCY[b.verdict] ||
        a.accountId.localeCompare(b.accountId) ||
        (a.name ?? a.instanceId ?? '').localeCompare(b.name ?? b.instanceId ?? ''),
    );
  const ofVolumes = rows.flatMap(({ volumes }) =>
    volumes.map(({ situation }): Verdict => byId.get(situation)?.verdict ?? 'undetermined'),
  );
  return {
    runId,
    startedAt,
    endedAt: new Date().toISOString(),
    scope,
    platform: {
      accountId: platform.accountId,
      region: platform.region,
      keyArn: platform.keyArn.known ? platform.keyArn.value : null,
      roles: roles.known ? roles.value : [],
    },
    assumed: assumedOf(gathered),
    machines: countsOf(rows.map(({ verdict }) => verdict)),
    volumes: countsOf(ofVolumes),
    unread,
    health: [...health, ...keyPolicies(outlooks)],
    calls,
    outlooks,
    rows,
    tool: { name: 'unlatch', version: VERSION },
  };
};

/** Causes by how many machines they hold up. */
export const causesOf = ({
  rows,
  outlooks,
}: Pick<ReadinessReport, 'rows' | 'outlooks'>): readonly [string, number][] => {
  const byId = new Map(outlooks.map((entry) => [entry.id, entry]));
  const counts = new Map<string, number>();
  for (const { volumes } of rows) {
    const causes = new Set(
      volumes.flatMap(
        ({ situation }) => byId.get(situation)?.refusals.map(({ cause }) => cause ?? 'undetermined') ?? [],
      ),
    );
    for (const cause of causes) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  }
  return [...counts].sort(([a, many], [b, more]) => more - many || a.localeCompare(b));
};

const MOST_CAUSES = 12;

/** What a person is told, the headline first. Where no machine was listed, a key was asked about. */
export const summaryLines = (report: ReadinessReport): string[] => {
  const { machines, outlooks, unread, health, scope } = report;
  const total = machines.ready + machines.refused + machines.undetermined;
  const [alone] = outlooks;
  const headline =
    total === 0 && alone !== undefined
      ? `an acquisition under the key would be ${alone.verdict}`
      : `${machines.ready} of ${plural(total, 'machine')} ready, ${machines.refused} refused, ${machines.undetermined} undetermined`;
  const causes = causesOf(report).slice(0, MOST_CAUSES);
  const bad = health.filter(({ result }) => result === 'bad');
  return [
    headline,
    `Looked at: ${scope}.`,
    ...(causes.length === 0
      ? []
      : [`Refused for: ${causes.map(([cause, count]) => `${cause} (${plural(count, 'machine')})`).join(', ')}.`]),
    ...(unread.length === 0 ? [] : [`Not read: ${unread.slice(0, 10).join('; ')}.`]),
    ...bad.map(({ found, remedy }) => `${found}${remedy === null ? '' : ` To do: ${remedy}`}`),
  ];
};
