import {
  cancelCommand,
  DELIVERY_SECONDS,
  findCommand,
  invocationOf,
  type Sending,
  sendCommand,
} from '#shared/aws/commands';
import type { Artefact, RouteOutcome, Target } from '#shared/case/case';
import { type Flow, pausesUpTo } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { type Assessment, explainRefusal, type TagCondition } from './assess.ts';
import { archiveName, renderCommand } from './command.ts';
import { type CollectorReport, endingOf, matches, readReport } from './outcome.ts';

type OpenAssessment = Extract<Assessment, { open: true }>;

const ROUTE = 'ssm-triage';
const MEBIBYTE = 2 ** 20;

export const tagCondition = ({ settings }: Tools): TagCondition => ({
  key: settings.SSM_TAG_KEY,
  value: settings.SSM_TAG_VALUE,
});

interface Job {
  readonly caseId: string;
  readonly target: Target;
  readonly assessment: OpenAssessment;
  /** When the case began: an interrupted sending is looked for from there on. */
  readonly since: string;
}

/** How the command ended on the instance. A report, not the output, is kept: what a host prints is the host's. */
interface Ended {
  readonly says: string;
  readonly report: CollectorReport | null;
}

/** How the route ended, and what is left on the host or was taken back. */
export interface Triage {
  readonly outcome: RouteOutcome;
  readonly remedy: string | null;
  readonly removed: readonly string[];
  readonly left: readonly string[];
}

/** Seconds from sending until nothing more can come: delivery, the run, and a minute for S3 and the service to agree. */
const waitSeconds = ({ settings }: Tools): number => DELIVERY_SECONDS + settings.COMMAND_WAIT * 60 + 60;

const pathOf = ({ assessment }: Job): string => `${ROUTE}/${assessment.instanceId}/${archiveName(assessment.document)}`;
const keyOf = (job: Job): string => `cases/${job.caseId}/${pathOf(job)}`;

const send = (flow: Flow, tools: Tools, job: Job): Promise<Sending> => {
  const { target, assessment, caseId } = job;
  const { instanceId, document } = assessment;
  const { settings, bucket, sessions } = tools;
  const comment = `unlatch case ${caseId}`;
  const runSeconds = settings.COMMAND_WAIT * 60;
  const memoryTool = document === 'AWS-RunShellScript' ? settings.MEMORY_TOOL_LINUX : settings.MEMORY_TOOL_WINDOWS;
  return flow.once(
    'send the collector',
    async (custody) => {
      const [session, uploadUrl] = await Promise.all([
        sessions.at(target.accountId, target.region),
        bucket.presignUpload(keyOf(job), waitSeconds(tools)),
      ]);
      const script = renderCommand(document, {
        caseId,
        uploadUrl,
        memoryTool,
        maxBytes: settings.ARCHIVE_MEBIBYTES * MEBIBYTE,
        runSeconds,
      });
      return sendCommand(session, custody, { instanceId, document, script, comment, runSeconds });
    },
    async (custody) => {
      const session = await sessions.at(target.accountId, target.region);
      return findCommand(session, custody, { instanceId, comment, since: job.since });
    },
  );
};

const follow = (
  flow: Flow,
  tools: Tools,
  { target, assessment, caseId }: Job,
  commandId: string,
): Promise<Ended | null> =>
  flow.until(
    'wait for the collector',
    async (custody) => {
      const session = await tools.sessions.at(target.accountId, target.region);
      const { status, stdout } = await invocationOf(session, custody, { commandId, instanceId: assessment.instanceId });
      const { ending, says } = endingOf(status);
      return ending === 'running' ? null : { says, report: readReport(stdout, caseId) };
    },
    pausesUpTo(waitSeconds(tools)),
  );

const cancel = (flow: Flow, tools: Tools, { target, assessment }: Job, commandId: string): Promise<void> =>
  flow.step('cancel the collector', async (custody) => {
    const session = await tools.sessions.at(target.accountId, target.region);
    await cancelCommand(session, custody, { commandId, instanceId: assessment.instanceId });
  });

const failed = (note: string, rest: Partial<Triage> = {}): Triage => ({
  outcome: { route: ROUTE, result: 'failed', note },
  remedy: null,
  removed: [],
  left: [],
  ...rest,
});

/** INVARIANT: an upload counts only where S3's bytes have the size and hash that the collector reported. */
const verify = async (flow: Flow, tools: Tools, job: Job, { says, report }: Ended): Promise<Triage> => {
  const stored = await flow.step('verify the upload', async (custody) => {
    const own = await tools.sessions.at(tools.settings.ACCOUNT_ID, tools.settings.AWS_REGION);
    const digest = await tools.bucket.digest(custody, own, keyOf(job));
    return digest === null ? null : { ...digest, at: new Date().toISOString() };
  });
  const host = `the collector's working folder on ${job.assessment.instanceId}`;
  if (report === null) {
    const arrived =
      stored === null ? 'nothing arrived' : `an archive arrived that no report confirms, and is kept at ${keyOf(job)}`;
    return failed(`${says}, and no report of it can be read; ${arrived}`, { left: [`${host}, if it was cut short`] });
  }
  if (stored === null) {
    return failed(`${says}, but nothing arrived: ${report.error ?? 'no reason reported'}`, { removed: [host] });
  }
  if (!matches(report, stored)) {
    const note = `the archive at ${keyOf(job)} is not the one the collector reported; it is kept, and is no evidence`;
    return failed(note, { removed: [host] });
  }
  const { ok, failed: broken, skipped } = report.collectors;
  const artefact: Artefact = {
    path: pathOf(job),
    kind: 'triage-archive',
    bytes: stored.bytes,
    sha256: stored.sha256,
    collectedAt: stored.at,
    route: ROUTE,
  };
  const note = `${says}: ${ok} collectors ended well, ${broken} failed, ${skipped} did not apply`;
  return {
    outcome: { route: ROUTE, result: 'preserved', artefacts: [artefact], note },
    remedy: null,
    removed: [host],
    left: [],
  };
};

/** Sends the collector once, waits without Lambda time, and believes what arrived only after checking it. */
export const triage = async (flow: Flow, tools: Tools, job: Job): Promise<Triage> => {
  const sending = await send(flow, tools, job);
  if (!sending.sent) {
    const explained = explainRefusal(job.target, tagCondition(tools), sending);
    return failed(explained.open ? sending.error : explained.because, {
      remedy: explained.open ? null : explained.remedy,
    });
  }
  const ended = await follow(flow, tools, job, sending.commandId);
  if (ended !== null) return verify(flow, tools, job, ended);
  await cancel(flow, tools, job, sending.commandId).catch(() => {});
  // What it uploaded before it was cut short is looked for all the same.
  const cut = await verify(flow, tools, job, { says: 'the collector was not seen to end in time', report: null });
  return { ...cut, removed: [`the command ${sending.commandId}, cancelled`] };
};
