import type { MadeCall } from './embedded-account.ts';

/** Whether a call wrote what is known under a join key. */
const writesJoin = ({ api, input, error }: MadeCall, joinKey: string): boolean =>
  api === 'dynamodb:UpdateItem' && error === null && JSON.stringify(input).includes(`"pk":"join#${joinKey}"`);

const readsJoin = ({ api, input }: MadeCall, joinKey: string): boolean =>
  api === 'dynamodb:GetItem' && JSON.stringify(input).includes(`"pk":"join#${joinKey}"`);

const opens = ({ api, input, error }: MadeCall, joinKey: string): boolean =>
  api === 'lambda:Invoke' && error === null && JSON.stringify(input).includes(`"DurableExecutionName":"${joinKey}"`);

/** The longest run of calls each of which began after the one before had ended. */
const longest = (calls: readonly MadeCall[]): MadeCall[] => {
  const chains = new Map<MadeCall, MadeCall[]>();
  for (const call of [...calls].sort((a, b) => a.began - b.began)) {
    const before = [...chains].filter(([earlier]) => earlier.ended < call.began).map(([, chain]) => chain);
    const best = before.reduce<MadeCall[]>((a, b) => (b.length > a.length ? b : a), []);
    chains.set(call, [...best, call]);
  }
  return [...chains.values()].reduce<MadeCall[]>((a, b) => (b.length > a.length ? b : a), []);
};

/**
 * The AWS calls in sequence from the report that made a case actionable to its `SendCommand`: first those of the run of
 * `observe` that took the report, up to what the case then went on from (its invocation, or the line in the ledger that
 * it was waiting for), then those of the case. Polls that found nothing yet ended before that report, and are not in it.
 * Lambda's own checkpoints are not counted. Empty where no command was sent.
 */
export const chainToCommand = (calls: readonly MadeCall[], joinKey: string): readonly MadeCall[] => {
  const send = calls.find(({ api, execution }) => api === 'ssm:SendCommand' && execution === joinKey);
  if (send === undefined) return [];
  const ofCase = calls.filter(({ execution, began }) => execution === joinKey && began <= send.began);
  const firstLook = ofCase.find(({ api }) => !api.startsWith('dynamodb:'));
  const lastPoll = ofCase.filter((call) => readsJoin(call, joinKey) && call.began < (firstLook?.began ?? 0)).at(-1);
  const cause =
    lastPoll === undefined
      ? calls.find((call) => opens(call, joinKey))
      : calls.filter((call) => writesJoin(call, joinKey) && call.ended < lastPoll.began).at(-1);
  if (cause === undefined) return [];
  const ofObserve = calls.filter(({ run, ended }) => run === cause.run && ended <= cause.ended);
  const afterCause = ofCase.filter(({ began }) => began > cause.ended);
  const toSend = afterCause.filter((call) => call === send || call.ended < send.began);
  return longest([...ofObserve, ...toSend]);
};
