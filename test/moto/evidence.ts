import { createHash } from 'node:crypto';
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { beforeAll, expect, it } from 'vitest';
import { evidenceBucketOf, evidenceClient } from '#shared/aws/evidence-bucket';
import type { AwsSession } from '#shared/aws/session';
import { doneIn, REGION, sessionIn, withMoto } from './account.ts';

const Bucket = 'unlatch-evidence';

withMoto('the evidence bucket', () => {
  let session: AwsSession;
  const bucket = evidenceBucketOf(evidenceClient(), Bucket);
  beforeAll(async () => {
    session = await sessionIn();
    const s3 = new S3Client({});
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  });

  it('takes a document, and gives its bytes and its hash back', async () => {
    const custody: Parameters<typeof bucket.put>[0] = [];
    const body = 'what was found: ü';
    await bucket.put(custody, session, 'cases/c/report.json', body, 'application/json');
    expect((await bucket.bytes('cases/c/report.json')).toString()).toBe(body);
    expect(await bucket.digest(custody, session, 'cases/c/report.json')).toEqual({
      bytes: Buffer.byteLength(body),
      sha256: createHash('sha256').update(body).digest('hex'),
    });
    expect(doneIn(custody)).toEqual(['s3:PutObject ok', 's3:GetObject ok']);
  });

  it('has nothing where nothing arrived', async () => {
    expect(await bucket.digest([], session, 'cases/c/nothing')).toBeNull();
  });

  it('an upload by its URL is taken once: a second writer changes nothing', async () => {
    const url = await bucket.presignUpload('cases/c/triage.tar.gz', 900);
    const upload = (body: string) => fetch(url, { method: 'PUT', body, headers: { 'if-none-match': '*' } });
    expect((await upload('first')).status).toBe(200);
    expect((await upload('second')).status).toBe(412);
    expect((await bucket.bytes('cases/c/triage.tar.gz')).toString()).toBe('first');
  });

  it('keeps what was overwritten', async () => {
    for (const body of ['one', 'two']) await bucket.put([], session, 'cases/c/twice', body, 'text/plain');
    const { Versions = [] } = await new S3Client({}).send(
      new ListObjectVersionsCommand({ Bucket, Prefix: 'cases/c/twice' }),
    );
    expect(Versions).toHaveLength(2);
  });
});
