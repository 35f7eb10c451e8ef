import type { Artefact, RouteOutcome } from '#shared/case/case';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { type Guest, type GuestCommand, runOnGuest, waitSeconds } from '../guest-command.ts';
import { explainRefusal, type TagCondition } from './assess.ts';
import { archiveName, renderCommand } from './command.ts';
import { type CollectorReport, matches, readReport } from './outcome.ts';

const ROUTE = 'ssm-triage';
const MEBIBYTE = 2 ** 20;

export const tagCondition = ({ settings }: Tools): TagCondition => ({
  key: settings.SSM_TAG_KEY,
  value: settings.SSM_TAG_VALUE,
});

interface Job extends Guest {
  readonly caseId: string;
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

const pathOf = ({ assessment }: Job): string => `${ROUTE}/${assessment.instanceId}/${archiveName(assessment.document)}`;
const keyOf = (job: Job): string => `cases/${job.caseId}/${pathOf(job)}`;

/** The collector, as the instance is to run it; where it may upload is decided when it is sent. */
const collector = (tools: Tools, job: Job): GuestCommand<CollectorReport> => {
  const { caseId, assessment } = job;
  const { document } = assessment;
  const { settings, bucket } = tools;
  const runSeconds = settings.COMMAND_WAIT * 60;
  const memoryTool = document === 'AWS-RunShellScript' ? settings.MEMORY_TOOL_LINUX : settings.MEMORY_TOOL_WINDOWS;
  const maxBytes = settings.ARCHIVE_MEBIBYTES * MEBIBYTE;
  return {
    what: 'the collector',
    comment: `unlatch case ${caseId}`,
    runSeconds,
    script: async () => {
      const uploadUrl = await bucket.presignUpload(keyOf(job), waitSeconds(runSeconds));
      return renderCommand(document, { caseId, uploadUrl, memoryTool, maxBytes, runSeconds });
    },
    read: (stdout) => readReport(stdout, caseId),
  };
};

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
  const run = await runOnGuest(flow, tools, job, collector(tools, job));
  if (!run.sent) {
    const explained = explainRefusal(job.target, tagCondition(tools), run);
    return failed(explained.open ? run.error : explained.because, {
      remedy: explained.open ? null : explained.remedy,
    });
  }
  if (run.ended !== null) return verify(flow, tools, job, run.ended);
  // What it uploaded before it was cut short is looked for all the same.
  const cut = await verify(flow, tools, job, { says: 'the collector was not seen to end in time', report: null });
  return { ...cut, removed: [`the command ${run.commandId}, cancelled`] };
};
