import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedEventError } from '#shared/signal/envelope';
import { readSignal } from '#shared/signal/read-signal';

type Json = Readonly<Record<string, unknown>>;

const watch = { responseRole: '*CadoResponse*', ownRoles: ['unlatch-*', 'UnlatchMember'] };
const read = (event: unknown) => readSignal(event, watch);
const signalIn = (event: unknown) => {
  const reading = read(event);
  return 'signal' in reading ? reading.signal : reading.ignored;
};
const ignoredIn = (event: unknown) => {
  const reading = read(event);
  return 'ignored' in reading ? reading.ignored : reading.signal;
};

const SESSION = 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/acquire-web-1';
const KEY = 'arn:aws:kms:eu-west-3:444455556666:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';
const VOLUME = 'vol-0123456789abcdef0';
const SNAPSHOT = 'snap-0a1b2c3d4e5f60718';
const INSTANCE = 'i-0f1e2d3c4b5a69788';
const REFUSED = `User: ${SESSION} is not authorized to perform: kms:ReEncryptTo on resource: ${KEY} with an explicit deny in a service control policy: arn:aws:organizations::777788889999:policy/o-a1b2c3d4e5/service_control_policy/p-f6a7b8c9.`;

const envelope = (rest: Json): Json => ({
  version: '0',
  id: '0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9',
  'detail-type': 'AWS API Call via CloudTrail',
  source: 'aws.kms',
  account: '111122223333',
  time: '2026-05-04T10:00:09Z',
  region: 'eu-west-3',
  resources: [],
  ...rest,
});

const role = (name: string, session = 'acquire-web-1') => ({
  type: 'AssumedRole',
  arn: `arn:aws:sts::111122223333:assumed-role/${name}/${session}`,
  sessionContext: { sessionIssuer: { type: 'Role', userName: name } },
  invokedBy: 'ec2-frontend-api.amazonaws.com',
});

const kms = (detail: Json = {}): Json =>
  envelope({
    detail: {
      userIdentity: role('myCadoResponseRole'),
      eventTime: '2026-05-04T10:00:05Z',
      eventSource: 'kms.amazonaws.com',
      eventName: 'ReEncrypt',
      awsRegion: 'eu-west-3',
      recipientAccountId: '111122223333',
      errorCode: 'AccessDenied',
      errorMessage: REFUSED,
      requestParameters: null,
      responseElements: null,
      requestID: '6a7b8c9d-0e1f-4203-8415-263748596a7b',
      ...detail,
    },
  });

const ec2 = (eventName: string, detail: Json = {}): Json =>
  kms({ eventSource: 'ec2.amazonaws.com', eventName, errorCode: undefined, errorMessage: undefined, ...detail });

describe('a denial', () => {
  const denial = {
    action: 'kms:ReEncryptTo',
    keyArn: KEY,
    layer: 'service-control-policy',
    explicit: true,
    policyArn: 'arn:aws:organizations::777788889999:policy/o-a1b2c3d4e5/service_control_policy/p-f6a7b8c9',
    principal: SESSION,
    roleName: 'myCadoResponseRole',
    sessionName: 'acquire-web-1',
    via: 'ec2-frontend-api.amazonaws.com',
    requestId: '6a7b8c9d-0e1f-4203-8415-263748596a7b',
    roleArn: null,
    vpcEndpointId: null,
    inCall: null,
    accountId: '111122223333',
    region: 'eu-west-3',
    time: '2026-05-04T10:00:05.000Z',
    message: REFUSED,
  };
  const opaque = `User: ${SESSION} is not authorized to perform: kms:CreateGrant on this resource because no resource-based policy allows the kms:CreateGrant action`;
  const vague = { layer: null, explicit: false, policyArn: null, keyArn: null };

  it.each([
    { name: 'has every field', detail: {}, differs: {} },
    { name: 'is one under its API name too', detail: { errorCode: 'AccessDeniedException' }, differs: {} },
    {
      name: 'names its action by the message, not by the event, which cannot tell ReEncryptFrom from ReEncryptTo',
      detail: { eventName: 'ReEncrypt', errorMessage: REFUSED.replace('ReEncryptTo', 'ReEncryptFrom') },
      differs: { action: 'kms:ReEncryptFrom', message: REFUSED.replace('ReEncryptTo', 'ReEncryptFrom') },
    },
    {
      name: 'of a source key names no key',
      detail: { errorMessage: opaque },
      differs: { ...vague, action: 'kms:CreateGrant', layer: 'key-policy', message: opaque },
    },
    {
      name: 'in legacy words has its action from the event',
      detail: {
        eventName: 'Decrypt',
        errorMessage: 'The ciphertext refers to a customer master key that does not exist',
      },
      differs: {
        ...vague,
        action: 'kms:Decrypt',
        message: 'The ciphertext refers to a customer master key that does not exist',
      },
    },
    {
      name: 'by a disabled key has its key from the message',
      detail: { errorCode: 'DisabledException', eventName: 'Decrypt', errorMessage: `${KEY} is disabled.` },
      differs: { ...vague, action: 'kms:Decrypt', keyArn: KEY, layer: 'key-state', message: `${KEY} is disabled.` },
    },
    {
      name: 'without a message is known by its code, and its key by the parameters',
      detail: {
        errorCode: 'KMSInvalidStateException',
        eventName: 'CreateGrant',
        errorMessage: null,
        requestParameters: { keyId: KEY },
      },
      differs: { ...vague, action: 'kms:CreateGrant', keyArn: KEY, message: '' },
    },
    {
      name: 'without a message takes its key from the resources where the parameters name an alias',
      detail: {
        errorCode: 'KeyUnavailableException',
        eventName: 'Decrypt',
        errorMessage: undefined,
        requestParameters: { keyId: 'alias/evidence' },
        resources: [{ ARN: KEY, type: 'AWS::KMS::Key' }],
      },
      differs: { ...vague, action: 'kms:Decrypt', keyArn: KEY, message: '' },
    },
    { name: 'without a request id has none', detail: { requestID: '' }, differs: { requestId: null } },
    {
      name: 'without a time of its own has the time of the event',
      detail: { eventTime: 'soon' },
      differs: { time: '2026-05-04T10:00:09.000Z' },
    },
    {
      name: 'without a recipient belongs to the account of the event',
      detail: { recipientAccountId: undefined },
      differs: {},
    },
    {
      name: 'made directly came by no service',
      detail: { userIdentity: { ...role('myCadoResponseRole'), invokedBy: undefined } },
      differs: { via: null },
    },
  ])('$name', ({ detail, differs }) => {
    expect(signalIn(kms(detail))).toEqual({ kind: 'denial', denial: { ...denial, ...differs } });
  });

  it.each([
    { name: 'through the network of AWS, in a call', detail: { vpcEndpointId: 'AWS Internal' }, inCall: true },
    { name: 'by EC2, which does not tell', detail: {}, inCall: null },
    {
      name: 'by EBS after a copy',
      detail: {
        userIdentity: { ...role('myCadoResponseRole'), invokedBy: 'prod.kms-caller.ebs.eu-west-3.amazonaws.com' },
      },
      inCall: false,
    },
    {
      name: 'by EBS direct',
      detail: { userIdentity: { ...role('myCadoResponseRole'), invokedBy: 'ebs.amazonaws.com' } },
      inCall: false,
    },
  ])('came $name: $inCall', ({ detail, inCall }) => {
    expect(signalIn(kms(detail))).toMatchObject({ denial: { inCall } });
  });

  it('of an IAM user counts where the name fits, and has no session', () => {
    const arn = 'arn:aws:iam::111122223333:user/ir/CadoResponseUser';
    const userIdentity = { type: 'IAMUser', arn, userName: 'CadoResponseUser' };
    const parts = { principal: arn, roleName: 'CadoResponseUser', sessionName: null, via: null };
    expect(signalIn(kms({ userIdentity }))).toEqual({ kind: 'denial', denial: { ...denial, ...parts } });
  });

  it('keeps at most 4,096 characters of the message', () => {
    const signal = signalIn(kms({ errorMessage: REFUSED + ' '.repeat(2 ** 18) }));
    expect(signal).toMatchObject({ denial: { layer: 'service-control-policy', message: REFUSED.padEnd(4_096) } });
  });
});

describe('who and what is ignored', () => {
  it.each([
    { name: 'a dry run', event: kms({ errorCode: 'DryRunOperationException' }), because: 'dry run' },
    { name: "EC2's dry run", event: ec2('CreateVolume', { errorCode: 'Client.DryRunOperation' }), because: 'dry run' },
    { name: 'a success', event: kms({ errorCode: undefined }), because: 'ReEncrypt succeeded' },
    {
      name: 'an error that is no refusal',
      event: kms({ errorCode: 'ThrottlingException' }),
      because: 'ThrottlingException',
    },
    {
      name: "Unlatch's own function",
      event: kms({ userIdentity: role('unlatch-RemediateFunctionRole-1A2B3C') }),
      because: "Unlatch's own role",
    },
    {
      name: "Unlatch's own member role",
      event: kms({ userIdentity: role('UnlatchMember') }),
      because: "Unlatch's own role",
    },
    {
      name: 'its own role even where the pattern of response roles takes it',
      event: kms({ userIdentity: role('unlatch-CadoResponse-x') }),
      because: "Unlatch's own role",
    },
    { name: 'a stranger', event: kms({ userIdentity: role('Admin') }), because: '`Admin` is not a response role' },
    {
      name: 'a stranger whose session is named after the response role',
      event: kms({ userIdentity: role('Admin', 'myCadoResponseRole') }),
      because: '`Admin` is not a response role',
    },
    {
      name: 'another IAM user',
      event: kms({ userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/jo', userName: 'jo' } }),
      because: '`jo` is not a response role',
    },
    {
      name: 'a service',
      event: kms({ userIdentity: { type: 'AWSService', invokedBy: 'prod.kms-caller.ebs.eu-west-3.amazonaws.com' } }),
      because: '`prod.kms-caller.ebs.eu-west-3.amazonaws.com` itself',
    },
    {
      name: 'another account',
      event: kms({ userIdentity: { type: 'AWSAccount', accountId: '777788889999', principalId: 'AIDAEXAMPLE' } }),
      because: '`AWSAccount` itself',
    },
    {
      name: 'the root user',
      event: kms({ userIdentity: { type: 'Root', arn: 'arn:aws:iam::111122223333:root' } }),
      because: '`Root` itself',
    },
    { name: 'a call that acquires nothing', event: ec2('DescribeVolumes'), because: 'DescribeVolumes is no call' },
    { name: 'a call of another service', event: kms({ eventSource: 's3.amazonaws.com' }), because: 's3.amazonaws.com' },
    {
      name: 'another kind of event',
      event: envelope({ 'detail-type': 'Scheduled Event', detail: {} }),
      because: 'Scheduled Event',
    },
  ])('$name', ({ event, because }) => {
    expect(ignoredIn(event)).toContain(because);
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('an event of the kind `%s`', (name) => {
    expect(ignoredIn(kms({ eventSource: name }))).toContain(name);
    expect(ignoredIn(kms({ eventSource: 'ec2.amazonaws.com', eventName: name }))).toContain(name);
    expect(ignoredIn(envelope({ 'detail-type': name, detail: {} }))).toContain(name);
  });
});

describe('an acquiring call', () => {
  const source = { snapshotId: null, volumeId: null, instanceId: null, region: 'eu-west-3' };
  const makes = { snapshots: [], volumeId: null, instanceIds: [] };
  it.each([
    {
      name: 'CreateSnapshot',
      request: { volumeId: VOLUME },
      response: { snapshotId: SNAPSHOT, volumeId: VOLUME },
      call: {
        source: { ...source, volumeId: VOLUME },
        makes: { ...makes, snapshots: [{ snapshotId: SNAPSHOT, volumeId: VOLUME }] },
      },
    },
    {
      name: 'CreateSnapshots',
      request: { CreateSnapshotsRequest: { InstanceSpecification: { InstanceId: INSTANCE } } },
      response: {
        CreateSnapshotsResponse: { snapshotSet: { items: [{ snapshotId: SNAPSHOT, volumeId: VOLUME }, {}] } },
      },
      call: {
        source: { ...source, instanceId: INSTANCE },
        makes: { ...makes, snapshots: [{ snapshotId: SNAPSHOT, volumeId: VOLUME }] },
      },
    },
    {
      name: 'CopySnapshot',
      request: { sourceRegion: 'eu-west-1', sourceSnapshotId: SNAPSHOT, masterEncryptionKeyId: KEY },
      response: { snapshotId: 'snap-0fffffffffffffff0' },
      call: {
        source: { ...source, snapshotId: SNAPSHOT, region: 'eu-west-1' },
        makes: { ...makes, snapshots: [{ snapshotId: 'snap-0fffffffffffffff0', volumeId: null }] },
        requestedKey: KEY,
      },
    },
    {
      name: 'CopyVolumes',
      request: { CopyVolumesRequest: { SourceVolumeId: VOLUME } },
      response: { CopyVolumesResponse: { volumeSet: { items: [{ volumeId: 'vol-0fffffffffffffff0' }] } } },
      call: { source: { ...source, volumeId: VOLUME }, makes: { ...makes, volumeId: 'vol-0fffffffffffffff0' } },
    },
    {
      name: 'ModifySnapshotAttribute',
      request: { snapshotId: SNAPSHOT, attributeType: 'CREATE_VOLUME_PERMISSION' },
      response: { _return: true },
      call: { source: { ...source, snapshotId: SNAPSHOT }, makes },
    },
    {
      name: 'CreateVolume',
      request: { snapshotId: SNAPSHOT, kmsKeyId: 'alias/evidence' },
      response: { volumeId: VOLUME },
      call: {
        source: { ...source, snapshotId: SNAPSHOT },
        makes: { ...makes, volumeId: VOLUME },
        requestedKey: 'alias/evidence',
      },
    },
    {
      name: 'AttachVolume',
      request: { volumeId: VOLUME, instanceId: INSTANCE },
      response: null,
      call: { source: { ...source, volumeId: VOLUME }, makes },
    },
    {
      name: 'RunInstances',
      request: { instancesSet: { items: [{ imageId: 'ami-0123456789abcdef0' }] } },
      response: { instancesSet: { items: [{ instanceId: INSTANCE }] } },
      call: { source, makes: { ...makes, instanceIds: [INSTANCE] } },
    },
    {
      name: 'RunInstances',
      request: { blockDeviceMapping: { items: [{ deviceName: '/dev/sda1' }, { ebs: { snapshotId: SNAPSHOT } }] } },
      response: { instancesSet: { items: [{ instanceId: INSTANCE }] } },
      call: { source: { ...source, snapshotId: SNAPSHOT }, makes: { ...makes, instanceIds: [INSTANCE] } },
    },
    {
      name: 'StartInstances',
      request: { instancesSet: { items: [{ instanceId: INSTANCE }, { instanceId: 'i-01234567' }] } },
      response: null,
      call: { source, makes: { ...makes, instanceIds: [INSTANCE, 'i-01234567'] } },
    },
    {
      name: 'StartInstances',
      request: { instancesSet: { items: [{ instanceId: INSTANCE }] } },
      response: null,
      call: { source: { ...source, instanceId: INSTANCE }, makes: { ...makes, instanceIds: [INSTANCE] } },
    },
  ])('$name tells what it starts from and what it makes', ({ name, request, response, call }) => {
    const event = ec2(name, { requestParameters: request, responseElements: response });
    expect(signalIn(event)).toEqual({
      kind: 'call',
      call: {
        name,
        principal: SESSION,
        requestId: '6a7b8c9d-0e1f-4203-8415-263748596a7b',
        accountId: '111122223333',
        region: 'eu-west-3',
        time: '2026-05-04T10:00:05.000Z',
        requestedKey: null,
        error: null,
        ...call,
      },
      denial: null,
    });
  });

  it.each([
    'CreateSnapshot',
    'CreateSnapshots',
    'CopySnapshot',
    'CopyVolumes',
    'ModifySnapshotAttribute',
    'CreateVolume',
    'AttachVolume',
    'RunInstances',
    'StartInstances',
  ])('%s counts as a call where its ids cannot be read', (name) => {
    const hostile = { volumeId: '../etc', snapshotId: 7, sourceSnapshotId: ['x'], instancesSet: { items: 'all' } };
    for (const part of [null, 'text', hostile, [], { CreateSnapshotsRequest: 1, CopyVolumesRequest: null }]) {
      const event = ec2(name, { requestParameters: part, responseElements: part });
      expect(signalIn(event)).toMatchObject({ call: { name, source, makes } });
    }
  });

  it.each([
    {
      name: 'refused for its key carries the denial',
      eventName: 'CopySnapshot',
      errorCode: 'Client.AuthFailure',
      errorMessage: `Not authorized to use key ${KEY} `,
      denial: {
        action: 'kms:DescribeKey',
        keyArn: KEY,
        layer: null,
        principal: SESSION,
        roleName: 'myCadoResponseRole',
      },
    },
    {
      name: 'refused for a disabled key carries the state',
      eventName: 'CopySnapshot',
      errorCode: 'Client.InvalidParameterValue',
      errorMessage: `The specified keyId ${KEY} is disabled`,
      denial: { action: null, keyArn: KEY, layer: 'key-state' },
    },
    {
      name: 'that may not share under the default key carries a denial of sharing',
      eventName: 'ModifySnapshotAttribute',
      errorCode: 'Client.OperationNotPermitted',
      errorMessage: 'Encrypted snapshots with EBS default key cannot be shared',
      denial: { action: 'ec2:ModifySnapshotAttribute', layer: 'key-policy' },
    },
    {
      name: 'refused by EC2 itself carries none',
      eventName: 'CreateVolume',
      errorCode: 'Client.UnauthorizedOperation',
      errorMessage: `You are not authorized to perform this operation. User: ${SESSION} is not authorized to perform: ec2:CreateVolume because no identity-based policy allows the ec2:CreateVolume action`,
      denial: null,
    },
  ])('$name', ({ eventName, errorCode, errorMessage, denial }) => {
    const signal = signalIn(ec2(eventName, { errorCode, errorMessage }));
    expect(signal).toMatchObject({ kind: 'call', call: { error: { code: errorCode, message: errorMessage } }, denial });
  });
});

describe('a notification of EBS', () => {
  const volumeArn = `arn:aws:ec2:eu-west-3:111122223333:volume/${VOLUME}`;
  const snapshotArn = `arn:aws:ec2::eu-west-3:snapshot/${SNAPSHOT}`;
  const ebs = (kind: string, detail: Json, resources: readonly string[] = [volumeArn, KEY]) =>
    envelope({ 'detail-type': kind, source: 'aws.ec2', resources, detail });
  const VOLUMES = 'EBS Volume Notification';
  const SNAPSHOTS = 'EBS Snapshot Notification';
  const failed = { result: 'failed', 'request-id': '1a2b3c4d-0000-4000-8000-1a2b3c4d5e6f' };

  it('that names who was refused has every field', () => {
    const event = ebs(VOLUMES, { ...failed, event: 'createVolume', cause: REFUSED });
    const shared = {
      requestId: '1a2b3c4d-0000-4000-8000-1a2b3c4d5e6f',
      accountId: '111122223333',
      region: 'eu-west-3',
      time: '2026-05-04T10:00:09.000Z',
    };
    expect(signalIn(event)).toEqual({
      kind: 'outcome',
      outcome: {
        ...shared,
        event: 'createVolume',
        result: 'failed',
        succeeded: false,
        cause: REFUSED,
        snapshotId: null,
        volumeId: VOLUME,
        instanceId: null,
        targetKeyArn: KEY,
      },
      denial: {
        ...shared,
        roleArn: null,
        vpcEndpointId: null,
        inCall: true,
        action: 'kms:ReEncryptTo',
        keyArn: KEY,
        layer: 'service-control-policy',
        explicit: true,
        policyArn: 'arn:aws:organizations::777788889999:policy/o-a1b2c3d4e5/service_control_policy/p-f6a7b8c9',
        principal: SESSION,
        roleName: 'myCadoResponseRole',
        sessionName: 'acquire-web-1',
        via: null,
        message: REFUSED,
      },
    });
  });

  it.each([
    {
      name: 'createVolume by a disabled key',
      event: ebs(VOLUMES, { ...failed, event: 'createVolume', cause: `${KEY} is disabled.` }, [volumeArn]),
      outcome: { succeeded: false, volumeId: VOLUME, targetKeyArn: null },
      denial: { layer: 'key-state', keyArn: KEY, principal: null, action: null },
    },
    {
      name: 'createVolume by a key pending import',
      event: ebs(VOLUMES, { ...failed, event: 'createVolume', cause: `${KEY} is pending import.` }),
      outcome: { succeeded: false, targetKeyArn: KEY },
      denial: { layer: 'key-state' },
    },
    {
      name: 'attachVolume by a key pending deletion',
      event: ebs(VOLUMES, { ...failed, event: 'attachVolume', cause: `${KEY} is pending deletion.`, 'request-id': '' }),
      outcome: { event: 'attachVolume', requestId: null },
      denial: { layer: 'key-state' },
    },
    {
      name: 'copySnapshot for a key it may not use',
      event: ebs(
        SNAPSHOTS,
        { ...failed, event: 'copySnapshot', cause: 'Given key ID is not accessible', snapshot_id: snapshotArn },
        [snapshotArn],
      ),
      outcome: { event: 'copySnapshot', snapshotId: SNAPSHOT, volumeId: null },
      denial: { layer: null, keyArn: null, principal: null },
    },
    {
      name: 'createSnapshot that failed for other reasons',
      event: ebs(SNAPSHOTS, { ...failed, event: 'createSnapshot', cause: '', snapshot_id: snapshotArn }, [snapshotArn]),
      outcome: { event: 'createSnapshot', succeeded: false },
      denial: null,
    },
    {
      name: 'createSnapshots that failed',
      event: ebs(
        'EBS Multi-Volume Snapshots Completion Status',
        { ...failed, event: 'createSnapshots', cause: `Snapshot ${SNAPSHOT} is in status error` },
        [snapshotArn],
      ),
      outcome: { event: 'createSnapshots', snapshotId: SNAPSHOT, succeeded: false },
      denial: null,
    },
    ...[
      ['createVolume', 'available'],
      ['attachVolume', 'attached'],
      ['deleteVolume', 'deleted'],
      ['modifyVolume', 'modified'],
      ['shareSnapshot', 'succeeded'],
      ['createSnapshots', 'completed'],
    ].map(([event, result]) => ({
      name: `${event} ${result}, a success whatever its cause reads`,
      event: ebs(VOLUMES, { event, result, cause: REFUSED }),
      outcome: { event, result, succeeded: true },
      denial: null,
    })),
  ])('$name', ({ event, outcome, denial }) => {
    expect(signalIn(event)).toMatchObject({ kind: 'outcome', outcome, denial });
  });

  it.each([
    { name: 'a stranger', roleName: 'Admin', because: 'not a response role' },
    { name: "Unlatch's own role", roleName: 'UnlatchMember', because: "Unlatch's own role" },
  ])('is ignored where it names $name', ({ roleName, because }) => {
    const cause = REFUSED.replace('myCadoResponseRole', roleName);
    expect(ignoredIn(ebs(VOLUMES, { ...failed, event: 'createVolume', cause }))).toContain(because);
  });
});

describe('the state of an instance', () => {
  const state = (detail: Json) =>
    envelope({ 'detail-type': 'EC2 Instance State-change Notification', source: 'aws.ec2', detail });
  const outcome = { event: 'instanceState', instanceId: INSTANCE, succeeded: false, requestId: null };

  it.each(['shutting-down', 'terminated', 'stopped'])('`%s` is an outcome', (result) => {
    const signal = signalIn(state({ 'instance-id': INSTANCE, state: result }));
    expect(signal).toMatchObject({ kind: 'outcome', outcome: { ...outcome, result, cause: '' }, denial: null });
  });

  it.each(['pending', 'running', 'stopping'])('`%s` is ignored', (result) => {
    expect(ignoredIn(state({ 'instance-id': INSTANCE, state: result }))).toContain(`\`${result}\``);
  });

  it.each([
    { code: 'Client.InvalidKMSKey.InvalidState', message: 'The key is in an incorrect state', denied: true },
    { code: 'Client.UserInitiatedShutdown', message: 'User initiated shutdown', denied: false },
  ])('looked up with the reason $code: denied $denied', ({ code, message, denied }) => {
    const detail = { 'instance-id': INSTANCE, state: 'terminated', 'state-reason': { code, message } };
    const signal = signalIn(state(detail));
    expect(signal).toMatchObject({
      outcome: { ...outcome, cause: `${code}: ${message}` },
      denial: denied ? { layer: null, keyArn: null, principal: null } : null,
    });
  });
});

describe('malformed input', () => {
  const detail = (path: string) => `\`detail.${path}\``;
  it.each([
    { name: 'nothing', event: undefined, at: '`event`' },
    { name: 'null', event: null, at: '`event`' },
    { name: 'a text', event: 'event', at: '`event`' },
    { name: 'a list', event: [], at: '`event`' },
    { name: 'an event without an id', event: { ...kms(), id: undefined }, at: '`id`' },
    { name: 'an event whose account is a number', event: { ...kms(), account: 111122223333 }, at: '`account`' },
    { name: 'an event from no Region', event: { ...kms(), region: 'Paris' }, at: '`region`' },
    { name: 'an event without a kind', event: { ...kms(), 'detail-type': '' }, at: '`detail-type`' },
    { name: 'an event without detail', event: { ...kms(), detail: undefined }, at: '`detail`' },
    { name: 'detail that is a text', event: { ...kms(), detail: '{}' }, at: '`detail`' },
    { name: 'detail that is a list', event: { ...kms(), detail: [] }, at: '`detail`' },
    { name: 'resources that are no list of texts', event: { ...kms(), resources: [1] }, at: '`resources.0`' },
    { name: 'a second resource that is no text', event: { ...kms(), resources: [KEY, null] }, at: '`resources.1`' },
    { name: 'a record of nobody', event: kms({ userIdentity: undefined }), at: detail('userIdentity') },
    {
      name: 'a record of a number',
      event: kms({ userIdentity: { type: 'AssumedRole', arn: 5 } }),
      at: detail('userIdentity.arn'),
    },
    { name: 'a record without an event name', event: kms({ eventName: undefined }), at: detail('eventName') },
    { name: 'a record whose error is an object', event: kms({ errorCode: {} }), at: detail('errorCode') },
    { name: 'a record whose message is a number', event: kms({ errorMessage: 5 }), at: detail('errorMessage') },
    { name: 'a record of an odd account', event: kms({ recipientAccountId: 'me' }), at: detail('recipientAccountId') },
    { name: 'a record without a Region', event: kms({ awsRegion: undefined }), at: detail('awsRegion') },
    { name: 'a call without its request id', event: ec2('CreateVolume', { requestID: null }), at: detail('requestID') },
    {
      name: 'a notification without a result',
      event: { ...kms(), 'detail-type': 'EBS Volume Notification', detail: { event: 'createVolume' } },
      at: detail('result'),
    },
    {
      name: 'a state of no instance',
      event: { ...kms(), 'detail-type': 'EC2 Instance State-change Notification', detail: { state: 'stopped' } },
      at: detail('instance-id'),
    },
  ])('$name is refused by the name of its field', ({ event, at }) => {
    expect(() => read(event)).toThrow(MalformedEventError);
    expect(() => read(event)).toThrow(at);
  });

  it('says so in one line, however long the input is', () => {
    const message = (() => {
      try {
        read(kms({ errorCode: { ['k'.repeat(10_000)]: 'x' }, userIdentity: { type: 'x\n'.repeat(5_000) } }));
        return '';
      } catch (error) {
        return String(error);
      }
    })();
    expect(message).toMatch(/^MalformedEventError: .{1,500}$/);
  });
});

describe('any input', () => {
  const kinds = [
    'AWS API Call via CloudTrail',
    'EBS Volume Notification',
    'EBS Snapshot Notification',
    'EC2 Instance State-change Notification',
  ];
  const values = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(
      REFUSED,
      KEY,
      SNAPSHOT,
      'failed',
      'kms.amazonaws.com',
      'ec2.amazonaws.com',
      'CreateVolume',
      'stopped',
    ),
  );
  const details = fc.dictionary(
    fc.constantFrom(
      'eventSource',
      'eventName',
      'errorCode',
      'errorMessage',
      'requestID',
      'resources',
      'event',
      'result',
      'cause',
      'request-id',
      'snapshot_id',
      'requestParameters',
      'responseElements',
      'state',
      'instance-id',
      '__proto__',
    ),
    values,
  );

  it('is a signal, ignored, or refused as malformed, and nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), details, fc.boolean(), (kind, parts, whole) => {
        const event = whole ? { ...kms(parts), 'detail-type': kind } : envelope({ 'detail-type': kind, detail: parts });
        try {
          const reading = read(event);
          expect('signal' in reading || typeof reading.ignored === 'string').toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedEventError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
