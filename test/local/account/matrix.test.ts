import { describe, expect, it } from 'vitest';
import { acquire, type Path } from './acquisition.ts';
import type { Side } from './acquisition-world.ts';

/**
 * Which KMS permission or key state breaks which call, and how it shows: the facts that the embedded account is built on.
 * https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
 * https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-permissions.html
 */

const invalidKey = 'Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state';

/** How a call ends: its answer, the state of what it made, and the words there. */
const outcomes = {
  'the volume becomes available': { status: 200, end: 'available' },
  'the volume vanishes after a failed notification': { status: 200, end: 'InvalidVolume.NotFound' },
  'the snapshot completes': { status: 200, end: 'completed' },
  'the copy ends in error': { status: 200, end: 'error', endMessage: 'Given key ID is not accessible' },
  'the answer is AuthFailure': { status: 403, code: 'AuthFailure', message: 'Not authorized to use key <target> ' },
  'the key is reported disabled': {
    status: 400,
    code: 'InvalidParameterValue',
    message: 'The specified keyId <target> is disabled',
  },
  'the alias is reported invalid': {
    status: 400,
    code: 'InvalidParameterValue',
    message: 'The specified keyId alias/no-such-key is invalid',
  },
  'the instance runs': { status: 200, end: 'running' },
  'the instance terminates': { status: 200, end: 'terminated', endMessage: invalidKey },
  'the block list is read': { status: 200 },
  'the block is read': { status: 200 },
  'the snapshot starts': { status: 201 },
  'the block is written': { status: 201 },
  'the snapshot is accepted as complete': { status: 202, end: 'completed' },
  'the key is not found': {
    status: 404,
    code: 'ResourceNotFoundException',
    reason: 'DEPENDENCY_RESOURCE_NOT_FOUND',
    message: 'KMS key not found.',
  },
  'the dependency is invalid': {
    status: 400,
    code: 'ValidationException',
    reason: 'INVALID_DEPENDENCY_REQUEST',
    message:
      'Invalid parameters for a dependent service: com.amazonaws.services.kms.model.AWSKMSException: <denial> (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: <kms request>; Proxy: null)',
  },
  'the disabled key is told': {
    status: 400,
    code: 'ValidationException',
    reason: 'INVALID_DEPENDENCY_REQUEST',
    message:
      'Invalid parameters for a dependent service: com.amazonaws.services.kms.model.DisabledException: <source> is disabled. (Service: AWSKMS; Status Code: 400; Error Code: DisabledException; Request ID: <kms request>; Proxy: null)',
  },
  'the attachment is refused': {
    status: 400,
    code: 'CustomerKeyHasBeenRevoked',
    message: 'Volume <volume> cannot be attached. The encrypted volume was unable to access the KMS key.',
  },
  'the attachment fails later': { status: 200, end: 'available' },
  'the share is not permitted': {
    status: 400,
    code: 'OperationNotPermitted',
    message: 'Encrypted snapshots with EBS default key cannot be shared',
  },
  'the rate is exceeded': {
    status: 400,
    code: 'SnapshotCreationPerVolumeRateExceeded',
    message:
      'The maximum per volume CreateSnapshot request rate has been exceeded. Use an increasing or variable sleep interval between requests.',
  },
} as const satisfies Record<string, Expected>;

interface Expected {
  readonly status: number;
  readonly code?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly end?: string;
  readonly endMessage?: string;
}

interface Row {
  readonly path: Path;
  readonly side: Side;
  readonly denied: string;
  readonly outcome: keyof typeof outcomes;
  /** The KMS denial that the trail then holds; absent: none. */
  readonly denial?: string;
  /** Whether the KMS records carry the request id of the call. */
  readonly joined?: boolean;
}

const explicit = 'with an explicit deny in a session policy';
const onTarget = (action: string) => `${action} on resource: <target> ${explicit}`;

const createVolume = { path: 'CreateVolume of a shared snapshot', joined: true } as const;
const available = { ...createVolume, outcome: 'the volume becomes available' } as const;
const vanishes = { ...createVolume, outcome: 'the volume vanishes after a failed notification' } as const;
const copy = { path: 'CopySnapshot of a shared snapshot', joined: false } as const;
const completes = { ...copy, outcome: 'the snapshot completes' } as const;
const errs = { ...copy, outcome: 'the copy ends in error' } as const;
const run = { path: 'RunInstances with an encrypted root', joined: true } as const;
const createGrant = 'kms:CreateGrant';
const dataKey = 'kms:GenerateDataKeyWithoutPlaintext';
const reEncryptFrom = `kms:ReEncryptFrom on the resource associated with this ciphertext ${explicit}`;

const denials: readonly Row[] = [
  { ...available, side: 'target', denied: 'nothing' },
  { ...available, side: 'source', denied: createGrant },
  { ...available, side: 'source', denied: 'kms:Decrypt' },
  { ...available, side: 'source', denied: 'kms:DescribeKey' },
  { ...vanishes, side: 'source', denied: 'kms:ReEncryptFrom', denial: reEncryptFrom },
  { ...vanishes, side: 'target', denied: 'kms:ReEncryptTo', denial: onTarget('kms:ReEncryptTo') },
  { ...vanishes, side: 'target', denied: createGrant, denial: onTarget(createGrant) },
  { ...vanishes, side: 'target', denied: dataKey, denial: onTarget(dataKey) },

  { path: 'CreateSnapshot', side: 'source', denied: 'kms:*', outcome: 'the snapshot completes' },
  { path: 'CreateSnapshot of a stopped root', side: 'source', denied: 'kms:*', outcome: 'the snapshot completes' },
  { path: 'CreateSnapshots of an instance', side: 'source', denied: 'kms:*', outcome: 'the snapshot completes' },
  { path: 'CreateSnapshot twice in a second', side: 'source', denied: 'nothing', outcome: 'the rate is exceeded' },

  { ...completes, side: 'target', denied: 'nothing' },
  { ...copy, side: 'every', denied: 'kms:DescribeKey', outcome: 'the answer is AuthFailure' },
  { ...completes, side: 'every', denied: 'kms:Decrypt' },
  { ...completes, side: 'every', denied: 'kms:ReEncrypt*' },
  { ...completes, side: 'every', denied: 'kms:GenerateDataKey' },
  { ...errs, side: 'every', denied: dataKey, denial: onTarget(dataKey) },
  { ...errs, side: 'every', denied: createGrant, denial: onTarget(createGrant) },
  { ...errs, side: 'source', denied: createGrant, denial: `${createGrant} on this resource ${explicit}` },
  { ...completes, side: 'source', denied: 'kms:DescribeKey' },
  {
    path: 'CopySnapshot to a missing alias',
    side: 'target',
    denied: 'nothing',
    outcome: 'the alias is reported invalid',
  },

  { ...run, side: 'target', denied: 'nothing', outcome: 'the instance runs' },
  { ...run, side: 'target', denied: createGrant, outcome: 'the instance terminates', denial: onTarget(createGrant) },
  { ...run, side: 'target', denied: dataKey, outcome: 'the instance terminates', denial: onTarget(dataKey) },
  { ...run, side: 'target', denied: 'kms:Decrypt', outcome: 'the instance runs' },

  {
    path: 'AttachVolume',
    side: 'target',
    denied: createGrant,
    outcome: 'the attachment is refused',
    denial: onTarget(createGrant),
  },
  {
    path: 'ModifySnapshotAttribute under aws/ebs',
    side: 'target',
    denied: 'nothing',
    outcome: 'the share is not permitted',
  },
];

const start = 'StartSnapshot';
const list = 'ListSnapshotBlocks';
const get = 'GetSnapshotBlock';
const child = 'StartSnapshot of a child';

const direct = {
  [start]: 'the snapshot starts',
  [list]: 'the block list is read',
  [get]: 'the block is read',
  [child]: 'the snapshot starts',
} as const;

const onlyVia = (service: string) => `all but through ${service}`;
const wrongContext = 'all but another encryption context';

/** What each denial breaks of the four EBS direct calls, and the permission that its message names. */
const directDenials: readonly {
  readonly denied: string;
  readonly breaks: { readonly [path in keyof typeof direct]?: string };
}[] = [
  { denied: 'kms:GenerateDataKey', breaks: { [start]: 'kms:GenerateDataKey' } },
  { denied: dataKey, breaks: {} },
  { denied: 'kms:DescribeKey', breaks: { [list]: 'kms:DescribeKey', [get]: 'kms:DescribeKey' } },
  { denied: createGrant, breaks: {} },
  { denied: 'kms:Decrypt', breaks: { [get]: 'kms:Decrypt', [child]: 'kms:Decrypt' } },
  ...[onlyVia('ebs'), wrongContext, 'everything'].map((denied) => ({
    denied,
    breaks: {
      [start]: 'kms:GenerateDataKey',
      [list]: 'kms:DescribeKey',
      [get]: 'kms:DescribeKey',
      [child]: 'kms:ReEncryptFrom',
    },
  })),
  { denied: onlyVia('ec2'), breaks: {} },
];

const directPaths = [start, list, get, child] as const;

const directRows: readonly Row[] = directDenials.flatMap(({ denied, breaks }) =>
  directPaths.map((path): Row => {
    const common = { path, side: 'source', denied, joined: false } as const;
    const action = breaks[path];
    if (action === undefined) return { ...common, outcome: direct[path] };
    // An allow that does not match reads like a missing allow.
    const reason = denied.startsWith('kms:') ? explicit : `because no session policy allows the ${action} action`;
    const told = path === start || (path === child && action === 'kms:ReEncryptFrom');
    return {
      ...common,
      outcome: told ? 'the dependency is invalid' : 'the key is not found',
      denial: `${action} on resource: <source> ${reason}`,
    };
  }),
);

const observed = async (row: Row) => acquire(row.path, { denied: row.denied, side: row.side });

const expectRow = (row: Row, seen: Awaited<ReturnType<typeof acquire>>) => {
  const { status, code, reason, message, end, endMessage }: Expected = outcomes[row.outcome];
  expect({ ...seen.answer, end: seen.end, endMessage: seen.endMessage }).toEqual({
    status,
    code: code ?? null,
    reason: reason ?? null,
    message: message ?? null,
    end: end ?? null,
    endMessage: endMessage ?? null,
  });
  const denialsSeen = seen.kms.filter(({ errorCode }) => errorCode === 'AccessDenied');
  expect(denialsSeen.map(({ errorMessage }) => errorMessage)).toEqual(
    row.denial === undefined ? [] : [`User: <caller> is not authorized to perform: ${row.denial}`],
  );
  for (const denial of denialsSeen) expect(denial).toMatchObject({ requestParameters: null, account: 'caller' });
  for (const denial of denialsSeen) expect(denial).not.toHaveProperty('resources');
};

describe('a session policy that denies one KMS permission', () => {
  it.each([...denials, ...directRows])('$path with $denied denied on the $side key: $outcome', async (row) => {
    const seen = await observed(row);
    expectRow(row, seen);
    if (row.joined === undefined) return;
    const asked = seen.kms.filter(
      ({ eventName }) => eventName !== 'DescribeKey' || row.path === list || row.path === get,
    );
    expect(new Set(asked.map(({ requestID }) => requestID === seen.requestId))).toEqual(
      new Set(asked.length === 0 ? [] : [row.joined]),
    );
  });
});

describe('the notification of a volume that KMS refuses', () => {
  const refusals = denials.filter(({ outcome }) => outcome === vanishes.outcome);

  it.each(refusals)('$denied on the $side key: failed, then deleted, under the request id of the call', async (row) => {
    const seen = await observed(row);
    const cause = `User: <caller> is not authorized to perform: ${row.denial}`;
    expect(seen.notifications).toEqual([
      { event: 'createVolume', result: 'failed', cause, 'request-id': seen.requestId, key: '<target>' },
      { event: 'deleteVolume', result: 'deleted', cause: '', 'request-id': seen.requestId, key: null },
    ]);
  });
});

describe('the record of a call that KMS breaks after its answer', () => {
  const later = denials.filter(({ outcome }) =>
    ['the copy ends in error', 'the instance terminates'].includes(outcome),
  );

  it.each(later)('$path with $denied denied on the $side key is recorded as a clean success', async (row) => {
    const seen = await observed(row);
    expect(seen.record).toMatchObject({ requestID: seen.requestId, readOnly: false });
    expect(seen.record).not.toHaveProperty('errorCode');
  });

  it('a copy that KMS refuses sends no notification at all', async () => {
    const seen = await acquire(copy.path, { denied: createGrant, side: 'source' });
    expect(seen.notifications).toEqual([]);
  });

  it('a refused DescribeKey leaves its mark on the CopySnapshot record only', async () => {
    const seen = await acquire(copy.path, { denied: 'kms:DescribeKey', side: 'every' });
    expect(seen.kms).toEqual([]);
    expect(seen.record).toMatchObject({
      errorCode: 'Client.AuthFailure',
      errorMessage: 'Not authorized to use key <target> ',
      responseElements: null,
    });
  });
});

interface StateRow {
  readonly path: Path;
  readonly side: Side;
  readonly state: 'Disabled' | 'PendingDeletion' | 'PendingImport';
  readonly session?: 'warm';
  readonly outcome: keyof typeof outcomes;
  readonly cause?: string;
}

const disabled = { state: 'Disabled', side: 'source' } as const;
const vanishing = 'the volume vanishes after a failed notification';

const states: readonly StateRow[] = [
  { path: createVolume.path, side: 'target', state: 'Disabled', outcome: vanishing, cause: '<target> is disabled.' },
  {
    path: createVolume.path,
    side: 'target',
    state: 'PendingDeletion',
    outcome: vanishing,
    cause: '<target> is pending deletion.',
  },
  {
    path: createVolume.path,
    side: 'target',
    state: 'PendingImport',
    outcome: vanishing,
    cause: '<target> is pending import.',
  },
  { path: copy.path, side: 'target', state: 'Disabled', outcome: 'the key is reported disabled' },
  { path: run.path, side: 'target', state: 'Disabled', outcome: 'the instance terminates' },
  { path: 'AttachVolume', side: 'target', state: 'Disabled', outcome: 'the attachment is refused' },
  {
    path: 'AttachVolume',
    side: 'target',
    state: 'PendingDeletion',
    outcome: 'the attachment fails later',
    cause: '<target> is pending deletion.',
  },
  { ...disabled, path: start, session: 'warm', outcome: 'the snapshot starts' },
  { ...disabled, path: get, session: 'warm', outcome: 'the block is read' },
  { ...disabled, path: list, outcome: 'the block list is read' },
  { ...disabled, path: get, outcome: 'the disabled key is told' },
  { ...disabled, path: child, session: 'warm', outcome: 'the disabled key is told' },
  { ...disabled, path: 'PutSnapshotBlock', session: 'warm', outcome: 'the disabled key is told' },
  { ...disabled, path: 'CompleteSnapshot', session: 'warm', outcome: 'the snapshot is accepted as complete' },
];

describe('the state of a key', () => {
  it.each(states.map((row) => ({ ...row, session: row.session ?? 'fresh' })))(
    '$path in a $session session with the $side key $state: $outcome',
    async ({ session, cause, ...row }) => {
      const seen = await acquire(row.path, {
        denied: 'nothing',
        side: row.side,
        state: row.state,
        warm: session === 'warm',
      });
      expectRow({ ...row, denied: 'nothing' }, seen);
      const failed = seen.notifications.filter(({ result }) => result === 'failed');
      expect(failed.map((notification) => notification.cause)).toEqual(cause === undefined ? [] : [cause]);
    },
  );

  it('a key-state failure keeps the parameters in its record, and names the encryption context', async () => {
    const seen = await acquire(get, { denied: 'nothing', side: 'source', state: 'Disabled' });
    const failures = seen.kms.filter(({ errorCode }) => errorCode === 'DisabledException');
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      requestParameters: { keyId: '<source>', encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
    });
    expect(failures[0]).not.toHaveProperty('resources');
  });

  it('a volume that fails by its key is notified without naming the key beside it', async () => {
    const seen = await acquire(createVolume.path, { denied: 'nothing', side: 'target', state: 'Disabled' });
    expect(seen.notifications[0]).toMatchObject({ result: 'failed', 'request-id': seen.requestId, key: null });
  });

  it('a failed attachment is notified with an empty request id and the key', async () => {
    const seen = await acquire('AttachVolume', { denied: 'nothing', side: 'target', state: 'PendingDeletion' });
    expect(seen.notifications).toEqual([
      {
        event: 'attachVolume',
        result: 'failed',
        cause: '<target> is pending deletion.',
        'request-id': '',
        key: '<target>',
      },
    ]);
  });
});
