import { describe, expect, it } from 'vitest';
import { isForKey } from '#shared/policy/relation';
import { KEY, requestOf } from './cases/case.ts';

describe('a request is for a key', () => {
  it.each([
    { resource: KEY, is: true },
    { resource: KEY.replace('aws', 'aws-us-gov'), is: true },
    { resource: KEY.replace(':key/', ':alias/'), is: false },
    { resource: KEY.replace(':kms:', ':s3:'), is: false },
    { resource: `see ${KEY}`, is: false },
    { resource: '*', is: false },
    { resource: 'arn:aws:iam::111122223333:role/aws-service-role/kms.amazonaws.com/key/1', is: false },
  ])('$resource: $is', ({ resource, is }) => {
    expect(isForKey(requestOf({ asks: 'kms:Decrypt', of: resource }))).toBe(is);
  });
});
