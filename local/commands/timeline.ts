import type { EventBridgeEvent } from '#local/account/call';
import type { EmbeddedAccount, MadeCall } from '#local/account/embedded-account';
import type { Act } from '#local/scenario/stage';
import type { Output } from './options.ts';

/** The calls that change something, in the words of a timeline; reads and the ledger's bookkeeping are left out. */
const TELLING: Readonly<Record<string, string>> = {
  'ec2:CreateSnapshots': 'freezes the disks',
  'ec2:CreateSnapshot': 'makes a snapshot',
  'ssm:SendCommand': 'sends a command',
  'ssm:CancelCommand': 'cancels a command',
  'ebs:StartSnapshot': 'starts a copy of a disk',
  'ebs:CompleteSnapshot': 'completes the copy',
  'ec2:ModifySnapshotAttribute': 'shares the copy',
  'ec2:CopySnapshot': 'copies a snapshot under another key',
  'ec2:DeleteSnapshot': 'deletes a copy that is not needed',
  'ec2:CreateVolume': 'makes a volume',
  'ec2:AttachVolume': 'attaches the volume',
  'ec2:DetachVolume': 'detaches the volume',
  'ec2:DeleteVolume': 'deletes the volume',
  'kms:CreateKey': 'makes a temporary key',
  'kms:ReplicateKey': 'replicates the temporary key',
  'kms:ScheduleKeyDeletion': 'schedules the deletion of the temporary key',
  'kms:DeleteAlias': 'takes its alias away',
  'iam:PutRolePolicy': 'edits a policy of the response role',
  'iam:DeleteRolePolicy': 'deletes a policy of the response role',
  'iam:CreatePolicyVersion': 'edits a managed policy',
  'iam:DetachRolePolicy': 'detaches a managed policy',
  'iam:AttachRolePolicy': 'attaches a managed policy again',
  'iam:TagRole': 'tags the role with when and why',
  's3:GetObject': 'checks what arrived',
  'sns:Publish': 'tells people',
};

const field = (event: EventBridgeEvent, name: string): string => {
  const value = event.detail[name];
  return typeof value === 'string' ? value : '';
};

const summary = (event: EventBridgeEvent): string => {
  const name = field(event, 'eventName') || field(event, 'event') || field(event, 'state');
  const error = field(event, 'errorMessage') || field(event, 'cause');
  return `${event['detail-type']}: ${name}${error === '' ? '' : ` failed: ${error}`}`;
};

/** Long words are cut for a terminal; the report has them whole. */
const cut = (text: string): string => (text.length > 180 ? `${text.slice(0, 179)}…` : text);

/** A copy's checksums, and the pages of readiness, are read part by part: too many lines, and none that tells anything. */
const isBookkeeping = ({ api, input, execution }: MadeCall): boolean =>
  api === 's3:GetObject' && (execution === null || /\.sums"|"readiness\//.test(JSON.stringify(input)));

const startedBy = ({ input, error }: MadeCall): string => {
  const isRetirement = JSON.stringify(input).includes('-retire-permission:');
  if (isRetirement)
    return error === null ? 'asks for the retirement of a permission' : 'that retirement has been asked for already';
  return error === null ? 'opens a case' : 'the case is open already';
};

/** Prints what happens in the account as it happens, with the virtual time since the start. */
export const tellTimeline = (account: EmbeddedAccount, output: Output) => {
  const start = account.ground.now().getTime();
  let events = 0;
  let heeded = 0;
  let polling = false;

  const tell = (who: string, what: string): void => {
    const seconds = Math.max(0, (account.ground.now().getTime() - start) / 1000);
    const clock = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${(seconds % 60).toFixed(1).padStart(4, '0')}`;
    output.say(`  ${clock}  ${who.padEnd(10)} ${cut(what)}`);
  };

  account.events.on('delivered', (event, rule) => {
    events += 1;
    heeded += 1;
    tell('aws', `${summary(event)}  [${rule.replace('ObserveFunction', '')}]`);
  });
  account.events.on('unheeded', () => {
    events += 1;
  });
  account.events.on('called', (call: MadeCall) => {
    if (call.api === 'lambda:Invoke') tell('unlatch', startedBy(call));
    const says = isBookkeeping(call) ? undefined : TELLING[call.api];
    if (says !== undefined)
      tell('unlatch', `${says} (${call.api} in ${call.account})${call.error === null ? '' : `: ${call.error}`}`);
    if (call.api === 'ssm:GetCommandInvocation' && !polling) {
      polling = true;
      tell('unlatch', 'waits for the command; no Lambda time passes');
    }
  });
  account.events.on('ended', ({ result }) => {
    const ended = typeof result === 'object' && result !== null ? result : {};
    if ('kind' in ended && 'verdict' in ended) tell('unlatch', `permission: ${String(ended.verdict)}`);
    else if ('verdict' in ended) tell('unlatch', `case closed: ${String(ended.verdict)}`);
    else if ('runId' in ended) tell('unlatch', 'readiness assessed');
    else if ('absorbedBy' in ended) tell('unlatch', `absorbed by case ${String(ended.absorbedBy)}`);
    else tell('unlatch', 'the execution failed');
  });

  return {
    platform: ({ who, what, answer }: Act): void => tell('platform', `${what} by ${who}: ${answer}`),
    counts: () => ({ events, heeded }),
  };
};
