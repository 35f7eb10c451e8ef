import type { WireOperation } from '@aws/durable-execution-sdk-js';
import type { OperationUpdate } from '@aws-sdk/client-lambda';

/** What an operation has come to by other hands than the function's. */
export type Outcome =
  | { readonly Status: 'SUCCEEDED'; readonly Result: string | undefined }
  | { readonly Status: 'FAILED'; readonly Error: WireError };

export interface WireError {
  readonly ErrorType?: string | undefined;
  readonly ErrorMessage?: string | undefined;
  readonly ErrorData?: string | undefined;
  readonly StackTrace?: string[] | undefined;
}

type Update = (operation: WireOperation, update: OperationUpdate, now: Date) => WireOperation;

/** What an operation says of its end, by kind of operation. */
const DETAILS = {
  STEP: (operation, details) => ({ StepDetails: { ...operation.StepDetails, ...details } }),
  CONTEXT: (_operation, details) => ({ ContextDetails: details }),
  CALLBACK: (operation, details) => ({ CallbackDetails: { ...operation.CallbackDetails, ...details } }),
  CHAINED_INVOKE: (_operation, details) => ({ ChainedInvokeDetails: details }),
} as const satisfies Readonly<
  Record<
    string,
    (operation: WireOperation, details: { Result?: string | undefined; Error?: WireError }) => Partial<WireOperation>
  >
>;

const isDetailed = (type: string | undefined): type is keyof typeof DETAILS => type !== undefined && type in DETAILS;

/** The operation with its end. */
export const ended = (operation: WireOperation, { Status, ...details }: Outcome, now: Date): WireOperation => ({
  ...operation,
  Status,
  EndTimestamp: now,
  ...(isDetailed(operation.Type) ? DETAILS[operation.Type](operation, details) : {}),
});

const later = (now: Date, seconds: number): Date => new Date(now.getTime() + seconds * 1000);

/** What each action of the function makes of an operation. `Attempt` counts the attempts that have failed. */
const ACTIONS: Readonly<Record<string, Update>> = {
  START: (operation, { WaitOptions }, now) => ({
    ...operation,
    Status: 'STARTED',
    ...(operation.Type === 'WAIT'
      ? { WaitDetails: { ScheduledEndTimestamp: later(now, WaitOptions?.WaitSeconds ?? 0) } }
      : {}),
  }),
  SUCCEED: (operation, { Payload, ContextOptions }, now) => {
    const after = ended(operation, { Status: 'SUCCEEDED', Result: Payload }, now);
    if (operation.Type !== 'CONTEXT') return after;
    return { ...after, ContextDetails: { Result: Payload, ReplayChildren: ContextOptions?.ReplayChildren } };
  },
  FAIL: (operation, { Error: error = {} }, now) => ended(operation, { Status: 'FAILED', Error: error }, now),
  RETRY: (operation, { StepOptions }, now) => ({
    ...operation,
    Status: 'PENDING',
    StepDetails: {
      Attempt: (operation.StepDetails?.Attempt ?? 0) + 1,
      NextAttemptTimestamp: later(now, StepOptions?.NextAttemptDelaySeconds ?? 1),
    },
  }),
};

/** What a function may do to each kind of operation; the rest of a callback's or an invoke's life is not its own. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  EXECUTION: ['SUCCEED', 'FAIL'],
  STEP: ['START', 'SUCCEED', 'FAIL', 'RETRY'],
  WAIT: ['START'],
  CONTEXT: ['START', 'SUCCEED', 'FAIL'],
  CALLBACK: ['START'],
  CHAINED_INVOKE: ['START'],
};

/** An update that is not modelled is an error, not a silent success. */
export const updated = (before: WireOperation | undefined, update: OperationUpdate, now: Date): WireOperation => {
  const { Id, ParentId, Name, SubType, Type = 'STEP', Action = '' } = update;
  const act = ACTIONS[Action];
  if (act === undefined || !ALLOWED[Type]?.includes(Action)) {
    throw new Error(`the embedded Lambda has no \`${Type} ${Action}\``);
  }
  const fresh: WireOperation = { Id, ParentId, Name, Type, SubType, StartTimestamp: now, Status: 'STARTED' };
  return act(before ?? fresh, update, now);
};

const milliseconds = (time: Date | string | undefined): number =>
  time === undefined ? Number.POSITIVE_INFINITY : new Date(time).getTime();

/** When an operation goes on by itself: a wait's end, a step's next attempt, a callback's timeout. */
export const dueAt = (operation: WireOperation, timesOutAt: (callbackId: string) => number): number => {
  const kind = `${operation.Type} ${operation.Status}`;
  if (kind === 'WAIT STARTED') return milliseconds(operation.WaitDetails?.ScheduledEndTimestamp);
  if (kind === 'STEP PENDING') return milliseconds(operation.StepDetails?.NextAttemptTimestamp);
  if (kind === 'CALLBACK STARTED') return timesOutAt(operation.CallbackDetails?.CallbackId ?? '');
  return Number.POSITIVE_INFINITY;
};

/** What an operation is once its time has come. */
export const atItsTime = (operation: WireOperation, now: Date): WireOperation => {
  if (operation.Type === 'STEP') return { ...operation, Status: 'READY' };
  return { ...operation, Status: operation.Type === 'CALLBACK' ? 'TIMED_OUT' : 'SUCCEEDED', EndTimestamp: now };
};

/** Whether an operation keeps an execution waiting, with or without a time. */
export const isOpen = ({ Type, Status }: WireOperation): boolean =>
  (Status === 'STARTED' && (Type === 'WAIT' || Type === 'CALLBACK' || Type === 'CHAINED_INVOKE')) ||
  (Type === 'STEP' && Status === 'PENDING');
