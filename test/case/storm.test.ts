import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Rehearsal, rehearse } from '../rehearsal.ts';
import { shuffled } from '../shuffled.ts';

type SampleEvent = { detail: { requestID?: string } & Record<string, unknown> } & Record<string, unknown>;

const sample = (name: string): SampleEvent => JSON.parse(readFileSync(`events/aws.${name}.json`, 'utf8'));

/** The lineage that the refusals' snapshot has: a snapshot of the instance's first volume, in the target account. */
const lineage = ({ account }: Rehearsal): SampleEvent => {
  const volumeId = account.state.instances.get('i-0b1c2d3e4f5a69788')?.blockDevices[0]?.volumeId ?? '';
  return JSON.parse(JSON.stringify(sample('ec2/create-snapshot')).replaceAll('vol-0a9e4c7b2d1f58360', volumeId));
};

/** Delivers events side by side, 25 at a time, and lets everything that follows happen. */
const deliver = async ({ account }: Rehearsal, events: readonly SampleEvent[]): Promise<void> => {
  for (let at = 0; at < events.length; at += 25) {
    await Promise.all(events.slice(at, at + 25).map((event) => account.lambda.deliver('ObserveFunction', event)));
  }
  await account.ground.settle();
};

const denial = sample('kms/create-grant-not-allowed-by-key-policy');
const call = sample('ec2/create-volume');
const notification = sample('ec2/ebs-create-volume-failed');

it.each([1, 20, 300])(
  'a thousand copies of one refusal, shuffled (seed %i) with its call and its notification, are one case and one command',
  async (seed) => {
    const rehearsal = await rehearse('custom-key-denied');
    const storm = [
      ...Array.from({ length: 1_000 }, () => denial),
      call,
      call,
      notification,
      notification,
      lineage(rehearsal),
    ];
    await deliver(rehearsal, shuffled(storm, seed));

    expect(rehearsal.reports().map(({ verdict }) => verdict)).toEqual(['preserved']);
    expect(rehearsal.done('ssm:SendCommand')).toBe(1);
    expect(rehearsal.done('ec2:CreateSnapshots')).toBe(1);
    expect(rehearsal.account.lambda.executions.all()).toHaveLength(1);
    expect(rehearsal.account.lambda.deadLetters).toEqual([]);
  },
);

it('fifty refusals of one machine, each a request of its own, are one case that knows of the others', async () => {
  const rehearsal = await rehearse('custom-key-denied');
  const retries = Array.from({ length: 50 }, (_, at) => {
    const requestID = `00000000-0000-4000-a000-${String(at).padStart(12, '0')}`;
    return [
      { ...denial, detail: { ...denial.detail, requestID } },
      { ...call, detail: { ...call.detail, requestID } },
    ];
  });
  await deliver(rehearsal, [lineage(rehearsal), ...shuffled(retries.flat(), 7)]);

  expect(rehearsal.reports()).toHaveLength(1);
  expect(rehearsal.done('ssm:SendCommand')).toBe(1);
  const [report] = rehearsal.reports();
  const results = rehearsal.account.lambda.executions.all().map(({ result }) => result);
  expect(results).toHaveLength(50);
  expect(results.filter((result) => JSON.stringify(result).includes('absorbedBy'))).toEqual(
    Array.from({ length: 49 }, () => expect.objectContaining({ absorbedBy: report?.caseId })),
  );
});
