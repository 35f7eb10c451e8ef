import type { Target } from '#shared/case/case';
import type { InstanceId } from '#shared/signal/identifiers';

export type Document = 'AWS-RunShellScript' | 'AWS-RunPowerShellScript';

export type Assessment =
  | { readonly open: true; readonly instanceId: InstanceId; readonly document: Document }
  /** `remedy`: what a person can do to open the route, in one sentence. */
  | { readonly open: false; readonly because: string; readonly remedy: string | null };

/** `unreadable`: Systems Manager could not be asked. INVARIANT: what is not known never opens the route. */
export type AgentReading =
  | { readonly known: true; readonly agent: { readonly pingStatus: string } | null }
  | { readonly known: false; readonly because: string };

export interface TagCondition {
  /** Empty: no tag is asked for. */
  readonly key: string;
  readonly value: string;
}

const DOCUMENTS = {
  linux: 'AWS-RunShellScript',
  windows: 'AWS-RunPowerShellScript',
  macos: null,
  unknown: null,
} as const satisfies Record<Target['platform'], Document | null>;

const closed = (because: string, remedy: string | null = null): Assessment => ({ open: false, because, remedy });

/** Whether the condition on the tag holds; IAM compares values as they are, so `true` is not `True`. */
export const isTagged = ({ tags }: Pick<Target, 'tags'>, { key, value }: TagCondition): boolean =>
  key === '' || tags[key] === value;

export const tagRemedy = (instanceId: string, { key, value }: TagCondition): string =>
  `set the tag \`${key}\` = \`${value}\` on ${instanceId}, then start the case again by hand`;

/** Whether a triage by Systems Manager is open for the target, or why not. */
export const assess = (target: Target, reading: AgentReading, tag: TagCondition): Assessment => {
  const { instanceId } = target;
  if (instanceId === null) return closed('the volume is attached to no instance');
  if (target.state !== 'running')
    return closed(`the instance is \`${target.state}\`, and only a running one takes commands`);
  const document = DOCUMENTS[target.platform];
  if (document === null) return closed(`there is no collector for \`${target.platform}\``);
  if (!isTagged(target, tag)) {
    return closed(
      `the instance lacks the tag \`${tag.key}\` = \`${tag.value}\`, without which no command may be sent to it`,
      tagRemedy(instanceId, tag),
    );
  }
  if (!reading.known) return closed(`Systems Manager could not be asked: ${reading.because}`);
  if (reading.agent === null) {
    return closed('no Systems Manager agent has registered', 'give the instance an SSM agent and an instance profile');
  }
  if (reading.agent.pingStatus !== 'Online') {
    return closed(`the Systems Manager agent is \`${reading.agent.pingStatus}\``, 'bring the agent back online');
  }
  return { open: true, instanceId, document };
};

/**
 * Why SendCommand was refused. AWS words an instance without the tag exactly as a missing permission, so the tags decide.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-setting-up.html
 */
export const explainRefusal = (
  target: Target,
  tag: TagCondition,
  { error, message }: { readonly error: string; readonly message: string },
): Assessment => {
  if (error !== 'AccessDeniedException') return closed(`Systems Manager refused the command: ${error}`);
  const known = tag.key === '' ? DEFAULT_TAG : tag;
  if (isTagged(target, known)) return closed(`the permission ssm:SendCommand is missing: ${message}`);
  return closed(
    `the instance lacks the tag \`${known.key}\` = \`${known.value}\`; Systems Manager refuses it in the words of a missing permission`,
    tagRemedy(target.instanceId ?? 'the instance', known),
  );
};

/** The tag that the platform's own documents ask for, where the settings name none. */
const DEFAULT_TAG: TagCondition = { key: 'CadoResponseSSMEnabled', value: 'True' };
