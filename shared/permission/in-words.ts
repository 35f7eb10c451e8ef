import type { PermissionReport, PermissionVerdict } from './report.ts';

const HEADLINES = {
  retired: 'one-time permission retired',
  restored: 'one-time permission put back',
  absent: 'no one-time permission to retire',
  planned: 'a dry run changed nothing',
  reported: 'one-time permission stays, and a person has to look',
  'not-yet': 'one-time permission may still be needed',
  undone: 'one-time permission put back: it could not be retired safely',
  left: 'policies of the response role need a person',
} as const satisfies Record<PermissionVerdict, string>;

/** What comes from outside stays within its line, and says nothing that cannot be seen. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');

export const headlineOf = ({ verdict, roleName }: Pick<PermissionReport, 'verdict' | 'roleName'>): string =>
  `${HEADLINES[verdict]} (${roleName})`;

/** How the edit was proven, one fact a line. */
export const proofInWords = ({ proof }: PermissionReport): readonly string[] => {
  if (proof === null) return [];
  const { asked, left, changed, simulated, alone } = proof;
  return [
    `The authorizer decided ${asked} requests before and after: ${left} for service-linked roles of KMS are not refused, ${changed} others changed.`,
    'agrees' in simulated
      ? `IAM's policy simulator was asked ${simulated.asked} of them, and ${simulated.agrees ? 'agrees' : 'does not agree'}.`
      : `IAM's policy simulator was not asked: ${oneLine(simulated.because)}.`,
    alone === null
      ? 'CloudTrail did not tell whether somebody else was changing the same policies.'
      : alone
        ? 'By CloudTrail, nobody else was changing the same policies.'
        : 'By CloudTrail, somebody else was changing the same policies.',
  ];
};

/** Diffs are of documents that somebody wrote: shown line by line, without what cannot be seen. */
export const visibleDiff = (diff: string): string => diff.split('\n').map(oneLine).join('\n').trimEnd();

/** The message to people, with the diff. */
export const messageOf = (report: PermissionReport, folder: string): string =>
  [
    `Role ${report.roleName} in account ${report.accountId}: ${oneLine(report.because)}.`,
    ...report.edits.map(({ diff }) => visibleDiff(diff)),
    ...proofInWords(report),
    ...report.todo.map((task) => `To do: ${oneLine(task)}`),
    `Report and evidence: ${folder}`,
    ...(report.verdict === 'retired'
      ? [`To put it back, start the function with {"action": "restore", "roleName": "${report.roleName}"}.`]
      : []),
  ].join('\n\n');
