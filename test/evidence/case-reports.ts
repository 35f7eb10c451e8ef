import type { Artefact, CustodyEntry, Target } from '#shared/case/case';
import type { CaseReport } from '#shared/case/report';
import { AccountId, InstanceId, KeyArn, Region, SnapshotId, VolumeId } from '#shared/signal/identifiers';
import type { Denial } from '#shared/signal/signal';

/** Reports of the three verdicts, as a case of real life would leave them. */

const accountId = AccountId.parse('444455556666');
const region = Region.parse('eu-west-3');
const instanceId = InstanceId.parse('i-0a1b2c3d4e5f60718');
const root = VolumeId.parse('vol-0d5a9c3e1f2b47a60');
const data = VolumeId.parse('vol-07c1e8b94a3d2f516');
const keyArn = KeyArn.parse('arn:aws:kms:eu-west-3:444455556666:key/5b1f0c9e-2a74-4d38-9e61-c07f3a8d1b42');
const principal = 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/acquire-7f3c';

const refused: Denial = {
  action: 'kms:CreateGrant',
  keyArn,
  layer: 'key-policy',
  explicit: false,
  policyArn: null,
  principal,
  roleName: 'myCadoResponseRole',
  sessionName: 'acquire-7f3c',
  via: 'ec2-frontend-api.amazonaws.com',
  requestId: '3e8c5b70-91d4-4c0e-8f26-5a7b1d9e0c34',
  roleArn: null,
  vpcEndpointId: null,
  inCall: true,
  accountId: AccountId.parse('111122223333'),
  region,
  time: '2026-03-14T03:10:02.000Z',
  message: `User: ${principal} is not authorized to perform: kms:CreateGrant on resource: ${keyArn} because no resource-based policy allows the kms:CreateGrant action`,
};

const target: Target = {
  accountId,
  region,
  instanceId,
  volumes: [
    { volumeId: root, device: '/dev/xvda' },
    { volumeId: data, device: '/dev/sdf' },
  ],
  state: 'running',
  platform: 'linux',
  name: 'billing-api-2',
  privateIp: '10.20.4.17',
  publicIp: null,
  tags: { team: 'billing' },
};

const artefact: Artefact = {
  path: 'artefacts/i-0a1b2c3d4e5f60718-triage.tar.gz',
  kind: 'triage-archive',
  bytes: 432_013_312,
  sha256: '8f0c5d1e7b3a94620c8e5f17d2b9a3640e1c7f58b2d4963a0f5e8c1d7b3a9462',
  collectedAt: '2026-03-14T03:14:41.000Z',
  route: 'ssm-triage',
};

export const preserved: CaseReport = {
  caseId: 'case-3e8c5b70-91d4-4c0e-8f26-5a7b1d9e0c34',
  dryRun: false,
  copying: false,
  finding: null,
  verdict: 'preserved',
  openedAt: '2026-03-14T03:12:09.000Z',
  closedAt: '2026-03-14T03:15:30.000Z',
  denials: [refused, { ...refused, action: 'kms:ReEncryptFrom', requestId: '9b2d7f14-6c3a-4e85-a1f0-2d8e4b6c7a91' }],
  location: {
    found: true,
    target,
    origin: { accountId, region, instanceId, volumeId: root, snapshotId: null },
  },
  diagnosis: {
    decision: 'denied',
    cause: 'key-policy-silent',
    layer: 'key-policy',
    explicit: false,
    statement: null,
    explanation: `KMS refused kms:CreateGrant on ${keyArn} to ${principal}: the key policy neither allows the role nor leaves the decision to IAM, and no grant does. A condition that does not match (kms:ViaService, the encryption context) reads exactly like a missing allow.`,
    missing: [],
    trace: [
      { layer: 'service-control-policy', said: 'allows', statement: { policy: 'FullAWSAccess', sid: null, index: 0 } },
      { layer: 'resource-control-policy', said: 'unknown', statement: null },
      { layer: 'key-policy', said: 'silent', statement: null },
      { layer: 'grant', said: 'silent', statement: null },
      { layer: 'identity-policy', said: 'allows', statement: { policy: 'acquire', sid: 'UseKeys', index: 1 } },
      { layer: 'permissions-boundary', said: 'not-asked', statement: null },
    ],
    fixes: [
      {
        layer: 'key-policy',
        target: keyArn,
        statement: {
          Sid: 'AllowForensicAcquisition',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:role/myCadoResponseRole' },
          Action: 'kms:CreateGrant',
          Resource: '*',
          Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
        },
        verified: true,
        note: 'Add this statement to the key policy; the next refusal in line would be `kms:ReEncryptFrom`.',
      },
    ],
  },
  freeze: {
    frozen: true,
    at: '2026-03-14T03:12:21.000Z',
    snapshots: [
      { snapshotId: SnapshotId.parse('snap-04e7a1c9d3b5f2860'), volumeId: root, encrypted: true },
      { snapshotId: SnapshotId.parse('snap-0f93b6d28c1a7e504'), volumeId: data, encrypted: true },
    ],
  },
  plan: [
    { route: 'ssm-triage', open: true, because: null, remedy: null },
    { route: 'manual', open: true, because: null, remedy: null },
  ],
  outcomes: [
    {
      route: 'ssm-triage',
      result: 'preserved',
      artefacts: [artefact],
      note: '14 collectors ended well, 1 failed; the archive in S3 matches the hash that the host reported',
    },
  ],
  artefacts: [artefact],
  cleanUp: {
    removed: ['the temporary script on i-0a1b2c3d4e5f60718'],
    kept: ['snap-04e7a1c9d3b5f2860 and snap-0f93b6d28c1a7e504: evidence'],
    left: [],
  },
  todo: [
    'Download the archive within 90 days: the evidence bucket expires it then.',
    'Have the key policy changed as proposed below, then acquire the disks with your platform.',
  ],
  instructions: null,
  timeline: [
    { at: '2026-03-14T03:10:02.000Z', what: '`kms:CreateGrant` on the key of the root volume', kind: 'refused' },
    { at: '2026-03-14T03:12:11.000Z', what: 'i-0a1b2c3d4e5f60718 (billing-api-2), 2 volumes', kind: 'found' },
    { at: '2026-03-14T03:12:21.000Z', what: '2 snapshots, crash-consistent across both volumes', kind: 'frozen' },
    { at: '2026-03-14T03:12:23.000Z', what: 'the key policy is silent', kind: 'explained' },
    { at: '2026-03-14T03:12:24.000Z', what: 'live triage first, by hand if that fails', kind: 'planned' },
    { at: '2026-03-14T03:14:52.000Z', what: '412.0 MiB, hash confirmed', kind: 'preserved' },
    { at: '2026-03-14T03:15:30.000Z', what: 'the case is closed', kind: 'closed' },
  ],
  tool: { name: 'unlatch', version: '0.1.0' },
};

export const byHand: CaseReport = {
  ...preserved,
  verdict: 'by-hand',
  artefacts: [],
  timeline: preserved.timeline.filter(({ kind }) => kind !== 'preserved'),
  plan: [
    {
      route: 'ssm-triage',
      open: false,
      because:
        'the instance is not tagged `CadoResponseSSMEnabled` = `True`, which the role needs for `ssm:SendCommand`',
      remedy: 'tag i-0a1b2c3d4e5f60718 with CadoResponseSSMEnabled=True',
    },
    { route: 'manual', open: true, because: null, remedy: null },
  ],
  outcomes: [
    { route: 'ssm-triage', result: 'closed', note: 'not tried: no permission for this instance' },
    { route: 'manual', result: 'by-hand', note: 'instructions were written' },
  ],
  todo: ['Collect i-0a1b2c3d4e5f60718 by hand, as written below: memory is lost when it stops.'],
  instructions: {
    title: 'Collect i-0a1b2c3d4e5f60718 in account 444455556666, eu-west-3, by hand',
    steps: [
      'To let Unlatch do it: tag the instance with CadoResponseSSMEnabled=True.',
      'The disks are frozen already, under their own keys: snap-04e7a1c9d3b5f2860, snap-0f93b6d28c1a7e504. Do not delete these snapshots.',
      'Log in over SSH from the response network: `ssh ec2-user@10.20.4.17` (the user name depends on the image). Do not use a key that the attacker may hold.',
      'Note the SHA-256 of the archive before it leaves the machine, and upload it below `s3://unlatch-evidence-111122223333/cases/`.',
    ],
  },
  cleanUp: { removed: [], kept: ['snap-04e7a1c9d3b5f2860: evidence'], left: ['the lock of the case in the ledger'] },
};

export const diagnosed: CaseReport = {
  ...preserved,
  verdict: 'diagnosed',
  denials: [
    {
      ...refused,
      keyArn: null,
      layer: null,
      message: `User: ${principal} is not authorized to perform: kms:CreateGrant on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
    },
  ],
  location: { found: false, because: 'the ledger knows no snapshot of this request, and EC2 lists none' },
  diagnosis: {
    decision: 'undetermined',
    cause: 'undetermined',
    layer: null,
    explicit: false,
    statement: null,
    explanation: `KMS refused kms:CreateGrant on a key it does not name to ${principal}; its words do not tell which layer refused.`,
    missing: ['the key policy', 'grants on the key', "the organisation's policies"],
    trace: [],
    fixes: [],
  },
  freeze: { frozen: false, because: 'there is no machine to freeze' },
  plan: [],
  outcomes: [],
  artefacts: [],
  cleanUp: { removed: [], kept: [], left: [] },
  todo: ['Name the instance: `npm run invoke remediate` with its id opens a case for it.'],
  timeline: preserved.timeline.slice(0, 1),
};

export const dryRun: CaseReport = {
  ...byHand,
  dryRun: true,
  copying: false,
  finding: null,
  verdict: 'planned',
  freeze: { frozen: false, because: 'this is a dry run' },
  outcomes: [],
};

const call = { caller: principal, accountId, region, result: 'ok' };
export const custodyEntries: readonly CustodyEntry[] = [
  { ...call, at: '2026-03-14T03:12:21.000Z', api: 'ec2:CreateSnapshots', on: instanceId, requestId: 'a1' },
  { ...call, at: '2026-03-14T03:12:25.000Z', api: 'ssm:SendCommand', on: 'the “collector”', requestId: 'a2' },
  {
    ...call,
    at: '2026-03-14T03:14:50.000Z',
    api: 's3:GetObject',
    on: artefact.path,
    requestId: null,
    result: 'NoSuchKey',
  },
];

/** The same case, its disks copied too: one in Unlatch's account and shared, one from within, under a key. */
export const copied: CaseReport = {
  ...preserved,
  artefacts: [
    ...preserved.artefacts,
    {
      path: `unencrypted-copy/${root}/copy.json`,
      kind: 'disk-copy',
      bytes: 1_501,
      sha256: 'c4a96c76d338573452f5acd3da22683318f1a5f2b1cdfc9b13a3d83a91c2378e',
      collectedAt: '2026-03-14T03:15:02.000Z',
      route: 'unencrypted-copy',
      copy: {
        volumeId: root,
        snapshotId: SnapshotId.parse('snap-0a91b2c3d4e5f6071'),
        accountId: '111122223333',
        region,
        sizeGiB: 8,
        keyArn: null,
        sharedWith: '777788889999',
        madeVolume: VolumeId.parse('vol-0e1f2a3b4c5d6e7f8'),
      },
    },
    {
      path: `unencrypted-copy/${data}/copy.json`,
      kind: 'disk-copy',
      bytes: 706,
      sha256: '0ed1209eff31d610cc1792d7b50b3a0fa78fa33082b9d6dfff64ba9b81ae59d5',
      collectedAt: '2026-03-14T03:15:20.000Z',
      route: 'unencrypted-copy',
      copy: {
        volumeId: data,
        snapshotId: SnapshotId.parse('snap-0b82c3d4e5f607182'),
        accountId,
        region,
        sizeGiB: 100,
        keyArn,
        sharedWith: null,
        madeVolume: null,
      },
    },
  ],
};
