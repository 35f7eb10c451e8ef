import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type AwsSession, type Custody, errorName, recorded } from './session.ts';

export interface StoredObject {
  readonly bytes: number;
  /** Lower-case hexadecimal, computed here over what S3 gave back. */
  readonly sha256: string;
}

/**
 * A client for the bucket. By default the SDK adds the checksum of the body to every upload, and to a presigned one that
 * of an empty body, which S3 then refuses the real body for.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
 */
export const evidenceClient = (): S3Client => new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' });

/** The evidence bucket: versioned, in Unlatch's own account. A case's objects stand below `cases/<case>/`. */
export const evidenceBucketOf = (s3: S3Client, bucket: string) => ({
  bucket,

  /**
   * A URL by which one object can be written once: `If-None-Match: *` is signed with it, so a second writer gets 412.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
   */
  presignUpload(key: string, seconds: number): Promise<string> {
    return getSignedUrl(s3, new PutObjectCommand({ Bucket: bucket, Key: key, IfNoneMatch: '*' }), {
      expiresIn: seconds,
      unhoistableHeaders: new Set(['if-none-match']),
      signableHeaders: new Set(['host', 'if-none-match']),
    });
  },

  /** Size and SHA-256 of what arrived, streamed with bounded memory; `null` where nothing did. */
  async digest(custody: Custody, who: AwsSession, key: string): Promise<StoredObject | null> {
    const get = new GetObjectCommand({ Bucket: bucket, Key: key });
    try {
      const { Body } = await recorded(custody, who, 's3:GetObject', key, () => s3.send(get));
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of Body?.transformToWebStream() ?? []) {
        hash.update(chunk);
        bytes += chunk.byteLength;
      }
      return { bytes, sha256: hash.digest('hex') };
    } catch (error) {
      if (errorName(error) === 'NoSuchKey') return null;
      throw error;
    }
  },

  /** The bytes of a small object. Throws where there is none. */
  async bytes(key: string): Promise<Buffer> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  },

  /** The bytes of an object as they come. Throws where there is none. */
  async *read(key: string): AsyncGenerator<Uint8Array> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    yield* Body?.transformToWebStream() ?? [];
  },

  /** Writes a document of the case. The bucket keeps versions, so a repeated write loses nothing. */
  async put(
    custody: Custody,
    who: AwsSession,
    key: string,
    body: string | Uint8Array,
    contentType: string,
  ): Promise<void> {
    const put = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentType: contentType,
      ChecksumSHA256: createHash('sha256').update(body).digest('base64'),
    });
    await recorded(custody, who, 's3:PutObject', key, () => s3.send(put));
  },
});

export type EvidenceBucket = ReturnType<typeof evidenceBucketOf>;
