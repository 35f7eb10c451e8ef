import { describe, expect, it } from 'vitest';
import {
  AccountId,
  InstanceId,
  KeyArn,
  keyArnIn,
  Region,
  SnapshotId,
  snapshotIdIn,
  VolumeId,
  volumeIdIn,
} from '#shared/signal/identifiers';

const KEY = 'arn:aws:kms:eu-west-3:444455556666:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';

const kinds = [
  {
    kind: 'KeyArn',
    schema: KeyArn,
    fit: [KEY, KEY.replace('key/', 'key/mrk-'), KEY.replace('arn:aws', 'arn:aws-us-gov')],
    unfit: ['', `${KEY} `, `${KEY}\n`, KEY.replace('key/', 'alias/'), KEY.replace('4444', '44'), 'x'.repeat(300)],
  },
  {
    kind: 'AccountId',
    schema: AccountId,
    fit: ['000000000000'],
    unfit: ['11112222333', '1111222233334', '11112222333a'],
  },
  {
    kind: 'Region',
    schema: Region,
    fit: ['eu-west-3', 'us-gov-west-1'],
    unfit: ['', 'EU-WEST-3', 'eu-west-3\n', 'eu/west'],
  },
  {
    kind: 'InstanceId',
    schema: InstanceId,
    fit: ['i-0123456789abcdef0', 'i-01234567'],
    unfit: ['i-0123456', 'i-0123456789ABCDEF0', 'i-0123456789abcdef01', 'vol-01234567', ' i-01234567'],
  },
  { kind: 'VolumeId', schema: VolumeId, fit: ['vol-ffffffff'], unfit: ['vol-', 'volume-01234567', 'vol-0123456g'] },
  { kind: 'SnapshotId', schema: SnapshotId, fit: ['snap-0123456789abcdef0'], unfit: ['snap-', 'snap-01234567\n'] },
];

describe.each(kinds)('$kind', ({ schema, fit, unfit }) => {
  it.each(fit)('takes %j', (text) => {
    expect(schema.safeParse(text).success).toBe(true);
  });

  it.each(unfit)('refuses %j', (text) => {
    expect(schema.safeParse(text).success).toBe(false);
  });
});

describe('identifiers in free text', () => {
  it.each([
    { name: 'a key before a full stop', found: keyArnIn(`${KEY} is disabled.`), is: KEY },
    { name: 'a key in quotes', found: keyArnIn(`Key '${KEY}' does not exist`), is: KEY },
    { name: 'the first of two keys', found: keyArnIn(`${KEY} ${KEY.replace('1f2e', '9999')}`), is: KEY },
    { name: 'no key in an alias', found: keyArnIn('arn:aws:kms:eu-west-3:444455556666:alias/a'), is: null },
    {
      name: 'a volume in an ARN',
      found: volumeIdIn('arn:aws:ec2:eu-west-3:111122223333:volume/vol-0123456789abcdef0'),
      is: 'vol-0123456789abcdef0',
    },
    {
      name: "a snapshot in an ARN with the Region in the account's slot",
      found: snapshotIdIn('arn:aws:ec2::eu-west-3:snapshot/snap-0123456789abcdef0'),
      is: 'snap-0123456789abcdef0',
    },
    { name: 'no snapshot in a volume', found: snapshotIdIn('vol-0123456789abcdef0'), is: null },
  ])('$name', ({ found, is }) => {
    expect(found).toBe(is);
  });
});
