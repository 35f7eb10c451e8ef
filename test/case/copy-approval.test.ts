import type { PublishCommandInput } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import type { Call } from '#local/account/call';
import { serviceError } from '#local/account/faults';
import { running } from '#local/account/lambda';
import type { Rehearsal } from '../rehearsal.ts';
import {
  type Changes,
  changesIn,
  copyOutcome,
  expectNothingBut,
  OWN,
  open,
  PLATFORM,
  rehearseCopies,
  SMALL,
} from './disk-copies.ts';

const TOPIC_SUBJECT = /^Unlatch: approval wanted/;

const subjectIn = (input: unknown): string =>
  typeof input === 'object' && input !== null && 'Subject' in input ? String(input.Subject) : '';

const callbackIn = (message = ''): string => /callback-success .*--callback-id '([^']+)'/.exec(message)?.[1] ?? '';

const questionsIn = ({ account }: Rehearsal) =>
  account.published.filter(({ Subject = '' }) => TOPIC_SUBJECT.test(Subject)).map(({ Message = '' }) => Message);

const isOpen = ({ account }: Rehearsal): boolean =>
  account.lambda.executions.all().every(({ status }) => status === 'RUNNING');

const askedAt = ({ account }: Rehearsal): number => {
  const [asked] = account.calls.filter(({ input }) => TOPIC_SUBJECT.test(subjectIn(input)));
  if (asked === undefined) throw new Error('nobody was asked');
  return asked.at.getTime();
};

/** Takes the place of SNS for the question, and for no other message. */
const whenAsked = (
  { account: { services } }: Rehearsal,
  act: (callbackId: string, call: Call<PublishCommandInput>) => Promise<unknown>,
): void => {
  const { Publish } = services.sns;
  Object.assign(services.sns, {
    Publish: async (call: Call<PublishCommandInput>) => {
      if (!TOPIC_SUBJECT.test(subjectIn(call.input))) return Publish(call);
      return act(callbackIn(call.input.Message), call);
    },
  });
};

/** A case that has asked a person, and waits. */
const asking = async ({ parameters = {}, ...more }: Changes = {}) => {
  const rehearsal = await rehearseCopies('unencrypted-copy', {
    agent: false,
    ...more,
    parameters: { RequireApproval: 'true', ...parameters },
  });
  await open(rehearsal);
  await rehearsal.account.ground.settle(600);
  const [message = ''] = questionsIn(rehearsal);
  const callbackId = callbackIn(message);
  const { account } = rehearsal;
  const { operations } = account.lambda;
  /** As a person does with the command of the message, in Unlatch's account. */
  const call = <Input>(input: Input) => ({
    input,
    session: account.sessionOf('RemediateFunction'),
    region: account.region,
    requestId: account.ground.uuid(),
  });
  return {
    rehearsal,
    message,
    callbackId,
    agree: () => operations.SendDurableExecutionCallbackSuccess(call({ CallbackId: callbackId })),
    refuse: () => operations.SendDurableExecutionCallbackFailure(call({ CallbackId: callbackId })),
  };
};

describe('where a person must agree', () => {
  it('nothing is made before, and the question says what would be, and how to answer', async () => {
    const { rehearsal, message, callbackId } = await asking({ parameters: { PlatformAccountId: PLATFORM } });
    expect(changesIn(rehearsal)).toEqual([]);
    expect(isOpen(rehearsal)).toBe(true);
    const [volume] = rehearsal.account.state.instances.get('i-0b1c2d3e4f5a69788')?.blockDevices ?? [];
    expect(message).toContain(
      `a snapshot of ${volume?.volumeId}, ${SMALL.sizeGiB} GiB, NOT ENCRYPTED, in account ${OWN}`,
    );
    expect(message).toContain(`shared with account ${PLATFORM}`);
    expect(callbackId).not.toBe('');
    for (const answer of ['success', 'failure'])
      expect(message).toContain(
        `aws lambda send-durable-execution-callback-${answer} --region eu-west-3 --callback-id '${callbackId}'`,
      );
  });

  it('the rest of the case is not delayed by it: the triage has ended, and the disks are frozen', async () => {
    const { rehearsal } = await asking({ agent: true });
    const stored = [...rehearsal.account.store.latest().keys()];
    expect(stored.filter((key) => key.endsWith('/triage.tar.gz'))).toHaveLength(1);
    expect(rehearsal.done('ec2:CreateSnapshots')).toBe(1);
    expect(rehearsal.done('ssm:GetCommandInvocation')).toBeGreaterThan(0);
  });

  it('a yes makes the copies', async () => {
    const { rehearsal, agree } = await asking();
    await agree();
    await rehearsal.account.ground.settle();
    const report = await expectNothingBut(rehearsal, 1);
    expect(report.verdict).toBe('preserved');
    expect(questionsIn(rehearsal)).toHaveLength(1);
  });

  it('a no closes the route', async () => {
    const { rehearsal, refuse } = await asking();
    await refuse();
    await rehearsal.account.ground.settle();
    const report = await expectNothingBut(rehearsal, 0);
    expect(copyOutcome(report)).toMatchObject({ result: 'closed', note: 'a person refused it' });
    expect(changesIn(rehearsal)).toEqual([]);
  });

  it('no answer is a no, when the time is over and not before', async () => {
    const { rehearsal } = await asking({ parameters: { ApprovalWaitMinutes: '30' } });
    const asked = askedAt(rehearsal);
    await rehearsal.account.ground.settle(15 * 60);
    expect(isOpen(rehearsal)).toBe(true);
    await rehearsal.account.ground.settle();
    const report = await expectNothingBut(rehearsal, 0);
    expect(copyOutcome(report)).toMatchObject({
      result: 'closed',
      note: 'nobody approved it in time, which is a no',
    });
    expect(changesIn(rehearsal)).toEqual([]);
    const waited = Date.parse(report.closedAt) - asked;
    expect(waited).toBeGreaterThanOrEqual(29.9 * 60_000);
    expect(waited).toBeLessThan(31 * 60_000);
  });

  it('an answer that comes while the function dies that asked for it counts', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', {
      agent: false,
      parameters: { RequireApproval: 'true' },
    });
    const { account } = rehearsal;
    let answered = false;
    whenAsked(rehearsal, async (CallbackId, call) => {
      // The function that takes its place asks again.
      if (answered) return { $metadata: { requestId: call.requestId } };
      answered = true;
      await account.lambda.operations.SendDurableExecutionCallbackSuccess({ ...call, input: { CallbackId } });
      running.getStore()?.kill('killed after the question was sent');
      return new Promise(() => {});
    });
    await open(rehearsal);
    await account.ground.settle();
    await expectNothingBut(rehearsal, 1);
  });

  it('a question that cannot be sent makes nothing, and is told', async () => {
    const rehearsal = await rehearseCopies('unencrypted-copy', {
      agent: false,
      parameters: { RequireApproval: 'true' },
    });
    whenAsked(rehearsal, (_id, { requestId }) => {
      throw serviceError('ThrottledException', 'Rate exceeded', requestId);
    });
    await open(rehearsal);
    await rehearsal.account.ground.settle();
    const report = await expectNothingBut(rehearsal, 0);
    expect(copyOutcome(report)).toMatchObject({ result: 'failed', note: expect.stringContaining('approval: tell') });
    expect(changesIn(rehearsal)).toEqual([]);
  });
});
