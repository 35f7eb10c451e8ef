import { describe, expect, it } from 'vitest';
import { diagnose } from '#shared/diagnosis/diagnose';
import { type Question, questionAsked, questionOf, requestsOf, withRecord } from '#shared/diagnosis/question';
import type { ContextRecord } from '#shared/policy/context';
import { Denial } from '#shared/signal/signal';
import { FOREIGN_KEY, factsWith, OWN_KEY, PLATFORM, principal, ROLE, SESSION, TARGET, VIA } from './facts.ts';

const EC2 = 'ec2-frontend-api.amazonaws.com';
const EBS_DIRECT = 'ebs.amazonaws.com';
const COPY_BY_EBS = 'prod.kms-caller.ebs.eu-west-3.amazonaws.com';

/** A refusal of CreateGrant through EC2, but for what a case says. */
const refusal = (rest: object = {}): Denial =>
  Denial.parse({
    action: 'kms:CreateGrant',
    keyArn: OWN_KEY,
    layer: null,
    explicit: false,
    policyArn: null,
    principal: SESSION,
    roleName: 'myCadoResponseRole',
    sessionName: 'acquire-web-1',
    via: EC2,
    requestId: 'r',
    inCall: true,
    accountId: PLATFORM,
    region: 'eu-west-3',
    time: null,
    message: '',
    ...rest,
  });

const questionBehind = (rest: object = {}): Question => {
  const question = questionOf(refusal(rest));
  if (question === null) throw new Error('nothing is asked');
  return question;
};

const askedOfRole = (action: string | null, context: ContextRecord, resource = OWN_KEY): Question =>
  questionAsked({ principal: principal(ROLE), action, resource, context });

const actionsOf = (question: Question): readonly string[] => [
  ...new Set(requestsOf(question).all.map(({ action }) => action)),
];

describe('who was refused', () => {
  const WITH_PATH = `arn:aws:iam::${PLATFORM}:role/response/myCadoResponseRole`;
  const USER = `arn:aws:iam::${PLATFORM}:user/ada`;
  it.each([
    {
      name: 'a session is of the role that the record names, with its path',
      named: SESSION,
      roleArn: WITH_PATH,
      who: { ...principal(SESSION), roleArn: WITH_PATH },
    },
    {
      name: 'a session of which the record names no role leaves the path open',
      named: SESSION,
      roleArn: null,
      who: principal(SESSION),
    },
    { name: 'a role is the one that is named', named: ROLE, roleArn: WITH_PATH, who: principal(ROLE) },
    { name: 'a user has no role', named: USER, roleArn: WITH_PATH, who: principal(USER) },
  ])('$name', ({ named, roleArn, who }) => {
    expect(questionBehind({ principal: named, roleArn }).principal).toEqual(who);
  });
});

describe('what is known of a principal by now', () => {
  const { principal: facts } = factsWith();
  const user = `arn:aws:iam::${PLATFORM}:user/ada`;
  const root = `arn:aws:iam::${PLATFORM}:root`;
  const ID = 'AROAEXAMPLEROLE000001';
  const WITH_PATH = `arn:aws:iam::${PLATFORM}:role/response/myCadoResponseRole`;
  const whoIs = (text: string, arn: string | null, uniqueId: string | null = ID) =>
    withRecord(principal(text), { ...facts, arn, uniqueId });

  it.each([
    {
      name: 'a session is of the role with this path and id',
      who: whoIs(SESSION, WITH_PATH),
      known: { ...principal(SESSION), roleArn: WITH_PATH, uniqueId: ID },
    },
    {
      name: 'a role keeps the ARN by which it asked',
      who: whoIs(ROLE, WITH_PATH),
      known: { ...principal(ROLE), uniqueId: ID },
    },
    {
      name: 'an id without an ARN is that of whoever asked',
      who: whoIs(SESSION, null),
      known: { ...principal(SESSION), uniqueId: ID },
    },
    { name: 'a user has an id too, and no role', who: whoIs(user, user), known: { ...principal(user), uniqueId: ID } },
    { name: 'a root user has none', who: whoIs(root, root), known: principal(root) },
    { name: 'a service has none', who: whoIs('ec2.amazonaws.com', null), known: principal('ec2.amazonaws.com') },
    {
      name: "a session's ARN in the facts is not taken for the role's",
      who: whoIs(SESSION, SESSION),
      known: { ...principal(SESSION), uniqueId: ID },
    },
    {
      name: 'facts of another role are left out',
      who: whoIs(SESSION, `arn:aws:iam::${PLATFORM}:role/other`),
      known: principal(SESSION),
    },
    {
      name: 'facts of a role of that name in another account are left out',
      who: whoIs(SESSION, `arn:aws:iam::${TARGET}:role/myCadoResponseRole`),
      known: principal(SESSION),
    },
    {
      name: 'facts of a user of that name are left out',
      who: whoIs(ROLE, `arn:aws:iam::${PLATFORM}:user/myCadoResponseRole`),
      known: principal(ROLE),
    },
    {
      name: 'facts of what is nobody are left out',
      who: whoIs(SESSION, 'myCadoResponseRole'),
      known: principal(SESSION),
    },
  ])('$name', ({ who, known }) => {
    expect(who).toEqual(known);
  });

  it('an id that is known already stays', () => {
    const identified = withRecord(principal(ROLE), { ...facts, uniqueId: ID });
    expect(withRecord(identified, { ...facts, uniqueId: 'AROAEXAMPLEROLE000002' })).toEqual(identified);
    expect(withRecord(identified, { ...facts, uniqueId: null })).toEqual(identified);
  });
});

describe('the service in whose name KMS was asked', () => {
  it.each([EC2, EBS_DIRECT, COPY_BY_EBS, 'AWS Internal'])('is EC2 in its Region where `%s` called', (via) => {
    for (const inCall of [true, false, null])
      expect(questionBehind({ via, inCall }).context).toEqual({ 'kms:ViaService': VIA });
  });
});

describe('a role that is linked to KMS', () => {
  const LINKED = (partition: string) =>
    `arn:${partition}:iam::${PLATFORM}:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys`;
  const about = (resource: string) =>
    questionBehind({
      action: 'iam:CreateServiceLinkedRole',
      keyArn: null,
      message: `User: ${SESSION} is not authorized to perform: iam:CreateServiceLinkedRole on resource: ${resource} because no identity-based policy allows the iam:CreateServiceLinkedRole action`,
    });

  it.each(['aws', 'aws-us-gov'])('is asked for by its ARN, for its service: partition %s', (partition) => {
    expect(about(LINKED(partition))).toMatchObject({
      resource: LINKED(partition),
      context: { 'iam:AWSServiceName': 'mrk.kms.amazonaws.com' },
      needs: [],
    });
  });
});

describe('the key of another account', () => {
  const READ_BY_EC2 = ['kms:CreateGrant', 'kms:ReEncryptFrom'];
  const MADE_BY_EC2 = [
    'kms:CreateGrant',
    'kms:Decrypt',
    'kms:DescribeKey',
    'kms:GenerateDataKeyWithoutPlaintext',
    'kms:ReEncryptTo',
  ];
  const BOTH_BY_EC2 = [...MADE_BY_EC2, 'kms:ReEncryptFrom'];
  const READ_DIRECTLY = ['kms:Decrypt', 'kms:DescribeKey'];
  it.each([
    { action: 'kms:ReEncryptFrom', via: EC2, is: 'what is read', asks: READ_BY_EC2 },
    { action: 'kms:CreateGrant', via: COPY_BY_EBS, is: 'what is read', asks: READ_BY_EC2 },
    { action: null, via: COPY_BY_EBS, is: 'what is read', asks: READ_BY_EC2 },
    { action: 'kms:CreateGrant', via: EC2, is: 'what is made', asks: MADE_BY_EC2 },
    { action: 'kms:DescribeKey', via: EC2, is: 'what is made', asks: MADE_BY_EC2 },
    { action: 'kms:ReEncryptTo', via: EC2, is: 'what is made', asks: MADE_BY_EC2 },
    { action: 'kms:Decrypt', via: EC2, is: 'what is made', asks: MADE_BY_EC2 },
    { action: 'kms:GenerateDataKeyWithoutPlaintext', via: EC2, is: 'what is made', asks: MADE_BY_EC2 },
    { action: 'kms:GenerateDataKeyWithoutPlaintext', via: COPY_BY_EBS, is: 'what is made', asks: MADE_BY_EC2 },
    { action: 'kms:CreateGrant', via: 'AWS Internal', is: 'one or the other', asks: BOTH_BY_EC2 },
    { action: 'kms:CreateGrant', via: null, is: 'one or the other', asks: BOTH_BY_EC2 },
    { action: null, via: EC2, is: 'one or the other', asks: BOTH_BY_EC2 },
    { action: 'kms:DescribeKey', via: EBS_DIRECT, is: 'what is read', asks: READ_DIRECTLY },
    { action: 'kms:Decrypt', via: EBS_DIRECT, is: 'what is read', asks: READ_DIRECTLY },
    { action: 'kms:GenerateDataKey', via: EBS_DIRECT, is: 'what is made', asks: ['kms:GenerateDataKey'] },
  ])('is that of $is where $action was refused through $via', ({ action, via, asks }) => {
    const asked = actionsOf(questionBehind({ keyArn: FOREIGN_KEY, action, via }));
    expect([...asked].sort()).toEqual([...asks].sort());
    if (action !== null) expect(asked[0]).toBe(action);
  });
});

describe('requests', () => {
  const carried = (question: Question, action: string, key: string) =>
    requestsOf(question)
      .all.filter((request) => request.action === action)
      .map(({ context }) => context.get(key));

  it('share what the refused one carried, but for what only its own operation carries', () => {
    const question = askedOfRole('kms:CreateGrant', {
      'kms:ViaService': VIA,
      'KMS:RequestAlias': 'alias/evidence',
      'kms:GrantOperations': ['Decrypt', 'Encrypt'],
      'aws:SourceIp': '192.0.2.7',
      'aws:ResourceTag/kms:tier': 'gold',
    });
    expect(actionsOf(question)).toContain('kms:DescribeKey');
    expect(carried(question, 'kms:DescribeKey', 'aws:sourceip')).toEqual([[['192.0.2.7']]]);
    expect(carried(question, 'kms:DescribeKey', 'aws:resourcetag/kms:tier')).toEqual([[['gold']]]);
    expect(carried(question, 'kms:DescribeKey', 'kms:requestalias')).toEqual([undefined]);
    expect(carried(question, 'kms:DescribeKey', 'kms:grantoperations')).toEqual([[null]]);
    for (const operations of carried(question, 'kms:CreateGrant', 'kms:grantoperations'))
      expect(operations).toEqual([['Decrypt', 'Encrypt']]);
  });

  const throughEc2: readonly { name: string; context: ContextRecord }[] = [
    { name: 'where the request names no service', context: {} },
    { name: 'where it names EC2', context: { 'kms:ViaService': VIA } },
  ];
  it.each(throughEc2)('are those of EC2 in the Region of the key: $name', ({ context }) => {
    const question = askedOfRole('kms:DescribeKey', context);
    expect(carried(question, 'kms:Decrypt', 'kms:viaservice')).toEqual([[[VIA]]]);
  });

  it('are those of EC2 in the Region that the request names', () => {
    const question = askedOfRole('kms:DescribeKey', { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com' });
    expect(carried(question, 'kms:Decrypt', 'kms:viaservice')).toEqual([[['ec2.us-east-1.amazonaws.com']]]);
  });

  it.each([
    null,
    's3.eu-west-3.amazonaws.com',
    'not-ec2.eu-west-3.amazonaws.com',
    'ec2.eu-west-3.amazonaws.com.example',
  ])('are one alone where it was not EC2 that asked, but %s', (via) => {
    expect(actionsOf(askedOfRole('kms:CreateGrant', { 'kms:ViaService': via }))).toEqual(['kms:CreateGrant']);
  });

  it('are none where the caller asked KMS itself, and it is not told what', () => {
    const denial = refusal({ action: null, via: null, inCall: null, message: 'The ciphertext refers to a customer' });
    expect(requestsOf(questionBehind(denial))).toEqual({ asked: null, all: [] });
    expect(diagnose(denial, questionOf(denial), factsWith())).toMatchObject({
      decision: 'undetermined',
      missing: ['the policies'],
      trace: [],
    });
  });
});
