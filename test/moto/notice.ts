import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { beforeAll, expect, it } from 'vitest';
import { noticeOf } from '#shared/aws/notice';
import { doneIn, sessionIn, withMoto } from './account.ts';

withMoto('notices', () => {
  let topicArn = '';
  const sns = new SNSClient({});
  beforeAll(async () => {
    topicArn = (await sns.send(new CreateTopicCommand({ Name: 'unlatch-cases' }))).TopicArn ?? '';
  });

  it('a sweep is told of, with a subject that SNS takes whatever stands in it', async () => {
    const custody: Parameters<ReturnType<typeof noticeOf>['swept']>[0] = [];
    const session = await sessionIn();
    await noticeOf(sns, new EventBridgeClient({}), topicArn).swept(custody, session, {
      at: '2026-03-02T04:00:00.000Z',
      dryRun: false,
      places: ['111122223333/eu-west-3'],
      removed: [{ kind: 'key', id: 'alias/ü\u2028', place: null, because: 'no case owns it', undo: null }],
      kept: [],
      reported: [],
      failed: [],
    });
    expect(doneIn(custody)).toEqual(['sns:Publish ok']);
    expect(custody[0]?.requestId).not.toBeNull();
  });

  it('a person is asked for approval', async () => {
    const custody: Parameters<ReturnType<typeof noticeOf>['swept']>[0] = [];
    await noticeOf(sns, new EventBridgeClient({}), topicArn).approvalWanted(custody, await sessionIn(), {
      caseId: 'case-approval',
      lines: ['a copy of vol-0a9e4c7b2d1f58360'],
      callbackId: 'callback',
      minutes: 240,
    });
    expect(doneIn(custody)).toEqual(['sns:Publish ok']);
  });

  it('a topic that is not there is an error, and stands in the custody log as one', async () => {
    const custody: Parameters<ReturnType<typeof noticeOf>['swept']>[0] = [];
    const notice = noticeOf(sns, new EventBridgeClient({}), `${topicArn}-of-nobody`);
    const wanted = { caseId: 'c', lines: [], callbackId: 'c', minutes: 1 };
    await expect(notice.approvalWanted(custody, await sessionIn(), wanted)).rejects.toThrow();
    expect(doneIn(custody)).toEqual(['sns:Publish NotFoundException']);
  });
});
