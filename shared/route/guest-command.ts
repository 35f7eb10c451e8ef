import {
  cancelCommand,
  DELIVERY_SECONDS,
  findCommand,
  invocationOf,
  type Sending,
  sendCommand,
} from '#shared/aws/commands';
import type { Target } from '#shared/case/case';
import { type Flow, pausesUpTo } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { endingOf } from './guest-ending.ts';
import type { Assessment } from './ssm-triage/assess.ts';

export type OpenAssessment = Extract<Assessment, { open: true }>;

/** Where a command runs, and since when an interrupted sending is looked for. */
export interface Guest {
  readonly target: Target;
  readonly assessment: OpenAssessment;
  readonly since: string;
}

/** A command for a guest, and how what it reports is read. */
export interface GuestCommand<Report> {
  /** `the collector`, in the names of steps. */
  readonly what: string;
  /** By it an interrupted sending is looked for: no two commands of a case have the same. At most 100 characters. */
  readonly comment: string;
  readonly runSeconds: number;
  readonly script: () => Promise<string>;
  /** A report, not the output, is kept: what a host prints is the host's. */
  readonly read: (stdout: string) => Report | null;
}

export type GuestRun<Report> =
  | Extract<Sending, { sent: false }>
  | {
      readonly sent: true;
      readonly commandId: string;
      /** `null`: it was not seen to end, and has been cancelled. */
      readonly ended: { readonly says: string; readonly report: Report | null } | null;
    };

/** Seconds from sending until nothing more can come: delivery, the run, and a minute for what it uploads to be seen. */
export const waitSeconds = (runSeconds: number): number => DELIVERY_SECONDS + runSeconds + 60;

/** Sends a command once, and waits for its end without Lambda time. */
export const runOnGuest = async <Report>(
  flow: Flow,
  tools: Tools,
  { target, assessment, since }: Guest,
  { what, comment, runSeconds, script, read }: GuestCommand<Report>,
): Promise<GuestRun<Report>> => {
  const { instanceId, document } = assessment;
  const session = () => tools.sessions.at(target.accountId, target.region);
  const sending = await flow.once(
    `send ${what}`,
    async (custody) => {
      const [who, text] = await Promise.all([session(), script()]);
      return sendCommand(who, custody, { instanceId, document, script: text, comment, runSeconds });
    },
    async (custody) => findCommand(await session(), custody, { instanceId, comment, since }),
  );
  if (!sending.sent) return sending;
  const { commandId } = sending;
  const ended = await flow.until(
    `wait for ${what}`,
    async (custody) => {
      const { status, stdout } = await invocationOf(await session(), custody, { commandId, instanceId });
      const { ending, says } = endingOf(status);
      return ending === 'running' ? null : { says, report: read(stdout) };
    },
    pausesUpTo(waitSeconds(runSeconds)),
  );
  if (ended === null) {
    await flow
      .step(`cancel ${what}`, async (custody) => cancelCommand(await session(), custody, { commandId, instanceId }))
      .catch(() => {});
  }
  return { sent: true, commandId, ended };
};
