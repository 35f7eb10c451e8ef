export type Ending = 'running' | 'ended' | 'failed';

/**
 * Every status of a command on one instance (`StatusDetails`), and whether it is an end. A status this table does not
 * know counts as running: the wait is bounded.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
 */
const ENDINGS: Readonly<Record<string, readonly [Ending, string]>> = {
  Pending: ['running', 'not yet received by the agent'],
  'In Progress': ['running', 'running'],
  InProgress: ['running', 'running'],
  Delayed: ['running', 'waiting for the agent'],
  Cancelling: ['running', 'being cancelled'],
  Success: ['ended', 'the script ended'],
  Failed: ['ended', 'the script ended with an error'],
  'Execution Timed Out': ['failed', 'the script ran out of time'],
  ExecutionTimedOut: ['failed', 'the script ran out of time'],
  TimedOut: ['failed', 'the command ran out of time'],
  'Delivery Timed Out': ['failed', 'the agent did not take the command in time'],
  DeliveryTimedOut: ['failed', 'the agent did not take the command in time'],
  Cancelled: ['failed', 'the command was cancelled'],
  Undeliverable: ['failed', 'the command could not be delivered'],
  Terminated: ['failed', 'Systems Manager gave the command up'],
  'Invalid Platform': ['failed', 'the document does not fit the platform'],
  InvalidPlatform: ['failed', 'the document does not fit the platform'],
  'Access Denied': ['failed', 'the agent was not allowed to run the command'],
  AccessDenied: ['failed', 'the agent was not allowed to run the command'],
  Incomplete: ['failed', 'the command ended incomplete'],
};

export const endingOf = (status: string): { ending: Ending; says: string } => {
  const known = Object.hasOwn(ENDINGS, status) ? ENDINGS[status] : undefined;
  const [ending, says] = known ?? (['running', `\`${status.slice(0, 64)}\``] as const);
  return { ending, says };
};
