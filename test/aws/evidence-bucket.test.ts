import { expect, it } from 'vitest';
import { evidenceBucketOf, evidenceClient } from '#shared/aws/evidence-bucket';

it('an upload URL is for one object, for its time, and only with If-None-Match; no checksum of another body is in it', async () => {
  const url = new URL(await evidenceBucketOf(evidenceClient(), 'evidence').presignUpload('cases/c/triage.tar.gz', 900));
  expect(url.hostname + url.pathname).toBe('evidence.s3.eu-west-3.amazonaws.com/cases/c/triage.tar.gz');
  expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host;if-none-match');
  expect(url.searchParams.get('X-Amz-Expires')).toBe('900');
  expect([...url.searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
});
