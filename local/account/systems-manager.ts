import {
  type CancelCommandCommandInput,
  type DescribeInstanceInformationCommandInput,
  type GetCommandInvocationCommandInput,
  InvalidInstanceId,
  InvocationDoesNotExist,
  type ListCommandsCommandInput,
  type SendCommandCommandInput,
} from '@aws-sdk/client-ssm';
import type { Call, Ground } from './call.ts';
import { runOnGuest } from './guest.ts';
import type { Instance, Volume } from './state.ts';

interface SentCommand {
  readonly commandId: string;
  readonly instanceId: string;
  readonly accountId: string;
  readonly region: string;
  readonly comment: string;
  readonly requestedAt: Date;
  status: string;
  responseCode: number;
  stdout: string;
  stderr: string;
}

/** What GetCommandInvocation gives back of an output. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html */
const STDOUT_CHARACTERS = 24_000;
const STDERR_CHARACTERS = 8_000;

/** Seconds until the agent has a command, until the service lists it, and until a collector is done. */
const PICKUP_SECONDS = 2;
const VISIBLE_SECONDS = 1;
const RUN_SECONDS = 18;

const PLATFORMS = { linux: 'Linux', windows: 'Windows' } as const;

const answered = (call: Call) => ({ httpStatusCode: 200, requestId: call.requestId });

/** Systems Manager as the embedded account plays it: agents, and commands that really run on the guest. */
export const systemsManager = (ground: Ground) => {
  const commands = new Map<string, SentCommand>();

  const instanceAt = (call: Call, instanceId: string | undefined): Instance | undefined => {
    const instance = ground.state.instances.get(instanceId ?? '');
    const here = instance?.accountId === call.session.role.accountId && instance.region === call.region;
    return here ? instance : undefined;
  };

  const registered = (call: Call): Instance[] =>
    [...ground.state.instances.values()].filter(
      (instance) => instance.agent !== null && instanceAt(call, instance.instanceId) !== undefined,
    );

  const registeredAs = (call: Call, instanceId: string): Instance[] => {
    const instance = instanceAt(call, instanceId);
    return instance === undefined || instance.agent === null ? [] : [instance];
  };

  const volumesOf = ({ instanceId }: Instance): Volume[] =>
    [...ground.state.volumes.values()].filter(({ attachment }) => attachment?.instanceId === instanceId);

  const run = async (command: SentCommand, instance: Instance, document: string, script: string): Promise<void> => {
    if (command.status === 'Cancelled') return;
    command.status = 'InProgress';
    const { exitCode, stdout, stderr } = await runOnGuest(instance, volumesOf(instance), document, script);
    ground.after(RUN_SECONDS, () => {
      if (command.status === 'Cancelled') return;
      command.status = exitCode === 0 ? 'Success' : 'Failed';
      command.responseCode = exitCode;
      command.stdout = stdout;
      command.stderr = stderr;
    });
  };

  const operations = {
    DescribeInstanceInformation: async (call: Call<DescribeInstanceInformationCommandInput>) => {
      const wanted = call.input.Filters?.find(({ Key }) => Key === 'InstanceIds')?.Values;
      const found = (wanted === undefined ? registered(call) : wanted.flatMap((id) => registeredAs(call, id))).slice(
        Number(call.input.NextToken ?? 0),
      );
      const { MaxResults = found.length } = call.input;
      return {
        $metadata: answered(call),
        NextToken: found.length > MaxResults ? String(Number(call.input.NextToken ?? 0) + MaxResults) : undefined,
        InstanceInformationList: found.slice(0, MaxResults).map(({ instanceId, agent, platform }) => ({
          InstanceId: instanceId,
          PingStatus: agent?.pingStatus,
          PlatformType: PLATFORMS[platform],
        })),
      };
    },

    SendCommand: async (call: Call<SendCommandCommandInput>) => {
      const { InstanceIds = [], DocumentName = '', Comment = '', Parameters, TimeoutSeconds = 3600 } = call.input;
      const instance = instanceAt(call, InstanceIds[0]);
      if (instance === undefined || instance.agent === null || instance.state !== 'running') {
        throw new InvalidInstanceId({
          message: `Instances [[${InstanceIds}]] not in a valid state for account ${call.session.role.accountId}`,
          $metadata: answered(call),
        });
      }
      const command: SentCommand = {
        commandId: ground.uuid(),
        instanceId: instance.instanceId,
        accountId: instance.accountId,
        region: instance.region,
        comment: Comment,
        requestedAt: ground.now(),
        status: 'Pending',
        responseCode: -1,
        stdout: '',
        stderr: '',
      };
      commands.set(command.commandId, command);
      const script = (Parameters?.commands ?? []).join('\n');
      if (instance.agent.pingStatus === 'Online') {
        ground.after(PICKUP_SECONDS, () => run(command, instance, DocumentName, script));
      } else {
        ground.after(TimeoutSeconds, () => {
          if (command.status === 'Pending') command.status = 'DeliveryTimedOut';
        });
      }
      return { $metadata: answered(call), Command: { CommandId: command.commandId, Comment, Status: 'Pending' } };
    },

    GetCommandInvocation: async (call: Call<GetCommandInvocationCommandInput>) => {
      const command = commands.get(call.input.CommandId ?? '');
      const age = command === undefined ? 0 : ground.now().getTime() - command.requestedAt.getTime();
      if (command === undefined || age < VISIBLE_SECONDS * 1000) {
        throw new InvocationDoesNotExist({ message: 'InvocationDoesNotExist', $metadata: answered(call) });
      }
      return {
        $metadata: answered(call),
        CommandId: command.commandId,
        InstanceId: command.instanceId,
        Status: command.status === 'DeliveryTimedOut' ? 'TimedOut' : command.status,
        StatusDetails: command.status,
        ResponseCode: command.responseCode,
        StandardOutputContent: command.stdout.slice(0, STDOUT_CHARACTERS),
        StandardErrorContent: command.stderr.slice(0, STDERR_CHARACTERS),
      };
    },

    ListCommands: async (call: Call<ListCommandsCommandInput>) => {
      const after = call.input.Filters?.find(({ key }) => key === 'InvokedAfter')?.value;
      const found = [...commands.values()].filter(
        ({ instanceId, requestedAt }) =>
          instanceId === call.input.InstanceId && (after === undefined || requestedAt.getTime() >= Date.parse(after)),
      );
      return {
        $metadata: answered(call),
        Commands: found.map(({ commandId, comment, status }) => ({
          CommandId: commandId,
          Comment: comment,
          Status: status,
        })),
      };
    },

    CancelCommand: async (call: Call<CancelCommandCommandInput>) => {
      const command = commands.get(call.input.CommandId ?? '');
      if (command !== undefined && /^(Pending|InProgress)$/.test(command.status)) command.status = 'Cancelled';
      return { $metadata: answered(call) };
    },
  };

  return { commands, operations };
};
