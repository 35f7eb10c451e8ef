import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedEventError } from '#shared/signal/envelope';
import { readFinding } from '#shared/signal/finding';

const WATCH = { severity: 7, types: [] };
const ACCOUNT = '444455556666';
const INSTANCE = 'i-0b1c2d3e4f5a69788';

type Json = Readonly<Record<string, unknown>>;

const detail = (more: Json = {}): Json => ({
  accountId: ACCOUNT,
  region: 'eu-west-3',
  id: 'd2c7e81a06f94b35c8e1',
  type: 'Backdoor:EC2/C&CActivity.B!DNS',
  severity: 8,
  title: 'found',
  updatedAt: '2026-03-02T02:40:58.702Z',
  resource: { resourceType: 'Instance', instanceDetails: { instanceId: INSTANCE } },
  service: { archived: false, additionalInfo: { value: '{}', type: 'default' } },
  ...more,
});

const event = (more: Json = {}, envelope: Json = {}): Json => ({
  id: '3f0a7b52-6d18-4c9e-8b21-5e7d9a0c4f36',
  'detail-type': 'GuardDuty Finding',
  source: 'aws.guardduty',
  account: ACCOUNT,
  time: '2026-03-02T02:41:30Z',
  region: 'eu-west-3',
  resources: [],
  detail: detail(more),
  ...envelope,
});

const volume = (id: string, more: Json = {}): Json => ({
  volumeArn: `arn:aws:ec2:us-west-2:777788889999:volume/${id}`,
  kmsKeyArn: 'null',
  ...more,
});

describe('a finding', () => {
  it('is about the account it names, on whosever bus it appears', () => {
    const reading = readFinding(event({}, { account: '111122223333' }), WATCH);
    expect(reading).toMatchObject({
      finding: { accountId: ACCOUNT, instances: [{ accountId: ACCOUNT, instanceId: INSTANCE }] },
    });
  });

  it('of a group names each machine once, where it is, and nothing that is none', () => {
    const resources = [
      { resourceType: 'EC2_INSTANCE', uid: `arn:aws:ec2:eu-west-3:${ACCOUNT}:instance/${INSTANCE}` },
      { resourceType: 'EC2_INSTANCE', uid: 'i-0a9f8e7d6c5b4a321', accountId: '777788889999', region: 'us-east-1' },
      { resourceType: 'EC2_INSTANCE', uid: 'i-nonsense' },
      { resourceType: 'S3_BUCKET', uid: 'arn:aws:s3:::i-0123456789abcdef0' },
    ];
    const reading = readFinding(event({ service: { detection: { sequence: { resources } } } }), WATCH);
    expect('finding' in reading ? reading.finding.instances : []).toEqual([
      { accountId: ACCOUNT, region: 'eu-west-3', instanceId: INSTANCE },
      { accountId: '777788889999', region: 'us-east-1', instanceId: 'i-0a9f8e7d6c5b4a321' },
    ]);
  });

  it('of malware tells scanned volumes from skipped ones, with their keys where it names them', () => {
    const key = 'arn:aws:kms:us-west-2:777788889999:key/6e5d4c3b-2a19-4807-9f6e-5d4c3b2a1908';
    const ebsVolumeDetails = {
      scannedVolumeDetails: [volume('vol-0c4d5e6f7a8b91a2b')],
      skippedVolumeDetails: [volume('vol-0f7e6d5c4b3a29180', { kmsKeyArn: key }), volume('nothing')],
    };
    const reading = readFinding(event({ resource: { resourceType: 'Container', ebsVolumeDetails } }), WATCH);
    expect('finding' in reading ? reading.finding.volumes : []).toEqual([
      {
        volumeId: 'vol-0c4d5e6f7a8b91a2b',
        accountId: '777788889999',
        region: 'us-west-2',
        keyArn: null,
        scanned: true,
      },
      {
        volumeId: 'vol-0f7e6d5c4b3a29180',
        accountId: '777788889999',
        region: 'us-west-2',
        keyArn: key,
        scanned: false,
      },
    ]);
  });

  it.each([
    { claim: 'a sample, said so', more: { service: { additionalInfo: { sample: true } } }, says: 'sample' },
    { claim: 'a sample, in text', more: { service: { additionalInfo: { sample: 'true' } } }, says: 'sample' },
    {
      claim: 'a sample, in its JSON',
      more: { service: { additionalInfo: { value: '{"sample":true}' } } },
      says: 'sample',
    },
    { claim: 'archived', more: { service: { archived: true } }, says: 'archived' },
    { claim: 'archived, in text', more: { service: { archived: 'true' } }, says: 'archived' },
    { claim: 'below the severity', more: { severity: 6.9 }, says: 'severity, 6.9, is below 7' },
    {
      claim: 'of another kind of resource',
      more: { resource: { resourceType: 'AccessKey' } },
      says: 'names no instance',
    },
  ])('is left alone: $claim', ({ more, says }) => {
    const reading = readFinding(event(more), WATCH);
    expect('ignored' in reading ? reading.ignored : '').toContain(says);
  });

  it.each([
    { types: ['Backdoor:EC2/*'], watched: true },
    { types: ['*:EC2/*'], watched: true },
    { types: ['CryptoCurrency:*', 'Backdoor:EC2/C&CActivity.B!DNS'], watched: true },
    { types: ['CryptoCurrency:*'], watched: false },
    { types: ['backdoor:ec2/*'], watched: false },
  ])('is watched by its type: $types', ({ types, watched }) => {
    expect('finding' in readFinding(event(), { severity: 7, types })).toBe(watched);
  });

  it('at the severity itself is watched', () => {
    expect('finding' in readFinding(event({ severity: 7 }), WATCH)).toBe(true);
  });

  it.each([
    { claim: 'without an account', more: { accountId: undefined }, at: '`detail.accountId`' },
    {
      claim: 'with an instance that is none',
      more: { resource: { instanceDetails: { instanceId: '; rm -rf /' } } },
      at: '`detail.resource.instanceDetails.instanceId`',
    },
    { claim: 'with a severity of words', more: { severity: 'high' }, at: '`detail.severity`' },
  ])('that is malformed is one clear line: $claim', ({ more, at }) => {
    expect(() => readFinding(event(more), WATCH)).toThrow(MalformedEventError);
    expect(() => readFinding(event(more), WATCH)).toThrow(at);
  });

  it('of any shape is read, left alone, or one clear line', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (resource, service) => {
        try {
          const reading = readFinding(event({ resource, service }), WATCH);
          expect('finding' in reading || 'ignored' in reading).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedEventError);
        }
      }),
    );
  });
});
