import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keyNameOf, readSuccess } from '#shared/signal/success';

type Event = Record<string, unknown> & { detail: Record<string, unknown> };

const sample = (file: string): Event => JSON.parse(readFileSync(`events/${file}.json`, 'utf8'));
const changed = (
  file: string,
  detail: Readonly<Record<string, unknown>>,
  event: Readonly<Record<string, unknown>> = {},
) => {
  const before = sample(file);
  return { ...before, ...event, detail: { ...before.detail, ...detail } };
};
const asRole = (file: string, name: string): Event =>
  JSON.parse(JSON.stringify(sample(file)).replaceAll('myCadoResponseRole', name));

const watch = {
  responseRole: '*CadoResponse*',
  ownRoles: ['unlatch-*', 'UnlatchMember'],
  keyAliasPrefix: 'alias/CadoResponse-KMS-Alias',
};
const ACCOUNT = '111122223333';
const MRK = 'mrk-5e1d9c7a3b2f4860a9d1c4e7b6f30258';
const maker = { accountId: ACCOUNT, roleName: 'myCadoResponseRole' };
const ALIAS = 'aws.kms/create-alias-of-temporary-key';
const COPY = 'aws.ec2/copy-snapshot';
const DONE = 'aws.ec2/ebs-copy-snapshot-succeeded';
const CLOSED = 'unlatch/case-closed';
const request = (file: string) => Object(sample(file).detail.requestParameters);

const told = [
  ['a temporary alias', sample(ALIAS), { news: 'key-made', key: `${ACCOUNT}/${MRK}`, maker }],
  ['a key that is ended', sample('aws.kms/schedule-key-deletion'), { news: 'key-ended', key: `${ACCOUNT}/${MRK}` }],
  ['a copy that EBS has made', sample(DONE), { news: 'done' }],
  ['a volume that EBS has made', sample('aws.ec2/ebs-create-volume-available'), { news: 'done' }],
  [
    'a copy that is asked for',
    sample(COPY),
    { news: 'asked', subject: 'snapshot#snap-0e6f9c3abd4158702', from: 'snapshot#snap-0c4d7a1e9b2f36580', maker: null },
  ],
  [
    'a copy under an alias, which is temporary by its name',
    changed(COPY, { requestParameters: { ...request(COPY), masterEncryptionKeyId: 'alias/CadoResponse-KMS-Alias-9' } }),
    { news: 'asked', key: `${ACCOUNT}/alias/CadoResponse-KMS-Alias-9`, maker },
  ],
  ['a case that re-encryption preserved', sample(CLOSED), { news: 'handed-over', maker }],
] as const;

const silent = [
  [
    'an alias of another kind',
    changed(ALIAS, { requestParameters: { ...request(ALIAS), aliasName: 'alias/evidence' } }),
  ],
  ['an alias that was refused', changed(ALIAS, { errorCode: 'AccessDeniedException' })],
  ['an alias that another role makes', asRole(ALIAS, 'admin')],
  ['an alias that Unlatch makes', asRole(ALIAS, 'unlatch-CadoResponse')],
  [
    'an alias that a user makes',
    JSON.parse(
      JSON.stringify(sample(ALIAS)).replace(
        `arn:aws:sts::${ACCOUNT}:assumed-role/myCadoResponseRole/acquire-payments-web-1`,
        `arn:aws:iam::${ACCOUNT}:user/myCadoResponseUser`,
      ),
    ),
  ],
  ['a copy that was refused', sample('aws.ec2/copy-snapshot-refused')],
  ['a copy that failed', sample('aws.ec2/ebs-copy-snapshot-failed')],
  ['a volume that failed', sample('aws.ec2/ebs-create-volume-failed')],
  [
    'a volume that was deleted',
    changed('aws.ec2/ebs-create-volume-available', { event: 'deleteVolume', result: 'deleted' }),
  ],
  ['a snapshot that was shared', changed(DONE, { event: 'shareSnapshot' })],
  ['a call of another kind', sample('aws.ec2/create-snapshot')],
  ['a case that something else preserved', changed(CLOSED, { preservedBy: ['ssm-triage'] })],
  ['a case that names no role', changed(CLOSED, { responseRole: null })],
  ['a case of a role that is not watched', changed(CLOSED, { responseRole: `arn:aws:iam::${ACCOUNT}:role/admin` })],
  ["an event of somebody else's that calls itself a closed case", changed(CLOSED, {}, { source: 'com.example' })],
  [
    'a service-linked role, of which IAM tells in one Region only',
    changed(ALIAS, { eventName: 'CreateServiceLinkedRole', eventSource: 'iam.amazonaws.com' }, { source: 'aws.iam' }),
  ],
] as const;

describe('of an import that succeeds', () => {
  it.each(told)('%s tells', (_, event, news) => {
    expect(readSuccess(event, watch)).toMatchObject(news);
  });

  it.each(silent)('%s tells nothing', (_, event) => {
    expect(readSuccess(event, watch)).toBeNull();
  });
});

describe('a key', () => {
  it.each([
    [`arn:aws:kms:eu-west-3:${ACCOUNT}:key/${MRK}`, `${ACCOUNT}/${MRK}`],
    [`arn:aws:kms:us-east-1:${ACCOUNT}:key/${MRK}`, `${ACCOUNT}/${MRK}`],
    [`arn:aws:kms:eu-west-3:444455556666:alias/x`, '444455556666/alias/x'],
    [MRK, `${ACCOUNT}/${MRK}`],
    ['alias/x', `${ACCOUNT}/alias/x`],
    ['', null],
    ['arn:aws:s3:::bucket', null],
    ["'; drop", null],
  ])('named `%s` is %s, in every Region', (text, name) => {
    expect(keyNameOf(text, ACCOUNT)).toBe(name);
  });
});
