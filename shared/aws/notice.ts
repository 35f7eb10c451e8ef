import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { CaseReport } from '#shared/case/report';
import type { FindingFacts } from '#shared/signal/finding';
import type { SweepReport, SweptThing } from '#shared/sweep/report';
import { type AwsSession, type Custody, recorded } from './session.ts';

/** SNS takes subjects of printable ASCII, at most 100 characters. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const subjectOf = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);

const HEADLINES = {
  preserved: 'evidence preserved',
  'by-hand': 'a person must collect by hand',
  diagnosed: 'refusal diagnosed, machine not found',
  planned: 'a dry run changed nothing',
} as const satisfies Record<CaseReport['verdict'], string>;

const headlineOf = ({ verdict, finding, freeze }: CaseReport): string => {
  if (verdict !== 'planned' || finding === null) return HEADLINES[verdict];
  return `a finding, and KMS would refuse the acquisition${freeze.frozen ? '; disks frozen' : ''}`;
};

/** What comes from outside stays within its line, and says nothing that cannot be seen. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');

const messageOf = (report: CaseReport, folder: string): string =>
  [
    `Case ${report.caseId}: ${headlineOf(report)}.`,
    ...(report.diagnosis === null ? [] : [oneLine(report.diagnosis.explanation)]),
    ...report.todo.map((task) => `To do: ${oneLine(task)}`),
    `Report and evidence: ${folder}`,
  ].join('\n\n');

/** What a person is asked to agree to. */
export interface Wanted {
  readonly caseId: string;
  readonly lines: readonly string[];
  readonly callbackId: string;
  readonly minutes: number;
}

const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const approvalMessage = ({ caseId, lines, callbackId, minutes }: Wanted, region: string): string =>
  [
    `Case ${caseId} asks for your approval. If you agree, Unlatch makes:`,
    lines.map((line) => `  - ${oneLine(line)}`).join('\n'),
    `To agree: aws lambda send-durable-execution-callback-success --region ${region} --callback-id ${shellQuoted(callbackId)}`,
    `To refuse: aws lambda send-durable-execution-callback-failure --region ${region} --callback-id ${shellQuoted(callbackId)}`,
    `No answer within ${minutes} minutes is a no. The disks are frozen either way, and nothing is lost.`,
  ].join('\n\n');

/** What people and programs are told of a role's permission. */
export interface PermissionNews {
  readonly subject: string;
  readonly message: string;
  readonly detail: Readonly<Record<string, string>>;
}

const sweptLine = ({ kind, id, place, because, undo }: SweptThing): string =>
  oneLine(
    `  - ${kind} ${id}${place === null ? '' : ` (${place})`}: ${because}${undo === null ? '' : `; to call it off: ${undo}`}`,
  );

const sweptMessage = ({ places, removed, reported, failed }: SweepReport): string =>
  [
    `Looked through ${places.join(', ')}.`,
    ...(
      [
        ['Could not be removed', failed],
        ['For a person to see to', reported],
        ['Removed', removed],
      ] as const
    ).flatMap(([title, things]) => (things.length === 0 ? [] : [`${title}:\n${things.map(sweptLine).join('\n')}`])),
  ].join('\n\n');

/** Tells people (SNS) and programs (EventBridge, `unlatch` / `Case Closed`) that a case has closed. */
export const noticeOf = (sns: SNSClient, events: EventBridgeClient, topicArn: string) => ({
  /** Asks people for their consent. Without a topic nobody hears of it, and no answer is a no. */
  async approvalWanted(custody: Custody, who: AwsSession, wanted: Wanted): Promise<void> {
    if (topicArn === '') return;
    const publish = new PublishCommand({
      TopicArn: topicArn,
      Subject: subjectOf(`Unlatch: approval wanted (${wanted.caseId})`),
      Message: approvalMessage(wanted, who.region).slice(0, 200_000),
    });
    await recorded(custody, who, 'sns:Publish', topicArn, () => sns.send(publish));
  },

  /** Tells people what is known while the disks are still being copied. */
  async caseSoFar(custody: Custody, who: AwsSession, report: CaseReport, folder: string): Promise<void> {
    if (topicArn === '') return;
    const publish = new PublishCommand({
      TopicArn: topicArn,
      Subject: subjectOf(`Unlatch: so far, ${HEADLINES[report.verdict]} (${report.caseId})`),
      Message: messageOf(report, folder).slice(0, 200_000),
    });
    await recorded(custody, who, 'sns:Publish', topicArn, () => sns.send(publish));
  },

  /** Tells people and programs what became of a role's one-time permission. */
  async permission(custody: Custody, who: AwsSession, { subject, message, detail }: PermissionNews): Promise<void> {
    const Entries = [{ Source: 'unlatch', DetailType: 'Permission', Detail: JSON.stringify(detail) }];
    const put = new PutEventsCommand({ Entries });
    const publish = new PublishCommand({
      TopicArn: topicArn,
      Subject: subjectOf(`Unlatch: ${subject}`),
      Message: message.slice(0, 200_000),
    });
    const told = topicArn === '' ? [] : [recorded(custody, who, 'sns:Publish', topicArn, () => sns.send(publish))];
    await Promise.all([...told, recorded(custody, who, 'events:PutEvents', subject, () => events.send(put))]);
  },

  /** Tells people and programs what became of a finding for which no case was opened (`unlatch` / `Finding Noted`). */
  async findingNoted(
    custody: Custody,
    who: AwsSession,
    { id, type, severity, title }: FindingFacts,
    {
      instanceId,
      verdict,
      because,
    }: { readonly instanceId: string; readonly verdict: string; readonly because: string },
  ): Promise<void> {
    const publish = new PublishCommand({
      TopicArn: topicArn,
      Subject: subjectOf(`Unlatch: finding on ${instanceId}, acquisition ${verdict}`),
      Message: [
        `GuardDuty found ${type}, severity ${severity}, on ${instanceId}: ${title}`,
        `Acquisition: ${verdict}. ${because}.`,
        `Finding: ${id}`,
      ]
        .map(oneLine)
        .join('\n\n')
        .slice(0, 200_000),
    });
    const Detail = JSON.stringify({ finding: id, type, severity, instanceId, verdict });
    const put = new PutEventsCommand({ Entries: [{ Source: 'unlatch', DetailType: 'Finding Noted', Detail }] });
    const told = topicArn === '' ? [] : [recorded(custody, who, 'sns:Publish', topicArn, () => sns.send(publish))];
    await Promise.all([...told, recorded(custody, who, 'events:PutEvents', id, () => events.send(put))]);
  },

  /** Tells people and programs what a look at all acquisitions came to (`unlatch` / `Readiness Assessed`). */
  async readinessDone(
    custody: Custody,
    who: AwsSession,
    { runId, lines, report }: { readonly runId: string; readonly lines: readonly string[]; readonly report: string },
  ): Promise<void> {
    const [headline = ''] = lines;
    const publish = new PublishCommand({
      TopicArn: topicArn,
      Subject: subjectOf(`Unlatch: readiness, ${headline}`),
      Message: [...lines.map(oneLine), `Report: ${report}`].join('\n\n').slice(0, 200_000),
    });
    const put = new PutEventsCommand({
      Entries: [
        { Source: 'unlatch', DetailType: 'Readiness Assessed', Detail: JSON.stringify({ runId, headline, report }) },
      ],
    });
    const told = topicArn === '' ? [] : [recorded(custody, who, 'sns:Publish', topicArn, () => sns.send(publish))];
    await Promise.all([...told, recorded(custody, who, 'events:PutEvents', runId, () => events.send(put))]);
  },

  /** Tells people what was swept, and what they have to see to. */
  async swept(custody: Custody, who: AwsSession, report: SweepReport): Promise<void> {
    if (topicArn === '') return;
    const { removed, reported, failed } = report;
    const publish = new PublishCommand({
      TopicArn: topicArn,
      Subject: subjectOf(`Unlatch: ${removed.length} removed, ${reported.length + failed.length} to see to`),
      Message: sweptMessage(report).slice(0, 200_000),
    });
    await recorded(custody, who, 'sns:Publish', topicArn, () => sns.send(publish));
  },

  async caseClosed(custody: Custody, who: AwsSession, report: CaseReport, folder: string): Promise<void> {
    const publish = new PublishCommand({
      TopicArn: topicArn,
      Subject: subjectOf(`Unlatch: ${headlineOf(report)} (${report.caseId})`),
      Message: messageOf(report, folder).slice(0, 200_000),
    });
    const put = new PutEventsCommand({
      Entries: [
        {
          Source: 'unlatch',
          DetailType: 'Case Closed',
          Detail: JSON.stringify({
            caseId: report.caseId,
            verdict: report.verdict,
            cause: report.diagnosis?.cause ?? null,
            artefacts: report.artefacts.length,
            // The routes that handed something over, and for whom: that ends the need of a one-time permission.
            preservedBy: report.outcomes.flatMap(({ route, result }) => (result === 'preserved' ? [route] : [])),
            responseRole: report.denials.flatMap(({ roleArn, principal }) => roleArn ?? principal ?? [])[0] ?? null,
            evidence: folder,
          }),
        },
      ],
    });
    const told = topicArn === '' ? [] : [recorded(custody, who, 'sns:Publish', topicArn, () => sns.send(publish))];
    await Promise.all([...told, recorded(custody, who, 'events:PutEvents', report.caseId, () => events.send(put))]);
  },
});

export type Notice = ReturnType<typeof noticeOf>;
