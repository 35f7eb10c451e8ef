import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandsCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import type { InstanceId } from '#shared/signal/identifiers';
import { type AwsSession, type Custody, errorName, recorded } from './session.ts';

/** What Systems Manager says of an instance's agent; `null` where no agent has registered. */
export interface Agent {
  /** `Online`, `ConnectionLost` or `Inactive`; it lags behind the truth. */
  readonly pingStatus: string;
}

export const agentOf = async (session: AwsSession, custody: Custody, instanceId: InstanceId): Promise<Agent | null> => {
  const command = new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [instanceId] }] });
  const output = await recorded(custody, session, 'ssm:DescribeInstanceInformation', instanceId, () =>
    session.ssm.send(command),
  );
  const [information] = output.InstanceInformationList ?? [];
  return information === undefined ? null : { pingStatus: information.PingStatus ?? 'unknown' };
};

export interface Command {
  readonly instanceId: InstanceId;
  readonly document: 'AWS-RunShellScript' | 'AWS-RunPowerShellScript';
  readonly script: string;
  /** At most 100 characters; by it an interrupted sending is looked for. */
  readonly comment: string;
  readonly runSeconds: number;
}

export type Sending =
  | { readonly sent: true; readonly commandId: string }
  | { readonly sent: false; readonly error: string; readonly message: string };

/** Refusals that no second attempt changes; anything else throws. */
const FINAL: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'InvalidInstanceId',
  'InvalidDocument',
  'InvalidParameters',
  'UnsupportedPlatformType',
]);

/** Seconds in which the agent must have picked the command up. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html */
export const DELIVERY_SECONDS = 600;

export const sendCommand = async (session: AwsSession, custody: Custody, command: Command): Promise<Sending> => {
  const { instanceId, document, script, comment, runSeconds } = command;
  const send = new SendCommandCommand({
    InstanceIds: [instanceId],
    DocumentName: document,
    Comment: comment,
    TimeoutSeconds: DELIVERY_SECONDS,
    Parameters: { commands: [script], executionTimeout: [String(runSeconds)] },
  });
  try {
    const output = await recorded(custody, session, 'ssm:SendCommand', instanceId, () => session.ssm.send(send));
    return { sent: true, commandId: output.Command?.CommandId ?? '' };
  } catch (error) {
    if (!FINAL.has(errorName(error))) throw error;
    return { sent: false, error: errorName(error), message: error instanceof Error ? error.message : '' };
  }
};

/** A listing longer than this is not read to its end: nothing is known then, and nothing is sent again. */
const MOST_PAGES = 20;

/** The command of a comment that was sent to an instance since a time, or `null`. */
export const findCommand = async (
  session: AwsSession,
  custody: Custody,
  { instanceId, comment, since }: { instanceId: InstanceId; comment: string; since: string },
): Promise<Sending | null> => {
  const Filters = [{ key: 'InvokedAfter' as const, value: `${since.slice(0, 19)}Z` }];
  let NextToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const list = new ListCommandsCommand({ InstanceId: instanceId, Filters, NextToken });
    const output = await recorded(custody, session, 'ssm:ListCommands', instanceId, () => session.ssm.send(list));
    const found = (output.Commands ?? []).find(({ Comment }) => Comment === comment)?.CommandId;
    if (found !== undefined) return { sent: true, commandId: found };
    NextToken = output.NextToken;
    if (NextToken === undefined) return null;
  }
  throw new Error(`more than ${MOST_PAGES} pages of commands on ${instanceId}`);
};

export interface Invocation {
  /** As GetCommandInvocation's `StatusDetails`; `Pending` while it does not know the command yet. */
  readonly status: string;
  /** The first 24,000 characters of it. */
  readonly stdout: string;
}

export const invocationOf = async (
  session: AwsSession,
  custody: Custody,
  { commandId, instanceId }: { commandId: string; instanceId: InstanceId },
): Promise<Invocation> => {
  const get = new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId });
  try {
    const output = await recorded(custody, session, 'ssm:GetCommandInvocation', commandId, () => session.ssm.send(get));
    return {
      status: output.StatusDetails ?? output.Status ?? 'Pending',
      stdout: output.StandardOutputContent ?? '',
    };
  } catch (error) {
    // The command was accepted; the invocation appears a little later.
    if (errorName(error) !== 'InvocationDoesNotExist') throw error;
    return { status: 'Pending', stdout: '' };
  }
};

export const cancelCommand = async (
  session: AwsSession,
  custody: Custody,
  { commandId, instanceId }: { commandId: string; instanceId: InstanceId },
): Promise<void> => {
  const cancel = new CancelCommandCommand({ CommandId: commandId, InstanceIds: [instanceId] });
  await recorded(custody, session, 'ssm:CancelCommand', commandId, () => session.ssm.send(cancel));
};
